"""Cassettes: what is recorded, what is taken out, and what is played."""
