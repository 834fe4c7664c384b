"""How messages are tried again, how fast a channel is spoken to, and when it is left alone."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from axisor.states import DeliveryState
from axisor_server.domain.telling.records import Delivery

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
FIRST_WAIT_US = 2 * SECOND_US
MOST_WAIT_US = 10 * MINUTE_US
GIVEN_UP_US = 24 * 60 * MINUTE_US
"""A message that is a day old misleads more than it tells."""

OPEN_AFTER = 5
"""Failures in a row after which a channel is left alone for a while."""

MOST_ERROR = 300


class Sent(Struct, frozen=True):
    """The service has it."""

    receipt: str


class Failed(Struct, frozen=True):
    """It was not taken. `final` says that it never will be; `wait_s` how long the service asks."""

    error: str
    final: bool = False
    wait_s: int = 0


def begun(delivery: Delivery, now_us: int) -> Delivery:
    """Return a delivery that is about to be sent, as it is written down before."""
    return replace(
        delivery,
        state=DeliveryState.SENDING,
        attempts=delivery.attempts + 1,
        changed_us=now_us,
    )


def ended(delivery: Delivery, outcome: Sent | Failed, now_us: int, *, jitter: int) -> Delivery:
    """Return a delivery after a try; `jitter` in thousandths spreads those that fail together."""
    if isinstance(outcome, Sent):
        return replace(
            delivery,
            state=DeliveryState.SENT,
            receipt=outcome.receipt,
            error="",
            sent_us=now_us,
            changed_us=now_us,
        )
    error = outcome.error[:MOST_ERROR]
    wait_us = max(outcome.wait_s * SECOND_US, backoff_us(delivery.attempts, jitter))
    if outcome.final or now_us + wait_us - delivery.made_us > GIVEN_UP_US:
        return replace(delivery, state=DeliveryState.DEAD, error=error, changed_us=now_us)
    return replace(
        delivery,
        state=DeliveryState.QUEUED,
        error=error,
        not_before_us=now_us + wait_us,
        changed_us=now_us,
    )


def backoff_us(attempts: int, jitter: int) -> int:
    """Return how long to wait after so many tries: doubling from two seconds to ten minutes,
    of which `jitter` thousandths spread the second half.
    """
    whole = min(MOST_WAIT_US, FIRST_WAIT_US << min(max(attempts - 1, 0), 20))
    return whole // 2 + whole * jitter // 2_000


class Breaker(Struct, frozen=True):
    """How one channel has fared lately: failures in a row, and until when it is left alone."""

    failures: int = 0
    until_us: int = 0

    def after(self, outcome: Sent | Failed, now_us: int, *, jitter: int) -> Breaker:
        """Return the breaker after a try."""
        if isinstance(outcome, Sent):
            return Breaker()
        failures = self.failures + 1
        wait_us = outcome.wait_s * SECOND_US
        if failures >= OPEN_AFTER:
            wait_us = max(wait_us, backoff_us(failures, jitter))
        return Breaker(failures, max(self.until_us, now_us + wait_us if wait_us else 0))

    def is_open(self, now_us: int) -> bool:
        """Return whether the channel is left alone."""
        return now_us < self.until_us


class Turn(Struct, frozen=True):
    """What is sent next by one channel, and what goes with it as a number."""

    first: Delivery
    others: tuple[Delivery, ...] = ()


def next_turn(
    waiting: Sequence[Delivery], sent: Sequence[int], per_minute: int, now_us: int
) -> Turn | None:
    """Return what a channel sends now, None where nothing is due or its minute is full.

    `sent` are the times of its late messages. What is CRIT or LOST goes first and alone; of the
    rest, the last place of a minute tells how many others there are and takes them with it.
    """
    due = sorted(
        (each for each in waiting if each.not_before_us <= now_us),
        key=lambda each: (not each.notice.level.pierces, each.made_us, each.id),
    )
    late = sum(1 for time_us in sent if time_us > now_us - MINUTE_US)
    room = per_minute - late
    if not due or room <= 0:
        return None
    first, *others = due
    if room > 1 or first.notice.level.pierces:
        return Turn(first)
    fresh = [each for each in others if each.attempts == 0 and not each.notice.level.pierces]
    return Turn(first, tuple(fresh))
