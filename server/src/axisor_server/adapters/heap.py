"""Keeps the garbage collector from holding the loop up: what lives for ever is looked at once.

A full collection goes through every object there is, and nothing else happens meanwhile: a quarter
of a second for what the core imports alone. So that is left out of every later one.
"""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 10_000, 10, 10
"""How many new objects lead to a look at them, and how many looks to one at older ones."""


def build() -> None:
    """Collect nothing while the core is imported and built: almost all of it stays."""
    gc.disable()


def settle() -> None:
    """Leave all that was built out of every later collection. Call it when the core serves."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.enable()
