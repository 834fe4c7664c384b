"""The venue LN Markets: a client of its REST and Stream API, and a simulator of both."""
