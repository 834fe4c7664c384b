"""Confirmations as callers see them: kept, listed, and settled by their account's own actor."""

from __future__ import annotations

import hashlib
import hmac
import logging
import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeAlias

import msgspec

from axisor.errors import AxisorError, ProofInvalid, RequestIdReused
from axisor.ports import Clock
from axisor.states import ConfirmationState
from axisor_server.domain.confirmations import (
    ENDED,
    WAITING,
    Confirmation,
    Waits,
    Word,
    from_document,
)
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import TENANT
from axisor_server.engine import replies
from axisor_server.engine.asks import Asked, KeepConfirmation, SettleConfirmation, decode_ask
from axisor_server.engine.confirmations import find
from axisor_server.engine.facade import Engine
from axisor_server.ports import Ids, Reader, Store
from axisor_server.services.accounts import Accounts
from axisor_server.services.requests import Request

log = logging.getLogger(__name__)

PURPOSE = "confirmation"
EXPIRING_S = 5.0

Digest: TypeAlias = Callable[[str, str], Awaitable[str]]
"""Returns the keyed hash of a text for a purpose, the same on every core of the database."""


class Confirming:
    """The confirmations of all accounts."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        accounts: Accounts,
        clock: Clock,
        ids: Ids,
        digest: Digest,
        waits: Waits,
    ) -> None:
        self._engine = engine
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._ids = ids
        self._digest = digest
        self.waits = waits

    @property
    def now_us(self) -> int:
        """Return the present in microseconds."""
        return to_us(self._clock.now())

    def new_id(self) -> str:
        """Return the id of a confirmation to be."""
        return self._ids.new()

    async def kept(self, account: str, request: Request) -> Confirmation | None:
        """Return what an earlier try of a request prepared, None where there was none.

        Raises RequestIdReused.
        """
        found = await self._store.read(lambda view: view.command(TENANT, request.request_id))
        if found is None:
            return None
        # What another method kept under this id is in a form of its own.
        ask = decode_ask(found.body) if found.method == request.method else None
        if not isinstance(ask, KeepConfirmation):
            raise RequestIdReused(requestId=request.request_id)
        return await self.keep(account, ask.confirmation, request)

    async def keep(self, account: str, made: Confirmation, request: Request) -> Confirmation:
        """Keep a prepared call, once per request id. Raises RequestIdReused, RateLimited."""
        ask = KeepConfirmation(confirmation=made)
        answer = await self._engine.ask(account, ask, request.asked)
        return msgspec.json.decode(answer.result, type=Confirmation)

    async def get(self, account: str, id: str) -> Confirmation:
        """Return a confirmation as it stands. Raises AccountNotFound, ConfirmationNotFound."""
        await self._accounts.get(account)
        found = await self._store.read(lambda view: find(view, account, id))
        return found.as_of(self.now_us)

    async def list(
        self, account: str, states: Collection[ConfirmationState]
    ) -> Sequence[Confirmation]:
        """Return the confirmations of an account, newest first. Raises AccountNotFound."""
        await self._accounts.get(account)

        def unit(view: Reader) -> list[Confirmation]:
            kinds = (WAITING, ENDED)
            found = [each for kind in kinds for each in view.documents(kind, about=account)]
            return [from_document(each).as_of(self.now_us) for each in found]

        listed = await self._store.read(unit)
        wanted = [each for each in listed if not states or each.state in states]
        return sorted(wanted, key=lambda each: (each.made_us, each.id), reverse=True)

    async def settle(
        self, found: Confirmation, state: ConfirmationState, request: Request, *, reason: str = ""
    ) -> Confirmation:
        """End a confirmation by the caller's word, once however often it is given.

        Raises ConfirmationSettled, RequestIdReused.
        """
        caller = request.caller
        word = Word(state=state, principal=caller.name, tenant=caller.tenant, reason=reason)
        ask = SettleConfirmation(confirmation=found.id, word=word)
        answer = await self._engine.ask(found.account, ask, request.asked)
        return msgspec.json.decode(answer.result, type=Confirmation)

    async def is_begun(self, found: Confirmation) -> bool:
        """Return whether its call was handed on and stands, so that it is not judged anew."""
        request_id = found.request_id
        command = await self._store.read(lambda view: view.command(TENANT, request_id))
        if command is None:
            return False
        return command.answered_us is None or not replies.decode(command.answer).passing

    async def token(self, found: Confirmation) -> str:
        """Return what its preparer commits it with. It is a secret, and kept nowhere."""
        return await self._digest(PURPOSE, f"{found.account}/{found.id}")

    async def check_token(self, found: Confirmation, given: str) -> None:
        """Refuse a token that is not the confirmation's. Raises ProofInvalid."""
        if not hmac.compare_digest((await self.token(found)).encode(), given.encode()):
            raise ProofInvalid("The token is not that of this confirmation.")

    async def expire(self) -> int:
        """End those whose time is up, and say so in their journals; returns how many ended."""
        waiting = await self._store.read(lambda view: view.documents(WAITING))
        now_us, ended = self.now_us, 0
        for each in map(from_document, waiting):
            if not each.is_over(now_us):
                continue
            try:
                await self._engine.ask(each.account, *_expiry(each))
            except AxisorError as error:  # nobody leads the account now, or somebody was first
                log.debug("confirmation %s waits to expire: %s", each.id, error.message)
            else:
                ended += 1
        return ended

    async def run(self) -> None:
        """End what is over, every few seconds, until cancelled."""
        while True:
            try:
                await self.expire()
            except AxisorError as error:
                log.warning("confirmations: %s", error.message)
            await self._clock.sleep(EXPIRING_S)


def _expiry(found: Confirmation) -> tuple[SettleConfirmation, Asked]:
    # Every core asks it under one id, so that it is done once whoever notices.
    word = Word(state=ConfirmationState.EXPIRED)
    asked = Asked(
        principal="",
        request_id=str(uuid.uuid5(uuid.UUID(found.request_id), "expired")),
        method="ExpireConfirmation",
        digest=hashlib.sha256(found.id.encode()).digest(),
    )
    return SettleConfirmation(confirmation=found.id, word=word), asked
