"""Whatever goes over the wire comes back as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.wire.basics import one_of, orders, positive, times
from tests.sdk.wire.values import (
    ACCOUNT,
    account_balances,
    all_actions,
    candles,
    floors,
    leashes,
    payloads,
    plan_rows,
    previews,
    reports,
    settlements,
    snapshots,
    tick_reports,
    whatifs,
)

from axisor import events as e
from axisor import intents as i
from axisor import model as m
from axisor.saw import Saw
from axisor.strategy import Floor, PlanRow
from axisor.v1 import events_pb2, guard_pb2, margin_pb2, resources_pb2, types_pb2
from axisor.wire import actions, guard, model, records, resources
from axisor.wire.events import event_to_wire
from axisor.wire.seen import event_from_wire


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


@given(whatifs)
def test_a_what_if_comes_back(found: records.WhatIf) -> None:
    assert guard.whatif_from_wire(sent(guard.whatif_to_wire(ACCOUNT, found))) == found


@given(floors)
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
        saw=Saw(tick=m.Tick(now, now, Decimal("98100.5"), None, None), age_ms=1_250),
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
        last_price=Decimal("98100.5"),
        price_age=timedelta(milliseconds=1_250),
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
        name = "".join(part.capitalize() for part in member.name.split("_"))
        expected = {"StepTaken": "StepSummary"}.get(name, name)
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
