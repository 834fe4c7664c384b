"""Whatever goes over the wire comes back as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor import events as e
from axisor import intents as i
from axisor import model as m
from axisor.strategy import Floor, PlanRow
from axisor.v1 import events_pb2, guard_pb2, margin_pb2, resources_pb2, types_pb2
from axisor.wire import actions, guard, model, records, resources
from axisor.wire.events import event_to_wire
from axisor.wire.seen import event_from_wire

ACCOUNT = "main"
ids = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
some_ids = st.just("") | ids
texts = st.text(max_size=20)
sats = st.integers(-21 * 10**14, 21 * 10**14)
positive = st.integers(1, 21 * 10**14)
decimals = st.decimals(
    min_value=Decimal("0.00000001"), max_value=Decimal(10**9), places=8, allow_nan=False
)
signed = st.decimals(min_value=-(10**6), max_value=10**6, places=8, allow_nan=False)
times = st.datetimes(
    min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
)
spans = st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=99))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def one_of(kind: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(kind))


some_text = maybe(texts.filter(bool))
positions = st.builds(
    m.Position,
    id=ids,
    side=one_of(m.Side),
    quantity=positive,
    entry=decimals,
    margin=sats,
    leverage=decimals,
    liquidation=decimals | st.just(Decimal(0)),
    margin_mode=one_of(m.MarginMode),
    stoploss=maybe(decimals),
    stoploss_trailing=maybe(decimals),
    takeprofit=maybe(decimals),
    maintenance_margin=sats,
    running_margin=sats,
    opening_fee=sats,
    entry_price=maybe(decimals),
    entry_margin=maybe(sats),
    sum_funding_fees=sats,
    sum_cash_in_margin=sats,
    sum_cash_in_pl=sats,
    pl=sats,
    created_at=maybe(times),
    client_id=some_text,
)
orders = st.builds(
    m.Order,
    id=ids,
    type=one_of(m.OrderType),
    side=one_of(m.Side),
    quantity=positive,
    price=decimals,
    state=one_of(m.OrderState),
    margin_mode=one_of(m.MarginMode),
    leverage=maybe(decimals),
    margin=maybe(sats),
    stoploss=maybe(decimals),
    takeprofit=maybe(decimals),
    fee=sats,
    created_at=maybe(times),
    settled_at=maybe(times),
    client_id=some_text,
)
balances = st.builds(m.Balance, free=sats, synthetic_usd=decimals, fee_tier=st.integers(0, 9))
wallets = st.builds(m.CrossWallet, margin=sats, leverage=st.integers(1, 100))
account_balances = st.builds(
    records.AccountBalance, balance=balances, cross=wallets, read_at=maybe(times)
)
buckets = st.builds(
    m.Bucket, min_size=positive, max_size=positive, bid=maybe(decimals), ask=maybe(decimals)
)
ticks = st.builds(
    m.Tick,
    time=times,
    received=times,
    last=decimals,
    bid=maybe(decimals),
    ask=maybe(decimals),
    index=maybe(decimals),
    funding_rate=maybe(signed),
    funding_time=maybe(times),
    source=texts,
    buckets=st.lists(buckets, max_size=3).map(tuple),
)
tick_reports = st.builds(
    records.TickReport, tick=ticks, quality=one_of(m.FeedQuality), age=maybe(spans)
)
candles = st.builds(
    m.Candle,
    time=times,
    open=decimals,
    high=decimals,
    low=decimals,
    close=decimals,
    volume=decimals,
)
leashes = st.builds(
    m.Leash,
    margin_in_use=maybe(sats),
    day_spend=maybe(sats),
    open_orders=maybe(positive),
    intents_per_minute=maybe(positive),
    day_loss=maybe(sats),
    step=spans,
)
coverages = st.builds(
    e.Coverage,
    position=ids,
    state=one_of(e.CoverageState),
    reason=texts,
    missing=sats,
    run=some_ids,
)
reports = st.builds(
    records.PositionReport,
    account=st.just(ACCOUNT),
    position=positions,
    distance_percent=maybe(signed),
    consumed_percent=maybe(signed),
    coverage=maybe(coverages),
)
checks = st.builds(i.Check, name=texts, value=texts, threshold=texts, passed=st.booleans())
whys = st.builds(
    i.Why,
    rule=texts,
    inputs=st.dictionaries(texts, texts, max_size=3),
    checks=st.lists(checks, max_size=2).map(tuple),
    rejected=st.lists(texts, max_size=2).map(tuple),
)
why = {"why": maybe(whys)}
side = {"side": one_of(m.Side)}
all_actions = st.one_of(
    st.builds(
        i.OpenPosition,
        **side,
        leverage=decimals,
        quantity=maybe(positive),
        margin=maybe(positive),
        type=one_of(m.OrderType),
        price=maybe(decimals),
        stoploss=maybe(decimals),
        takeprofit=maybe(decimals),
        client_id=some_text,
        **why,
    ),
    st.builds(
        i.CrossOrder,
        **side,
        quantity=positive,
        type=one_of(m.OrderType),
        price=maybe(decimals),
        client_id=some_text,
        reduce=st.booleans(),
        **why,
    ),
    st.builds(i.AddMargin, position=ids, amount=positive, episode=texts, **why),
    st.builds(i.CashIn, position=ids, amount=positive, **why),
    st.builds(i.ClosePosition, position=ids, episode=texts, **why),
    st.builds(i.SetStop, position=ids, price=maybe(decimals), **why),
    st.builds(i.SetTakeProfit, position=ids, price=maybe(decimals), **why),
    st.builds(i.CancelOrder, order=ids, margin_mode=one_of(m.MarginMode), **why),
    st.builds(i.CancelAllOrders, margin_mode=one_of(m.MarginMode), **why),
    st.builds(i.DepositCross, amount=positive, episode=texts, **why),
    st.builds(i.WithdrawCross, amount=positive, **why),
    st.builds(i.SetCrossLeverage, leverage=st.integers(1, 100), **why),
)
figures = st.builds(
    records.Figures,
    margin=sats,
    liquidation=maybe(decimals),
    distance_percent=maybe(signed),
    leverage=maybe(decimals),
    free=sats,
)
previews = st.builds(
    records.Preview,
    before=maybe(figures),
    after=maybe(figures),
    fee=sats,
    checks=st.lists(checks, max_size=2).map(tuple),
    warnings=st.lists(texts, max_size=2).map(tuple),
)
settlements = st.builds(
    records.Settlement,
    intent=some_ids,
    by=texts,
    reason=texts,
    message=texts,
    venue_id=texts,
    latency=maybe(spans),
)
own_target = (i.OpenPosition, i.CrossOrder, i.CancelAllOrders)
accounts = st.builds(
    records.Account,
    id=st.just(ACCOUNT),
    label=texts,
    venue=ids,
    network=texts,
    mode=one_of(m.Mode),
    base_url=texts,
    halt=one_of(e.HaltLevel),
    scopes=st.lists(texts, max_size=3).map(tuple),
    reconciled_at=maybe(times),
    created_at=maybe(times),
    updated_at=maybe(times),
    etag=texts,
)
rights = st.sets(st.sampled_from(list(m.Permission))).map(
    lambda found: m.Permission(sum(right.value for right in found))
)
runs = st.builds(
    records.Run,
    id=ids,
    account=st.just(ACCOUNT),
    strategy=ids,
    state=one_of(e.RunState),
    label=texts,
    reason=texts,
    config=texts,
    leash=leashes,
    permissions=rights,
    mode=one_of(m.Mode),
    step=positive,
    created_at=maybe(times),
    updated_at=maybe(times),
    started_at=maybe(times),
    etag=texts,
)
effects = st.builds(
    records.Effect,
    id=ids,
    account=st.just(ACCOUNT),
    state=one_of(e.IntentState),
    action=st.builds(i.OpenPosition, **side, leverage=decimals, quantity=positive, **why),
    target=st.just("positions/new"),
    run=some_ids,
    principal=texts,
    attempt=st.integers(0, 9),
    fence=maybe(times),
    created_at=maybe(times),
)
snapshots = st.builds(
    records.Snapshot,
    sequence=positive,
    time=maybe(times),
    account=accounts,
    balance=account_balances,
    positions=st.lists(reports, max_size=2).map(tuple),
    orders=st.lists(orders, max_size=2).map(tuple),
    runs=st.lists(runs, max_size=2).map(tuple),
    coverages=st.lists(coverages, max_size=2).map(tuple),
    effects=st.lists(effects, max_size=2).map(tuple),
    halt=one_of(e.HaltLevel),
)
plan_rows = st.builds(
    PlanRow,
    price=decimals,
    move=signed,
    position=ids,
    action=texts,
    cost=sats,
    budget_left=sats,
    liquidation=maybe(decimals),
    note=texts,
)
fundings = st.builds(m.Funding, position=ids, fee=sats, time=times, settlement=texts)
payloads = st.one_of(
    st.builds(e.AccountOpened, venue=ids, network=texts, mode=one_of(m.Mode), label=texts),
    st.builds(e.AccountUpdated, label=texts, credentials_replaced=st.booleans()),
    st.builds(e.AccountClosed, label=texts),
    st.builds(e.BalanceChanged, balance=balances, cross=wallets),
    st.builds(e.PositionChanged, position=positions),
    st.builds(
        e.PositionClosed, position=positions, end=one_of(e.PositionEnd), exit_price=texts, pl=sats
    ),
    st.builds(e.OrderChanged, order=orders),
    st.builds(e.FundingPaid, funding=fundings),
    st.builds(e.CommandReceived, request_id=texts, principal=texts, action=all_actions),
    st.builds(e.CommandRefused, request_id=texts, reason=texts, message=texts),
    st.builds(
        e.IntentReviewRefused,
        run=some_ids,
        step=positive,
        action=all_actions,
        reason=texts,
        message=texts,
    ),
    st.builds(
        e.IntentPlanned,
        intent=ids,
        action=st.builds(i.DepositCross, amount=positive, **why),
        target=st.just("positions/cross"),
        run=some_ids,
        step=positive,
        principal=texts,
    ),
    st.builds(e.IntentSent, intent=ids, attempt=st.integers(1, 9), signed_at=times, fence=times),
    st.builds(
        e.IntentSettled,
        intent=ids,
        state=one_of(e.IntentState),
        by=texts,
        reason=texts,
        message=texts,
        venue_id=texts,
        latency_ms=st.integers(0, 10**6),
    ),
    st.builds(
        e.RunChanged,
        run=ids,
        strategy=ids,
        state=one_of(e.RunState),
        config=texts,
        label=texts,
        reason=texts,
    ),
    st.builds(e.CoverageChanged, coverage=coverages),
    st.builds(
        e.NoticeGiven,
        severity=one_of(m.Severity),
        code=texts,
        text=texts,
        position=some_ids,
        run=some_ids,
        data=st.dictionaries(texts, texts, max_size=3),
    ),
    st.builds(e.HaltChanged, level=one_of(e.HaltLevel), principal=texts, reason=texts),
    st.builds(e.FeedChanged, quality=one_of(m.FeedQuality), reason=texts),
)


def sent(message: Any) -> Any:
    """Return a message as it is after its bytes went over the wire."""
    return type(message).FromString(message.SerializeToString())


@given(reports)
def test_a_position_comes_back(report: records.PositionReport) -> None:
    assert model.report_from_wire(sent(model.report_to_wire(report))) == report


@given(orders)
def test_an_order_comes_back(order: m.Order) -> None:
    assert model.order_from_wire(sent(model.order_to_wire(ACCOUNT, order))) == order


@given(account_balances)
def test_a_balance_comes_back(balance: records.AccountBalance) -> None:
    assert model.balance_from_wire(sent(model.balance_to_wire(ACCOUNT, balance))) == balance


@given(tick_reports)
def test_a_tick_comes_back(report: records.TickReport) -> None:
    assert model.tick_from_wire(sent(model.tick_to_wire(report))) == report


@given(candles)
def test_a_candle_comes_back(candle: m.Candle) -> None:
    assert model.candle_from_wire(sent(model.candle_to_wire(candle))) == candle


@given(leashes)
def test_a_leash_comes_back(leash: m.Leash) -> None:
    assert model.leash_from_wire(sent(model.leash_to_wire(leash))) == leash


@given(all_actions)
def test_an_action_comes_back(action: i.Action) -> None:
    assert actions.action_from_wire(sent(actions.action_to_wire(ACCOUNT, action))) == action


@given(previews)
def test_a_preview_comes_back(preview: records.Preview) -> None:
    assert actions.preview_from_wire(sent(actions.preview_to_wire(preview))) == preview


@given(settlements)
def test_a_settlement_comes_back(found: records.Settlement) -> None:
    assert actions.settlement_from_wire(sent(actions.settlement_to_wire(ACCOUNT, found))) == found


@given(snapshots)
def test_a_snapshot_comes_back(snapshot: records.Snapshot) -> None:
    assert resources.snapshot_from_wire(sent(resources.snapshot_to_wire(snapshot))) == snapshot


@given(plan_rows)
def test_a_plan_row_comes_back(row: PlanRow) -> None:
    assert guard.plan_row_from_wire(sent(guard.plan_row_to_wire(ACCOUNT, row))) == row


@given(
    st.builds(
        Floor,
        side=st.just(m.Side.SELL),
        price=decimals,
        move=signed,
        position=ids,
        extra=positive,
        extra_price=maybe(decimals),
    )
)
def test_a_floor_comes_back(floor: Floor) -> None:
    down, up = guard.floors_to_wire(ACCOUNT, [floor])
    answer = guard_pb2.GetFloorResponse(down=down, up=up)

    assert guard.floors_from_wire(sent(answer)) == (floor,)


@given(payloads, positive, times, one_of(m.Mode), st.binary(max_size=32))
def test_an_event_comes_back(
    payload: e.Payload, sequence: int, time: datetime, mode: m.Mode, digest: bytes
) -> None:
    event = e.Event(
        stream="accounts/main",
        sequence=sequence,
        time=time,
        mode=mode,
        payload=payload,
        hash=digest,
    )

    seen = event_from_wire(sent(event_to_wire(event)))

    assert seen.payload == payload
    assert (seen.stream, seen.sequence, seen.time, seen.mode, seen.hash, seen.kind) == (
        event.stream,
        event.sequence,
        event.time,
        event.mode,
        event.hash,
        event.kind,
    )


def test_a_step_is_seen_as_words_without_its_memory() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    reason = i.Why(rule="lift")
    step = e.StepTaken(
        run="r1",
        step=3,
        cause=e.TimerFired(at=now),
        intents=(
            i.AddMargin(position="p1", amount=5_000, why=reason),
            i.Notice(severity=m.Severity.WARN, code="c", text="Low."),
            i.Wake(below=Decimal("90000.5")),
        ),
        memory='{"secret": 1}',
    )
    event = e.Event(stream="accounts/main", sequence=1, time=now, mode=m.Mode.SIM, payload=step)

    message = sent(event_to_wire(event))

    assert event_from_wire(message).payload == records.StepSummary(
        run="r1",
        step=3,
        cause="TimerFired at=2026-01-02 00:00:00+00:00",
        intents=(
            records.IntentSummary(
                kind="AddMargin", text="AddMargin position=p1 amount=5000", why=reason
            ),
            records.IntentSummary(kind="Notice", text="Low."),
            records.IntentSummary(kind="Wake", text="Wake below=90000.5"),
        ),
    )
    assert b"secret" not in message.SerializeToString()


def test_every_payload_of_the_contract_is_read() -> None:
    members = events_pb2.Event.DESCRIPTOR.oneofs_by_name["payload"].fields
    for member in members:
        message = events_pb2.Event(kind="Any")
        body = getattr(message, member.name)
        body.SetInParent()
        for position in ("position", "order"):
            if position in body.DESCRIPTOR.fields_by_name and hasattr(body, position):
                held = getattr(body, position)
                for name in ("entry_price_usd", "leverage", "price_usd"):
                    if not isinstance(held, str) and hasattr(held, name):
                        setattr(held, name, "1")
        kind = type(event_from_wire(message).payload).__name__
        expected = {"StepTaken": "StepSummary"}.get(
            member.message_type.name, member.message_type.name
        )
        action_unset = {"CommandReceived", "IntentPlanned", "IntentReviewRefused"}
        assert kind == ("Unrecognized" if expected in action_unset else expected)


def test_a_payload_of_a_newer_core_is_kept_by_name() -> None:
    newer = events_pb2.Event(kind="MoonReached", sequence=4)
    newer.MergeFromString(b"\xfa\x3f\x03abc")  # field 1023, as a newer core might send

    payload = event_from_wire(newer).payload

    assert isinstance(payload, records.Unrecognized)
    assert payload.kind == "MoonReached"


def test_an_action_of_a_newer_core_does_not_crash() -> None:
    action = resources_pb2.Action(target="accounts/main/positions/p1")
    action.MergeFromString(b"\x08\x63")  # kind 99
    effect = resources_pb2.Intent(name="accounts/main/intents/i1", action=action)

    found = actions.effect_from_wire(effect)

    assert found.action == records.UnrecognizedAction(kind=99, target="positions/p1")


def test_an_unknown_enum_value_survives_and_goes_back() -> None:
    message = resources_pb2.Order(name="accounts/main/orders/o1", price_usd="1")
    message.MergeFromString(b"\x18\x4d")  # side 77

    order = model.order_from_wire(message)
    again = model.order_to_wire(ACCOUNT, order)

    assert order.side.name == "UNRECOGNIZED"
    assert order.side not in list(m.Side)
    assert again.side == 77


@pytest.mark.parametrize(("gap", "fate"), [(True, "FATE_LIQUIDATED"), (False, "FATE_SURVIVES")])
def test_a_what_if_row_says_what_a_jump_does(gap: bool, fate: str) -> None:
    from axisor.strategy import WhatIfRow

    row = WhatIfRow(
        position="p1",
        price=Decimal(90_000),
        added=0,
        liquidation=Decimal(80_000),
        distance=Decimal("0.111111111111111111111111"),
        leverage=Decimal(9),
        pl=-5,
        gap=gap,
    )

    message = guard.whatif_row_to_wire(ACCOUNT, row)

    assert margin_pb2.Fate.Name(message.jumped) == fate
    assert message.preview.after.distance_percent == "11.111111111111"
    assert message.preview.after.liquidation_price_usd == "80000"
    assert isinstance(message.preview, types_pb2.Preview)
