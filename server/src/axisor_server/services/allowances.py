"""Keeps tokens within the sats they may move in a day, whichever account and core it is done on."""

from __future__ import annotations

from msgspec import structs

from axisor.errors import PermissionDenied, StoreUnavailable
from axisor.intents import Action
from axisor.model import Permission, Sats
from axisor.ports import Clock
from axisor.strategy import View
from axisor_server.domain.allowance import (
    KIND,
    Allowance,
    Fate,
    day_of,
    moved,
    set_aside,
    settled,
    to_allowance,
    to_document,
)
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import TENANT
from axisor_server.ports import Conflict, Reader, Store, Transaction
from axisor_server.services.requests import Request

TRIES = 20


class Allowances:
    """What tokens with a limit may still move today."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def admit(self, action: Action, view: View, request: Request) -> None:
        """Set sats aside for an action that a token with a limit asks for, once per request id.

        A request that only validates is checked, and nothing is set aside. Raises TokenSpent, and
        PermissionDenied for an action whose cost nobody can tell beforehand.
        """
        caller = request.caller
        if caller.sats_per_day is None:
            return
        amount = moved(action, view)
        if amount is None:
            raise PermissionDenied(
                "What a cross order moves cannot be told before it is filled, so a token with a"
                " limit a day places none that adds.",
                permission=Permission.TRADE.name,
                method=request.method,
            )
        if amount == 0:
            return
        if request.validate_only:
            await self._store.read(lambda reader: self._set_aside(reader, request, amount))
            return
        for _ in range(TRIES):
            try:
                await self._store.write(lambda tx: self._put(tx, request, amount))
                return
            except Conflict:
                continue  # another request of the same token was first
        raise StoreUnavailable("The token is used for many requests at this moment.")

    def _put(self, tx: Transaction, request: Request, amount: Sats) -> None:
        after = self._set_aside(tx, request, amount)
        if after is None:
            return
        before = tx.document(KIND, after.id)
        document = to_document(after, now_us=self._now_us(), before=before)
        tx.put_document(document, revision=None if before is None else before.revision)

    def _set_aside(self, reader: Reader, request: Request, amount: Sats) -> Allowance | None:
        """Return the allowance with an amount set aside, None where the request is a repeat."""
        limit, token = request.caller.sats_per_day, request.caller.token
        assert limit is not None
        if reader.command(TENANT, request.request_id) is not None:
            return None  # it was set aside before the command was stored
        present = Allowance(token=token, owner=request.caller.person, day=day_of(self._now_us()))
        found = reader.document(KIND, present.id)
        if found is not None:
            present = to_allowance(found)
        others = [one for one in present.asked if one.request != request.request_id]
        fates = {one.request: _fate(reader, one.request) for one in others}
        kept = settled(structs.replace(present, asked=tuple(others)), fates)
        return set_aside(kept, request.request_id, amount, limit=limit)

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def _fate(reader: Reader, request: str) -> Fate:
    command = reader.command(TENANT, request)
    answered = command is not None and command.answered_us is not None
    return Fate(intent=reader.intent(request), answered=answered)
