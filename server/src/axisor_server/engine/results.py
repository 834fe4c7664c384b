"""What clients are told of their requests, made of stored answers and the account as it is now."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from axisor.errors import AccountNotFound
from axisor.events import IntentState
from axisor.intents import Action
from axisor.model import Mode
from axisor_server.domain.intent import position_of
from axisor_server.domain.preview import preview
from axisor_server.engine.answers import CommandResult
from axisor_server.engine.asks import AccountNow
from axisor_server.engine.core import Core
from axisor_server.engine.letters import Ruled
from axisor_server.engine.replies import Answer, error_of
from axisor_server.ports import Reader


def stream_of(account: str) -> str:
    """Return the name of an account's journal."""
    return f"accounts/{account}"


def made(answer: Answer) -> Answer:
    """Return the answer of a request that was carried out. Raises what it was refused with."""
    error = error_of(answer)
    if error is not None:
        raise error
    return answer


def validated(core: Core, action: Action) -> CommandResult:
    """Return what an action would change. Raises why it would be refused."""
    refusal = core.desk.check(core.draft().book, action)
    if refusal is not None:
        raise refusal
    return CommandResult(
        intent="",
        state=IntentState.PLANNED,
        sequence=core.sequence,
        mode=core.account.mode,
        preview=preview(action, core.desk.view(core.book)),
    )


def confirmed(core: Core, answer: Answer, action: Action) -> CommandResult:
    """Return what an action led to, with the position or order it made or touched."""
    state = core.book.state
    id = position_of(action) or answer.venue_id
    position = None if state is None else state.position(id)
    orders = () if state is None else state.orders
    order = next((o for o in orders if o.id == answer.venue_id), None)
    return CommandResult(
        intent=answer.intent,
        state=answer.state,
        venue_id=answer.venue_id,
        sequence=core.sequence,
        mode=core.account.mode,
        position=position,
        order=order,
    )


def under_way(reader: Reader, account: str, request_id: str, *, mode: Mode) -> CommandResult:
    """Return how an action stands that is not settled yet."""
    record = reader.intent(request_id)
    return CommandResult(
        intent=request_id,
        state=IntentState.UNKNOWN if record is None else record.state,
        sequence=reader.head(stream_of(account)).sequence,
        mode=mode,
    )


def account_of(answer: Answer) -> AccountNow:
    """Return the account that a change answered with."""
    now = msgspec.json.decode(answer.result, type=AccountNow)
    return replace(now, sequence=answer.sequence)


def account_now(reader: Reader, account: str) -> AccountNow:
    """Return an account as it is stored. Raises AccountNotFound."""
    found = reader.account(account)
    if found is None:
        raise AccountNotFound(account=account)
    sequence = reader.head(stream_of(account)).sequence
    return AccountNow(account=found, intents=tuple(reader.open_intents(account)), sequence=sequence)


def ruled(answer: Answer) -> Ruled:
    """Return what was decided about a dead letter."""
    found = msgspec.json.decode(answer.result, type=Ruled)
    return replace(found, sequence=answer.sequence)
