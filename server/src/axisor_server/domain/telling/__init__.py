"""What people are told of their accounts: what, when, how loud, in which words, by which way."""
