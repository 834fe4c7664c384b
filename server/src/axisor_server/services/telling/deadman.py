"""Calls somebody outside again and again while all is protected; they miss the call and say so.

Nobody can tell of their own death. A watcher elsewhere is called every so often, and not while a
position lacks protection, the core is away, or nothing gets out: whichever it is, the call fails to
come and the watcher tells.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from axisor.errors import AxisorError
from axisor.notices import Way
from axisor.ports import Clock, Secret

log = structlog.get_logger("axisor.deadman")


class DeadMan:
    """Calls an address every `every_s` seconds while `holds` says that all is protected."""

    def __init__(
        self,
        *,
        url: Secret,
        every_s: int,
        way: Way,
        clock: Clock,
        holds: Callable[[], Awaitable[bool]],
    ) -> None:
        self._url = url
        self._every_s = every_s
        self._way = way
        self._clock = clock
        self._holds = holds

    async def run(self) -> None:
        """Call until cancelled."""
        while True:
            await self.call()
            await self._clock.sleep(self._every_s)

    async def call(self) -> bool:
        """Call once, unless something is not protected; return whether the watcher heard it."""
        try:
            if not await self._holds():
                log.warning("the watcher outside is not called: not all is protected")
                return False
            answer = await self._way.post(
                self._url.reveal(), headers={"User-Agent": "axisor"}, body=b""
            )
        except AxisorError as error:
            log.warning("the watcher outside does not hear us", error=error.message)
            return False
        heard = 200 <= answer.status < 300
        if not heard:
            log.warning("the watcher outside does not take the call", status=answer.status)
        return heard
