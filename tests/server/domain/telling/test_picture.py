"""What a journal gives to tell, how loud, and in which words."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.support.telling import NOON

from axisor.events import (
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


def test_what_a_client_asked_for_is_told_as_theirs():
    close = ClosePosition(position=POSITION.id)
    planned = IntentPlanned(intent="j", action=close, target="t", principal="people/ada")

    (done,) = told(planned, IntentSettled(intent="j", state=IntentState.CONFIRMED))

    assert say(done).text == "INFO [SIM] Done: close 7f3a1c22\nby people/ada"
