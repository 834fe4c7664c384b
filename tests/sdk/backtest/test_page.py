"""Reports for people: a picture that is one, and a page that asks nothing of the network."""

from __future__ import annotations

import re
from decimal import Decimal
from html.parser import HTMLParser

import msgspec
import pytest

from axisor import metrics
from axisor.backtest import Sheet, back_test, parse_scenario, plan, play, sheet
from axisor.backtest.page import page
from axisor.backtest.plots import draw
from axisor_dip_buyer import DipBuyer
from axisor_margin_guard import MarginGuard

GUARD = b'{"trigger": "2", "target": "5"}'


@pytest.fixture(scope="module")
def report() -> Sheet:
    market = play(parse_scenario("volatile duration=2d tick=5m strength=4"))
    guarded = plan(
        name="<guarded>",
        balance=3_000_000,
        strategy=MarginGuard,
        config=GUARD,
        openings=("long 25x 2500", "short 10x 1000"),
    )
    dips = plan(
        name="dips", balance=10_000, strategy=DipBuyer, config=b'{"margin": 1000}', openings=()
    )
    return sheet(back_test(market, [guarded, dips]))


class Links(HTMLParser):
    """Collects what a page would load, and checks that what is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.loads += [
            value for name, value in attrs if name in ("src", "href", "srcset", "action")
        ]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_picture_is_a_png_and_the_same_twice(report):
    first = draw(report)

    assert first.startswith(b"\x89PNG\r\n\x1a\n")
    assert draw(report) == first


def test_the_picture_of_one_account_without_a_position_is_drawn():
    market = play(parse_scenario("gap"))
    idle = plan(
        name="idle", balance=10, strategy=DipBuyer, config=b'{"margin": 10000}', openings=()
    )

    assert draw(sheet(back_test(market, [idle])))


def test_the_page_is_whole_and_loads_nothing(report):
    text = page(report, draw(report))

    links = Links()
    links.feed(text)
    assert links.open == []
    assert [load[:22] for load in links.loads] == ["data:image/png;base64,"]
    assert "<script" not in text
    assert "default-src 'none'" in text


def test_a_name_is_shown_as_it_is_and_never_run(report):
    text = page(report, b"")

    assert "<guarded>" not in text
    assert "&lt;guarded&gt;" in text


def test_every_figure_stands_on_the_page_with_its_definition(report):
    text = page(report, b"")

    net = f"{report.metrics.net_pl_sats:,} sat"
    assert net in text
    for name in metrics.DEFINITIONS:
        assert re.escape(metrics.DEFINITIONS[name][:20]) in re.escape(text), name


def test_every_figure_has_a_definition():
    fields = {*metrics.Metrics.__struct_fields__, *metrics.Protection.__struct_fields__}

    assert set(metrics.DEFINITIONS) == fields - {"protection"}


def test_the_report_is_read_back_as_it_was_written(report):
    encoded = msgspec.json.encode(report)

    again = msgspec.json.decode(encoded, type=Sheet)

    assert again.version == 1
    assert msgspec.json.encode(again) == encoded
    assert isinstance(again.metrics.time_at_risk, Decimal)
