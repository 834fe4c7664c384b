"""How causes become a standing, what they forbid, and how long they count."""

from __future__ import annotations

from decimal import Decimal

import pytest

from axisor.errors import ReduceOnly, RestoreReconciling
from axisor.events import Cause, Coverage, CoverageState, HaltLevel, Standing
from axisor.intents import Action, AddMargin, ClosePosition, OpenPosition
from axisor.model import FeedQuality, Side
from axisor_server.domain.standing import (
    CALM_MS,
    PRICES,
    WEIGHTS,
    Tally,
    blindness,
    degrading,
    halt_causes,
    hindrance,
    honest,
    stand,
)

OPEN: Action = OpenPosition(side=Side.BUY, leverage=Decimal(5), quantity=5)
ADD: Action = AddMargin(position="p", amount=5)
CLOSE: Action = ClosePosition(position="p")


def causes(*codes: str) -> tuple[Cause, ...]:
    return tuple(Cause(code, f"{code} it is.") for code in codes)


@pytest.mark.parametrize(
    ("codes", "standing"),
    [
        ((), Standing.ACTIVE),
        (("price_stale",), Standing.DEGRADED),
        (("halt_risk",), Standing.REDUCE_ONLY),
        (("halt_risk", "key_refused"), Standing.DEGRADED),
        (("restored", "key_refused"), Standing.RECONCILE_ONLY),
        (("halt_all", "restored", "price_none"), Standing.HALTED),
        (("halt_flatten",), Standing.HALTED),
        (("something_new",), Standing.DEGRADED),
    ],
)
def test_the_gravest_cause_names_the_standing(codes, standing):
    assert stand(causes(*codes)) is standing


def test_every_bad_quality_of_a_price_is_a_cause():
    assert set(PRICES) == set(FeedQuality) - {FeedQuality.FRESH}
    assert set(PRICES.values()) <= set(WEIGHTS)


@pytest.mark.parametrize("code", sorted(WEIGHTS))
def test_a_cause_of_the_core_refuses_what_increases_risk_and_a_halt_is_judged_apart(code):
    halt = code.startswith("halt_")

    restored = code == "restored"
    refused = RestoreReconciling if restored else ReduceOnly
    assert isinstance(hindrance(OPEN, causes(code)), type(None) if halt else refused)
    assert isinstance(hindrance(ADD, causes(code)), refused if restored else type(None))
    assert isinstance(hindrance(CLOSE, causes(code)), refused if restored else type(None))


def test_a_refusal_names_every_cause():
    refused = hindrance(OPEN, causes("disk_low", "key_refused"))

    assert refused is not None
    assert refused.metadata["causes"] == "disk_low,key_refused"
    assert "disk_low it is." in refused.message


def test_no_position_is_said_to_be_protected_while_no_guard_can_act():
    blind = blindness(causes("key_refused"))
    protected = Coverage("p", CoverageState.PROTECTED, run="r")
    short = Coverage("p", CoverageState.SHORTFALL, missing=5)

    assert honest(protected, "") == protected
    assert honest(protected, blind) == Coverage(
        "p", CoverageState.DEGRADED, "key_refused it is.", run="r"
    )
    assert honest(short, blind) == short
    assert blindness(causes("disk_low", "loop_stalled", "halt_risk")) == ""


def test_halts_are_causes_of_both_kinds():
    found = halt_causes(HaltLevel.RISK, HaltLevel.ALL)

    assert [cause.code for cause in found] == ["halt_risk", "halt_all"]
    assert halt_causes(HaltLevel.NONE, HaltLevel.NONE) == ()
    assert degrading(found) == ()


def test_a_cause_counts_at_once_and_stays_until_it_was_gone_for_a_while():
    tally = Tally()

    assert tally.take(causes("price_stale"), 1_000) == causes("price_stale")
    assert tally.take((), 1_000 + CALM_MS - 1) == causes("price_stale")
    assert tally.take((), 1_000 + CALM_MS) == ()


def test_a_cause_that_comes_and_goes_is_one_cause():
    tally = Tally()

    for at in range(0, 60_000, 4_000):
        present = causes("price_stale") if at % 8_000 == 0 else ()
        assert tally.take(present, at) == causes("price_stale")
