"""What a dialog asks for is taken literally, or refused before anything is sent."""

from __future__ import annotations

import pytest

from axisor.errors import FieldInvalid
from axisor_web.pages.acting import DEEDS, NOTHING, call_of

FINE = {"target": "p1", "sats": "5000", "price": "95500.5", "level": "risk", "reason": "lunch"}


@pytest.mark.parametrize("name", sorted(DEEDS))
def test_every_deed_is_a_call_when_all_is_given(name: str):
    assert callable(call_of(DEEDS[name], "main", FINE))


@pytest.mark.parametrize("deed", ["add_margin", "cash_in"])
@pytest.mark.parametrize("sats", ["", "0", "-5", "5,000", "5.5", "1e6", "٣", "9" * 17])
def test_an_amount_is_digits_above_nothing(deed: str, sats: str):
    with pytest.raises(FieldInvalid) as refused:
        call_of(DEEDS[deed], "main", FINE | {"sats": sats})

    assert refused.value.means == NOTHING
    assert refused.value.metadata["field"] == "sats"


@pytest.mark.parametrize("deed", ["stop", "take_profit"])
@pytest.mark.parametrize("price", ["95,500", "-1", "NaN", "1e5", "95500."])
def test_a_price_is_plain_dollars(deed: str, price: str):
    with pytest.raises(FieldInvalid):
        call_of(DEEDS[deed], "main", FINE | {"price": price})


@pytest.mark.parametrize("level", ["", "none", "everything"])
def test_a_halt_says_of_what(level: str):
    with pytest.raises(FieldInvalid):
        call_of(DEEDS["halt"], "main", FINE | {"level": level})


@pytest.mark.parametrize(
    "name", sorted(name for name, deed in DEEDS.items() if deed.about != "account")
)
def test_a_deed_says_what_it_is_about(name: str):
    with pytest.raises(FieldInvalid):
        call_of(DEEDS[name], "main", FINE | {"target": ""})
