"""Figures are written as each language does, and amounts are hidden where that is wanted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor.model import Mode
from axisor_bot.voice import HIDDEN, Voice

ENGLISH, PORTUGUESE = Voice(), Voice(language="pt-BR")
PRIVATE = Voice(private=True)


@pytest.mark.parametrize(
    ("voice", "sats", "price", "percent"),
    [
        (ENGLISH, "-60,000 sat", "97,640.5", "3.60 %"),
        (PORTUGUESE, "-60.000 sat", "97.640,5", "3,60 %"),
        (PRIVATE, f"{HIDDEN} sat", HIDDEN, "3.60 %"),
    ],
    ids=["english", "portuguese", "private"],
)
def test_figures_are_written_as_the_language_does(
    voice: Voice, sats: str, price: str, percent: str
):
    assert voice.sats(-60_000, signed=True) == sats
    assert voice.price(Decimal("97640.50")) == price
    assert voice.percent(Decimal("3.6")) == percent


def test_what_is_not_known_is_a_dash():
    assert (ENGLISH.price(None), ENGLISH.percent(None), ENGLISH.number(None)) == ("–", "–", "–")


def test_a_round_price_has_no_exponent():
    assert ENGLISH.price(Decimal("1E+5")) == "100,000"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("add 82,541 sat to c10b0a96", f"add {HIDDEN} sat to c10b0a96"),
        ("Position c10b0a96 is 5.00 % from liquidation", None),
        ("below 5% of 100000.5", f"below 5% of {HIDDEN}"),
        ("lost -100,000 sat, fee +3", f"lost {HIDDEN} sat, fee {HIDDEN}"),
        ("balance $40,112.", f"balance {HIDDEN}"),
        ("say 60000sat of 7f3a-1, not 0.5btc", f"say {HIDDEN} sat of 7f3a-1, not {HIDDEN} btc"),
    ],
)
def test_in_private_words_of_the_core_show_no_amount(text: str, shown: str | None):
    assert PRIVATE.quote(text) == (text if shown is None else shown)
    assert ENGLISH.quote(text) == text


@given(st.integers(min_value=1, max_value=10**15), st.sampled_from(["{:,}", "{}", "-{}", "{}.5"]))
def test_no_amount_passes_in_private(amount: int, form: str):
    text = PRIVATE.quote(f"moved {form.format(amount)} sat")

    assert text == f"moved {HIDDEN} sat"


def test_a_mode_is_told_unless_real_sats_are_meant():
    assert ENGLISH.of(Mode.PAPER, "x") == "[PAPER] x"
    assert ENGLISH.of(Mode.LIVE, "x") == "x"
