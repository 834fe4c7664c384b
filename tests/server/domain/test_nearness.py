"""A position enters a zone below its distance, and leaves it a tenth farther away."""

from __future__ import annotations

from decimal import Decimal

import pytest

from axisor.model import Position, Severity, Side
from axisor_server.domain.nearness import (
    COVERED,
    NEAR,
    OVER,
    Bounds,
    Zone,
    covered,
    notice_of,
    zone_of,
)

USUAL = Bounds(500, 200)
LONG = Position(
    id="p",
    side=Side.BUY,
    quantity=1,
    entry=Decimal(100_000),
    margin=1,
    leverage=Decimal(10),
    liquidation=Decimal(95_000),
)
SHORT = Position(
    id="s",
    side=Side.SELL,
    quantity=1,
    entry=Decimal(100_000),
    margin=1,
    leverage=Decimal(10),
    liquidation=Decimal(105_000),
)


@pytest.mark.parametrize(
    ("before", "price", "after"),
    [
        (Zone.FAR, 100_000, Zone.FAR),  # at 5 % exactly: not below
        (Zone.FAR, 99_999, Zone.NEAR),
        (Zone.NEAR, 100_500, Zone.NEAR),  # 5.47 %: not far enough to be over
        (Zone.NEAR, 100_530, Zone.FAR),  # 5.501 %
        (Zone.FAR, 96_900, Zone.CRITICAL),
        (Zone.NEAR, 96_939, Zone.NEAR),  # 2.0002 %
        (Zone.NEAR, 96_938, Zone.CRITICAL),
        (Zone.CRITICAL, 97_100, Zone.CRITICAL),  # 2.16 %
        (Zone.CRITICAL, 97_140, Zone.NEAR),  # 2.203 %
        (Zone.CRITICAL, 94_000, Zone.CRITICAL),  # beyond liquidation
    ],
)
def test_a_long_goes_through_its_zones(before: Zone, price: int, after: Zone):
    assert zone_of(before, LONG, Decimal(price), USUAL) is after


def test_a_short_is_near_above():
    assert zone_of(Zone.FAR, SHORT, Decimal(100_001), USUAL) is Zone.NEAR
    assert zone_of(Zone.FAR, SHORT, Decimal(99_000), USUAL) is Zone.FAR


def test_a_distance_of_zero_warns_of_nothing():
    assert zone_of(Zone.FAR, LONG, Decimal(95_001), Bounds(0, 0)) is Zone.FAR
    assert zone_of(Zone.NEAR, LONG, Decimal(95_001), Bounds(0, 0)) is Zone.FAR
    assert zone_of(Zone.FAR, LONG, Decimal(95_001), Bounds(0, 200)) is Zone.CRITICAL
    assert zone_of(Zone.FAR, LONG, Decimal(95_001), Bounds(500, 0)) is Zone.NEAR


@pytest.mark.parametrize(
    ("before", "after", "severity", "code"),
    [
        (Zone.FAR, Zone.NEAR, Severity.WARN, NEAR),
        (Zone.FAR, Zone.CRITICAL, Severity.CRIT, NEAR),
        (Zone.NEAR, Zone.CRITICAL, Severity.CRIT, NEAR),
        (Zone.NEAR, Zone.FAR, Severity.OK, OVER),
        (Zone.CRITICAL, Zone.FAR, Severity.OK, OVER),
    ],
)
def test_what_gets_worse_or_is_over_is_said(
    before: Zone, after: Zone, severity: Severity, code: str
):
    said = notice_of(before, after, LONG, Decimal(98_000))

    assert said is not None
    assert (said.severity, said.code, said.position) == (severity, code, "p")
    assert said.data == {
        "distance_pct": "3.06",
        "price_usd": "98000",
        "liquidation_usd": "95000",
    }
    assert said.text.startswith("LONG p is 3.06 % from liquidation")


def test_what_is_only_less_bad_is_not_said():
    assert notice_of(Zone.CRITICAL, Zone.NEAR, LONG, Decimal(98_000)) is None


def test_what_something_protects_now_is_said():
    assert (covered("p").code, covered("p").severity) == (COVERED, Severity.OK)
