"""Checkpoints are copied until the receiver has them: how long is waited, and what is said."""

from __future__ import annotations

import random
from collections import deque
from datetime import datetime, timedelta

import msgspec
import pytest

from axisor.errors import AddressForbidden, ReceiverUnavailable
from axisor.events import NoticeGiven
from axisor.model import Severity
from axisor.testing.clock import FixedClock
from axisor_server.domain.copies import Batch, id_of, message
from axisor_server.services.copying import (
    FIRST_WAIT_S,
    GIVEN_UP_AFTER_S,
    LONGEST_WAIT_S,
    LOOK_S,
    SAID_AFTER_S,
    Copier,
)

SEED = 7


class Line:
    """A queue in memory, a receiver that fails as it is told, and what was said and shown."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.waits = deque(Batch(lines=(b'{"n":%d}\n' % n,), end=n) for n in range(1, 4))
        self.failing: Exception | None = None
        self.lost_ack = False
        self.took: list[tuple[str, bytes]] = []
        self.said: list[NoticeGiven] = []
        self.count = 0
        self.failures = 0
        self.copier = Copier(
            self,
            self,
            self.clock,
            chance=random.Random(SEED).random,
            tell=self.tell,
            progress=self,
        )

    async def waiting(self) -> Batch | None:
        return self.waits[0] if self.waits else None

    async def acknowledge(self, batch: Batch) -> None:
        if self.lost_ack:
            self.lost_ack = False
            raise OSError(28, "No space left on device")
        assert self.waits.popleft() == batch

    async def take(self, body: bytes, *, id: str, time: datetime) -> None:
        if self.failing is not None:
            raise self.failing
        self.took.append((id, body))

    async def tell(self, notice: NoticeGiven) -> None:
        self.said.append(notice)

    def copied(self, *, time: datetime, count: int) -> None:
        self.count += count

    def failed(self) -> None:
        self.failures += 1

    async def try_once(self) -> float:
        """Try, then let the wait go by, and return it."""
        wait_s = await self.copier.step()
        assert wait_s is not None
        self.clock.move(timedelta(seconds=wait_s))
        return wait_s


def away() -> ReceiverUnavailable:
    return ReceiverUnavailable("receiver.example.org takes too long.", cause="timeout")


async def test_what_waits_is_copied_in_order_without_pause():
    line = Line()

    waits = [await line.try_once() for _ in range(4)]

    assert waits == [0, 0, 0, LOOK_S]
    assert [msgspec.json.decode(body)["data"]["checkpoints"] for _, body in line.took] == [
        [{"n": 1}], [{"n": 2}], [{"n": 3}],
    ]  # fmt: skip
    assert (line.count, line.failures, line.said) == (3, 0, [])


async def test_waits_grow_to_an_hour_and_are_never_twice_the_same():
    line = Line()
    line.failing = away()

    waits = [await line.try_once() for _ in range(14)]

    for number, wait_s in enumerate(waits):
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**number)
        assert longest / 2 <= wait_s <= longest, (SEED, number)
    assert len(set(waits)) == len(waits)
    assert line.failures == 14


async def test_a_receiver_that_stays_away_is_said_once_and_the_first_is_still_the_next():
    line = Line()
    line.failing = away()
    while line.clock.monotonic_ms() < 2 * SAID_AFTER_S * 1_000:
        await line.try_once()
    assert [(said.code, said.severity) for said in line.said] == [
        ("checkpoints_not_copied", Severity.CRIT)
    ]

    line.failing = None
    while line.waits:
        await line.try_once()

    assert [id for id, _ in line.took] == [id_of([b'{"n":%d}\n' % n]) for n in (1, 2, 3)]


async def test_a_short_absence_is_not_said():
    line = Line()
    line.failing = away()
    await line.try_once()
    line.failing = None
    await line.try_once()
    line.failing = away()
    await line.try_once()

    assert line.said == []
    assert await line.try_once() <= 2 * FIRST_WAIT_S  # the wait began anew


@pytest.mark.parametrize("error", [AddressForbidden("It leads to 10.0.0.1.", cause="private")])
async def test_what_waiting_cannot_mend_is_said_at_once(error: Exception):
    line = Line()
    line.failing = error

    await line.try_once()
    await line.try_once()

    assert [(said.code, said.text) for said in line.said] == [
        ("checkpoints_not_copied", "It leads to 10.0.0.1.")
    ]


async def test_after_a_day_it_ends_and_says_so():
    line = Line()
    line.failing = away()

    await line.copier.run()

    assert line.clock.monotonic_ms() == GIVEN_UP_AFTER_S * 1_000
    assert [said.code for said in line.said] == [
        "checkpoints_not_copied",
        "checkpoint_copies_ended",
    ]
    assert len(line.waits) == 3


async def test_what_was_taken_and_could_not_be_noted_is_sent_again_by_the_same_name():
    line = Line()
    line.lost_ack = True

    await line.try_once()
    await line.try_once()

    (first, _), (second, _) = line.took
    assert first == second
    assert line.count == 1


def test_a_message_has_each_checkpoint_as_it_is_kept():
    lines = [b'{"checkpoint":1,"stream":"platform"}\n', b'{"checkpoint":1,"stream":"a"}\n']

    assert message(lines, FixedClock().now()) == (
        b'{"type":"audit.checkpoints","timestamp":"2026-01-01T00:00:00Z","data":{"checkpoints":'
        b'[{"checkpoint":1,"stream":"platform"},{"checkpoint":1,"stream":"a"}]}}'
    )
