"""Buttons say commands that are some, fit into a tap, and are shown to whoever may use them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from axisor.events import RunState
from axisor.model import Mode, Position, Side
from axisor.notices import NoticeLevel
from axisor.wire.notices import AlertSummary
from axisor.wire.records import PositionReport, Run
from axisor_bot import buttons
from axisor_bot.cards import Button
from axisor_bot.grammar import parse
from axisor_bot.voice import Voice

MOST_DATA = 64
"""Bytes that Telegram takes with a button."""

ID = "7f3a0000-0000-4000-8000-000000000001"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
VOICE = Voice()


def report(side: Side = Side.BUY) -> PositionReport:
    """Return a position."""
    held = Position(
        id=ID,
        side=side,
        quantity=2_500,
        entry=Decimal(98_600),
        margin=101_420,
        leverage=Decimal(25),
        liquidation=Decimal(94_808),
    )
    return PositionReport(account="a", position=held, distance_percent=Decimal(5))


def run(state: RunState) -> Run:
    """Return a run of the guard."""
    return Run(id=ID, account="a", strategy="margin-guard", state=state)


def alert(*, open: bool = True, acknowledged: bool = False) -> AlertSummary:
    """Return an alert of the core."""
    return AlertSummary(
        id=ID,
        account="a",
        level=NoticeLevel.CRIT,
        kind="near",
        mode=Mode.SIM,
        position=ID,
        title="t",
        effect="",
        next_step="",
        open=open,
        times=1,
        created_at=NOW,
        updated_at=NOW,
        acknowledged=acknowledged,
    )


EVERY = [
    *buttons.of_position(VOICE, report()),
    *buttons.of_positions([report()] * 20),
    *buttons.of_guard(VOICE, run(RunState.RUNNING)),
    *buttons.of_guard(VOICE, run(RunState.PAUSED)),
    *buttons.of_alerts(VOICE, [alert()] * 20),
    buttons.why(VOICE, 10**12 - 1),
    buttons.ask(VOICE, "end_halt", "/halt off"),
]


@pytest.mark.parametrize("button", EVERY, ids=lambda button: button.text)
def test_a_button_says_a_command_and_fits(button: Button):
    act, _, line = button.act.partition(":")

    assert act == buttons.ASK
    assert parse(line) is not None
    assert len(button.act.encode()) <= MOST_DATA


def test_no_amount_is_in_what_a_button_sends_back():
    assert not any("101" in each.act.replace(ID, "") for each in EVERY)


def test_a_viewer_has_the_buttons_that_read():
    found = buttons.fit(buttons.of_position(VOICE, report()), operator=False)

    assert [each.act for each in found] == ["ask:/whatif -5%"]
    assert len(buttons.fit(EVERY, operator=True)) == len(EVERY)


def test_what_is_asked_about_a_short_is_a_higher_price():
    assert buttons.of_position(VOICE, report(Side.SELL))[-1].act == "ask:/whatif +5%"


def test_a_guard_is_paused_or_goes_on():
    assert [each.act for each in buttons.of_guard(VOICE, run(RunState.RUNNING))] == [
        "ask:/pause 15m"
    ]
    assert [each.act for each in buttons.of_guard(VOICE, run(RunState.PAUSED))] == ["ask:/resume"]
    assert buttons.of_guard(VOICE, None) == []


def test_what_was_seen_or_is_over_asks_for_nothing():
    assert buttons.of_alerts(VOICE, [alert(open=False), alert(acknowledged=True)]) == []


def test_other_buttons_are_left_to_everybody():
    [kept] = buttons.fit((Button("Yes", "yes:1"),), operator=False)

    assert kept.act == "yes:1"
