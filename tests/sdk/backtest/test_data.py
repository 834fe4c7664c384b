"""Markets: what a tick file and a written scenario must look like, and what they become."""

from __future__ import annotations

import gzip
from datetime import timedelta
from decimal import Decimal

import pytest

from axisor.backtest import parse_scenario, play, read_ticks
from axisor.backtest.path import to_ms
from axisor.errors import AxisorError, CandlesInvalid, ConfigInvalid, FieldInvalid
from axisor.exchange.scenarios import SCENARIOS, scenario
from tests.sdk.backtest.support import START


def test_ticks_are_read_in_either_way_of_writing_time(tmp_path):
    file = tmp_path / "ticks.csv.gz"
    file.write_bytes(
        gzip.compress(b"price,time\n100000.1,2026-01-01T00:00:00\n99999.8,1767225600250\n")
    )

    market = read_ticks(file)

    assert market.path.times.tolist() == [to_ms(START), to_ms(START) + 250]
    assert market.path.price(0) == 100_000
    assert market.path.price(1) == 100_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks time, price"),
        ("time,price\n", "no tick"),
        ("time,price\n1\n", "column is missing"),
        ("time,price\nx,1\n", "row 2: a value cannot be read"),
        ("time,price\n1,NaN\n", "out of range"),
        ("time,price\n1,-1\n", "out of range"),
        ("time,price\n2,1\n1,1\n", "row 3: 1 comes out of order"),
    ],
)
def test_a_file_that_is_no_ticks_is_refused_by_its_row(tmp_path, text, said):
    file = tmp_path / "ticks.csv"
    file.write_text(text)

    with pytest.raises(CandlesInvalid, match=said):
        read_ticks(file)


def test_a_scenario_takes_the_shape_that_was_asked_for():
    made = parse_scenario("flash-crash seed=7 duration=1h start=60000 strength=2 tick=1s funding=0")
    plain = scenario("flash-crash", 7)

    market = play(made)

    assert made.length == timedelta(hours=1)
    assert len(market.path) == 3_601
    assert market.path.price(0) == 60_000
    assert market.funding_rate == 0
    fall = 1 - min(price for _, price in plain.anchors) / Decimal(plain.anchors[0][1])
    fell = 1 - min(price for _, price in made.anchors) / Decimal(made.anchors[0][1])
    assert abs(fell - 2 * fall) < Decimal("0.0001")


def test_a_scenario_without_a_shape_is_as_it_was_made():
    assert parse_scenario("gap seed=3") == scenario("gap", 3)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_can_be_made_to_last_a_day(name):
    market = play(parse_scenario(f"{name} duration=1d tick=1m"))

    assert len(market.path) == 1_441
    assert market.path.halves.min() >= 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", FieldInvalid),
        ("moon", FieldInvalid),
        ("bull seed=x", ConfigInvalid),
        ("bull speed=2", ConfigInvalid),
        ("bull duration=1w", ConfigInvalid),
        ("bull duration=0h", ConfigInvalid),
        ("bull strength=-1", FieldInvalid),
        ("bull strength=NaN", ConfigInvalid),
        ("bull tick=1d", FieldInvalid),
        ("bull start=0", FieldInvalid),
        ("bull funding=0.5", ConfigInvalid),
    ],
)
def test_a_word_that_shapes_nothing_is_refused(text, kind):
    with pytest.raises(kind):
        parse_scenario(text)


def test_a_scenario_of_too_many_prints_is_refused():
    with pytest.raises(AxisorError, match="prints"):
        play(parse_scenario("bull duration=999999d tick=1s"))
