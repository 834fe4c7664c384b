"""A market and a clock that stand still: a decision made again sees only what was recorded."""

from __future__ import annotations

from datetime import datetime

from axisor.model import FeedQuality, Tick
from axisor_server.domain.told import Moment


class Standstill:
    """The clock and the market at one recorded moment."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment

    @property
    def tick(self) -> Tick | None:
        """Return the recorded tick."""
        return self._moment.tick

    @property
    def quality(self) -> FeedQuality:
        """Return how far it was trusted."""
        return self._moment.quality

    def age_ms(self) -> int | None:
        """Return how old it was."""
        return self._moment.age_ms

    def now(self) -> datetime:
        """Return the recorded market time."""
        return self._moment.now

    def monotonic_ms(self) -> int:
        """Return 0: no time passes."""
        return 0

    async def sleep(self, seconds: float) -> None:
        """Return at once: no time passes."""
