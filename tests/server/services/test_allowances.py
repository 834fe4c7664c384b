"""What a token may move in a day: set aside before it is done, given back when it was not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from msgspec import structs
from tests.support.sessions import SignIns

from axisor.errors import PermissionDenied, TokenSpent
from axisor.events import IntentState
from axisor.intents import (
    Action,
    AddMargin,
    CashIn,
    ClosePosition,
    CrossOrder,
    DepositCross,
    SetStop,
    WithdrawCross,
)
from axisor.model import Balance, FeedQuality, Side
from axisor.strategy import View
from axisor_server.adapters.memory.clock import START
from axisor_server.domain.allowance import KIND
from axisor_server.domain.intent import encode_action
from axisor_server.domain.records import CommandRecord, IntentRecord
from axisor_server.services.allowances import Allowances
from axisor_server.services.principals import Principal, owner
from axisor_server.services.requests import Request

BOT = structs.replace(owner(), name="tokens/bot", token="bot", sats_per_day=1_000)
VIEW = View(now=START, balance=Balance(free=10**6), quality=FeedQuality.FRESH)
ADD = AddMargin(position="p", amount=600)


@pytest.fixture
async def core() -> AsyncIterator[SignIns]:
    """Open a core."""
    made = SignIns()
    await made.store.open()
    yield made
    await made.store.close()


def asked(id: str, by: Principal = BOT, *, validate_only: bool = False) -> Request:
    return Request(
        method="AddMargin",
        request_id=id,
        digest=b"d",
        principal=by.name,
        caller=by,
        validate_only=validate_only,
    )


async def became(core: SignIns, id: str, state: IntentState | None, amount: int = 600) -> None:
    """Let a request have been carried out so far; None is refused before it was planned."""
    command = CommandRecord(
        tenant="local",
        request_id=id,
        account="a",
        method="AddMargin",
        digest=b"d",
        body=b"",
        principal=BOT.name,
        created_us=1,
        answered_us=2 if state is None else None,
    )
    await core.store.write(lambda tx: tx.add_command(command))
    if state is None:
        return
    intent = IntentRecord(
        id=id,
        account="a",
        target=f"positions/{id}",
        kind="AddMargin",
        additive=True,
        amount=amount,
        action=encode_action(ADD),
        state=state,
        created_us=1,
        updated_us=1,
    )
    await core.store.write(lambda tx: tx.add_intent(intent))


async def test_a_token_moves_as_much_as_it_may_and_no_more(core: SignIns):
    allowances = Allowances(core.store, core.clock)
    await allowances.admit(ADD, VIEW, asked("r1"))

    with pytest.raises(TokenSpent) as refused:
        await allowances.admit(ADD, VIEW, asked("r2"))

    assert refused.value.metadata == {
        "token": "bot",
        "limitSats": "1000",
        "spentSats": "600",
        "askedSats": "600",
    }
    await allowances.admit(structs.replace(ADD, amount=400), VIEW, asked("r3"))


async def test_of_two_requests_at_once_only_what_fits_is_let_through(core: SignIns):
    several = [Allowances(core.store, core.clock) for _ in range(4)]

    answers = await asyncio.gather(
        *(several[n % 4].admit(ADD, VIEW, asked(f"r{n}")) for n in range(20)),
        return_exceptions=True,
    )

    assert answers.count(None) == 1
    assert {type(answer) for answer in answers if answer is not None} == {TokenSpent}


@pytest.mark.parametrize("state", [None, IntentState.REFUSED, IntentState.NOT_APPLIED])
async def test_what_moved_nothing_is_given_back(core: SignIns, state: IntentState | None):
    allowances = Allowances(core.store, core.clock)
    await allowances.admit(ADD, VIEW, asked("r1"))
    await became(core, "r1", state)

    await allowances.admit(ADD, VIEW, asked("r2"))


@pytest.mark.parametrize(
    "state",
    [
        IntentState.PLANNED,
        IntentState.SENT,
        IntentState.UNKNOWN,
        IntentState.CONFIRMED,
        IntentState.DEAD,
    ],
)
async def test_what_moved_or_may_have_moved_counts(core: SignIns, state: IntentState):
    allowances = Allowances(core.store, core.clock)
    await allowances.admit(ADD, VIEW, asked("r1"))
    await became(core, "r1", state)

    for _ in range(2):
        with pytest.raises(TokenSpent):
            await allowances.admit(ADD, VIEW, asked("r2"))


async def test_what_cost_more_than_was_reckoned_counts_as_it_was(core: SignIns):
    allowances = Allowances(core.store, core.clock)
    await allowances.admit(structs.replace(ADD, amount=100), VIEW, asked("r1"))
    await became(core, "r1", IntentState.CONFIRMED, amount=500)

    with pytest.raises(TokenSpent):
        await allowances.admit(ADD, VIEW, asked("r2"))


async def test_a_repeat_counts_once(core: SignIns):
    allowances = Allowances(core.store, core.clock)
    for _ in range(3):
        await allowances.admit(ADD, VIEW, asked("r1"))
    await became(core, "r1", IntentState.CONFIRMED)
    await allowances.admit(ADD, VIEW, asked("r1"))

    await allowances.admit(structs.replace(ADD, amount=400), VIEW, asked("r2"))


async def test_what_was_settled_is_counted_for_good_and_not_listed_for_ever(core: SignIns):
    allowances = Allowances(core.store, core.clock)
    ten = structs.replace(ADD, amount=10)
    for turn in range(60):
        await allowances.admit(ten, VIEW, asked(f"r{turn}"))
        await became(core, f"r{turn}", IntentState.CONFIRMED, amount=10)

    [record] = await core.store.read(lambda r: r.documents(KIND))
    assert len(record.body) < 200
    with pytest.raises(TokenSpent):
        await allowances.admit(structs.replace(ADD, amount=401), VIEW, asked("last"))
    await allowances.admit(structs.replace(ADD, amount=400), VIEW, asked("last"))


async def test_a_new_day_begins_at_midnight_utc(core: SignIns):
    allowances = Allowances(core.store, core.clock)
    await core.clock.advance(86_399)
    await allowances.admit(ADD, VIEW, asked("r1"))
    with pytest.raises(TokenSpent):
        await allowances.admit(ADD, VIEW, asked("r2"))

    await core.clock.advance(1)

    await allowances.admit(ADD, VIEW, asked("r2"))


async def test_a_preview_is_checked_and_sets_nothing_aside(core: SignIns):
    allowances = Allowances(core.store, core.clock)
    for _ in range(3):
        await allowances.admit(ADD, VIEW, asked("r1", validate_only=True))
    await allowances.admit(ADD, VIEW, asked("r2"))

    with pytest.raises(TokenSpent):
        await allowances.admit(ADD, VIEW, asked("r3", validate_only=True))


async def test_two_narrowings_of_a_token_share_what_it_may_move(core: SignIns):
    allowances = Allowances(core.store, core.clock)
    narrower = structs.replace(BOT, sats_per_day=700)
    await allowances.admit(ADD, VIEW, asked("r1"))

    with pytest.raises(TokenSpent):
        await allowances.admit(structs.replace(ADD, amount=200), VIEW, asked("r2", narrower))


@pytest.mark.parametrize(
    "action",
    [
        ADD,
        CashIn(position="p", amount=600),
        DepositCross(amount=600),
        WithdrawCross(amount=600),
    ],
)
async def test_sats_count_in_either_direction(core: SignIns, action: Action):
    allowances = Allowances(core.store, core.clock)
    await allowances.admit(action, VIEW, asked("r1"))

    with pytest.raises(TokenSpent):
        await allowances.admit(action, VIEW, asked("r2"))


@pytest.mark.parametrize(
    "action",
    [
        ClosePosition(position="p"),
        SetStop(position="p", price=Decimal(50_000)),
        CrossOrder(side=Side.SELL, quantity=1, reduce=True),
    ],
)
async def test_what_moves_no_sats_is_free(core: SignIns, action: Action):
    allowances = Allowances(core.store, core.clock)

    await allowances.admit(action, VIEW, asked("r1", structs.replace(BOT, sats_per_day=0)))

    assert list(await core.store.read(lambda r: r.documents(KIND))) == []


async def test_an_order_whose_cost_nobody_can_tell_is_refused(core: SignIns):
    with pytest.raises(PermissionDenied):
        await Allowances(core.store, core.clock).admit(
            CrossOrder(side=Side.BUY, quantity=1), VIEW, asked("r1")
        )


async def test_a_caller_without_a_limit_is_not_counted(core: SignIns):
    await Allowances(core.store, core.clock).admit(ADD, VIEW, asked("r1", owner()))

    assert list(await core.store.read(lambda r: r.documents(KIND))) == []
