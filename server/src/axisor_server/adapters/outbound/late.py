"""A way out that is made when it is first needed: a core without channels loads no HTTP client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from axisor.notices import Answer, Way
from axisor.ports import Clock


class LateWay:
    """The Way port over another one, which `build` makes at the first request."""

    def __init__(self, clock: Clock, build: Callable[[], Way]) -> None:
        self._clock = clock
        self._build = build

    @cached_property
    def _way(self) -> Way:
        return self._build()

    def now(self) -> datetime:
        """Return the time."""
        return self._clock.now()

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a body and return the answer. Raises as the other way does."""
        return await self._way.post(url, headers=headers, body=body)

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host. Raises as the other way does."""
        return await self._way.addresses(host, port)

    @property
    def authority(self) -> str:
        """Return certificates that may sign for receivers beside the usual ones."""
        return self._way.authority
