"""Dead letters over the wire: listed, shown with their readings, settled once, refused in words."""

from __future__ import annotations

from datetime import timedelta

import grpc
import grpc.aio
import pytest
from tests.server.rpc.serving import READER, Served, bearer

from axisor.events import IntentState, IntentWitnessed
from axisor.intents import AddMargin
from axisor.model import Mode
from axisor.v1 import dead_letters_pb2 as pb
from axisor.v1.dead_letters_pb2_grpc import DeadLetterServiceStub
from axisor.v1.types_pb2 import INTENT_STATE_CONFIRMED, INTENT_STATE_DEAD, INTENT_STATE_UNKNOWN
from axisor.wire.status import from_call
from axisor_server.domain.intent import encode_action
from axisor_server.domain.journal import extend, to_us
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.witness import Baseline, encode_baseline
from axisor_server.ports import Transaction

INTENT = "0d9f3c7e-0000-4000-8000-0000000000aa"
REQUEST = "0d9f3c7e-0000-4000-8000-0000000002{:02d}"


async def doubt(core: Served, account: str, *, age: timedelta = timedelta(hours=1)) -> str:
    """Leave an added margin behind whose outcome is unknown; returns the dead letter's name."""
    id = account.removeprefix("accounts/")
    now = core.clock.now()
    then_us = to_us(now - age)
    action = AddMargin(position=core.long, amount=500)
    record = IntentRecord(
        id=INTENT,
        account=id,
        target=f"positions/{core.long}",
        kind="AddMargin",
        additive=True,
        amount=500,
        action=encode_action(action),
        state=IntentState.UNKNOWN,
        witness=encode_baseline(Baseline(margin=core.margin)),
        signed_us=then_us,
        fence_us=then_us,
        created_us=then_us,
        updated_us=then_us,
        message="The answer was lost.",
    )
    seen = IntentWitnessed(
        intent=INTENT, fenced=True, message="Not yet.", shows={"margin": str(core.margin)}
    )

    def unit(tx: Transaction) -> None:
        head = tx.head(account)
        tx.add_intent(record)
        tx.append(
            head,
            extend(head, stream=account, mode=Mode.SIM, time=now, payloads=[seen]),
            epoch=None,
        )

    await core.engine.stop(1)
    await core.store.write(unit)
    return f"{account}/deadLetters/{INTENT}"


async def doubt_here(core: Served, id: str) -> str:
    """Leave a deposit behind whose outcome is unknown to a core at work; returns its id."""
    actor = core.engine._roster.actors[id]
    now_us = to_us(core.clock.now())
    doubtful = IntentRecord(
        id=INTENT,
        account=id,
        target="positions/cross",
        kind="DepositCross",
        additive=True,
        amount=700,
        action=b'{"is":"DepositCross","amount":700}',
        state=IntentState.UNKNOWN,
        signed_us=now_us - 10**9,
        fence_us=now_us - 10**9,
        created_us=now_us - 10**9,
        updated_us=now_us - 10**9,
    )
    await core.store.write(lambda tx: tx.add_intent(doubtful))
    actor.core.book = actor.core.book.with_intent(doubtful)
    return INTENT


async def test_a_dead_letter_is_listed_and_shown_with_what_was_read(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    name = await doubt(core, account)
    stub = DeadLetterServiceStub(channel)

    listed = await stub.ListDeadLetters(
        pb.ListDeadLettersRequest(parent=account), metadata=bearer(READER)
    )
    shown = await stub.GetDeadLetter(pb.GetDeadLetterRequest(name=name), metadata=bearer(READER))

    assert [each.name for each in listed.dead_letters] == [name]
    letter = shown.dead_letter
    assert (letter.intent.state, letter.amount_sats) == (INTENT_STATE_UNKNOWN, 500)
    assert letter.baseline["margin"] == str(core.margin)
    assert [r.figures["margin"] for r in letter.readings] == [str(core.margin)]
    assert letter.readings[0].fenced


async def test_a_young_doubt_is_no_dead_letter_and_can_be_looked_at(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    name = await doubt(core, account, age=timedelta(minutes=1))
    stub = DeadLetterServiceStub(channel)

    listed = await stub.ListDeadLetters(
        pb.ListDeadLettersRequest(parent=account), metadata=bearer()
    )
    shown = await stub.GetDeadLetter(pb.GetDeadLetterRequest(name=name), metadata=bearer())

    assert not listed.dead_letters
    assert shown.dead_letter.name == name


async def test_a_settled_or_unknown_action_is_not_found(
    channel: grpc.aio.Channel, account: str
) -> None:
    stub = DeadLetterServiceStub(channel)
    name = f"{account}/deadLetters/{INTENT}"

    with pytest.raises(grpc.aio.AioRpcError) as shown:
        await stub.GetDeadLetter(pb.GetDeadLetterRequest(name=name), metadata=bearer())
    with pytest.raises(grpc.aio.AioRpcError) as dropped:
        await stub.DropDeadLetter(
            pb.DropDeadLetterRequest(name=name, request_id=REQUEST.format(1), note="gone"),
            metadata=bearer(),
        )

    assert from_call(shown.value).reason == "EVENT_NOT_FOUND"
    assert from_call(dropped.value).reason == "EVENT_NOT_FOUND"


async def test_a_reader_may_look_and_not_settle(channel: grpc.aio.Channel, account: str) -> None:
    request = pb.DropDeadLetterRequest(
        name=f"{account}/deadLetters/{INTENT}", request_id=REQUEST.format(2), note="no"
    )

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await DeadLetterServiceStub(channel).DropDeadLetter(request, metadata=bearer(READER))

    assert from_call(refused.value).reason == "PERMISSION_DENIED"


@pytest.mark.parametrize("note", ["", "x" * 513])
async def test_a_word_needs_a_note(channel: grpc.aio.Channel, account: str, note: str) -> None:
    request = pb.SettleDeadLetterRequest(
        name=f"{account}/deadLetters/{INTENT}",
        request_id=REQUEST.format(3),
        outcome=pb.DEAD_LETTER_OUTCOME_CONFIRMED,
        note=note,
    )

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await DeadLetterServiceStub(channel).SettleDeadLetter(request, metadata=bearer())

    assert from_call(refused.value).reason == "FIELD_INVALID"


async def test_a_letter_is_dropped_once_and_a_repeat_gets_the_same_answer(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    margin = core.margin
    id = account.removeprefix("accounts/")
    await doubt_here(core, id)
    stub = DeadLetterServiceStub(channel)
    request = pb.DropDeadLetterRequest(
        name=f"{account}/deadLetters/{INTENT}",
        request_id=REQUEST.format(4),
        note="the ledger was cut",
        force=True,
    )
    look = pb.DropDeadLetterRequest(
        name=request.name,
        request_id=REQUEST.format(5),
        note="what if",
        force=True,
        validate_only=True,
    )

    imagined = await stub.DropDeadLetter(look, metadata=bearer())
    first = await stub.DropDeadLetter(request, metadata=bearer())
    again = await stub.DropDeadLetter(request, metadata=bearer())

    assert imagined.ruling.intent_state == INTENT_STATE_DEAD
    assert first == again
    assert (first.ruling.intent_state, first.ruling.counted_sats) == (INTENT_STATE_DEAD, 700)
    assert first.ruling.witness_state != INTENT_STATE_CONFIRMED
    assert core.margin == margin
    stored = await core.store.read(lambda view: view.intent(INTENT))
    assert stored is not None
    assert stored.state is IntentState.DEAD
