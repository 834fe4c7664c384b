"""Copies signed checkpoints to a receiver elsewhere, each until it says that it has it.

What was kept durably is the queue, so memory holds one message and a restart loses none: it goes on
behind the last checkpoint that the receiver acknowledged. A receiver may get one twice, never none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

import structlog

from axisor.errors import AxisorError, ReceiverUnavailable
from axisor.events import NoticeGiven
from axisor.model import Severity
from axisor.ports import Clock
from axisor_server.domain.copies import Batch, id_of, message

LOOK_S = 5.0
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 3_600.0
SAID_AFTER_S = 600
GIVEN_UP_AFTER_S = 24 * 3_600

log = structlog.get_logger("axisor.copies")

Tell = Callable[[NoticeGiven], Awaitable[None]]
Chance = Callable[[], float]
"""Returns a number from 0 to 1, to part those who would all try at once."""


class Queue(Protocol):
    """What was kept, and how far the receiver has it."""

    async def waiting(self) -> Batch | None:
        """Return the next that the receiver lacks, or None. Raises OSError."""
        ...

    async def acknowledge(self, batch: Batch) -> None:
        """Note durably that the receiver has it. Raises OSError."""
        ...


class Receiver(Protocol):
    """Takes messages elsewhere."""

    async def take(self, body: bytes, *, id: str, time: datetime) -> None:
        """Take one; raises ReceiverUnavailable or AddressForbidden where it is not there now."""
        ...


class Progress(Protocol):
    """Shows how far the copies are."""

    def copied(self, *, time: datetime, count: int) -> None:
        """Note that the receiver acknowledged so many."""
        ...

    def failed(self) -> None:
        """Note that a try failed."""
        ...


class Copier:
    """Hands a queue over to one receiver, one message at a time."""

    def __init__(
        self,
        queue: Queue,
        receiver: Receiver,
        clock: Clock,
        *,
        chance: Chance,
        tell: Tell,
        progress: Progress,
    ) -> None:
        self._queue = queue
        self._receiver = receiver
        self._clock = clock
        self._chance = chance
        self._tell = tell
        self._progress = progress
        self._failures = 0
        self._since_ms: int | None = None
        self._said = False

    async def run(self) -> None:
        """Copy what is kept, until cancelled or until a day went by without the receiver."""
        while (wait_s := await self.step()) is not None:
            await self._clock.sleep(wait_s)

    async def step(self) -> float | None:
        """Try once and return the seconds until the next try, or None where it is given up."""
        try:
            batch = await self._queue.waiting()
            if batch is None:
                return LOOK_S
            now = self._clock.now()
            body = message(batch.lines, now)
            await self._receiver.take(body, id=id_of(batch.lines), time=now)
            await self._queue.acknowledge(batch)
        except ReceiverUnavailable as error:
            return await self._failed(error.message)
        except AxisorError as error:  # the settings or a file must be changed by somebody
            return await self._failed(error.message, at_once=True)
        except OSError as error:
            return await self._failed(f"What is kept cannot be read: {error.strerror}.")
        self._progress.copied(time=now, count=len(batch.lines))
        if self._said:
            log.info("checkpoints are copied again", after_s=self._failing_s())
        self._failures, self._since_ms, self._said = 0, None, False
        return 0.0

    async def _failed(self, text: str, *, at_once: bool = False) -> float | None:
        if self._since_ms is None:
            self._since_ms = self._clock.monotonic_ms()
        self._failures += 1
        self._progress.failed()
        log.warning("checkpoints are not copied", error=text, tries=self._failures)
        failing_s = self._failing_s()
        if failing_s >= GIVEN_UP_AFTER_S:
            await self._say("checkpoint_copies_ended", f"{text} No more is tried until a restart.")
            return None
        if not self._said and (at_once or failing_s >= SAID_AFTER_S):
            self._said = True
            await self._say("checkpoints_not_copied", text)
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * (1 << min(self._failures - 1, 16)))
        wait_s = longest * (0.5 + self._chance() / 2)
        return min(wait_s, GIVEN_UP_AFTER_S - failing_s)

    def _failing_s(self) -> float:
        since_ms = self._clock.monotonic_ms() if self._since_ms is None else self._since_ms
        return (self._clock.monotonic_ms() - since_ms) / 1_000

    async def _say(self, code: str, text: str) -> None:
        log.error("checkpoints stay here", code=code, error=text)
        await self._tell(NoticeGiven(severity=Severity.CRIT, code=code, text=text))
