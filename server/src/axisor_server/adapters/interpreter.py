"""Sets the interpreter up for a core, in which nothing may keep a rescue waiting for long.

Its collector goes through every object there is, and nothing else happens meanwhile: a quarter of a
second for what the core imports alone. And a thread that has waited for the disk waits for the loop
to let go of the interpreter, at each statement of a unit anew. Libraries that would load what a
terminal needs are imported without it: a core has none, and starts sooner.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

YOUNG, MIDDLE, OLD = 10_000, 10, 10
"""How many new objects lead to a look at them, and how many looks to one at older ones."""

SWITCH_S = 0.000_5
"""How long a thread that computes may keep another waiting; ten times less than usual."""

LEAN = ("structlog", "httpx")
"""Libraries that load those of terminals wherever they are installed."""

TERMINALS = ("rich", "pygments")


def build() -> None:
    """Collect nothing while the core is imported and built: almost all of it stays."""
    gc.disable()
    sys.setswitchinterval(SWITCH_S)
    with without(*TERMINALS):
        for name in LEAN:
            import_module(name)


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let imports find none of these packages until the block ends; those loaded stay loaded."""
    hidden = {name: sys.modules.get(name) for name in names}
    # None is how the import system says that a package is not to be had.
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name, module in hidden.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def settle() -> None:
    """Leave all that was built out of every later collection. Call it when the core serves."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.enable()
