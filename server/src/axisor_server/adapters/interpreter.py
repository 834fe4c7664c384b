"""Sets the interpreter up for a core, in which nothing may keep a rescue waiting for long.

Its collector goes through every object there is, and nothing else happens meanwhile: a quarter of a
second for what the core imports alone. And a thread that has waited for the disk waits for the loop
to let go of the interpreter, at each statement of a unit anew.
"""

from __future__ import annotations

import gc
import sys

YOUNG, MIDDLE, OLD = 10_000, 10, 10
"""How many new objects lead to a look at them, and how many looks to one at older ones."""

SWITCH_S = 0.000_5
"""How long a thread that computes may keep another waiting; ten times less than usual."""


def build() -> None:
    """Collect nothing while the core is imported and built: almost all of it stays."""
    gc.disable()
    sys.setswitchinterval(SWITCH_S)


def settle() -> None:
    """Leave all that was built out of every later collection. Call it when the core serves."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.enable()
