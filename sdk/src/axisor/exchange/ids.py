"""Identifiers that a seed decides, so that a replay writes the same ones."""

from __future__ import annotations

from uuid import UUID, uuid5

_SPACE = UUID("7c5f6f0e-3b51-5c0a-9b0e-21d0c6f6a7d4")


class SeededIds:
    """A counter whose numbers are written as version 5 UUIDs; `count` says how many were given."""

    def __init__(self, seed: int, count: int = 0) -> None:
        self.seed = seed
        self.count = count

    def __call__(self) -> str:
        """Return the next identifier."""
        self.count += 1
        return str(uuid5(_SPACE, f"{self.seed}/{self.count}"))


def seeded_ids(seed: int, count: int = 0) -> SeededIds:
    """Return identifiers for a seed, starting after the first `count`."""
    return SeededIds(seed, count)
