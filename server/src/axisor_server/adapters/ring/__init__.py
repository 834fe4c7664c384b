"""The ring of key-encryption keys: a file with one line a key, and where each key is kept."""
