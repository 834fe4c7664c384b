"""Asks runners on behalf of one account's runs, and takes what they answer as one more stimulus.

Nothing here waits for a runner: a call leaves once the unit that led to it is written, and its
answer comes in turn with everything else. It counts only for the step it was asked for, and is
reviewed against the present like any other wish.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from msgspec.structs import replace

from axisor.errors import LeaseLost, ShuttingDown, StoreUnavailable
from axisor.events import NoticeGiven, RunState, Started, Stopped
from axisor.model import Severity
from axisor.ports import Clock
from axisor.remote import call_of
from axisor.strategy import StepResult
from axisor_server.domain.hosting import Hosted, HostedRun
from axisor_server.domain.run import ACTING
from axisor_server.engine.calls import Call
from axisor_server.engine.desk import MINUTE_MS, Desk
from axisor_server.engine.draft import Draft, LiveRun
from axisor_server.engine.hosts import Answered, Barred, Heard, Lost, Ready, RunHost
from axisor_server.engine.seats import Asked, Occupant, Pair, Seat
from axisor_server.engine.steps import seed_of
from axisor_server.engine.upgrading import Upgrades

NOTICE = "RUNNER_GIVEN_UP"

T = TypeVar("T")
log = logging.getLogger(__name__)


class Account(Protocol):
    """What is asked of the account whose runs these are."""

    clock: Clock
    desk: Desk
    upgrades: Upgrades
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


class Hosting:
    """The runners of one account's runs."""

    def __init__(self, account: Account, host: RunHost) -> None:
        self._account = account
        self._host = host
        self._seats: dict[str, Seat] = {}
        self._count = 0

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
        return seat is not None and seat.runner.ready

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
            return
        seat = self._seats.get(run)
        if seat is None:
            runner = Occupant(run, live.strategy)
            self._seats[run] = seat = Seat(runner)
            self._open(run, runner)
        elif seat.runner.strategy is not live.strategy:
            self._switch(run, seat, live.strategy)
        if run in self._seats:
            self._tend(run, seat)

    def _open(self, run: str, runner: Occupant) -> None:
        offer = runner.strategy.offer
        hosted = HostedRun(
            id=runner.id,
            run=run,
            account=self._account.runs[run].record.account,
            plugin=offer.plugin,
            strategy=offer.name,
            code=offer.code,
        )
        self._host.open(hosted, lambda heard: self._hear(run, runner, heard))

    def _another(self, run: str, strategy: type[Hosted]) -> Occupant:
        """Open one more runner for a run, under a name of its own."""
        self._count += 1
        return Occupant(f"{run}-{self._count}", strategy)

    def _switch(self, run: str, seat: Seat, strategy: type[Hosted]) -> None:
        """Have the runner of another version decide; what was asked and not answered, it is asked.

        The former one stays until `_tend` finds that it does not stand by.
        """
        seat.put_back()
        former = seat.runner
        if seat.shadow is not None and seat.shadow.strategy is strategy:
            seat.runner, seat.shadow = seat.shadow, None
        elif seat.standby is not None and seat.standby.strategy is strategy:
            seat.runner, seat.standby = seat.standby, None
        else:
            seat.runner = self._another(run, strategy)
            self._open(run, seat.runner)
        self._close(seat.standby)
        seat.standby = former

    def _tend(self, run: str, seat: Seat) -> None:
        """Have the runners beside the one that decides which are wanted, and no others."""
        upgrades = self._account.upgrades
        wanted = upgrades.candidate(run)
        if seat.shadow is not None and seat.shadow.strategy is not wanted:
            self._close(seat.shadow)
            seat.shadow = None
        if wanted is not None and issubclass(wanted, Hosted) and seat.shadow is None:
            seat.shadow = self._another(run, wanted)
            self._open(run, seat.shadow)
        if seat.standby is not None and not upgrades.stands_by(run):
            self._close(seat.standby)
            seat.standby = None

    def _close(self, runner: Occupant | None) -> None:
        if runner is not None:
            self._host.close(runner.id)

    def _end(self, run: str) -> None:
        seat = self._seats.pop(run, None)
        if seat is not None:
            for each in seat.occupants():
                self._close(each)

    def _hear(self, run: str, runner: Occupant, heard: Heard) -> None:
        seat = self._seats.get(run)
        if seat is None:
            return
        if runner is seat.runner:
            self._hear_decider(run, seat, heard)
        elif isinstance(heard, Ready):
            runner.ready = True
        elif runner is seat.shadow:
            self._hear_shadow(run, seat, heard)
        else:
            runner.ready = False  # the host starts another one; until then nothing waits for it

    def _hear_decider(self, run: str, seat: Seat, heard: Heard) -> None:
        match heard:
            case Ready():
                seat.runner.ready = True
                if seat.runner.lost and "Stopped" not in seat.waiting:
                    seat.waiting = {"Started": (Started(), 0), **seat.waiting}
                seat.runner.lost = False
                self._next(run)
            case Answered(sequence=sequence, result=result):
                asked = seat.asked
                if asked is not None and asked.sequence == sequence:
                    self._later(run, lambda: self._take(run, asked, result))
            case Lost(reason=reason):
                log.warning("run %s: its runner is gone: %s", run, reason)
                self._lose(run, seat, reason)
            case Barred(reason=reason):
                self._give_up(run, reason, barred=True)

    def _hear_shadow(self, run: str, seat: Seat, heard: Heard) -> None:
        match heard:
            case Answered(sequence=sequence, result=result):
                pair = seat.pair
                if pair is not None and pair.asked.sequence == sequence:
                    pair.after = result
                    self._compare(run, seat, pair)
            case Lost(reason=reason) | Barred(reason=reason):
                if seat.shadow is not None:
                    seat.shadow.ready = False
                self._account.upgrades.shadow.fail(run, f"The new version fails: {reason}.")

    def _compare(self, run: str, seat: Seat, pair: Pair) -> None:
        if pair.before is None or pair.after is None:
            return
        seat.pair = None
        self._account.upgrades.shadow.compare(
            run,
            step=pair.asked.step,
            cause=pair.asked.cause,
            before=pair.before,
            after=pair.after,
        )

    def _next(self, run: str) -> None:
        """Ask what waits first, where the runner is free."""
        seat, live = self._seats[run], self._account.runs[run]
        if not seat.runner.ready or seat.asked is not None or not seat.waiting:
            return
        cause, depth = seat.waiting.pop(next(iter(seat.waiting)))
        seat.sequence += 1
        step = live.record.step + 1
        seat.asked = Asked(
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
            adopt=self._account.upgrades.adopts(run),
        )
        if seat.shadow is not None and seat.shadow.ready and seat.pair is None:
            seat.pair = Pair(asked=seat.asked)
            self._host.ask(seat.shadow.id, replace(call, adopt=True), live.leash.step)
        self._host.ask(seat.runner.id, call, live.leash.step)

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

    async def _take(self, run: str, asked: Asked, result: StepResult) -> None:
        seat, live = self._seats.get(run), self._account.runs.get(run)
        if seat is None or live is None or seat.asked is not asked:
            return
        draft, undone = self._account.draft(), False
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
            present = replace(live, asked=lately)
            undone = self._account.upgrades.trial(
                draft, run, lambda: self._account.desk.take(draft, present, call, result)
            )
        if undone:
            seat.put_back()
        else:
            seat.asked = None
            if seat.pair is not None and seat.pair.asked is asked:
                seat.pair.before = result
                self._compare(run, seat, seat.pair)
            if isinstance(asked.cause, Stopped):
                _move(draft, run, RunState.STOPPED)
        await self._account.commit(draft)

    def _lose(self, run: str, seat: Seat, reason: str) -> None:
        """Go on without the runner that decided: with the old version on probation, else anew."""
        runner, upgrades = seat.runner, self._account.upgrades
        if upgrades.stands_by(run):
            runner.ready = False
            self._later(run, lambda: self._roll_back(run, runner, reason))
            return
        seat.begin_anew()
        if upgrades.retreats(run):
            self._later(run, lambda: self._retreat(run, reason))
        self._later(run, lambda: self._stopped(run))

    async def _roll_back(self, run: str, runner: Occupant, reason: str) -> None:
        seat = self._seats.get(run)
        if seat is None or seat.runner is not runner:
            return
        if not self._account.upgrades.stands_by(run):  # no longer: it ended meanwhile
            seat.begin_anew()
            return
        draft = self._account.draft()
        self._account.upgrades.roll_back(draft, run, f"Its runner is gone: {reason}.")
        await self._account.commit(draft)

    async def _retreat(self, run: str, reason: str) -> None:
        if run in self._seats and self._account.upgrades.retreats(run):
            draft = self._account.draft()
            self._account.upgrades.retreat(draft, run, f"Its runner is gone: {reason}.")
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
        if self._account.upgrades.stands_by(run):
            self._account.upgrades.roll_back(draft, run, reason)
            await self._account.commit(draft)
            return
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
