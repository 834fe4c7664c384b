"""What is known of each position between steps: its best price, and what was asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct, field, structs

from axisor.model import MarginMode, Position, Price, Side
from axisor.strategy import Memory, View

SETTLE_WITHIN = timedelta(seconds=60)
"""A position that is still there so long after its close was confirmed is judged again."""

FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(minutes=5)

FORGET_AFTER = timedelta(hours=1)
"""A position that is gone without a word is forgotten after this."""


class Held(Struct):
    """One position, entered at `entry`. `best` is what trailing measures from, None before it does.

    `secured` says that break-even holds, `taken` that the profit's share was closed. `asked` names
    the rule whose close is under way, `done` says that it was confirmed.
    """

    side: Side
    opened: datetime
    entry: Price
    best: Price | None = None
    secured: bool = False
    taken: bool = False
    asked: str = ""
    asked_at: datetime | None = None
    done: bool = False
    failures: int = 0
    retry_at: datetime | None = None
    gone_since: datetime | None = None

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
        """Return what is known of a position; one that is new begins anew.

        So does the cross position, which keeps its name, when its side or entry price is another:
        what was the best price of the one before could close this one at once. A close that is
        under way stays so.
        """
        held, cross = self.held.get(position.id), position.margin_mode is MarginMode.CROSS
        if held is None or held.side is not position.side:
            opened = now if position.created_at is None else min(position.created_at, now)
            held = Held(position.side, opened, position.entry)
        elif cross and held.entry != position.entry:
            held = structs.replace(
                held, opened=now, entry=position.entry, best=None, secured=False, taken=False
            )
        held.gone_since = None
        self.held[position.id] = held
        return held

    def forget(self, view: View) -> None:
        """Drop positions that have been absent for long without a word of their end."""
        there = {position.id for position in view.positions} | view.unreadable
        for id, held in [item for item in self.held.items() if item[0] not in there]:
            if held.gone_since is None:
                held.gone_since = view.now
            elif view.now > held.gone_since + FORGET_AFTER:
                del self.held[id]
