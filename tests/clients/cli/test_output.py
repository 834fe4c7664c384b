"""Tables that cut nothing short, and JSON that nothing is mixed into."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor_cli.output import Column, Printer, cell

COLUMNS = (Column("name", "name"), Column("sats", "margin sat", number=True))
ROWS = ({"name": "a" * 120, "sats": 1_234_567}, {"name": "b", "sats": None})


def test_a_table_is_as_wide_as_its_values(capsys):
    Printer("table", color=True).rows(ROWS, COLUMNS)

    head, first, second = capsys.readouterr().out.splitlines()
    assert head == f"{'name':<120}  margin sat"
    assert first == "a" * 120 + "   1,234,567"
    assert second.endswith(" -")


def test_an_empty_table_says_so(capsys):
    Printer("table", color=True).rows((), COLUMNS)

    assert capsys.readouterr().out == "none\n"


def test_plain_rows_are_parted_by_tabs(capsys):
    Printer("plain", color=True).rows(ROWS[1:], COLUMNS)

    assert capsys.readouterr().out == "b\t-\n"


def test_json_has_exact_values(capsys):
    Printer("json", color=True).rows([{"price": Decimal("98100.5"), "sats": 1_000}], COLUMNS)

    assert json.loads(capsys.readouterr().out) == [{"price": "98100.5", "sats": 1_000}]


def test_ndjson_is_a_line_each(capsys):
    Printer("ndjson", color=True).rows(ROWS, COLUMNS)

    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["sats"] for line in lines] == [1_234_567, None]


@pytest.mark.parametrize("format", ["json", "ndjson"])
def test_prose_beside_data_goes_to_standard_error(capsys, format):
    Printer(format, color=True).say("added")

    assert capsys.readouterr() == ("", "added\n")


@given(st.decimals(min_value=-99, max_value=99, places=6))
def test_a_cut_distance_is_never_longer_than_it_is(value):
    from axisor_cli.output import shown

    text = shown(value, Column("distance", "distance %", number=True, places=2))

    assert Decimal(text) <= value < Decimal(text) + Decimal("0.01")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (1234567, "1,234,567"),
        (Decimal("1.50"), "1.5"),
        (Decimal("100000"), "100,000"),
        (None, "-"),
        ("", "-"),
        ([], "-"),
        (0, "0"),
        (["a", 1000], "a, 1,000"),
        ({"trigger": "2", "reserve": 1000}, "trigger 2, reserve 1,000"),
        (datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), "2026-01-02 03:04:05 UTC"),
    ],
)
def test_a_value_is_shown_as_people_read_it(value, text):
    assert cell(value) == text
