"""What is known of each position between steps: its best price, and what was asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct, field

from axisor.model import Position, Price, Side
from axisor.strategy import Memory, View

SETTLE_WITHIN = timedelta(seconds=60)
"""A position that is still there so long after its close was confirmed is judged again."""

FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(minutes=5)


class Held(Struct):
    """One position. `best` is the price that trailing measures from, None before it trails.

    `secured` says that break-even holds, `taken` that the profit's share was closed. `asked` names
    the rule whose close is under way, `done` says that it was confirmed.
    """

    side: Side
    opened: datetime
    best: Price | None = None
    secured: bool = False
    taken: bool = False
    asked: str = ""
    asked_at: datetime | None = None
    done: bool = False
    failures: int = 0
    retry_at: datetime | None = None

    def ask(self, rule: str, now: datetime) -> None:
        """Record that a close was asked for."""
        self.asked, self.asked_at, self.done, self.retry_at = rule, now, False, None

    def fail(self, now: datetime) -> None:
        """Record that it did not happen, and when to try again: 5 s later, then twice as long."""
        delay = min(FIRST_DELAY * 2 ** min(self.failures, 10), LONGEST_DELAY)
        self.failures += 1
        self.asked, self.asked_at, self.done, self.retry_at = "", None, False, now + delay

    def settle(self, *, part: bool) -> None:
        """Record that what was asked for has happened, to a part of the position or to all."""
        self.done, self.taken = True, self.taken or part
        if part:
            self.asked, self.asked_at, self.done = "", None, False

    def lapse(self, now: datetime) -> None:
        """Judge again a position that outlived its confirmed close."""
        if self.done and self.asked_at is not None and now >= self.asked_at + SETTLE_WITHIN:
            self.asked, self.asked_at, self.done = "", None, False

    def may_ask(self, now: datetime) -> bool:
        """Return whether a close may be asked for now."""
        return not self.asked and (self.retry_at is None or now >= self.retry_at)

    @property
    def times(self) -> tuple[datetime, ...]:
        """Return when the answer may be another although the price stands still."""
        found = [] if self.retry_at is None else [self.retry_at]
        if self.done and self.asked_at is not None:
            found.append(self.asked_at + SETTLE_WITHIN)
        return tuple(found)


class ExitsMemory(Memory):
    """All that is remembered, by position."""

    held: dict[str, Held] = field(default_factory=dict)

    def of(self, position: Position, now: datetime) -> Held:
        """Return what is known of a position; one that is new, or changed sides, begins anew."""
        held = self.held.get(position.id)
        if held is None or held.side is not position.side:
            opened = now if position.created_at is None else min(position.created_at, now)
            held = self.held[position.id] = Held(position.side, opened)
        return held

    def forget(self, view: View) -> None:
        """Drop positions that are gone."""
        there = {position.id for position in view.positions} | view.unreadable
        for id in [id for id in self.held if id not in there]:
            del self.held[id]
