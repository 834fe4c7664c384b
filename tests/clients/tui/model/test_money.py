"""Amounts: shown in three units, read with their unit only."""

from __future__ import annotations

from decimal import Decimal

import pytest

from axisor.errors import FieldInvalid
from axisor_tui.model.money import Unit, parsed, price_of, shown


@pytest.mark.parametrize(
    ("unit", "text"), [(Unit.SAT, "-1,250,000"), (Unit.MBTC, "-12.50000"), (Unit.USD, "-1,250.00")]
)
def test_an_amount_is_shown_in_each_unit(unit, text):
    assert shown(-1_250_000, unit, Decimal(100_000)) == text


def test_dollars_without_a_price_are_not_made_up():
    assert shown(5, Unit.USD, None) == "?"


def test_the_units_go_round():
    assert Unit.SAT.next.next.next is Unit.SAT


@pytest.mark.parametrize(
    ("text", "sats"),
    [("50000sat", 50_000), ("50,000 sats", 50_000), ("0.5mbtc", 50_000), (" 1 MBTC ", 100_000)],
)
def test_an_amount_is_read_with_its_unit(text, sats):
    assert parsed(text) == sats


@pytest.mark.parametrize("text", ["50000", "", "0sat", "-5sat", "0.5sat", "1btc", "5satx", "１sat"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(FieldInvalid):
        parsed(text)


def test_a_price_is_read_and_off_is_none():
    assert price_of("95,300.5") == Decimal("95300.5")
    assert price_of("off") is None
    with pytest.raises(FieldInvalid):
        price_of("cheap")
