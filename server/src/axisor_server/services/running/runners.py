"""Keeps a runner for each run that needs one: starts it, watches it, and counts its faults."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta

from axisor.errors import (
    AxisorError,
    PermissionDenied,
    PluginQuarantined,
    RunnerFault,
    RunnerUnwanted,
    TokenInvalid,
)
from axisor.model import Permission
from axisor.ports import Clock, Secret
from axisor.remote import Called
from axisor.wire.runners import Said, Told
from axisor_server.domain.hosting import HostedRun
from axisor_server.engine.hosts import Barred, Heard, Lost
from axisor_server.ports import Ids
from axisor_server.services.principals import Peer, Principal
from axisor_server.services.running.bars import Bars
from axisor_server.services.running.launching import Process, Spawner
from axisor_server.services.running.seat import Patience, Seat
from axisor_server.services.running.stillness import Stillness

RUN_METHOD = "axisor.v1.RunnerService/Run"
OF_RUN = "runs/"
LOOK_S = 0.1
"""How often an answer that is due is looked for."""


class Runners:
    """The runners of one core; a host for its engine, and who knows the tokens of runs."""

    def __init__(
        self,
        *,
        clock: Clock,
        ids: Ids,
        bars: Bars,
        spawner: Spawner,
        patience: Patience | None = None,
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._bars = bars
        self._spawner = spawner
        self._patience = patience or Patience()
        self._stillness = Stillness(clock, spawner, most_ms=self._patience.still_ms)
        self._seats: dict[str, Seat] = {}
        self._tokens: dict[str, Secret] = {}
        self._processes: dict[str, Process] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ending: dict[asyncio.Future[str], None] = {}

    def faults(self, plugin: str) -> int:
        """Return how many faults a plugin's runners had since the core started."""
        return self._bars.faults(plugin)

    def open(self, run: HostedRun, hear: Callable[[Heard], None]) -> None:
        """Have a runner for a run until it is closed."""
        reason = self._bars.reason(run.kept_as)
        if reason:
            hear(Barred(reason))
            return
        seat = Seat(run, clock=self._clock, patience=self._patience, hear=hear, fault=self._fault)
        self._seats[run.id] = seat
        if self._spawner.spawns(run.plugin):
            self._tasks[run.id] = asyncio.ensure_future(self._keep(seat))

    def ask(self, run: str, call: Called, within: timedelta) -> None:
        """Ask the runner of a run, to be answered within what both leash and patience allow."""
        seat = self._seats.get(run)
        if seat is not None:
            seat.ask(call, within)

    def close(self, run: str) -> None:
        """End the runner of a run."""
        seat = self._seats.pop(run, None)
        self._tokens.pop(run, None)
        if seat is not None:
            seat.end(None)
        task = self._tasks.pop(run, None)
        if task is not None:
            task.cancel()
        self._kill(run)

    def stand_still(self) -> None:
        """Have those runners stand still that were started here, while a rescue is on its way."""
        if self._processes:
            self._stillness.begin()

    def go_on(self) -> None:
        """Let them go on."""
        self._stillness.end()

    async def aclose(self) -> None:
        """End every runner, and wait until they are gone."""
        tasks = list(self._tasks.values())
        for run in list(self._seats):
            self.close(run)
        await asyncio.gather(*tasks, *self._ending, return_exceptions=True)

    def run_of(self, id: str) -> str:
        """Return the run that a runner is waited for under a name."""
        seat = self._seats.get(id)
        return id if seat is None else seat.run.run or id

    async def principal(self, token: str, peer: Peer) -> Principal:
        """Return the run whose token this is. Raises TokenInvalid.

        It may do one thing: answer for itself.
        """
        for run, held in self._tokens.items():
            if hmac.compare_digest(held.reveal().encode(), token.encode()):
                account = self._seats[run].run.account
                return Principal(
                    name=OF_RUN + run,
                    platform=Permission.NONE,
                    accounts={account: Permission.READ | Permission.GUARD},
                    methods=frozenset({RUN_METHOD}),
                )
        raise TokenInvalid()

    async def still(self, principal: Principal) -> bool:
        """Return whether a run still has the runner that it was given this token for."""
        return principal.name.removeprefix(OF_RUN) in self._tokens

    async def converse(
        self,
        run: str,
        *,
        account: str,
        plugin: str,
        caller: str,
        hello: Said | None,
        words: AsyncIterator[Said | None],
    ) -> AsyncGenerator[Told, None]:
        """Yield what a runner is to be told, until its conversation ends.

        Raises RunnerUnwanted where it is not waited for, PermissionDenied for another's token,
        PluginQuarantined, and RunnerFault once it broke the rules.
        """
        seat = self._seats.get(run)
        reason = self._bars.reason(plugin if seat is None else seat.run.kept_as)
        if reason:
            raise PluginQuarantined(f"The plugin {plugin} is kept out: {reason}.", plugin=plugin)
        if seat is None or seat.run.account != account:
            raise RunnerUnwanted("No runner is waited for under this name.", run=run)
        if caller.startswith(OF_RUN) if run not in self._tokens else caller != OF_RUN + run:
            raise PermissionDenied("The token is not for the runner of this run.", run=run)
        seat.take(hello)
        listening = asyncio.ensure_future(self._listen(seat, words))
        try:
            while (told := await seat.next()) is not None:
                yield told
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            self._left(seat)

    async def _listen(self, seat: Seat, words: AsyncIterator[Said | None]) -> None:
        watching = asyncio.ensure_future(self._watch(seat))
        try:
            async for said in words:
                seat.said(said)
                if seat.faulted:  # whatever else it has to say is not even read
                    return
            seat.end(None)
        except AxisorError as error:  # it says what is no word of this conversation
            self._fault(seat, error.message)
        finally:
            watching.cancel()

    async def _watch(self, seat: Seat) -> None:
        while not (reason := seat.overdue()):
            await self._clock.sleep(LOOK_S)
        self._fault(seat, reason)

    def _left(self, seat: Seat) -> None:
        seat.leave()
        if self._seats.get(seat.run.id) is seat:
            seat.hear(Lost(seat.why or "it ended the conversation"))

    def _fault(self, seat: Seat, reason: str) -> None:
        """Count what a runner did wrong, and end it."""
        run = seat.run
        if self._seats.get(run.id) is not seat or seat.faulted:
            return
        seat.faulted, seat.why = True, reason
        barred = self._bars.fault(run.kept_as, reason, now_ms=self._clock.monotonic_ms())
        seat.end(RunnerFault(f"The runner of {run.name}: {reason}.", run=run.id))
        self._kill(run.id)
        if not barred:
            return
        for each in [held for held in self._seats.values() if held.run.kept_as == run.kept_as]:
            self.close(each.run.id)
            each.hear(Barred(self._bars.reason(run.kept_as)))

    def _kill(self, run: str) -> None:
        process = self._processes.get(run)
        if process is not None:
            process.kill()

    async def _keep(self, seat: Seat) -> None:
        """Start a run's runner, and another when it ends, each time later."""
        run, pause_ms = seat.run, self._patience.again_ms
        while self._seats.get(run.id) is seat:
            seat.faulted = False
            self._tokens[run.id] = Secret(self._ids.token())
            token = self._tokens[run.id]
            try:
                process = await self._spawner.spawn(run.plugin, run.name, token, code=run.code)
            except OSError as error:
                self._fault(seat, f"it cannot be started: {error}")
            else:
                await self._accompany(seat, process)
            await self._clock.sleep(pause_ms / 1_000)
            pause_ms = min(2 * pause_ms, self._patience.most_again_ms)

    async def _accompany(self, seat: Seat, process: Process) -> None:
        run = seat.run.id
        self._processes[run], seat.waited_ms = process, process.waited_ms
        seat.stood_ms = self._spawner.stood_ms
        coming = asyncio.ensure_future(self._expect(seat))
        ending = asyncio.ensure_future(process.wait())
        self._ending[ending] = None
        ending.add_done_callback(lambda done: self._ending.pop(done, None))
        try:
            ended = await asyncio.shield(ending)  # it is seen to its end, whoever waits for it
            if seat.taken:  # it may have been ended for a fault, and then that one counts
                seat.end(None)
                await seat.ended.wait()
        finally:
            coming.cancel()
            process.kill()
            del self._processes[run]
        self._fault(seat, f"its process ended: {ended}")

    async def _expect(self, seat: Seat) -> None:
        began, left_ms = seat.mark(), self._patience.start_ms
        while left_ms > 0:
            await self._clock.sleep(left_ms / 1_000)
            if seat.taken:
                return
            left_ms = self._patience.start_ms - seat.since(began)
        self._fault(seat, f"it did not come within {self._patience.start_ms} ms")
