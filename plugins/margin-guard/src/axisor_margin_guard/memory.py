"""What the guard remembers between steps: spending, episodes, and what it has already said."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct, field, structs

from axisor.model import Price, Sats
from axisor.strategy import Memory

FORGET_AFTER = timedelta(days=30)
"""A position that is gone without a word is forgotten after this."""

SETTLE_WITHIN = timedelta(seconds=60)
"""An action that is neither pending nor settled after this counts as done and spent."""


class Asked(Struct, frozen=True):
    """An action that was asked for and whose end is not yet seen.

    Its sats count as spent until it fails. `number` tells it from an earlier action just like it,
    so that a repeated word about that one settles nothing. `before` describes the position at that
    time: a confirmed action still blocks until the position differs from it, so that an old reading
    cannot make the guard act a second time.
    """

    number: str
    kind: str
    amount: Sats
    day: str
    at: datetime
    before: str = ""
    unknown: bool = False
    done: bool = False


class Held(Struct):
    """What is known of one position.

    `distance_before` is the distance the last action found, as a fraction in text; `short` says
    that it left the position below its target; `stops` are the stop prices we set, `told` the codes
    said in this episode, `coverage` what was last said of its protection. `duplicated` is of no use
    any more, and kept so that equal memories stay equal to the byte.
    """

    spent: Sats = 0
    episode: str = ""
    last_action: datetime | None = None
    distance_before: str = ""
    retry_at: datetime | None = None
    failures: int = 0
    short: bool = False
    duplicated: bool = False
    asked: tuple[Asked, ...] = ()
    blocked_since: datetime | None = None
    stops: tuple[Price, ...] = ()
    stop_asked: Price | None = None
    stop_retry_at: datetime | None = None
    coverage: str = ""
    told: tuple[str, ...] = ()
    gone_since: datetime | None = None


class GuardMemory(Memory):
    """All the guard remembers. `day` is the UTC date of market time that `day_spent` belongs to."""

    day: str = ""
    day_spent: Sats = 0
    episodes: int = 0
    actions: int = 0
    held: dict[str, Held] = field(default_factory=dict)
    told: tuple[str, ...] = ()

    def of(self, position: str) -> Held:
        """Return what is known of a position, nothing yet if it is new."""
        held = self.held.get(position)
        if held is None:
            held = self.held[position] = Held()
        return held

    @property
    def waits(self) -> bool:
        """Return whether the end of any action is not yet seen."""
        return any(held.asked for held in self.held.values())

    @property
    def under_way(self) -> Sats:
        """Return the sats of all actions whose end is not yet seen."""
        return sum(asked.amount for held in self.held.values() for asked in held.asked)

    def roll(self, now: datetime) -> None:
        """Begin a new day's budget when market time comes to one; going back begins none."""
        today = now.date().isoformat()
        if today > self.day:
            self.day, self.day_spent = today, 0

    def begin_episode(self, position: str) -> str:
        """Return the id of the position's episode, beginning one where none is open."""
        held = self.of(position)
        if not held.episode:
            self.episodes += 1
            held.episode = f"{position}#{self.episodes}"
            held.failures = 0
        return held.episode

    def ask(self, position: str, asked: Asked) -> None:
        """Record an action as asked for and its sats as spent."""
        held = self.of(position)
        held.asked = (*held.asked, asked)
        held.spent += asked.amount
        self.day_spent += asked.amount

    def count(self, position: str, amount: Sats) -> None:
        """Count sats as spent for which nothing was asked here, on this day."""
        self.of(position).spent += amount
        self.day_spent += amount

    def mark_unknown(self, position: str, number: str) -> None:
        """Record that nobody knows whether an action happened."""
        self._replace(position, number, unknown=True)

    def confirm(self, position: str, number: str) -> bool:
        """Record that an action happened; return False where none such was open."""
        return self._replace(position, number, done=True)

    def fail(self, position: str, number: str) -> bool:
        """Give the sats of an action that did not happen back; return False where none was open."""
        held, place = self._find(position, number)
        if held is None:
            return False
        asked = held.asked[place]
        held.asked = held.asked[:place] + held.asked[place + 1 :]
        held.spent -= asked.amount
        if asked.day == self.day:
            self.day_spent -= asked.amount
        return True

    def _find(self, position: str, number: str) -> tuple[Held | None, int]:
        held = self.held.get(position)
        for place, asked in enumerate(held.asked if held is not None else ()):
            if asked.number == number and not asked.done:
                return held, place
        return None, 0

    def _replace(
        self, position: str, number: str, *, unknown: bool = False, done: bool = False
    ) -> bool:
        held, place = self._find(position, number)
        if held is None:
            return False
        asked = structs.replace(held.asked[place], unknown=unknown, done=done)
        held.asked = (*held.asked[:place], asked, *held.asked[place + 1 :])
        return True

    def lapse(self, pending: frozenset[str], shapes: dict[str, str], now: datetime) -> None:
        """Let go of actions whose effect is seen, and of those whose end was never told.

        `shapes` describes the present positions as `Asked.before` did.
        """
        for position, held in self.held.items():
            if not held.asked:
                continue
            held.asked = tuple(
                asked
                for asked in held.asked
                if position in pending
                or (now < asked.at + SETTLE_WITHIN and not _seen(asked, shapes.get(position, "")))
            )

    def forget(self, present: frozenset[str], now: datetime) -> None:
        """Drop positions that have long been absent without a word of their end."""
        for position, held in list(self.held.items()):
            if position in present:
                held.gone_since = None
            elif held.gone_since is None:
                held.gone_since = now
            elif now > held.gone_since + FORGET_AFTER:
                del self.held[position]


def _seen(asked: Asked, shape: str) -> bool:
    return asked.done and shape not in ("", asked.before)
