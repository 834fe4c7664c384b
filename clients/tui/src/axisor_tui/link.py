"""Feeds the console from a core: its streams, and the guard's forecast."""
