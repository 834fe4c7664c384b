"""Back-tests that go on by themselves: started once, followed by whoever wants, kept, canceled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress

from msgspec.structs import replace

from axisor.errors import (
    AxisorError,
    BacktestCanceled,
    BacktestInterrupted,
    BacktestNotFound,
    NotSupported,
    StoreError,
)
from axisor.states import BacktestState
from axisor_server.domain.backtesting import Advanced, Reported, Told, Wish
from axisor_server.domain.journal import to_us
from axisor_server.domain.kept_backtests import (
    KIND,
    MOST_REPORT,
    REPORT,
    Kept,
    as_heard,
    from_document,
    interrupted,
    report_document,
    to_document,
    too_many,
)
from axisor_server.domain.plans import check
from axisor_server.engine.replies import Failure
from axisor_server.ports import Clock, Conflict, Ids, Reader, Store, Transaction
from axisor_server.services.accounts import Accounts
from axisor_server.services.backtesting import Backtests
from axisor_server.services.recording import Say
from axisor_server.services.requests import Once, Request

HEARD_EVERY_S = 10.0
"""How often what is under way is written down, so that other cores hear of it."""

LOOK_S = 2.0
"""How often a back-test that another core makes is looked at."""

PART_BYTES = 128 * 1024
TRIES = 10


class KeptBacktests:
    """Starts back-tests and keeps what came of them, at most `kept` ended ones of an account."""

    def __init__(
        self,
        *,
        backtests: Backtests,
        accounts: Accounts,
        store: Store,
        clock: Clock,
        ids: Ids,
        once: Once,
        kept: int,
    ) -> None:
        """Take a store that shows everything: a back-test outlives the call that started it."""
        self._backtests = backtests
        self._accounts = accounts
        self._store = store
        self._clock = clock
        self._ids = ids
        self._once = once
        self._most = kept
        self._live: dict[str, Kept] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._moved = asyncio.Event()

    async def start(self, account: str, strategy: str, wish: Wish, *, request: Request) -> Kept:
        """Start a back-test, once per request id.

        Raises AccountNotFound, StrategyNotFound, RateLimited and PlanLimit.
        """
        await self._accounts.get(account)
        self._backtests.find(strategy)
        now_us, by = self._now_us(), request.caller
        new = Kept(
            id=self._ids.new(),
            account=account,
            strategy=strategy,
            market=wish.scenario or f"candles, {len(wish.candles):,} bytes",
            balance=wish.balance,
            person=by.person,
            made_us=now_us,
            heard_us=now_us,
        )

        def add(tx: Transaction, say: Say) -> Kept:
            self._backtests.check_room()
            all = [as_heard(from_document(each), now_us) for each in tx.documents(KIND)]
            running = [
                each
                for each in all
                if each.state is BacktestState.RUNNING and each.person == by.person
            ]
            most = by.plan.backtests
            check(by.plan, "backtests", most, len(running), what="back-tests that run at once")
            for old in too_many((e for e in all if e.account == account), self._most - 1):
                tx.delete_document(KIND, old.id)
                tx.delete_document(REPORT, old.id)
            tx.put_document(to_document(new), revision=None)
            return new

        made = await self._once.record(request, Kept, add)
        if made.id == new.id:
            self._live[new.id] = new
            task = asyncio.create_task(self._make(new, wish))
            self._tasks[new.id] = task
            task.add_done_callback(lambda _: self._tasks.pop(new.id, None))
        return await self.get(account, made.id)

    async def get(self, account: str, id: str) -> Kept:
        """Return a back-test as it stands. Raises AccountNotFound, BacktestNotFound."""
        await self._accounts.get(account)
        found = self._live.get(id) or await self._store.read(lambda view: self._find(view, id))
        if found is None or found.account != account:
            raise BacktestNotFound(backtest=id)
        return self._standing(found)

    async def of(self, account: str) -> Sequence[Kept]:
        """Return the back-tests of an account, the newest first. Raises AccountNotFound."""
        await self._accounts.get(account)
        found = await self._store.read(lambda view: view.documents(KIND, about=account))
        all = [self._standing(from_document(each)) for each in found]
        return sorted(all, key=lambda each: (each.made_us, each.id), reverse=True)

    async def cancel(self, account: str, id: str, *, request: Request) -> Kept:
        """End a back-test, wherever it is made; one that has ended stays as it is.

        Raises AccountNotFound and BacktestNotFound.
        """
        await self.get(account, id)

        def end(tx: Transaction, say: Say) -> Kept:
            return self._change(tx, id, self._canceled) or self._gone(id)

        ended = await self._once.record(request, Kept, end)
        self._forget(id)
        task = self._tasks.get(id)
        if task is not None and ended.state is BacktestState.CANCELED:
            task.cancel()
        return await self.get(account, id)

    async def follow(self, account: str, id: str, offset: int) -> AsyncGenerator[Told, None]:
        """Yield how far a back-test is, and its report from `offset` on.

        Raises AccountNotFound, BacktestNotFound, BacktestCanceled, BacktestInterrupted, and what
        the back-test failed with.
        """
        told = -1
        while (kept := await self.get(account, id)).state is BacktestState.RUNNING:
            if kept.done > told:
                told = kept.done
                yield Advanced(kept.done, kept.of)
            await self._next(id)
        if kept.state is not BacktestState.DONE:
            raise _error(kept)
        yield Advanced(kept.done, kept.of)
        report = await self._store.read(lambda view: view.document(REPORT, id))
        if report is None:
            raise BacktestNotFound(backtest=id)
        for start in range(offset, len(report.body), PART_BYTES):
            yield Reported(report.body[start : start + PART_BYTES])

    async def aclose(self) -> None:
        """End what is under way, and write down that it was interrupted."""
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # ---------------------------------------------------------------- what goes on by itself

    async def _make(self, kept: Kept, wish: Wish) -> None:
        report = bytearray()
        beating = asyncio.create_task(self._beat(kept.id))
        try:
            watched = self._backtests.watch(kept.account, kept.strategy, wish)
            async with aclosing(watched) as items:
                async for item in items:
                    if isinstance(item, Reported):
                        report += item.part
                        if len(report) > MOST_REPORT:
                            raise NotSupported("The report of the back-test is too large to keep.")
                    elif isinstance(item, Advanced):
                        self._advance(kept.id, item)
            done = self._done(bytes(report))
        except asyncio.CancelledError:
            await self._end(kept.id, lambda found: interrupted(found, self._now_us()))
            raise
        except AxisorError as error:
            failure = Failure.of(error)
            await self._end(kept.id, lambda found: self._failed(found, failure))
        else:
            await self._end(kept.id, done, bytes(report))
        finally:
            beating.cancel()

    def _advance(self, id: str, item: Advanced) -> None:
        live = self._live.get(id)
        if live is not None:
            self._live[id] = replace(live, done=item.done, of=item.of)
            self._tell()

    async def _beat(self, id: str) -> None:
        """Say again and again that a back-test is made, and hear whether it was canceled."""
        while True:
            await self._clock.sleep(HEARD_EVERY_S)
            with suppress(StoreError):  # a database that is away hears of it the next time
                written = await self._write(id, self._heard)
                task = self._tasks.get(id)
                if written is not None and written.state is not BacktestState.RUNNING and task:
                    task.cancel()  # another core was told to cancel it

    def _heard(self, found: Kept) -> Kept:
        return replace(found, heard_us=self._now_us())

    async def _end(
        self, id: str, change: Callable[[Kept], Kept], report: bytes | None = None
    ) -> None:
        with suppress(StoreError):  # a database that is away: silence tells that it was interrupted
            await self._write(id, change, report)
        self._forget(id)

    async def _write(
        self, id: str, change: Callable[[Kept], Kept], report: bytes | None = None
    ) -> Kept | None:
        for _ in range(TRIES):
            with suppress(Conflict):  # another core wrote it: it is read again
                return await self._store.write(lambda tx: self._change(tx, id, change, report))
        return None

    def _change(
        self, tx: Transaction, id: str, change: Callable[[Kept], Kept], report: bytes | None = None
    ) -> Kept | None:
        """Change a back-test that runs, and keep its report; one that ended stays as it is."""
        document = tx.document(KIND, id)
        if document is None:
            return None
        found = as_heard(from_document(document), self._now_us())
        if found.state is not BacktestState.RUNNING:
            return found
        live = self._live.get(id)
        progressed = found if live is None else replace(found, done=live.done, of=live.of)
        after = change(progressed)
        revision = document.revision
        tx.put_document(to_document(after, revision + 1), revision=revision)
        if report is not None:
            tx.put_document(report_document(after, report), revision=None)
        return after

    def _done(self, report: bytes) -> Callable[[Kept], Kept]:
        return lambda found: replace(
            found, state=BacktestState.DONE, ended_us=self._now_us(), report_bytes=len(report)
        )

    def _failed(self, found: Kept, failure: Failure) -> Kept:
        return replace(
            found,
            state=BacktestState.FAILED,
            ended_us=self._now_us(),
            reason=failure.reason,
            text=failure.message,
            means=failure.means,
            todo=failure.todo,
            metadata=failure.metadata,
        )

    def _canceled(self, found: Kept) -> Kept:
        error = BacktestCanceled(backtest=found.id)
        return replace(
            found,
            state=BacktestState.CANCELED,
            ended_us=self._now_us(),
            reason=error.reason,
            text=error.message,
        )

    # ---------------------------------------------------------------- parts

    async def _next(self, id: str) -> None:
        """Wait until a back-test may stand elsewhere: at once here, in a while at another core."""
        if id not in self._live:
            await self._clock.sleep(LOOK_S)
            return
        await self._moved.wait()

    def _tell(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _forget(self, id: str) -> None:
        self._live.pop(id, None)
        self._tell()

    def _standing(self, found: Kept) -> Kept:
        return self._live.get(found.id) or as_heard(found, self._now_us())

    @staticmethod
    def _find(view: Reader, id: str) -> Kept | None:
        found = view.document(KIND, id)
        return None if found is None else from_document(found)

    @staticmethod
    def _gone(id: str) -> Kept:
        raise BacktestNotFound(backtest=id)

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def _error(kept: Kept) -> AxisorError:
    match kept.state:
        case BacktestState.CANCELED:
            return BacktestCanceled(backtest=kept.id)
        case BacktestState.INTERRUPTED:
            return BacktestInterrupted(backtest=kept.id)
        case _:
            return Failure(kept.reason, kept.text, kept.means, kept.todo, kept.metadata).error()
