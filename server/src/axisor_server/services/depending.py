"""What stands on a plugin: runs that end before it goes and begin again with it, and accounts."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from axisor.errors import AxisorError, StoreUnavailable, StrategyNotFound
from axisor.events import RunState
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import RunRecord, etag_of
from axisor_server.domain.run import ALIVE
from axisor_server.engine.asks import MoveRun
from axisor_server.engine.facade import Engine
from axisor_server.engine.replies import PASSING
from axisor_server.ports import Clock, Reader, Store, Transaction
from axisor_server.services.account_rows import rewrite
from axisor_server.services.plans import Plans

BY = "plugins"
"""In whose name runs are stopped and started that stand on a plugin."""

ENDED = (RunState.STOPPED, RunState.FAILED)

LAST_WORD_S = 15.0
"""How long a runner may take for the last wish of its run."""

LOOK_S = 0.05

LATER = (*PASSING, StrategyNotFound)
"""Why a run does not begin yet: whoever leads its account may not have the plugin so far."""

log = logging.getLogger(__name__)


class Moved(Struct, frozen=True):
    """A run that was stopped or started, and the end of its account's journal then.

    A sequence of 0 says that it was not, but would be.
    """

    account: str
    run: str
    sequence: int = 0


class Dependents:
    """The runs and accounts of all that stand on plugins, led here or by another core."""

    def __init__(self, *, engine: Engine, store: Store, clock: Clock, plans: Plans) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._plans = plans

    async def going_on(self, strategies: Collection[str]) -> Sequence[RunRecord]:
        """Return the runs of strategies that have not ended."""
        return await self._store.read(lambda view: going_on(view, strategies))

    async def stop(self, strategies: Collection[str]) -> tuple[Moved, ...]:
        """Stop what goes on of strategies, each run after its last call, and wait for the end.

        What cannot be stopped now is logged and goes on: `going_on` tells.
        """
        stopped: list[Moved] = []
        for row in await self.going_on(strategies):
            if row.state is RunState.STOPPING:
                continue
            try:
                ask = MoveRun(run=row.id, verb="stop")
                now = await self._engine.change_run(row.account, ask, None, BY)
            except AxisorError as error:
                log.warning("the run %s does not stop: %s", row.id, error.message)
            else:
                stopped.append(Moved(row.account, row.id, now.sequence))
        await self._hear_out(strategies)
        return tuple(stopped)

    async def _hear_out(self, strategies: Collection[str]) -> None:
        until_ms = self._clock.monotonic_ms() + int(LAST_WORD_S * 1000)
        while self._clock.monotonic_ms() < until_ms:
            rows = await self.going_on(strategies)
            if all(row.state is not RunState.STOPPING for row in rows):
                return
            await self._clock.sleep(LOOK_S)

    async def start(self, runs: Mapping[str, int]) -> tuple[tuple[Moved, ...], frozenset[str]]:
        """Start runs that nobody has touched since they were left at a revision.

        Returns those that were started, and all that need no other try.
        """
        started, done = [], set()
        for id, revision in sorted(runs.items()):
            try:
                row = await self._row(id)
                if row is not None and row.state in ENDED and revision in (0, row.revision):
                    started.append(await self._start(row))
            except LATER as error:
                log.warning("the run %s does not begin yet: %s", id, error.message)
                continue
            except AxisorError as error:
                log.error("the run %s does not begin again: %s", id, error.message)
            done.add(id)
        return tuple(started), frozenset(done)

    async def _row(self, id: str) -> RunRecord | None:
        return await self._store.read(lambda view: view.run(id))

    async def _start(self, row: RunRecord) -> Moved:
        ask = MoveRun(run=row.id, verb="start", etag=etag_of(row.revision))
        async with self._plans.beginning(row.account, row.id, request_id=""):
            now = await self._engine.change_run(row.account, ask, None, BY)
        return Moved(row.account, row.id, now.sequence)

    async def take_up(self, venues: Collection[str]) -> None:
        """Have accounts tried again that nobody leads, of venues that were not offered here."""
        if not venues:
            return
        now_us = to_us(self._clock.now())

        def unit(tx: Transaction) -> None:
            led = {lease.account for lease in tx.live_leases()}
            for row in tx.accounts():
                if row.venue in venues and row.id not in led:
                    rewrite(tx, row, row, etag="", now_us=now_us)

        try:
            await self._store.write(unit)
        except StoreUnavailable as error:
            log.warning("accounts of %s wait for the database: %s", list(venues), error.message)
        self._engine.hear("engines/")

    def reads(self, venues: Collection[str]) -> bool:
        """Return whether prices of venues are read here."""
        return any(feed.venue in venues for feed in self._engine.status().feeds)


def going_on(view: Reader, strategies: Collection[str]) -> Sequence[RunRecord]:
    """Return the runs of strategies that have not ended."""
    return [row for row in view.runs() if row.strategy in strategies and row.state in ALIVE]
