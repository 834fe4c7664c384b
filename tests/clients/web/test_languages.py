"""Texts, numbers and times in the language that a reader chose or that their browser asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from axisor_web.languages import Language, Languages, catalogue

CATALOGUE = {"{sats} sat left": "restam {sats} sat", "why?": "por quê?"}
ENGLISH = Language("en-US")
BRAZIL = Language("pt-BR", CATALOGUE)
PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "one"
msgstr "um"

#, fuzzy
msgid "two"
msgstr "dous"

msgid "three"
msgstr ""
"""


def request(**headers: str) -> Request:
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": sent})


@pytest.mark.parametrize(
    ("headers", "tag"),
    [
        ({}, "en-US"),
        ({"accept_language": "pt-BR,pt;q=0.9,en;q=0.8"}, "pt-BR"),
        ({"accept_language": "pt-PT"}, "pt-BR"),
        ({"accept_language": "de, en-GB;q=0.5, pt;q=0.4"}, "en-US"),
        ({"accept_language": "en;q=0.1, pt;q=0.9"}, "pt-BR"),
        ({"accept_language": "pt;q=0, fr"}, "en-US"),
        ({"accept_language": "*, ;q=, pt-" + "x" * 5_000}, "en-US"),
        ({"accept_language": "pt", "cookie": "lang=en-US"}, "en-US"),
        ({"accept_language": "en", "cookie": "lang=pt-br"}, "pt-BR"),
        ({"accept_language": "pt", "cookie": "lang=../../etc"}, "pt-BR"),
    ],
)
def test_a_reader_gets_the_language_they_chose_or_their_browser_asks_for(
    headers: dict[str, str], tag: str
):
    assert Languages().of(request(**headers)).tag == tag


def test_a_text_has_its_values_as_its_readers_write_them():
    assert ENGLISH.text("{sats} sat left", sats=1_850_000) == "1,850,000 sat left"
    assert BRAZIL.text("{sats} sat left", sats=1_850_000) == "restam 1.850.000 sat"
    assert BRAZIL.text("not translated") == "not translated"


def test_a_value_is_a_value_and_no_text_to_fill():
    assert ENGLISH.text("{a} {b}", a="{b}", b="{a.__class__}") == "{b} {a.__class__}"


def test_a_value_that_lacks_is_no_silent_gap():
    with pytest.raises(KeyError):
        ENGLISH.text("{sats} sat left")


@pytest.mark.parametrize(
    ("call", "english", "brazil"),
    [
        (lambda it: it.number(-290_855, signed=True), "-290,855", "-290.855"),
        (lambda it: it.number(82_541, signed=True), "+82,541", "+82.541"),
        (lambda it: it.number(0, signed=True), "0", "0"),
        (
            lambda it: it.number(10**18 + 1),
            "1,000,000,000,000,000,001",
            "1.000.000.000.000.000.001",
        ),
        (lambda it: it.number(Decimal("97400.50")), "97,400.5", "97.400,5"),
        (lambda it: it.number(Decimal("97400"), places=1), "97,400.0", "97.400,0"),
        (lambda it: it.percent(Decimal("0.02713")), "2.7%", "2,7%"),
        (lambda it: it.percent(Decimal("-0.067"), signed=True), "-6.7%", "-6,7%"),
        (lambda it: it.ago(timedelta(seconds=14)), "14 seconds ago", "há 14 segundos"),
        (lambda it: it.ago(timedelta(minutes=3)), "3 minutes ago", "há 3 minutos"),
    ],
    ids=["loss", "gain", "nothing", "many", "price", "places", "share", "fall", "age", "minutes"],
)
def test_numbers_and_ages_are_written_as_their_readers_do(call: Any, english: str, brazil: str):
    assert call(ENGLISH) == english
    assert call(BRAZIL) == brazil


@given(st.integers(min_value=-21 * 10**14, max_value=21 * 10**14))
def test_every_sat_is_written(sats: int):
    assert int(ENGLISH.number(sats).replace(",", "")) == sats
    assert int(BRAZIL.number(sats).replace(".", "")) == sats


@given(st.decimals(min_value=0, max_value=10**7, places=4))
def test_every_digit_of_a_price_is_written(price: Decimal):
    assert Decimal(ENGLISH.number(price).replace(",", "")) == price


def test_a_time_says_its_zone():
    moment = datetime(2026, 12, 1, 11, 2, tzinfo=timezone(timedelta(hours=-3)))

    assert ENGLISH.time(moment).replace("\u202f", " ") == "Dec 1, 2026, 2:02:00 PM UTC"
    assert "14:02:00 UTC" in BRAZIL.time(moment)
    assert ENGLISH.time(moment) == ENGLISH.time(moment.astimezone(UTC))
    with pytest.raises(AssertionError):
        ENGLISH.time(datetime(2026, 12, 1))


@pytest.mark.parametrize("call", ["number", "percent", "text"])
def test_money_is_never_a_float(call: str):
    with pytest.raises(TypeError):
        ENGLISH.text("{sats}", sats=1.5) if call == "text" else getattr(ENGLISH, call)(1.5)


def test_a_catalogue_has_what_somebody_confirmed(tmp_path: Path):
    path = tmp_path / "pt_BR.po"
    path.write_text(PO)

    assert catalogue(path) == {"one": "um"}
    assert Languages(tmp_path).tags == ("en-US", "pt-BR")


def test_scripts_are_told_what_they_say():
    assert BRAZIL.chosen(["why?", "not translated"]) == {"why?": "por quê?"}
