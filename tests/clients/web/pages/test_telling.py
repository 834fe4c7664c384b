"""How loud a page is follows the distance that the core said, and nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from axisor.model import Position, Side
from axisor.wire.records import PositionReport
from axisor_web.pages.painting import linked
from axisor_web.pages.telling import filled, level

HELD = Position("p", Side.BUY, 1, Decimal(1), 1, Decimal(1), Decimal(1))


@pytest.mark.parametrize(
    ("percent", "loud"),
    [
        ("1.99", "crit"),
        ("2", "warn"),
        ("3.99", "warn"),
        ("4", "ok"),
        ("-1", "crit"),
        (None, "none"),
    ],
)
def test_a_distance_is_as_loud_as_on_the_console(percent: str | None, loud: str):
    distance = None if percent is None else Decimal(percent)
    report = PositionReport(account="a", position=HELD, distance_percent=distance)

    assert level(report) == loud
    assert level(None) == "none"


@pytest.mark.parametrize(
    ("percent", "full"), [(None, 0), ("-3", 0), ("0", 0), ("5", 25), ("20", 100), ("99", 100)]
)
def test_a_gauge_is_never_emptier_than_empty_nor_fuller_than_full(percent: str | None, full: int):
    assert filled(None if percent is None else Decimal(percent)) == full


def test_an_address_names_only_what_it_must():
    assert linked("/guard", "") == "/guard"
    assert linked("/whatif", "a b", position="p&q") == "/whatif?account=a+b&position=p%26q"
