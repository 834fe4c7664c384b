"""Tells people of their accounts: what is told, by which channels, sent off the hot path."""
