"""An account as of one sequence: what a watcher without a sequence begins with."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from axisor.errors import AccountNotFound
from axisor.events import Cause, Coverage, HaltLevel, RunState
from axisor.maths import distance
from axisor.model import MarginMode, Order, Position
from axisor.strategy import View
from axisor_server.domain.records import AccountRecord, IntentRecord, RunRecord
from axisor_server.engine.facade import Engine
from axisor_server.ports import Clock, Reader, Store
from axisor_server.services.accounts import stream_of


class AccountSnapshot(Struct, frozen=True, kw_only=True):
    """An account, its venue's figures, runs, coverage and open intents as of `sequence`.

    The parts may already include what a later event says; events carry whole values, so applying
    such an event again changes nothing.
    """

    sequence: int
    taken: datetime
    account: AccountRecord
    view: View
    runs: tuple[RunRecord, ...]
    coverages: tuple[Coverage, ...]
    intents: tuple[IntentRecord, ...]
    platform_halt: HaltLevel = HaltLevel.NONE
    causes: tuple[Cause, ...] = ()


class Snapshots:
    """Takes snapshots of accounts, and answers what they hold."""

    def __init__(self, *, engine: Engine, store: Store, clock: Clock) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock

    async def take(self, account: str) -> AccountSnapshot:
        """Return an account as of the end of its journal. Raises AccountNotFound."""

        # The sequence first: what is read after it can only be newer.
        sequence = await self._store.read(lambda view: view.head(stream_of(account)).sequence)
        await self._engine.catch_up(account)
        view = self._engine.view(account)
        coverages = self.coverages(account)

        def unit(
            reader: Reader,
        ) -> tuple[AccountRecord | None, tuple[RunRecord, ...], tuple[IntentRecord, ...]]:
            return (
                reader.account(account),
                tuple(run for run in reader.runs(account) if run.state is not RunState.STOPPED),
                tuple(reader.open_intents(account)),
            )

        record, runs, intents = await self._store.read(unit)
        if record is None:
            raise AccountNotFound(f"There is no account `{account}`.", account=account)
        return AccountSnapshot(
            sequence=sequence,
            taken=self._clock.now(),
            account=record,
            view=view,
            runs=runs,
            coverages=coverages,
            intents=intents,
            platform_halt=self._engine.platform.level,
            causes=self._engine.causes(account),
        )

    def view(self, account: str) -> View:
        """Return the account as its strategies see it. Raises AccountNotFound."""
        return self._engine.view(account)

    def coverages(self, account: str) -> tuple[Coverage, ...]:
        """Return the protection of each position, of several guards the first's word."""
        found: dict[str, Coverage] = {}
        for guarding in self._engine.protections(account):
            for coverage in guarding.coverages():
                found.setdefault(coverage.position, coverage)
        return tuple(found.values())

    def positions(
        self, account: str, margin_mode: MarginMode | None = None
    ) -> tuple[Position, ...]:
        """Return open positions, nearest to liquidation first. Raises AccountNotFound."""
        view = self._engine.view(account)
        kept = [p for p in view.positions if margin_mode in (None, p.margin_mode)]
        return tuple(sorted(kept, key=lambda position: _danger(position, view)))

    def orders(self, account: str) -> tuple[Order, ...]:
        """Return open orders, newest first. Raises AccountNotFound."""
        found = self._engine.view(account).orders
        return tuple(sorted(found, key=_age, reverse=True))


def _danger(position: Position, view: View) -> tuple[bool, object, str]:
    price = view.tick.guard_price(position.side, position.quantity) if view.tick else None
    if price is None:
        return True, 0, position.id
    return False, distance(position.side, price, position.liquidation), position.id


def _age(order: Order) -> tuple[str, str]:
    return (order.created_at.isoformat() if order.created_at else "", order.id)
