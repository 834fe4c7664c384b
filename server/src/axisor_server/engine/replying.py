"""Answers a command within the unit that carries it out, so that both are written or neither."""

from __future__ import annotations

from collections.abc import Callable

from axisor.events import ChangeMade
from axisor_server.engine import replies
from axisor_server.engine.asks import AccountNow
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Draft
from axisor_server.ports import Transaction


def reply(
    core: Core,
    draft: Draft,
    request_id: str,
    result: Callable[[Transaction], object],
    *,
    changed: bool = True,
) -> None:
    """Answer a command with what `result` makes at the end; an empty id is nobody's command.

    The journal says that somebody changed something, unless nothing is `changed` or by nobody.
    """
    if request_id:
        asked = core.asked.get(request_id)
        if asked is not None and changed:
            draft.say(
                ChangeMade(principal=asked.principal, method=asked.method, request_id=request_id)
            )
        before = core.sequence
        draft.answer(
            request_id,
            lambda tx: replies.done(request_id, result(tx), sequence=before + len(draft.payloads)),
        )


def account_now(core: Core) -> Callable[[Transaction], AccountNow]:
    """Return what makes an account's present, as the unit has written it."""
    id = core.account.id

    def result(tx: Transaction) -> AccountNow:
        found = tx.account(id)
        assert found is not None  # its row was written, or read, for this unit
        return AccountNow(account=found, intents=tuple(tx.open_intents(id)))

    return result
