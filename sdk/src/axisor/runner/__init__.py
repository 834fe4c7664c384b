"""Runs one strategy for a core, in a process of its own: `python -m axisor.runner`."""

from axisor.runner.conversation import answer
from axisor.runner.finding import find, offers

__all__ = ["answer", "find", "offers"]
