"""Amounts as people write them: read exactly or refused, never guessed."""

from __future__ import annotations

from decimal import Decimal

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor_cli.amounts import LIMIT_SATS, NUMBER, PERCENT, PRICE, PRICE_OR_OFF, SATS, USD

SUMS = st.integers(0, 21_000_000 * 100_000_000)


@given(SUMS)
def test_sats_are_read_back_in_every_way_to_write_them(sats):
    ways = (f"{sats}sat", f"{sats:,} sats".replace(" ", ""), f"{sats:_}SAT", f"{sats}sats")

    assert {SATS.convert(way, None, None) for way in ways} == {sats}


@given(SUMS)
def test_bitcoin_are_exact_sats(sats):
    assert SATS.convert(f"{Decimal(sats).scaleb(-8):f}btc", None, None) == sats


@given(st.text(max_size=12))
def test_any_text_is_an_amount_or_a_usage_error(text):
    for kind in (SATS, LIMIT_SATS, USD, PRICE, PRICE_OR_OFF, NUMBER, PERCENT):
        try:
            found = kind.convert(text, None, None)
        except click.BadParameter:
            continue
        assert found is None or Decimal(found).is_finite()


@pytest.mark.parametrize("text", ["50000", "0.5sat", "1msat", "0.000000001btc", "5usd", "", "sat"])
def test_an_amount_that_could_be_mistaken_is_refused(text):
    with pytest.raises(click.BadParameter):
        SATS.convert(text, None, None)


@pytest.mark.parametrize("text", ["2500", "2500.5usd", "2500sat", "usd"])
def test_a_quantity_needs_its_dollars(text):
    with pytest.raises(click.BadParameter):
        USD.convert(text, None, None)


def test_limits_may_be_bare_sats():
    assert LIMIT_SATS.convert("500000", None, None) == 500_000


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-99, max_value=99))
def test_percentages_and_numbers_stay_exact(value):
    assert PERCENT.convert(f"{value:f}%", None, None) == value
    assert NUMBER.convert(f"{value:f}x", None, None) == value


@pytest.mark.parametrize("text", ["NaN", "inf", "-Infinity", "1e", "x"])
def test_what_is_not_finite_is_no_number(text):
    for kind in (PRICE, NUMBER, PERCENT):
        with pytest.raises(click.BadParameter):
            kind.convert(text, None, None)


def test_off_is_a_price_only_where_one_can_be_taken_away():
    assert PRICE_OR_OFF.convert("off", None, None) is None
    with pytest.raises(click.BadParameter):
        PRICE.convert("off", None, None)
