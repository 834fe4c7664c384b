"""Asks runners on behalf of one account's runs, and takes what they answer as one more stimulus.

Nothing here waits for a runner: a call leaves once the unit that led to it is written, and its
answer comes in turn with everything else. It counts only for the step it was asked for, and is
reviewed against the present like any other wish.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import LeaseLost, ShuttingDown, StoreUnavailable
from axisor.events import (
    BalanceChanged,
    FeedChanged,
    NoticeGiven,
    RunState,
    Started,
    Stimulus,
    Stopped,
    Ticked,
    TimerFired,
    Woken,
)
from axisor.model import Severity
from axisor.ports import Clock
from axisor.remote import Called, call_of
from axisor.strategy import StepResult
from axisor_server.domain.hosting import Hosted, HostedRun
from axisor_server.domain.run import ACTING
from axisor_server.engine.desk import MINUTE_MS, Call, Desk
from axisor_server.engine.draft import Draft, LiveRun
from axisor_server.engine.steps import seed_of

MOST_WAITING = 64
"""How many stimuli may wait for a runner before its run is failed."""

LATEST = (Started, Stopped, Woken, Ticked, TimerFired, BalanceChanged, FeedChanged)
"""Stimuli of which only the latest waits: each shows the present."""

NOTICE = "RUNNER_GIVEN_UP"

T = TypeVar("T")
log = logging.getLogger(__name__)


class Ready(Struct, frozen=True):
    """A runner is there and may be asked."""


class Answered(Struct, frozen=True):
    """A runner answered the call of this sequence."""

    sequence: int
    result: StepResult


class Lost(Struct, frozen=True):
    """The runner is gone, and with it the call under way; another will come."""

    reason: str


class Barred(Struct, frozen=True):
    """No runner will come again."""

    reason: str


Heard: TypeAlias = Ready | Answered | Lost | Barred
"""What becomes of a runner."""


class RunHost(Protocol):
    """Keeps runners for runs. None of its methods waits or raises."""

    def open(self, run: HostedRun, hear: Callable[[Heard], None]) -> None:
        """Have a runner for a run until it is closed; `hear` is told what becomes of it."""
        ...

    def ask(self, run: str, call: Called, within: timedelta) -> None:
        """Ask the runner of a run that is ready and was asked nothing since it answered.

        `within` is how long the run's leash lets a step take.
        """
        ...

    def close(self, run: str) -> None:
        """End the runner of a run; one that has none is no error."""
        ...


class Nowhere:
    """A host without runners."""

    def open(self, run: HostedRun, hear: Callable[[Heard], None]) -> None:
        """Say that none will come."""
        hear(Barred("This core keeps no runners."))

    def ask(self, run: str, call: Called, within: timedelta) -> None:
        """Leave unasked what is never ready."""

    def close(self, run: str) -> None:
        """Have nothing to end."""


NOWHERE = Nowhere()


class Account(Protocol):
    """What is asked of the account whose runs these are."""

    clock: Clock
    desk: Desk
    runs: dict[str, LiveRun]
    spawn: Callable[[Coroutine[Any, Any, None]], None]

    def draft(self) -> Draft:
        """Return an empty draft from the present."""
        ...

    async def commit(self, draft: Draft) -> Sequence[Any]:
        """Write a draft. Only in turn."""
        ...

    async def in_turn(self, work: Callable[[], Awaitable[T]], *, begun: bool = False) -> T:
        """Do something when it is its turn."""
        ...


class _Asked(Struct, frozen=True, kw_only=True):
    sequence: int
    step: int
    cause: Stimulus
    depth: int
    at_ms: int


class _Seat:
    """One run's place: what waits for its runner, and what it was asked."""

    def __init__(self) -> None:
        self.waiting: dict[str, tuple[Stimulus, int]] = {}
        self.asked: _Asked | None = None
        self.ready = False
        self.lost = False
        self.sequence = 0
        self._count = 0

    def put(self, cause: Stimulus, depth: int) -> bool:
        """Have a stimulus wait; False where too much waits."""
        self._count += 1
        key = type(cause).__name__
        if not isinstance(cause, LATEST):
            key = f"{key}/{self._count}"
        self.waiting[key] = (cause, depth)
        return len(self.waiting) <= MOST_WAITING

    def begin_anew(self) -> None:
        """Forget what the former runner was to be told: its successor sees the present."""
        self.ready, self.asked, self.lost = False, None, True
        self.waiting = {"Stopped": self.waiting["Stopped"]} if "Stopped" in self.waiting else {}


class Hosting:
    """The runners of one account's runs."""

    def __init__(self, account: Account, host: RunHost) -> None:
        self._account = account
        self._host = host
        self._seats: dict[str, _Seat] = {}

    def follow(self, draft: Draft) -> None:
        """Take up what a written draft leads to: runs that begin or end, and calls to make."""
        for run in draft.rewoken:
            self._keep(run)
        for run, cause, depth in draft.elsewhere:
            seat = self._seats.get(run)
            if seat is not None and not seat.put(cause, depth):
                self._give_up(run, "Its runner does not keep up.", barred=False)
        for run in list(self._seats):
            self._next(run)

    def is_ready(self, run: str) -> bool:
        """Return whether a run's runner can still be asked something."""
        seat = self._seats.get(run)
        return seat is not None and seat.ready

    def close(self) -> None:
        """End every runner."""
        for run in list(self._seats):
            self._end(run)

    def _keep(self, run: str) -> None:
        live = self._account.runs[run]
        if not issubclass(live.strategy, Hosted):
            return
        if live.record.state not in ACTING:
            self._end(run)
        elif run not in self._seats:
            self._seats[run] = _Seat()
            offer = live.strategy.offer
            hosted = HostedRun(
                id=run, account=live.record.account, plugin=offer.plugin, strategy=offer.name
            )
            self._host.open(hosted, lambda heard: self._hear(run, heard))

    def _end(self, run: str) -> None:
        if self._seats.pop(run, None) is not None:
            self._host.close(run)

    def _hear(self, run: str, heard: Heard) -> None:
        seat = self._seats.get(run)
        if seat is None:
            return
        match heard:
            case Ready():
                seat.ready = True
                if seat.lost and "Stopped" not in seat.waiting:
                    seat.waiting = {"Started": (Started(), 0), **seat.waiting}
                seat.lost = False
                self._next(run)
            case Answered(sequence=sequence, result=result):
                asked = seat.asked
                if asked is not None and asked.sequence == sequence:
                    self._later(run, lambda: self._take(run, asked, result))
            case Lost(reason=reason):
                log.warning("run %s: its runner is gone: %s", run, reason)
                seat.begin_anew()
                self._later(run, lambda: self._stopped(run))
            case Barred(reason=reason):
                self._give_up(run, reason, barred=True)

    def _next(self, run: str) -> None:
        """Ask what waits first, where the runner is free."""
        seat, live = self._seats[run], self._account.runs[run]
        if not seat.ready or seat.asked is not None or not seat.waiting:
            return
        cause, depth = seat.waiting.pop(next(iter(seat.waiting)))
        seat.sequence += 1
        step = live.record.step + 1
        seat.asked = _Asked(
            sequence=seat.sequence,
            step=step,
            cause=cause,
            depth=depth,
            at_ms=self._account.clock.monotonic_ms(),
        )
        book = self._account.draft().book
        call = call_of(
            seat.sequence,
            config=live.record.config,
            memory=live.record.memory,
            stimulus=cause,
            view=self._account.desk.view(book, seed=seed_of(run, step)),
        )
        self._host.ask(run, call, live.leash.step)

    def _give_up(self, run: str, reason: str, *, barred: bool) -> None:
        self._later(run, lambda: self._fail(run, reason, barred=barred))

    def _later(self, run: str, work: Callable[[], Awaitable[None]]) -> None:
        async def guarded() -> None:
            try:
                await self._account.in_turn(work, begun=True)
            except (LeaseLost, ShuttingDown):
                return  # whoever serves the account next begins its runs anew
            except StoreUnavailable as error:
                # Nothing of it was written: its next call comes with the next stimulus.
                log.error("run %s: %s", run, error.message)
                seat = self._seats.get(run)
                if seat is not None:
                    seat.asked = None

        self._account.spawn(guarded())

    async def _take(self, run: str, asked: _Asked, result: StepResult) -> None:
        seat, live = self._seats.get(run), self._account.runs.get(run)
        if seat is None or live is None or seat.asked is not asked:
            return
        seat.asked = None
        draft = self._account.draft()
        if live.record.state in ACTING and live.record.step + 1 == asked.step:
            now_ms = self._account.clock.monotonic_ms()
            lately = tuple(at for at in live.asked if now_ms - at < MINUTE_MS)
            call = Call(
                cause=asked.cause,
                moment=self._account.desk.moment(),
                at_ms=now_ms,
                depth=asked.depth,
                elsewhere=True,
            )
            self._account.desk.take(draft, replace(live, asked=lately), call, result)
        if isinstance(asked.cause, Stopped):
            _move(draft, run, RunState.STOPPED)
        await self._account.commit(draft)

    async def _stopped(self, run: str) -> None:
        live = self._account.runs.get(run)
        if live is not None and live.record.state is RunState.STOPPING:
            draft = self._account.draft()
            _move(draft, run, RunState.STOPPED)
            await self._account.commit(draft)

    async def _fail(self, run: str, reason: str, *, barred: bool) -> None:
        live = self._account.runs.get(run)
        if live is None or live.record.state not in ACTING:
            return
        draft = self._account.draft()
        self._account.desk.fail(draft, live, reason)
        if barred:
            draft.say(
                NoticeGiven(
                    severity=Severity.CRIT,
                    code=NOTICE,
                    text="A strategy broke the rules too often and is kept out.",
                    run=run,
                    data={"reason": reason},
                )
            )
        await self._account.commit(draft)


def _move(draft: Draft, run: str, state: RunState) -> None:
    live = draft.runs[run]
    if live.record.state is RunState.STOPPING:
        draft.put_run(replace(live, record=replace(live.record, state=state)))
