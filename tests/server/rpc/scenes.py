"""A served core as a change finds it: who calls, what is there, and a store that can end a unit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import pyotp
from tests.server.rpc.serving import TOKEN, Served
from tests.server.rpc.test_people import client, enter, join

from axisor.client import Client
from axisor.model import OrderType, Side
from axisor.wire.people import SignedIn
from axisor_server.domain.journal import Entry
from axisor_server.ports import Reader, Store, Transaction

T = TypeVar("T")


class Cut(Exception):
    """The process ended within a unit."""


class Watched:
    """A store that notes what each unit writes into journals, and can end within a unit.

    `cut` is asked with the entries of each unit, as its last step before it is durable.
    """

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.cuts = 0
        self.units: list[Sequence[Entry]] = []
        self.cut: Callable[[Sequence[Entry]], bool] = lambda entries: False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def read(self, unit: Callable[[Reader], T]) -> T:
        """Read as the store does."""
        return await self.inner.read(unit)

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Write as the store does, unless it ends within the unit."""
        told: list[Entry] = []

        def run(tx: Transaction) -> T:
            told.clear()
            append = tx.append

            def noted(head: Any, entries: Sequence[Entry], *, epoch: int | None) -> None:
                append(head, entries, epoch=epoch)
                told.extend(entries)

            tx.append = noted  # type: ignore[method-assign]
            try:
                done = unit(tx)
            finally:
                del tx.append
            if self.cut(told):
                self.cuts += 1
                raise Cut
            return done

        done = await self.inner.write(run)
        if told:
            self.units.append(tuple(told))
        return done


class Scene:
    """A served core with an account, and who calls it."""

    def __init__(self, core: Served, account: str) -> None:
        self.core = core
        self.id = account.removeprefix("accounts/")
        self.owner = client(core, TOKEN)
        self.nobody = client(core)
        self.opened = [self.owner, self.nobody]

    async def close(self) -> None:
        """Close every client."""
        for each in self.opened:
            await each.close()

    def as_(self, signed: SignedIn) -> Client:
        """Return a client of somebody who is signed in."""
        made = client(self.core, signed.access)
        self.opened.append(made)
        return made

    async def ada(self) -> Client:
        """Register the first person, who owns the core, and sign them in."""
        await join(self.core)
        return self.as_(await enter(self.core))

    async def run(self) -> str:
        """Return a run that was created."""
        made = await self.owner.strategies.create_run(self.id, "nap", config="{}")
        return made.run.id

    async def order(self) -> str:
        """Return an order that waits."""
        placed = await self.owner.orders.place(
            self.id,
            Side.BUY,
            quantity=100,
            leverage=10,
            type=OrderType.LIMIT,
            price=Decimal(50_000),
        )
        assert placed.order is not None
        return str(placed.order.id)

    async def totp(self, ada: Client) -> pyotp.TOTP:
        """Give a person a second factor that is not confirmed yet."""
        secret, _ = await ada.users.enrol_totp()
        return pyotp.TOTP(secret.reveal())


Act: TypeAlias = Callable[[], Awaitable[Any]]
Operation: TypeAlias = Callable[[Scene], Awaitable[Act]]
"""Prepares a change and returns the call that makes it."""
