"""The calls of the REST interface that swap bitcoin with synthetic dollars."""

from __future__ import annotations

from decimal import Decimal

from axisor.errors import FieldInvalid
from axisor.ports import Lane
from axisor_lnmarkets.models.account import Asset, Swap
from axisor_lnmarkets.request import Request
from axisor_lnmarkets.rest.paging import FIRST, Page, PageQuery, read_page
from axisor_lnmarkets.transport import Transport
from axisor_lnmarkets.wire import encode_body


class SyntheticUsd:
    """Swaps. Every method raises VenueError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def swaps(self, page: PageQuery = FIRST) -> Page[Swap]:
        """Return past swaps, newest first."""
        return await read_page(self._transport, Swap, "/v3/synthetic-usd/swaps", page.fields())

    async def swap(
        self, amount: int | Decimal, *, into: Asset, signed_at_ms: int | None = None
    ) -> Swap:
        """Swap `amount` (sats, or US dollars) into the other asset. Raises OutcomeUnknown too."""
        if amount <= 0:
            raise FieldInvalid("The amount of a swap is above zero.")
        out_of = Asset.BTC if into is Asset.USD else Asset.USD
        body = encode_body({"inAmount": amount, "inAsset": out_of.value, "outAsset": into.value})
        return await self._transport.change(
            Swap,
            Request(method="POST", path="/v3/synthetic-usd/swap", body=body),
            signed_at_ms=signed_at_ms,
            lane=Lane.COMMAND,
            about=lambda swap: (
                swap.in_asset is out_of and swap.out_asset is into and swap.in_amount == amount
            ),
        )
