"""What a journal gives to tell, how loud, and in which words."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.support.telling import NOON

from axisor.events import (
    ChangeMade,
    Coverage,
    CoverageChanged,
    CoverageState,
    Event,
    HaltChanged,
    HaltLevel,
    IntentPlanned,
    IntentSettled,
    IntentState,
    NoticeGiven,
    Payload,
    PositionChanged,
    PositionClosed,
    PositionEnd,
    RunChanged,
    RunState,
)
from axisor.intents import AddMargin, ClosePosition, Why
from axisor.model import Mode, Position, Severity, Side
from axisor.notices import NoticeLevel
from axisor_server.domain.telling import catalogue
from axisor_server.domain.telling.happening import Told
from axisor_server.domain.telling.picture import Follower, Picture
from axisor_server.domain.telling.saying import say

POSITION = Position(
    id="7f3a1c22-0000-4000-8000-000000000001",
    side=Side.BUY,
    quantity=2_500,
    entry=Decimal(100_000),
    margin=100_000,
    leverage=Decimal(25),
    liquidation=Decimal(96_154),
)
WHY = Why(
    rule="below 2 %",
    inputs={"distance_percent": "1.38", "price": "97500", "liquidation": "96154"},
)


def events(*payloads: Payload, mode: Mode = Mode.SIM) -> list[Event]:
    return [
        Event(
            stream="accounts/a",
            sequence=sequence,
            time=NOON + timedelta(seconds=sequence),
            mode=mode,
            payload=payload,
        )
        for sequence, payload in enumerate(payloads, 1)
    ]


def told(*payloads: Payload, mode: Mode = Mode.SIM) -> list[Told]:
    return Follower("a", Picture()).take(events(*payloads, mode=mode))


RESCUE: tuple[Payload, ...] = (
    PositionChanged(position=POSITION),
    IntentPlanned(
        intent="i",
        action=AddMargin(position=POSITION.id, amount=83_596, why=WHY),
        target=f"positions/{POSITION.id}",
        run="r",
    ),
    IntentSettled(intent="i", state=IntentState.CONFIRMED),
    PositionChanged(position=replace(POSITION, liquidation=Decimal("92625.5"))),
)


def test_a_rescue_is_a_warning_and_what_was_done():
    warned, acted = told(*RESCUE)

    assert say(warned).text.splitlines() == [
        "WARN [SIM] LONG 7f3a1c22 is 1.38 % from liquidation",
        "price 97,500 · liq 96,154",
        "The guard adds 83,596 sat now.",
    ]
    assert say(acted).text.splitlines() == [
        "ACTED [SIM] Guard added 83,596 sat to LONG 7f3a1c22",
        "liq 96,154 -> 92,625.5",
    ]
    assert say(acted, "pt-BR").effect == "liq 96.154 -> 92.625,5"


def test_the_mode_is_left_out_where_it_is_live_and_shadow_only_watches():
    assert "[" not in say(told(*RESCUE, mode=Mode.LIVE)[0]).headline
    shadow = told(
        *RESCUE[:2],
        IntentSettled(intent="i", state=IntentState.REFUSED, reason="SHADOW_ONLY"),
        mode=Mode.SHADOW,
    )
    assert [each.code for each in shadow] == ["near.shadow", "would.add"]
    assert say(shadow[1]).headline == "INFO [SHADOW] would have done: add 83,596 sat to 7f3a1c22"


def test_the_same_entries_are_told_with_the_same_ids_wherever_pages_end():
    whole = told(*RESCUE)
    picture, parts = Picture(), []
    for event in events(*RESCUE):
        parts += Follower("a", picture).take([event])

    assert [each.id for each in parts] == [each.id for each in whole]


def test_what_is_unknown_ends_when_it_is_known():
    doubt = IntentSettled(intent="i", state=IntentState.UNKNOWN, message="cut")
    _, unknown, _, known = told(*RESCUE[:2], doubt, *RESCUE[2:])

    assert (unknown.level, unknown.kind) == (NoticeLevel.WARN, "unknown")
    assert known.ends
    assert known.episode == unknown.episode


@pytest.mark.parametrize(
    ("payload", "level", "kind", "ends"),
    [
        (
            PositionClosed(position=POSITION, end=PositionEnd.LIQUIDATED, pl=-100_000),
            NoticeLevel.LOST,
            "liquidated",
            False,
        ),
        (
            PositionClosed(position=POSITION, end=PositionEnd.TAKEN, pl=100),
            NoticeLevel.INFO,
            "closed",
            False,
        ),
        (HaltChanged(level=HaltLevel.ALL, principal="ada"), NoticeLevel.CRIT, "halt", False),
        (HaltChanged(level=HaltLevel.NONE, principal="ada"), NoticeLevel.OK, "halt", True),
        (
            RunChanged(run="r", strategy="s", state=RunState.FAILED, reason="x"),
            NoticeLevel.CRIT,
            "run",
            False,
        ),
        (
            NoticeGiven(severity=Severity.CRIT, code="GUARD_DEGRADED", text="stale", run="r"),
            NoticeLevel.CRIT,
            "blind",
            False,
        ),
        (
            NoticeGiven(severity=Severity.OK, code="GUARD_RESTORED", text="ok", run="r"),
            NoticeLevel.OK,
            "blind",
            True,
        ),
        (
            NoticeGiven(severity=Severity.WARN, code="ODD", text="something odd"),
            NoticeLevel.WARN,
            "notice",
            False,
        ),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, Payload) else str(given),
)
def test_each_event_is_as_loud_as_it_is_grave(
    payload: Payload, level: NoticeLevel, kind: str, ends: bool
):
    first = told(PositionChanged(position=POSITION), payload)[0]

    assert (first.level, first.kind, first.ends) == (level, kind, ends)
    for language in catalogue.LANGUAGES:
        assert "?" not in say(first, language).text


RUN = RunChanged(run="r", strategy="margin-guard", state=RunState.RUNNING)
QUARTER = replace(
    RUN, state=RunState.PAUSED, reason="lunch", resumes_at=NOON + timedelta(seconds=903)
)
BY_BEN = ChangeMade(principal="people/ben", method="PauseRun", request_id="q")
COVERED = CoverageChanged(
    coverage=Coverage(position=POSITION.id, state=CoverageState.PROTECTED, run="r")
)
BARE = CoverageChanged(
    coverage=Coverage(position=POSITION.id, state=CoverageState.UNPROTECTED, reason="paused")
)
LOST = PositionClosed(position=POSITION, end=PositionEnd.LIQUIDATED, pl=-100_000)


def test_a_pause_that_leaves_positions_bare_is_critical_and_says_until_when():
    (paused,) = told(PositionChanged(position=POSITION), COVERED, QUARTER, BY_BEN, BARE)

    assert say(paused).text.splitlines() == [
        "CRIT [SIM] margin-guard was PAUSED by people/ben for 15 min: 1 positions NOT protected",
        "lunch",
        "It goes on by itself at 12:15 UTC. Sooner: axisor run resume",
    ]
    assert "por 15 min: 1 posições SEM proteção" in say(paused, "pt-BR").title


def test_a_pause_that_concerns_no_position_is_a_warning():
    (paused,) = told(QUARTER, BY_BEN)
    (lasting,) = told(replace(QUARTER, resumes_at=None), BY_BEN)

    assert (paused.level, paused.code) == (NoticeLevel.WARN, "run.paused_for")
    assert (lasting.level, lasting.code) == (NoticeLevel.WARN, "run.paused")
    assert "at 12:00 UTC (15 min)" in say(paused).title


def test_a_pause_that_lasts_says_that_nothing_protects_until_somebody_resumes():
    lasting = replace(QUARTER, resumes_at=None)

    (paused,) = told(PositionChanged(position=POSITION), COVERED, lasting, BY_BEN, BARE)

    assert (paused.level, paused.code) == (NoticeLevel.CRIT, "run.bare")
    assert "1 of its positions NOT protected" in say(paused).title


@pytest.mark.parametrize(("second", "code"), [(902, "run.running"), (903, "run.resumed")])
def test_the_end_of_a_pause_is_told_whether_it_came_by_itself(second: int, code: str):
    follower = Follower("a", Picture())
    paused, _ = events(QUARTER, BY_BEN)
    again = replace(
        paused, sequence=3, time=NOON + timedelta(seconds=second), payload=replace(RUN, reason="x")
    )

    first, last = follower.take([paused, again])

    assert (last.level, last.code, last.ends) == (NoticeLevel.OK, code, True)
    assert last.episode == first.episode


def test_a_loss_while_the_guard_was_paused_says_who_paused_it():
    seen = told(PositionChanged(position=POSITION), COVERED, QUARTER, BY_BEN, BARE, LOST)
    (lost,) = [each for each in seen if each.level is NoticeLevel.LOST]

    assert say(lost).next_step == (
        "Its guard was PAUSED by people/ben at 12:00 UTC (15 min). axisor events list"
    )
    lasting = replace(QUARTER, resumes_at=None)
    seen = told(PositionChanged(position=POSITION), COVERED, lasting, BY_BEN, BARE, LOST)
    assert "ended.liquidated_paused" in [each.code for each in seen]


def test_a_loss_under_a_guard_at_work_does_not_blame_a_pause():
    seen = told(
        PositionChanged(position=POSITION), COVERED, QUARTER, BY_BEN, BARE, RUN, COVERED, LOST
    )

    assert "ended.liquidated" in [each.code for each in seen]


def test_a_position_that_nobody_covers_for_another_reason_is_not_the_pause_s():
    seen = told(PositionChanged(position=POSITION), COVERED, BARE, QUARTER, BY_BEN, LOST)

    assert [each.code for each in seen][:2] == ["run.paused_for", "ended.liquidated"]


def test_a_bare_position_that_comes_near_is_told_until_it_is_over():
    figures = {"distance_pct": "4.8", "price_usd": "101000", "liquidation_usd": "96154"}
    near = NoticeGiven(
        severity=Severity.WARN, code="BARE_NEAR", text="x", position=POSITION.id, data=figures
    )
    critical = replace(near, severity=Severity.CRIT)
    over = replace(near, severity=Severity.OK, code="BARE_NEAR_OVER")

    seen = told(PositionChanged(position=POSITION), near, critical, over)

    assert [each.level for each in seen] == [NoticeLevel.WARN, NoticeLevel.CRIT, NoticeLevel.OK]
    assert len({each.episode for each in seen}) == 1
    assert [each.ends for each in seen] == [False, False, True]
    assert say(seen[1], "pt-BR").text.splitlines() == [
        "CRIT [SIM] LONG 7f3a1c22 está a 4,8 % da liquidação e SEM proteção",
        "preço 101.000 · liq 96.154",
        "Arme uma guarda, ou adicione margem: axisor position add-margin 7f3a1c22",
    ]


@pytest.mark.parametrize(
    "end",
    [LOST, NoticeGiven(severity=Severity.OK, code="BARE_COVERED", text="x", position=POSITION.id)],
)
def test_what_is_said_of_a_bare_position_ends_with_it_or_with_a_guard(end: Payload):
    seen = told(PositionChanged(position=POSITION), end)

    assert [each.episode for each in seen if each.ends and each.episode.startswith("bare/")] == [
        f"bare/{POSITION.id}"
    ]


def test_what_a_client_asked_for_is_told_as_theirs():
    close = ClosePosition(position=POSITION.id)
    planned = IntentPlanned(intent="j", action=close, target="t", principal="people/ada")

    (done,) = told(planned, IntentSettled(intent="j", state=IntentState.CONFIRMED))

    assert say(done).text == "INFO [SIM] Done: close 7f3a1c22\nby people/ada"
