"""Keeps and settles confirmations of one account, each in one unit with its journal entry."""

from __future__ import annotations

from axisor.errors import ConfirmationNotFound
from axisor.identity import ConfirmationPrepared, ConfirmationSettled
from axisor.states import ConfirmationState
from axisor.wire.names import confirmation_name
from axisor_server.domain.confirmations import (
    ENDED,
    WAITING,
    Confirmation,
    check_room,
    from_document,
    settle,
    to_document,
)
from axisor_server.domain.journal import from_us
from axisor_server.engine.asks import KeepConfirmation, SettleConfirmation
from axisor_server.engine.core import Core
from axisor_server.engine.replying import reply
from axisor_server.ports import Conflict, Reader, Transaction


class Confirmations:
    """The confirmations of one account, while this core leads it."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def keep(self, ask: KeepConfirmation, request_id: str) -> None:
        """Keep a prepared call and say so. Raises RateLimited where too many wait."""
        await self._core.in_turn(lambda: self._keep(ask.confirmation, request_id))

    async def _keep(self, made: Confirmation, request_id: str) -> None:
        draft = self._core.draft()

        def row(tx: Transaction) -> None:
            check_room(tx.documents(WAITING, about=made.account))
            tx.put_document(to_document(made), revision=None)

        draft.rows.append(row)
        draft.say(
            ConfirmationPrepared(
                confirmation=confirmation_name(made.account, made.id),
                method=made.method,
                summary=made.summary,
                expire_time=from_us(made.until_us),
                principal=made.preparer.name,
            )
        )
        reply(self._core, draft, request_id, lambda _: made)
        await self._core.commit(draft)

    async def settle(self, ask: SettleConfirmation, request_id: str) -> None:
        """End a confirmation, or answer with how it ended by the same word before.

        Raises ConfirmationNotFound, ConfirmationSettled.
        """
        await self._core.in_turn(lambda: self._settle(ask, request_id))

    async def _settle(self, ask: SettleConfirmation, request_id: str) -> None:
        account = self._core.account.id
        found = await self._core.store.read(lambda view: find(view, account, ask.confirmation))
        draft = self._core.draft()
        after = settle(found, ask.word, now_us=draft.now_us)
        if after is not found:
            draft.rows.append(lambda tx: _end(tx, after))
            draft.say(_said(after))
        by_somebody = after.state is not ConfirmationState.EXPIRED
        reply(self._core, draft, request_id, lambda _: after, changed=by_somebody)
        await self._core.commit(draft)


def find(view: Reader, account: str, id: str) -> Confirmation:
    """Return a confirmation of an account. Raises ConfirmationNotFound."""
    document = view.document(WAITING, id) or view.document(ENDED, id)
    if document is None or document.about != account:
        raise ConfirmationNotFound(f"The account has no confirmation `{id}`.", confirmation=id)
    return from_document(document)


def _end(tx: Transaction, after: Confirmation) -> None:
    if not tx.delete_document(WAITING, after.id):
        raise Conflict(f"The confirmation {after.id} does not wait any more.")
    tx.put_document(to_document(after), revision=None)


def _said(after: Confirmation) -> ConfirmationSettled:
    committed = after.state is ConfirmationState.COMMITTED
    return ConfirmationSettled(
        confirmation=confirmation_name(after.account, after.id),
        state=after.state,
        method=after.method,
        request_id=after.request_id if committed else "",
        reason=after.reason,
        principal=after.settler,
    )
