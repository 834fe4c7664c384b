"""How a run is called, and what is around a call: the market, and who stands by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from msgspec import Struct

from axisor.events import Stimulus
from axisor.model import FeedQuality, Tick
from axisor_server.domain.told import Moment
from axisor_server.engine.draft import Draft


class Call(Struct, frozen=True, kw_only=True):
    """How a run is called: with what, at which moment, and how deep within one message.

    `elsewhere` says that a runner decided, on what it was told at an earlier moment.
    """

    cause: Stimulus
    moment: Moment
    at_ms: int = 0
    depth: int = 0
    elsewhere: bool = False


class MarketView(Protocol):
    """What the desk knows of prices."""

    @property
    def tick(self) -> Tick | None:
        """Return the latest tick."""
        ...

    @property
    def quality(self) -> FeedQuality:
        """Return how far it can be trusted."""
        ...

    def age_ms(self) -> int | None:
        """Return its age since it was received."""
        ...


Trial: TypeAlias = Callable[[Draft, str, Callable[[], None]], bool]
"""Lets a run decide, and returns whether that was undone and another version is to decide."""


def plainly(draft: Draft, run: str, decide: Callable[[], None]) -> bool:
    """Have nobody stand by."""
    decide()
    return False
