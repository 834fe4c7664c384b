"""Tests of the bot of Nostr."""
