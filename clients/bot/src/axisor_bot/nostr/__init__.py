"""Nostr: private messages over relays, and whose questions are answered."""
