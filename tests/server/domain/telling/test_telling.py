"""What is told of a journal, once, in which words, to whom, and how it is paced."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

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
from axisor_server.domain.journal import from_us, to_us
from axisor_server.domain.telling import catalogue, pacing, routing
from axisor_server.domain.telling.actions import DOINGS
from axisor_server.domain.telling.episodes import FLAPPING_US, take
from axisor_server.domain.telling.happening import Told
from axisor_server.domain.telling.picture import Follower, Picture
from axisor_server.domain.telling.records import (
    Alert,
    Channel,
    Delivery,
    Escalation,
    Mute,
    Quiet,
    Rules,
)
from axisor_server.domain.telling.saying import say

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOON_US = to_us(NOON)
MINUTE = routing.MINUTE_US
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


# -------------------------------------------------------------------- words


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("table", ["WORDS", "FRAMES", "DOINGS"])
def test_every_language_says_everything_with_the_same_figures(table: str):
    english, other = (getattr(catalogue, table)[each] for each in catalogue.LANGUAGES)

    assert english.keys() == other.keys()
    for code in english:
        assert fields("".join(english[code])) == fields("".join(other[code])), code
        if table != "DOINGS":
            assert list(map(bool, english[code])) == list(map(bool, other[code])), code


def test_every_action_and_every_end_has_words():
    assert set(catalogue.DOINGS_EN) == set(DOINGS)
    assert {f"ended.{end.value}" for end in PositionEnd} <= set(catalogue.WORDS_EN)


# -------------------------------------------------------------------- once


def near(level: NoticeLevel = NoticeLevel.WARN, *, at_us: int = NOON_US, ends: bool = False):
    return Told(
        id=f"t{at_us}",
        account="a",
        mode=Mode.LIVE,
        episode="near/p",
        level=NoticeLevel.OK if ends else level,
        kind="near",
        code="near.seen",
        time_us=at_us,
        ends=ends,
    )


def test_an_episode_is_told_once_again_when_it_gets_worse_and_when_it_ends():
    said = []
    alert: Alert | None = None
    steps = [
        near(),
        near(at_us=NOON_US + 1),
        near(NoticeLevel.CRIT, at_us=NOON_US + 2),
        near(at_us=NOON_US + 3),
        near(at_us=NOON_US + 4, ends=True),
        near(at_us=NOON_US + 5, ends=True),
    ]
    for step in steps:
        taken = take(alert, step)
        alert = taken.alert or alert
        said.append(taken.say)

    assert said == [True, False, True, False, True, False]
    assert alert is not None
    assert (alert.peak, alert.over) == (NoticeLevel.CRIT, True)


def test_what_comes_and_goes_is_told_three_times_in_an_hour_and_says_so():
    said, flapping = [], []
    alert: Alert | None = None
    for turn in range(6):
        began = take(alert, near(at_us=NOON_US + 2 * turn * MINUTE))
        alert = began.alert
        over = take(alert, near(at_us=NOON_US + (2 * turn + 1) * MINUTE, ends=True))
        alert = over.alert
        said.append((began.say, over.say))
        flapping.append(began.flapping)

    assert said == [(True, True)] * 3 + [(False, False)] * 3
    assert flapping == [0, 0, 3, 0, 0, 0]
    assert take(alert, near(NoticeLevel.CRIT, at_us=NOON_US + 20 * MINUTE)).say
    assert take(alert, near(at_us=NOON_US + FLAPPING_US + 1)).fresh


# -------------------------------------------------------------------- to whom and when


def channel(**more: object) -> Channel:
    usual: dict[str, object] = {
        "id": "c",
        "tenant": "t",
        "owner": "",
        "label": "l",
        "notifier": "telegram",
        "values": {},
        "secrets": (),
        "sealed": b"",
        "made_us": 0,
        "changed_us": 0,
    }
    return Channel(**(usual | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "hears"),
    [
        ({}, True),
        ({"min_level": NoticeLevel.ACT}, False),
        ({"kinds": ("near",)}, True),
        ({"kinds": ("acted",)}, False),
        ({"accounts": ("b",)}, False),
        ({"paused": True}, False),
    ],
)
def test_a_channel_hears_what_it_is_for(given: dict[str, object], hears: bool):
    assert routing.hears(channel(**given), near()) is hears


def test_the_end_of_what_was_heard_is_heard():
    over = near(ends=True)

    assert not routing.hears(channel(), over)
    assert routing.hears(channel(), over, ends_heard=True)


@pytest.mark.parametrize(
    ("level", "minutes", "muted"),
    [
        (NoticeLevel.WARN, 29, True),
        (NoticeLevel.CRIT, 29, True),
        (NoticeLevel.WARN, 31, True),
        (NoticeLevel.CRIT, 31, False),
        (NoticeLevel.LOST, 31, False),
        (NoticeLevel.WARN, 121, False),
    ],
)
def test_what_is_loud_is_muted_for_half_an_hour_at_most(
    level: NoticeLevel, minutes: int, muted: bool
):
    mute = Mute(account="a", from_us=NOON_US, until_us=NOON_US + 120 * MINUTE)

    assert routing.muted([mute], near(level), NOON_US + minutes * MINUTE) is muted
    other = Mute(account="a", kind="halt", from_us=NOON_US, until_us=NOON_US + 120 * MINUTE)
    assert not routing.muted([other], near(level), NOON_US)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-01-01T22:59", ""),
        ("2026-01-01T23:00", "2026-01-02T07:00"),
        ("2026-01-02T06:59", "2026-01-02T07:00"),
        ("2026-01-02T07:00", ""),
        ("2026-10-24T23:30", "2026-10-25T07:00"),
        ("2026-03-28T23:30", "2026-03-29T07:00"),
    ],
)
def test_quiet_hours_hold_back_until_they_end_by_the_clock_on_the_wall(at: str, until: str):
    zone = ZoneInfo("Europe/Lisbon")
    now_us = to_us(datetime.fromisoformat(at).replace(tzinfo=zone))
    quiet = Quiet(23 * 60, 7 * 60)

    due = routing.not_before(quiet, zone, NoticeLevel.WARN, now_us)

    expected = datetime.fromisoformat(until).replace(tzinfo=zone) if until else from_us(now_us)
    assert from_us(due) == expected
    assert routing.not_before(quiet, zone, NoticeLevel.CRIT, now_us) == now_us
    assert routing.not_before(Quiet(), zone, NoticeLevel.WARN, now_us) == now_us


def test_what_nobody_has_seen_is_repeated_so_often_and_no_more():
    rules = Rules(owner="", tenant="t", escalation=Escalation(after_minutes=5, times=2))
    alert = take(None, near(NoticeLevel.CRIT)).alert
    assert alert is not None

    due = [routing.repeats(rules, alert, NOON_US + each * MINUTE) for each in (4, 5, 10, 60)]

    assert due == [0, 1, 2, 2]
    seen = Alert(
        **{f: getattr(alert, f) for f in alert.__struct_fields__ if f != "seen"}, seen={"owner": 1}
    )
    assert routing.repeats(rules, seen, NOON_US + 60 * MINUTE) == 0
    warned = take(None, near()).alert
    assert warned is not None
    assert routing.repeats(rules, warned, NOON_US + 60 * MINUTE) == 0


def test_the_all_clear_is_due_once_a_day_and_not_when_it_is_too_late():
    rules = Rules(owner="", tenant="t", daily=8 * 60)
    day = to_us(datetime(2026, 1, 1, tzinfo=UTC))

    def due(minute: int) -> str:
        return routing.daily_due(rules, UTC, day + minute * MINUTE, within_minutes=60)

    assert [due(479), due(480), due(539), due(540)] == ["", "2026-01-01", "2026-01-01", ""]


# -------------------------------------------------------------------- pace


def delivery(id: str, level: NoticeLevel = NoticeLevel.WARN, **more: object) -> Delivery:
    usual: dict[str, object] = {
        "id": id,
        "tenant": "t",
        "owner": "",
        "channel": "c",
        "alert": "",
        "notice": say(near(level)),
        "not_before_us": NOON_US,
        "made_us": NOON_US,
        "changed_us": NOON_US,
    }
    return Delivery(**(usual | more))  # type: ignore[arg-type]


def test_the_last_place_of_a_minute_tells_how_many_are_left_out():
    waiting = [delivery(str(number)) for number in range(8)]

    turn = pacing.next_turn(waiting, [NOON_US - 1], 2, NOON_US)

    assert turn is not None
    assert (turn.first.id, len(turn.others)) == ("0", 7)
    assert pacing.next_turn(waiting, [NOON_US - 1] * 2, 2, NOON_US) is None
    assert pacing.next_turn(waiting, [NOON_US - 61_000_000] * 2, 2, NOON_US) is not None


def test_what_is_loud_goes_first_and_alone():
    waiting = [delivery("a"), delivery("b", NoticeLevel.CRIT), delivery("c")]

    turn = pacing.next_turn(waiting, [NOON_US], 2, NOON_US)

    assert turn is not None
    assert (turn.first.id, turn.others) == ("b", ())


def test_what_is_not_due_waits():
    assert pacing.next_turn([delivery("a", not_before_us=NOON_US + 1)], [], 2, NOON_US) is None


def test_tries_grow_rarer_and_end_after_a_day():
    failed = pacing.Failed("no")
    tried, now_us = delivery("a"), NOON_US
    waits = []
    while not tried.state.is_over:
        tried = pacing.ended(pacing.begun(tried, now_us), failed, now_us, jitter=999)
        waits.append(tried.not_before_us - now_us)
        now_us = max(now_us, tried.not_before_us)

    assert waits[:3] == [1_999_000, 3_998_000, 7_996_000]
    assert max(waits) <= pacing.MOST_WAIT_US
    assert now_us - NOON_US <= pacing.GIVEN_UP_US


def test_a_service_that_says_how_long_is_waited_for_and_one_that_refuses_is_given_up():
    begun = pacing.begun(delivery("a"), NOON_US)

    asked = pacing.ended(begun, pacing.Failed("slow", wait_s=90), NOON_US, jitter=0)
    gone = pacing.ended(begun, pacing.Failed("no", final=True), NOON_US, jitter=0)

    assert asked.not_before_us == NOON_US + 90_000_000
    assert (gone.state.value, gone.error) == ("dead", "no")


def test_a_channel_that_fails_again_and_again_is_left_alone_until_it_works():
    breaker = pacing.Breaker()
    for _ in range(pacing.OPEN_AFTER):
        assert not breaker.is_open(NOON_US)
        breaker = breaker.after(pacing.Failed("no"), NOON_US, jitter=0)

    assert breaker.is_open(NOON_US)
    assert not breaker.is_open(NOON_US + pacing.MOST_WAIT_US)
    assert breaker.after(pacing.Sent(""), NOON_US, jitter=0) == pacing.Breaker()
