"""The screen of alerts as lines: their order, what is said of one, what is kept of the core's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from axisor.notices import NoticeLevel
from axisor_tui.model import alert as alert_of
from axisor_tui.model import alerts, copying, standing
from axisor_tui.model.cells import Line, Tone, plain
from axisor_tui.model.messages import (
    AlertSeen,
    AlertsLost,
    AlertsSeen,
    DeliveriesSeen,
    LinkLost,
    Muted,
)
from axisor_tui.model.state import State
from tests.clients.tui.portfolio import portfolio
from tests.clients.tui.support import NOW, play
from tests.clients.tui.told import ACTED, BLIND, FAILED, KEY, NEAR, alert

WHOLE = portfolio()


def rows(state: State, wanted: str = "") -> list[str]:
    return [plain(each.cells) for each in alerts.table(state, wanted).rows]


def said(lines: tuple[Line, ...]) -> str:
    return plain(lines)


def test_what_waits_comes_first_by_danger_then_what_was_seen_then_what_is_over():
    assert [each.id for each in alerts.ordered(WHOLE)] == [FAILED, NEAR, KEY, BLIND, ACTED]


def test_of_two_as_loud_the_newer_comes_first():
    older = alert(KEY, ago_s=60)
    state = play(AlertsSeen((older, alert(NEAR, ago_s=5))), state=WHOLE)

    assert [each.id for each in alerts.ordered(state)] == [NEAR, KEY]


def test_a_row_says_how_loud_when_what_and_how_it_stands():
    [first, second, third, fourth, fifth] = rows(WHOLE)

    assert first.split("\n")[0] == "‼ CRIT"
    assert "2m ago" in first
    assert "the guard could not act" in first
    assert first.endswith("open")
    assert "! WARN" in second
    assert "2 times" in second
    assert third.endswith("seen")
    assert fourth.endswith("over")
    assert "> ACTED" in fifth


def test_a_filter_reaches_the_level_the_kind_and_the_words():
    assert len(rows(WHOLE, "crit")) == 2
    assert len(rows(WHOLE, "crit !over")) == 1
    assert len(rows(WHOLE, "withdraw")) == 1
    assert alerts.table(WHOLE, "moon").empty == "nothing fits `moon`"


def test_one_alert_is_shown_whole():
    text = said(alert_of.detail(WHOLE, FAILED))

    assert "96,900 sat are needed" in text
    assert "Deposit, or close it" in text
    assert "about    19c2 LONG 5,000 $" in text
    assert "not acknowledged by you" in text
    assert "phone  sent in 0.6 s" in text
    assert "mail  ! given up: 550 no such mailbox" in text
    assert "axisor alert ack 0d9f3c7e" in text


@pytest.mark.parametrize(
    ("id", "words"),
    [
        (NEAR, "changed  2026-01-02 03:04:14 UTC, 2 times within an hour"),
        (NEAR, "phone  waits, next at 03:06"),
        (KEY, "open, acknowledged by you at 2026-01-01 02:05:14 UTC"),
        (KEY, "about    no position"),
        (BLIND, "state    over"),
        (ACTED, "55b1, which is closed"),
        (ACTED, "to none of your channels"),
        ("", "choose an alert"),
    ],
)
def test_what_is_said_of_it(id, words):
    assert words in said(alert_of.detail(WHOLE, id))


def test_who_has_no_channel_is_told_so():
    nowhere = play(DeliveriesSeen((), {}), state=WHOLE)

    assert "you have no channel" in said(alert_of.detail(nowhere, NEAR))
    assert "asking the core" in said(alert_of.detail(replace(WHOLE, sent=None), NEAR))


def test_the_title_counts_what_waits_and_says_what_is_mute():
    assert alerts.heading(WHOLE) == "Alerts ─ 2 open ─ key mute until 03:34"
    quiet = play(Muted(()), state=WHOLE)
    assert alerts.heading(quiet, "crit") == "Alerts ─ 2 open ─ filter: crit"


def test_the_overview_has_the_loudest_and_its_effect_where_there_is_room():
    assert "effect" not in said(alerts.summary(WHOLE, 80))
    wide = said(alerts.summary(WHOLE, 120))
    assert wide.startswith("‼ CRIT 2m ago  LONG 19c2")
    assert "The balance is 40,112 sat" in wide


def test_without_alerts_the_overview_says_so_and_never_before_the_core_did():
    assert said(alerts.summary(play(AlertsSeen(()), state=WHOLE), 80)) == "nothing is open"
    assert said(alerts.summary(State(), 80)) == "asking the core"
    refused = play(AlertsLost("not here"))
    assert said(alerts.summary(refused, 80)) == "not here"
    assert alerts.table(refused).empty == "not here"


def test_the_top_counts_them_in_the_tone_of_the_loudest():
    [cell] = [each for each in standing.banner(WHOLE, width=80) if "alert" in each.text]

    assert (cell.text.strip(), cell.tone) == ("2 alerts (7)", Tone.CRIT)
    one = play(AlertsSeen((alert(),)), state=WHOLE)
    assert "1 alert (7)" in plain([standing.banner(one, width=80)])


def test_what_may_have_changed_unheard_is_grey():
    lost = play(AlertsLost("nothing came for 45 s"), state=WHOLE)

    assert alerts.table(lost).muted
    assert alerts.table(play(LinkLost("gone"), state=WHOLE)).muted
    assert not alerts.table(WHOLE).muted
    assert "not followed: nothing came for 45 s" in alerts.heading(lost)
    assert alerts.summary(lost, 80)[0][0].tone is Tone.MUTED
    heard = play(AlertsSeen(WHOLE.alerts or ()), state=lost)
    assert not alerts.table(heard).muted


def test_an_alert_that_comes_again_takes_the_place_of_what_was_known_of_it():
    over = alert(FAILED, NoticeLevel.CRIT, open=False)
    state = play(AlertSeen(over), AlertSeen(alert("new")), state=WHOLE)

    assert [each.id for each in state.unseen] == ["new", NEAR]
    assert len(state.alerts or ()) == 6


@pytest.mark.parametrize(("id", "then"), [(FAILED, NEAR), (NEAR, FAILED)], ids=["next", "round"])
def test_after_one_comes_the_next_that_waits(id, then):
    assert alerts.after(WHOLE, id) == then
    alone = play(AlertsSeen((alert(NEAR),)), state=WHOLE)
    assert alerts.after(alone, NEAR) == NEAR


def test_the_entry_that_an_alert_was_told_for_is_found_by_its_moment():
    told = alerts.entry(WHOLE, alert(ago_s=10))

    assert told is not None
    assert (told.sequence, told.time) == (18, NOW + timedelta(seconds=9))
    assert alerts.entry(WHOLE, alert(ago_s=11)) is None
    began = alerts.entry(WHOLE, alert(ago_s=0, for_s=10))
    assert began == told


def test_it_is_copied_as_what_acknowledges_it():
    thing = copying.of_alert(WHOLE, alert())

    assert thing.command == f"axisor --account acc alert ack {NEAR}"
    assert dict(thing.choices)["JSON"]
