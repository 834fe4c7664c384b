"""Recorded histories that today's code must decide again as they were decided."""
