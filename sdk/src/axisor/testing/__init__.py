"""The kit plugins are tested with: a harness, made-up markets, a simulator, the conformance checks.

What speaks gRPC is in `axisor.testing.stub`, what walks a past in `axisor.testing.probes`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from axisor.testing import market
    from axisor.testing.checks import (
        CheckFailed,
        check_strategy,
        checks_of,
        parametrize_with_checks,
    )
    from axisor.testing.harness import Harness
    from axisor.testing.simulator import Simulator
    from axisor.testing.venues import check_venue

__all__ = [
    "CheckFailed",
    "Harness",
    "Simulator",
    "check_strategy",
    "check_venue",
    "checks_of",
    "market",
    "parametrize_with_checks",
]

_HOMES = {
    "CheckFailed": "checks",
    "Harness": "harness",
    "Simulator": "simulator",
    "check_strategy": "checks",
    "check_venue": "venues",
    "checks_of": "checks",
    "parametrize_with_checks": "checks",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for.

    The pytest plugin is in this package. Were everything imported with it, pytest would load an
    author's whole SDK before it starts, and coverage would miss the first lines of all of it.
    """
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    if name == "market":
        return import_module(f"{__name__}.market")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
