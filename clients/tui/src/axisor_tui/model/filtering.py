"""A filter as people type it: words that must all be there, one with `!` that must not."""

from __future__ import annotations


def fits(wanted: str, text: str) -> bool:
    """Return whether a text has every word of a filter, and none that stands after a `!`."""
    low = text.lower()
    for word in wanted.lower().split():
        if word.startswith("!"):
            if word[1:] and word[1:] in low:
                return False
        elif word not in low:
            return False
    return True
