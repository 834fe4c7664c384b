"""The terminal console: a core's accounts, positions and guard on one screen."""
