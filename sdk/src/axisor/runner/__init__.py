"""Runs one strategy for a core, in a process of its own: `python -m axisor.runner`."""
