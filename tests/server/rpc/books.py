"""An engine over books in memory, for tests of what stands above engines: it journals for real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from axisor import maths
from axisor.errors import (
    AccountNotFound,
    InsufficientBalance,
    NotSupported,
    PositionNotFound,
    RequestExpired,
    RequestIdReused,
    RunNotFound,
)
from axisor.events import (
    AccountClosed,
    AccountOpened,
    AccountUpdated,
    BalanceChanged,
    CommandReceived,
    FeedChanged,
    HaltChanged,
    HaltLevel,
    IntentPlanned,
    IntentSent,
    IntentSettled,
    IntentState,
    Payload,
    PositionChanged,
    RunChanged,
    RunState,
)
from axisor.intents import Action, AddMargin
from axisor.model import Balance, FeedQuality, Leash, Mode, Position, Side, Tick
from axisor.strategy import Strategy, View
from axisor_server.domain.journal import Entry, extend, to_us
from axisor_server.domain.records import TENANT, AccountRecord, CommandRecord, RunRecord
from axisor_server.engine.answers import (
    AccountSummary,
    CommandResult,
    EngineStatus,
    Guarding,
    Preview,
    Snapshot,
)
from axisor_server.ports import Clock, Store, Transaction

TICK = Tick(
    time=datetime(2026, 1, 1, tzinfo=UTC),
    received=datetime(2026, 1, 1, tzinfo=UTC),
    last=Decimal(60_000),
    bid=Decimal(60_000),
    ask=Decimal(60_000),
)
LONG = Position(
    id="11111111-1111-4111-8111-111111111111",
    side=Side.BUY,
    quantity=1_000,
    entry=Decimal(62_000),
    margin=100_000,
    leverage=Decimal(16),
    liquidation=Decimal("58378.5"),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


class Books:
    """The Engine protocol without a venue: adding margin is all it can do, and it does it once."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        publish: Callable[[Sequence[Entry]], None],
        strategies: dict[str, type[Strategy[Any, Any]]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._publish = publish
        self._turn = asyncio.Lock()
        self.strategies = strategies
        self.views: dict[str, View] = {}
        self.modes: dict[str, Mode] = {}
        self.sent = 0

    async def journal(self, account: str, *payloads: Payload) -> int:
        """Append events and publish them; returns the last sequence."""
        stream, mode, now = f"accounts/{account}", self.modes[account], self._clock.now()

        def unit(tx: Transaction) -> tuple[Entry, ...]:
            head = tx.head(stream)
            entries = extend(head, stream=stream, mode=mode, time=now, payloads=payloads)
            tx.append(head, entries, epoch=None)
            return entries

        entries = await self._store.write(unit)
        self._publish(entries)
        return entries[-1].sequence

    async def start(self) -> None:
        """Serve the accounts that are stored."""
        for record in await self._store.read(lambda view: view.accounts()):
            self._serve(record)

    async def stop(self, drain_s: float) -> None:
        """Stop; nothing is ever under way."""

    def _serve(self, record: AccountRecord) -> None:
        self.modes[record.id] = record.mode
        self.views[record.id] = View(
            now=self._clock.now(),
            mode=record.mode,
            balance=Balance(free=1_000_000),
            positions=(LONG,),
            tick=TICK,
        )

    async def open_account(self, record: AccountRecord) -> None:
        """Serve an account and journal that."""
        if record.id in self.views:
            return
        self._serve(record)
        await self.journal(
            record.id,
            AccountOpened(
                venue=record.venue, network=record.network, mode=record.mode, label=record.label
            ),
            BalanceChanged(balance=self.views[record.id].balance),
            PositionChanged(position=LONG),
        )

    async def update_account(self, record: AccountRecord, *, credentials_replaced: bool) -> None:
        """Journal the change."""
        await self.journal(
            record.id,
            AccountUpdated(label=record.label, credentials_replaced=credentials_replaced),
        )

    async def close_account(self, account_id: str) -> None:
        """Journal the end."""
        self.view(account_id)
        await self.journal(account_id, AccountClosed(label="gone"))
        del self.views[account_id]

    async def command(
        self,
        account_id: str,
        action: Action,
        *,
        principal: str,
        request_id: str,
        method: str,
        digest: bytes,
        not_after: datetime | None = None,
        validate_only: bool = False,
        wait_s: float | None = None,
    ) -> CommandResult:
        """Add margin once a request id; refuse everything else."""
        if validate_only:
            preview = await self.preview(account_id, action)
            return CommandResult(intent="", state=IntentState.PLANNED, preview=preview)
        async with self._turn:
            known = await self._store.read(lambda view: view.command(TENANT, request_id))
            if known is not None:
                if known.digest != digest:
                    raise RequestIdReused(requestId=request_id)
                return msgspec.json.decode(known.answer, type=CommandResult)
            if not_after is not None and self._clock.now() > not_after:
                raise RequestExpired(notAfterTime=not_after.isoformat())
            position = self._changed(account_id, action)
            result = await self._carry_out(account_id, action, position, principal, request_id)
            record = CommandRecord(
                tenant=TENANT,
                request_id=request_id,
                account=account_id,
                method=method,
                digest=digest,
                body=b"{}",
                principal=principal,
                created_us=to_us(self._clock.now()),
                answer=msgspec.json.encode(result),
            )
            await self._store.write(lambda tx: tx.add_command(record))
            return result

    async def _carry_out(
        self, account: str, action: Action, position: Position, principal: str, intent: str
    ) -> CommandResult:
        now = self._clock.now()
        await self.journal(
            account,
            CommandReceived(request_id=intent, principal=principal, action=action),
            IntentPlanned(intent=intent, action=action, target=f"positions/{position.id}"),
            IntentSent(intent=intent, attempt=1, signed_at=now, fence=now),
        )
        self.sent += 1
        view = self.views[account]
        assert isinstance(action, AddMargin)
        balance = Balance(free=view.balance.free - action.amount)
        self.views[account] = msgspec.structs.replace(view, positions=(position,), balance=balance)
        sequence = await self.journal(
            account,
            IntentSettled(intent=intent, state=IntentState.CONFIRMED),
            PositionChanged(position=position),
            BalanceChanged(balance=balance),
        )
        return CommandResult(
            intent=intent, state=IntentState.CONFIRMED, sequence=sequence, position=position
        )

    def _changed(self, account: str, action: Action) -> Position:
        if not isinstance(action, AddMargin):
            raise NotSupported(venue="books", feature=type(action).__name__)
        position = self.view(account).position(action.position)
        if position is None:
            raise PositionNotFound(position=action.position)
        if action.amount > self.view(account).balance.free:
            raise InsufficientBalance(
                neededSats=action.amount, balanceSats=self.view(account).balance.free
            )
        margin = position.margin + action.amount
        return msgspec.structs.replace(
            position,
            margin=margin,
            liquidation=maths.liquidation(position.side, position.quantity, position.entry, margin),
        )

    async def preview(self, account_id: str, action: Action) -> Preview:
        """Return the position before and after."""
        view = self.view(account_id)
        after = self._changed(account_id, action)
        return Preview(
            before=Snapshot(
                balance=view.balance, cross=view.cross, position=view.position(after.id)
            ),
            after=Snapshot(balance=view.balance, cross=view.cross, position=after),
        )

    def view(self, account_id: str) -> View:
        """Return an account."""
        if account_id not in self.views:
            raise AccountNotFound(account=account_id)
        return self.views[account_id]

    async def create_run(
        self,
        account_id: str,
        *,
        strategy: str,
        config: bytes,
        leash: Leash,
        label: str,
        principal: str,
        run_id: str | None = None,
    ) -> RunRecord:
        """Store a run."""
        now_us = to_us(self._clock.now())
        record = RunRecord(
            id=run_id or "run",
            account=account_id,
            strategy=strategy,
            label=label,
            config=config,
            leash=msgspec.json.encode(leash),
            state=RunState.CREATED,
            created_us=now_us,
            updated_us=now_us,
        )
        await self._store.write(lambda tx: tx.put_run(record, revision=None))
        await self.journal(
            account_id, RunChanged(run=record.id, strategy=strategy, state=record.state)
        )
        return record

    async def run_verb(
        self,
        run_id: str,
        verb: str,
        *,
        principal: str,
        config: bytes | None = None,
        leash: Leash | None = None,
        label: str | None = None,
    ) -> RunRecord:
        """Move a run."""
        found = await self._store.read(lambda view: view.run(run_id))
        if found is None:
            raise RunNotFound(run=run_id)
        states = {
            "start": RunState.RUNNING,
            "pause": RunState.PAUSED,
            "resume": RunState.RUNNING,
            "stop": RunState.STOPPED,
        }
        record = msgspec.structs.replace(
            found,
            state=states.get(verb, found.state),
            label=found.label if label is None else label,
            revision=found.revision + 1,
        )
        await self._store.write(lambda tx: tx.put_run(record, revision=found.revision))
        await self.journal(
            found.account, RunChanged(run=run_id, strategy=found.strategy, state=record.state)
        )
        return record

    def protection(self, run_id: str) -> Guarding:
        """Refuse: no run here protects anything."""
        raise NotSupported(run=run_id)

    def protections(self, account_id: str) -> Sequence[Guarding]:
        """Return none."""
        return ()

    async def halt(
        self, account_id: str, level: HaltLevel, *, principal: str, reason: str = ""
    ) -> int:
        """Store and journal a halt."""

        def unit(tx: Transaction) -> None:
            record = tx.account(account_id)
            assert record is not None
            after = msgspec.structs.replace(record, halt=level, revision=record.revision + 1)
            tx.put_account(after, revision=record.revision)

        await self._store.write(unit)
        change = HaltChanged(level=level, principal=principal, reason=reason)
        return await self.journal(account_id, change)

    async def reconcile(self, account_id: str) -> int:
        """Journal one difference."""
        balance = self.view(account_id).balance
        return await self.journal(account_id, BalanceChanged(balance=balance))

    async def noise(self, account_id: str, count: int) -> int:
        """Journal events that mean nothing, for streams to carry."""
        changes = [FeedChanged(quality=FeedQuality.FRESH, reason=f"look {n}") for n in range(count)]
        return await self.journal(account_id, *changes)

    async def watch_ticks(self, *, venue: str, network: str, url: str = "") -> AsyncIterator[Tick]:
        """Yield one tick."""
        yield TICK

    def latest_tick(self, *, venue: str, network: str, url: str = "") -> Tick | None:
        """Return the tick."""
        return TICK

    def status(self) -> EngineStatus:
        """Return how it is."""
        return EngineStatus(
            owner="books",
            max_mode=Mode.SHADOW,
            started_at=TICK.time,
            stopping=False,
            accounts=tuple(
                AccountSummary(
                    account=id,
                    mode=self.modes[id],
                    halt=HaltLevel.NONE,
                    acting=True,
                    error="",
                    sequence=0,
                    open_intents=0,
                    read_age_ms=0,
                    runs=(),
                )
                for id in self.views
            ),
            feeds=(),
        )
