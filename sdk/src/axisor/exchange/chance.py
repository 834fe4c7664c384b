"""Chance that a seed decides, the same on every machine, at any place of the sequence."""

from __future__ import annotations

_MASK = (1 << 64) - 1


def bits(seed: int, place: int) -> int:
    """Return 64 bits for a place in a seed's sequence (SplitMix64 by Steele et al.)."""
    z = (seed * 0xD1342543DE82EF95 + (place + 1) * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def between(seed: int, place: int, low: int, high: int) -> int:
    """Return a whole number from low to high, both included, for a place in a seed's sequence."""
    return low + bits(seed, place) * (high - low + 1) // (1 << 64)
