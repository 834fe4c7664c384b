"""The pytest plugin: the fixtures `harness` and `clock`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from axisor.strategy import Strategy
    from axisor.testing.clock import FixedClock
    from axisor.testing.harness import Harness


@pytest.fixture
def harness() -> Callable[..., Harness]:
    """Return a function that makes a harness: `harness(MyStrategy, margin=1000)`."""
    # imported late: a plugin that imports its package at start hides it from coverage
    from axisor.testing.harness import Harness

    def make(strategy: type[Strategy[Any, Any]], /, **config: Any) -> Harness:
        return Harness(strategy, **config)

    return make


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock that stands until it is told to move."""
    from axisor.testing.clock import FixedClock

    return FixedClock()
