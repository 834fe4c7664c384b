"""An account that another core leads, as this one knows it: rebuilt from the store, kept up by it.

It holds no lease, opens no line to the venue and writes nothing. What it shows is what the journal
told, seen with this core's own prices.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TypeAlias

from msgspec.structs import replace

from axisor.errors import AxisorError
from axisor.events import Cause, CoverageState
from axisor_server.domain.account import AccountBook
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import AccountRecord
from axisor_server.domain.standing import stand
from axisor_server.engine.answers import AccountSummary
from axisor_server.engine.core import Core
from axisor_server.engine.draft import LiveRun
from axisor_server.engine.market import Market
from axisor_server.engine.projecting import Projection, kept, project_all
from axisor_server.engine.recovery import book_of, retold, revive_all, unread_of
from axisor_server.engine.world import World
from axisor_server.ports import Reader

Reading: TypeAlias = tuple[AccountRecord, AccountBook, dict[str, LiveRun], Projection]

log = logging.getLogger(__name__)


class Follower:
    """Reads one account along."""

    def __init__(self, account: AccountRecord, market: Market, world: World) -> None:
        self.core = Core(account, market, world)
        self.core.causes = lambda: self._told.causes
        self.loaded = asyncio.Event()
        self.error = ""
        self._told = Projection()
        self._hinted = asyncio.Event()
        self._turn = asyncio.Lock()

    def hint(self) -> None:
        """Have the store read."""
        self._hinted.set()

    async def run(self) -> None:
        """Read whenever hinted, until cancelled."""
        while True:
            self._hinted.clear()
            try:
                await self.catch_up()
                self.error = ""
            except AxisorError as error:
                # What was read before stays; it only grows old, and the next hint tries again.
                self.error = str(error)
                log.warning("account %s cannot be followed: %s", self.core.account.id, error)
            self.loaded.set()
            await self._hinted.wait()

    async def catch_up(self) -> None:
        """Read what has been written until now. Raises StoreError."""
        async with self._turn:
            found = await self.core.store.read(self._read)
            if found is None:
                return  # it was deleted; whoever keeps this follower will learn of it
            core = self.core
            core.account, core.book, core.runs, told = found
            core.desk.account = core.account
            core.coverage = told.coverage
            core.reached = told.sequence
            self._told = told

    def _read(self, reader: Reader) -> Reading | None:
        account = reader.account(self.core.account.id)
        if account is None:
            return None
        stream = f"accounts/{account.id}"
        before = self._told if self._told.sequence else kept(reader, stream).told
        told = project_all(reader, stream, before)
        runs, _ = revive_all(reader, account.id, self.core.strategies, self.core.runs)
        if self._told.sequence and told.acted == self._told.acted:
            book = retold(reader, account, told, self.core.book)
        else:
            book = book_of(reader, account, told, now_us=to_us(self.core.clock.now()))
        return account, replace(book, unread=unread_of(reader, told)), runs, told

    def summary(self, error: str, *, led: bool) -> AccountSummary:
        """Return how the account is, as far as it is known here; `led` by another core."""
        core, error = self.core, self.error or error
        causes = core.causes() if led else (Cause("not_acting", error),)
        return AccountSummary(
            account=core.account.id,
            mode=core.account.mode,
            halt=core.book.halt,
            acting=False,
            error=error,
            sequence=core.sequence,
            open_intents=len(core.book.open),
            read_age_ms=None,
            runs=tuple((id, live.record.state) for id, live in core.runs.items()),
            standing=stand(causes),
            causes=causes,
            positions=0 if core.book.state is None else len(core.book.state.positions),
            protected=sum(each.state is CoverageState.PROTECTED for each in core.coverage.values()),
        )
