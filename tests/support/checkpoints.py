"""Compares a whole journal with checkpoints, in parts as a page of the store would come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from axisor_server.domain.checkpoints import Checkpoint, Comparison, Marks
from axisor_server.domain.journal import Entry

PART = 1_000


def compare(entries: Sequence[Entry], checkpoints: Iterable[Checkpoint], *, stream: str) -> Marks:
    """Return what a journal is. Raises JournalCorrupt as a Comparison does."""
    comparison = Comparison(stream, checkpoints)
    for start in range(0, len(entries), PART):
        comparison.take(entries[start : start + PART])
    return comparison.end()
