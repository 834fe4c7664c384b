"""What is laid over a screen: questions, lists to choose from, help."""
