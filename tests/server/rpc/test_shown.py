"""What is shown of a prepared call says all of it, and what moved too far is noticed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from axisor.model import Mode
from axisor.v1 import accounts_pb2, margin_pb2, orders_pb2, types_pb2
from axisor.wire.actions import preview_to_wire
from axisor.wire.records import Figures, Preview
from axisor.wire.scalars import time_to_wire
from axisor_server.rpc.rules import methods, services
from axisor_server.rpc.shown import drift, summary_of, warnings_of
from axisor_server.rpc.within import NO_ID, can_wait

METHODS = methods(services())
ADD = METHODS["axisor.v1.MarginService/AddMargin"]
BEFORE = Figures(
    margin=100_000,
    liquidation=Decimal("95000"),
    distance_percent=Decimal("5.0"),
    leverage=Decimal("25"),
    free=500_000,
)
AFTER = replace(BEFORE, margin=110_000, liquidation=Decimal("94600"), free=490_000)
SHOWN = Preview(before=BEFORE, after=AFTER, fee=1_000)


def moved(now: Preview | None, shown: Preview | None = SHOWN, percent: int = 1) -> str:
    then = b"" if shown is None else preview_to_wire(shown).SerializeToString()
    return drift(then, None if now is None else preview_to_wire(now), percent)


def test_the_summary_holds_every_field_that_is_set():
    moment = datetime(2026, 11, 30, 12, tzinfo=UTC)
    request = orders_pb2.PlaceOrderRequest(
        parent="accounts/main",
        request_id=NO_ID,
        not_after_time=time_to_wire(moment),
        margin_mode=types_pb2.MARGIN_MODE_CROSS,
        side=types_pb2.SIDE_SELL,
        quantity_usd=12_000,
        reduce_only=True,
    )

    said = summary_of(METHODS["axisor.v1.OrderService/PlaceOrder"], request)

    assert said == (
        "Place order: parent accounts/main, not_after_time 2026-11-30T12:00:00Z, margin_mode"
        " MARGIN_MODE_CROSS, side SIDE_SELL, quantity_usd 12,000, reduce_only yes"
    )


def test_what_is_the_same_did_not_move():
    assert moved(SHOWN) == ""
    assert moved(None, None) == ""


@pytest.mark.parametrize(
    ("cause", "before"),
    [
        ("before.margin_sats", replace(BEFORE, margin=101_001)),
        ("before.liquidation_price_usd", replace(BEFORE, liquidation=Decimal("95951"))),
        ("before.liquidation_price_usd", replace(BEFORE, liquidation=None)),
        ("before.distance_percent", replace(BEFORE, distance_percent=Decimal("3.99"))),
        ("before.leverage", replace(BEFORE, leverage=Decimal("25.3"))),
        ("before.free_balance_sats", replace(BEFORE, free=494_999)),
    ],
)
def test_a_figure_that_moved_too_far_is_named(cause: str, before: Figures):
    assert moved(replace(SHOWN, before=before)) == cause


@pytest.mark.parametrize(
    "before",
    [
        replace(BEFORE, margin=101_000),
        replace(BEFORE, liquidation=Decimal("95950")),
        replace(BEFORE, distance_percent=Decimal("4.0")),
        replace(BEFORE, free=495_000),
    ],
)
def test_a_figure_may_move_a_little(before: Figures):
    assert moved(replace(SHOWN, before=before)) == ""


def test_the_figures_afterwards_and_the_fee_count_too():
    assert moved(replace(SHOWN, after=replace(AFTER, margin=120_000))) == "after.margin_sats"
    assert moved(replace(SHOWN, fee=1_011)) == "fee_sats"


def test_figures_that_are_new_or_gone_are_a_move():
    assert moved(None) == "figures"
    assert moved(SHOWN, None) == "figures"
    assert moved(replace(SHOWN, after=None)) == "after.figures"


def test_without_any_drift_a_sat_or_two_are_let_pass():
    assert moved(replace(SHOWN, fee=1_002), percent=0) == ""
    assert moved(replace(SHOWN, fee=1_003), percent=0) == "fee_sats"


def test_real_sats_and_what_cannot_be_undone_are_warned_of():
    close = METHODS["axisor.v1.MarginService/ClosePosition"]
    nearer = replace(AFTER, distance_percent=Decimal("4.0"), free=-1)
    answer = margin_pb2.ClosePositionResponse(
        preview=preview_to_wire(Preview(before=BEFORE, after=nearer, warnings=("Mind it.",)))
    )

    assert warnings_of(close, answer, Mode.LIVE) == (
        "The account is LIVE: real sats move.",
        "It cannot be undone.",
        "Mind it.",
        "It brings liquidation nearer.",
        "The free balance does not cover it.",
    )


def test_a_harmless_call_in_a_simulation_is_warned_of_by_nothing():
    assert warnings_of(ADD, margin_pb2.AddMarginResponse(), Mode.SIM) == ()
    resume = METHODS["axisor.v1.AccountService/ResumeAccount"]
    assert warnings_of(resume, accounts_pb2.ResumeAccountResponse(), Mode.SIM) == ()


def test_what_can_be_prepared_holds_no_secret_and_is_about_an_account():
    found = [method for method in METHODS.values() if can_wait(method)]

    assert "axisor.v1.MarginService/AddMargin" in {each.path for each in found}
    for method in found:
        fields = method.request.DESCRIPTOR.fields
        assert not any(field.GetOptions().debug_redact for field in fields), method.path
        assert method.resource in (("name",), ("parent",)), method.path
        assert not method.step_up, method.path
