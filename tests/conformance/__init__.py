"""Clients in any language are tried here by one script, against a live core."""
