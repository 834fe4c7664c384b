"""The pytest plugin: fixtures `cassette`, `clock`, `harness`, `simulator` and `stub_server`."""

# Everything is imported late: a plugin that imports its package at start hides it from coverage.

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from axisor.strategy import Strategy
    from axisor.testing.cassettes import Played, Upstream
    from axisor.testing.clock import FixedClock
    from axisor.testing.harness import Harness
    from axisor.testing.simulator import Simulator


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that records cassettes anew."""
    parser.getgroup("axisor").addoption(
        "--record-cassettes",
        action="store_true",
        help="Speak to exchanges and write cassettes instead of playing them.",
    )


@pytest.fixture
def cassette(
    request: pytest.FixtureRequest,
) -> Callable[..., AbstractAsyncContextManager[Played]]:
    """Return what plays a cassette beside the test: `cassette("trading", upstream)`.

    With `--record-cassettes` it records one. More arguments are those of
    `axisor.testing.cassettes.cassette`.
    """
    from axisor.testing.cassettes import cassette

    folder = request.path.parent / "cassettes"
    record: bool = request.config.getoption("--record-cassettes")

    def play(name: str, upstream: Upstream, **how: Any) -> AbstractAsyncContextManager[Played]:
        return cassette(folder / f"{name}.jsonl", upstream, record=record, **how)

    return play


@pytest.fixture
def harness() -> Callable[..., Harness]:
    """Return a function that makes a harness: `harness(MyStrategy, margin=1000)`."""
    from axisor.testing.harness import Harness

    def make(strategy: type[Strategy[Any, Any]], /, **config: Any) -> Harness:
        return Harness(strategy, **config)

    return make


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock that stands until it is told to move."""
    from axisor.testing.clock import FixedClock

    return FixedClock()


@pytest.fixture
def simulator(clock: FixedClock) -> Simulator:
    """Return a venue in this process: one account of 1,000,000 sats, the price at 100,000."""
    from axisor.testing.simulator import Simulator

    return Simulator(clock=clock)


@pytest.fixture
def stub_server() -> Callable[..., AbstractAsyncContextManager[str]]:
    """Return `axisor.testing.stub.stub_server`, which serves scripted calls on loopback."""
    from axisor.testing.stub import stub_server

    return stub_server
