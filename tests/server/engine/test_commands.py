"""A client's request happens once, whatever it is sent again with, and is answered honestly."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from axisor.errors import (
    ActionPending,
    BudgetExceeded,
    Halted,
    InsufficientBalance,
    LeashExceeded,
    ModeNotAllowed,
    PositionNotFound,
    RequestExpired,
    RequestIdReused,
    ReviewRefused,
    ShadowOnly,
    VenueRefused,
)
from axisor.events import HaltLevel, IntentReviewRefused, IntentState
from axisor.intents import AddMargin, CashIn, ClosePosition, DepositCross, OpenPosition, SetStop
from axisor.model import Mode, Side
from axisor_server.engine.answers import CommandResult
from tests.support.core import ACCOUNT, Bench

REQUEST = "7d3f3a52-7d5e-4c1e-9d7c-6f2a5e1b9c01"


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


@pytest.fixture
async def engine(bench):
    engine = bench.engine()
    await bench.up(engine)
    yield engine
    await engine.stop(0)


async def test_a_confirmed_command_answers_with_what_it_made(bench, engine):
    action = OpenPosition(side=Side.BUY, leverage=10, quantity=1_000)

    result = await bench.command(engine, action)

    assert isinstance(result, CommandResult)
    assert result.state is IntentState.CONFIRMED
    assert result.venue_id == engine.view(ACCOUNT).positions[0].id
    assert engine.view(ACCOUNT).positions[0].client_id == result.intent


async def test_the_same_request_again_gives_the_same_answer(bench, engine):
    action = DepositCross(amount=1_000)

    first = await bench.command(engine, action, request_id=REQUEST)
    second = await bench.command(engine, action, request_id=REQUEST)

    assert isinstance(first, CommandResult)
    assert isinstance(second, CommandResult)
    assert (first.state, first.intent) == (second.state, second.intent)
    assert len(bench.venue.effects) == 1


async def test_the_same_request_while_under_way_joins_it(bench, engine):
    bench.venue.faults = ["slow"]
    action = DepositCross(amount=1_000)
    asking = [
        asyncio.ensure_future(bench.command(engine, action, request_id=REQUEST)) for _ in range(2)
    ]

    results = await asyncio.gather(*asking)

    assert {r.state for r in results if isinstance(r, CommandResult)} == {IntentState.CONFIRMED}
    assert len(results) == 2
    assert len(bench.venue.sent) == 1


async def test_another_request_under_the_same_id_is_refused(bench, engine):
    await bench.command(engine, DepositCross(amount=1_000), request_id=REQUEST)

    refusal = await bench.command(engine, DepositCross(amount=2_000), request_id=REQUEST)

    assert isinstance(refusal, RequestIdReused)
    assert len(bench.venue.effects) == 1


async def test_a_request_past_its_time_is_refused(bench, engine):
    too_late = bench.clock.now() - timedelta(seconds=1)

    refusal = await bench.command(engine, DepositCross(amount=1_000), not_after=too_late)

    assert isinstance(refusal, RequestExpired)
    assert bench.venue.sent == []


async def test_a_refusal_by_the_venue_is_its_typed_error_again_and_again(bench, engine):
    position = bench.long()
    await bench.clock.advance(3)
    action = SetStop(position=position, price=bench.venue.exchange.quote.last * 2)

    first = await bench.command(engine, action, request_id=REQUEST)
    second = await bench.command(engine, action, request_id=REQUEST)

    assert type(first) is VenueRefused
    assert type(second) is VenueRefused
    assert len(bench.venue.sent) == 1


async def test_an_unknown_outcome_is_answered_as_such(bench, engine):
    bench.venue.faults = ["lose-request"]

    result = await bench.command(engine, DepositCross(amount=1_000), wait_s=8)

    assert isinstance(result, CommandResult)
    assert result.state is IntentState.UNKNOWN


async def test_while_one_is_unknown_another_on_its_target_is_refused(bench, engine):
    bench.venue.faults = ["lose-request"]
    await bench.command(engine, DepositCross(amount=1_000), wait_s=8)

    refusal = await bench.command(engine, DepositCross(amount=2_000))

    assert isinstance(refusal, ActionPending)


async def test_unknown_sats_count_as_spent(bench, engine):
    position = bench.long()
    await bench.clock.advance(3)
    free = engine.view(ACCOUNT).balance.free
    bench.venue.faults = ["lose-request"]
    await bench.command(engine, DepositCross(amount=free - 1_000), wait_s=8)

    refusal = await bench.command(engine, AddMargin(position=position, amount=2_000))

    assert isinstance(refusal, InsufficientBalance)
    assert engine.view(ACCOUNT).balance.free == 1_000


async def test_two_equal_transfers_stay_unknown(bench, engine):
    bench.venue.faults = ["lose-response"]
    asking = asyncio.ensure_future(
        bench.command(engine, DepositCross(amount=1_000), seconds=60, wait_s=50)
    )
    await asyncio.sleep(0)
    account = bench.venue.account
    await bench.clock.advance(1)
    account.cross.deposit(bench.clock.now(), 1_000)

    result = await asking

    assert isinstance(result, CommandResult)
    assert result.state is IntentState.UNKNOWN


async def test_what_is_not_there_is_refused_before_anything_is_sent(bench, engine):
    refusal = await bench.command(engine, AddMargin(position="nothing", amount=1))

    assert isinstance(refusal, PositionNotFound)
    assert bench.venue.sent == []
    assert "CommandRefused" in await bench.kinds()


async def test_validating_changes_nothing_and_shows_before_and_after(bench, engine):
    position = bench.long()
    await bench.clock.advance(3)

    result = await bench.command(
        engine, AddMargin(position=position, amount=82_541), validate_only=True
    )

    assert isinstance(result, CommandResult)
    assert result.preview is not None
    assert result.preview.after.position is not None
    assert result.preview.after.position.margin == 182_541
    assert result.preview.after.position.liquidation == 93_195
    assert bench.venue.sent == []


async def test_a_halt_refuses_risk_and_a_full_halt_everything(bench, engine):
    position = bench.long()
    await bench.clock.advance(3)
    await engine.halt(ACCOUNT, HaltLevel.RISK, principal="owner")

    risky = await bench.command(engine, CashIn(position=position, amount=1))
    safe = await bench.command(engine, AddMargin(position=position, amount=1_000))
    await engine.halt(ACCOUNT, HaltLevel.ALL, principal="owner")
    none = await bench.command(engine, AddMargin(position=position, amount=1_000))

    assert isinstance(risky, Halted)
    assert isinstance(safe, CommandResult)
    assert isinstance(none, Halted)


async def test_flattening_closes_every_position(bench, engine):
    bench.long()
    bench.long(quantity=1_000)
    await bench.clock.advance(3)

    await engine.halt(ACCOUNT, HaltLevel.FLATTEN, principal="owner")
    await bench.clock.advance(3)

    assert bench.venue.account.isolated.running() == ()
    assert engine.view(ACCOUNT).positions == ()


async def test_a_reviewer_that_breaks_has_refused(bench):
    def broken(action, run, view):
        raise RuntimeError

    def stingy(action, run, view):
        return BudgetExceeded("No.")

    engine = bench.engine(reviewers=[stingy])
    await bench.up(engine)
    assert isinstance(await bench.command(engine, DepositCross(amount=1)), BudgetExceeded)
    await engine.stop(0)
    engine = bench.engine(reviewers=[broken])
    await bench.up(engine)
    assert isinstance(await bench.command(engine, DepositCross(amount=1)), ReviewRefused)
    await engine.stop(0)


async def test_a_shadow_account_says_what_it_would_do():
    bench = Bench()
    await bench.add_account(mode=Mode.SHADOW, network="mainnet")
    engine = bench.engine()
    await bench.up(engine)

    refusal = await bench.command(engine, DepositCross(amount=1_000))

    assert isinstance(refusal, ShadowOnly)
    assert bench.venue.sent == []
    assert "IntentPlanned" in await bench.kinds()
    await engine.stop(0)


async def test_live_needs_a_core_that_allows_it_and_worlds_do_not_mix(bench, engine):
    from msgspec.structs import replace

    record = await bench.store.read(lambda r: r.account(ACCOUNT))
    assert record is not None
    live = replace(record, id="b", mode=Mode.LIVE, network="mainnet")
    with pytest.raises(ModeNotAllowed, match="up to shadow"):
        await engine.open_account(live)
    with pytest.raises(ModeNotAllowed):
        await engine.open_account(replace(record, id="c", mode=Mode.SHADOW, network="mainnet"))


async def test_closing_uses_the_line_and_journals_the_end(bench, engine):
    position = bench.long()
    await bench.clock.advance(3)

    result = await bench.command(engine, ClosePosition(position=position))

    assert isinstance(result, CommandResult)
    assert engine.view(ACCOUNT).positions == ()
    assert "PositionClosed" in await bench.kinds()


async def test_a_leash_binds_a_run_and_unknowns_count(bench, engine):
    bench.long()
    await bench.clock.advance(3)
    bench.venue.faults = ["", "lose-request"]
    await bench.run(engine, "greedy", day_spend=25_000)

    for price in ("99900", "99890", "99880", "99870", "99860"):
        await bench.move(price, seconds=40)

    # one confirmed, one lost; once that is known to have no effect it is free again
    assert len(bench.venue.effects) == 2
    refused = [p.reason for p in await bench.payloads(IntentReviewRefused)]
    assert LeashExceeded.reason in refused
