"""Keeps a stream open for as long as its caller may have it, and ends it soon after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeAlias

from axisor.errors import TokenInvalid
from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.services.principals import Principal

Still: TypeAlias = Callable[[Principal], Awaitable[bool]]
"""Returns whether a caller may still do what they could when their call began."""

LOOK_S = 2.0
"""How often an open stream's caller is looked at again."""

GRACE_S = 1.0
"""How long a frame that is being written may take once its caller may not have it any more."""

_FIX = "Sign in again, then watch on from the last sequence."


class Lasting:
    """Looks at the caller of one stream again and again while the stream is open."""

    def __init__(self, principal: Principal, still: Still, clock: Clock) -> None:
        self._principal = principal
        self._still = still
        self._clock = clock
        self._end: Exception | None = None
        self._waits = False
        self._within = asyncio.current_task()

    async def frames(self, frames: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Yield frames until they end. Raises TokenInvalid once the caller may not have them.

        It is read in the task that made this.
        """
        looking = asyncio.ensure_future(self._look())
        try:
            while (frame := await self._next(frames)) is not None:
                yield frame
                self._refuse()
        finally:
            looking.cancel()

    async def _next(self, frames: AsyncIterator[bytes]) -> bytes | None:
        self._waits = True
        try:
            return await anext(frames, None)
        except asyncio.CancelledError:
            if self._end is not None and self._within is not None:
                self._within.uncancel()
                raise self._end from None
            raise
        finally:
            self._waits = False

    def _refuse(self) -> None:
        if self._end is not None:
            raise self._end

    async def _look(self) -> None:
        while (end := await self._judge()) is None:
            await self._clock.sleep(self._wait())
        self._end = end
        if not self._waits:  # A frame is on its way to somebody who may not be reading.
            await self._clock.sleep(GRACE_S)
        if self._within is not None:
            self._within.cancel()

    async def _judge(self) -> Exception | None:
        """Return with what the stream ends, None where it goes on."""
        until_us = self._principal.until_us
        if until_us is not None and to_us(self._clock.now()) >= until_us:
            return TokenInvalid("The token ended while the stream was open.", fix=_FIX)
        try:
            if await self._still(self._principal):
                return None
        except Exception as error:  # whatever it is, nobody can tell whether the caller may listen
            return error
        return TokenInvalid("The token was revoked, or may do less than it could.", fix=_FIX)

    def _wait(self) -> float:
        until_us = self._principal.until_us
        if until_us is None:
            return LOOK_S
        return min(LOOK_S, max(0.0, (until_us - to_us(self._clock.now())) / 1_000_000))
