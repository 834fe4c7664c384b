"""One run's place among runners: what waits for an answer, and who is asked."""

from __future__ import annotations

from msgspec import Struct

from axisor.events import (
    BalanceChanged,
    FeedChanged,
    Started,
    Stimulus,
    Stopped,
    Ticked,
    TimerFired,
    Woken,
)
from axisor.strategy import StepResult
from axisor_server.domain.hosting import Hosted

MOST_WAITING = 64
"""How many stimuli may wait for a runner before its run is failed."""

LATEST = (Started, Stopped, Woken, Ticked, TimerFired, BalanceChanged, FeedChanged)
"""Stimuli of which only the latest waits: each shows the present."""


class Asked(Struct, frozen=True, kw_only=True):
    """A call that is under way."""

    sequence: int
    step: int
    cause: Stimulus
    depth: int
    at_ms: int


class Pair(Struct, kw_only=True):
    """A call that two versions were asked, and what either answered so far."""

    asked: Asked
    before: StepResult | None = None
    after: StepResult | None = None


class Occupant:
    """A runner at the host: under which name, for which version, and whether it can be asked."""

    def __init__(self, id: str, strategy: type[Hosted]) -> None:
        self.id = id
        self.strategy = strategy
        self.ready = False
        self.lost = False


class Seat:
    """The runner that decides for a run, and those that do not: a new version in shadow, an old one
    that stands by.
    """

    def __init__(self, runner: Occupant) -> None:
        self.runner = runner
        self.shadow: Occupant | None = None
        self.standby: Occupant | None = None
        self.waiting: dict[str, tuple[Stimulus, int]] = {}
        self.asked: Asked | None = None
        self.pair: Pair | None = None
        self.sequence = 0
        self._count = 0

    def put(self, cause: Stimulus, depth: int) -> bool:
        """Have a stimulus wait; False where too much waits."""
        self.waiting[self._key(cause)] = (cause, depth)
        return len(self.waiting) <= MOST_WAITING

    def put_back(self) -> None:
        """Have what was asked wait again, before all else: its answer counts for nothing now.

        Where only the latest of its kind waits and a later one does, that one shows the present.
        """
        asked, self.asked, self.pair = self.asked, None, None
        if asked is not None:
            first = {self._key(asked.cause): (asked.cause, asked.depth)}
            self.waiting = {**first, **self.waiting}

    def begin_anew(self) -> None:
        """Forget what the former runner was to be told: its successor sees the present."""
        self.runner.ready, self.asked, self.runner.lost = False, None, True
        self.pair = None
        self.waiting = {"Stopped": self.waiting["Stopped"]} if "Stopped" in self.waiting else {}

    def occupants(self) -> list[Occupant]:
        """Return every runner of the run."""
        found = (self.runner, self.shadow, self.standby)
        return [each for each in found if each is not None]

    def _key(self, cause: Stimulus) -> str:
        self._count += 1
        key = type(cause).__name__
        return key if isinstance(cause, LATEST) else f"{key}/{self._count}"
