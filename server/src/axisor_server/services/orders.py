"""Orders, open as the venue shows them and done as the journal remembers them."""

from __future__ import annotations

from collections.abc import Sequence

from axisor.errors import OrderNotFound
from axisor.events import OrderChanged
from axisor.model import MarginMode, Order, OrderState
from axisor_server.domain.journal import decode_payload
from axisor_server.ports import Reader, Store
from axisor_server.services.accounts import Accounts, stream_of
from axisor_server.services.snapshots import Snapshots

REMEMBERED = 1_000
"""How many changes of orders are looked through for orders that are done."""


class Orders:
    """Shows orders."""

    def __init__(self, *, store: Store, accounts: Accounts, snapshots: Snapshots) -> None:
        self._store = store
        self._accounts = accounts
        self._snapshots = snapshots

    async def list(
        self, account: str, *, states: frozenset[OrderState], margin_mode: MarginMode | None
    ) -> Sequence[Order]:
        """Return orders, newest first; no states is all. Raises AccountNotFound."""
        return [
            order
            for order in await self._all(account)
            if (not states or order.state in states) and margin_mode in (None, order.margin_mode)
        ]

    async def find(self, account: str, id: str) -> Order | None:
        """Return an order, None where it is not known. Raises AccountNotFound."""
        return next((order for order in await self._all(account) if order.id == id), None)

    async def get(self, account: str, id: str) -> Order:
        """Return an order. Raises AccountNotFound, OrderNotFound."""
        found = await self.find(account, id)
        if found is None:
            raise OrderNotFound(f"The account has no order `{id}`.", order=id)
        return found

    async def _all(self, account: str) -> Sequence[Order]:
        await self._accounts.get(account)
        found = {order.id: order for order in self._snapshots.orders(account)}

        def unit(view: Reader) -> list[Order]:
            entries = view.entries_before(
                stream_of(account), before=None, kinds=["OrderChanged"], limit=REMEMBERED
            )
            payloads = (decode_payload(entry.payload) for entry in entries)
            return [payload.order for payload in payloads if isinstance(payload, OrderChanged)]

        for order in await self._store.read(unit):
            if order.state is not OrderState.OPEN:
                found.setdefault(order.id, order)
        return sorted(found.values(), key=_age, reverse=True)


def _age(order: Order) -> tuple[str, str]:
    return (order.created_at.isoformat() if order.created_at else "", order.id)
