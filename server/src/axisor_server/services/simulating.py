"""Steering the simulators of accounts in SIM; where anything is real it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from axisor.errors import FieldInvalid, NotSupported
from axisor.model import Mode, Price
from axisor.ports import Steered, Venue
from axisor_server.domain.records import AccountRecord
from axisor_server.ports import Transaction
from axisor_server.services.accounts import Accounts
from axisor_server.services.recording import Recorder, Say
from axisor_server.services.requests import Once, Request


class Moved(Struct, frozen=True):
    """The price that a move began at."""

    price: Price


class Simulating:
    """Moves prices that are made up anyway."""

    def __init__(
        self, *, accounts: Accounts, venues: Mapping[str, Venue], once: Once, recorder: Recorder
    ) -> None:
        self._accounts = accounts
        self._venues = venues
        self._once = once
        self._recorder = recorder

    async def move_price(
        self, account: str, percent: Decimal, *, over_s: int, request: Request
    ) -> Moved:
        """Move the price of an account's simulator, once for each request.

        It is journalled before it is done. Raises AccountNotFound, NotSupported, FieldInvalid,
        VenueUnavailable.
        """
        record = await self._accounts.get(account)
        venue = self._steered(record)
        if not percent:
            raise FieldInvalid("A move of 0 % is none.", field="move_percent")

        def made(_: Transaction, say: Say) -> None:
            say(request.made)

        async def change(_: str) -> Moved:
            await self._recorder.write(made, by=request.caller)
            price = await venue.move_price(
                network=record.network, url=record.url, percent=percent, over_s=over_s
            )
            return Moved(price)

        return await self._once.perform(request, Moved, change)

    def _steered(self, record: AccountRecord) -> Steered:
        venue: object = self._venues.get(record.venue)
        if record.mode is not Mode.SIM or not isinstance(venue, Steered):
            raise NotSupported(
                f"The prices of an account in {record.mode.value.upper()} at {record.venue} "
                "cannot be moved.",
                money="Nothing was sent and nothing changed.",
                fix="Try it on an account in SIM: axisor up --sim makes one.",
                venue=record.venue,
                feature="moving the price",
            )
        return venue
