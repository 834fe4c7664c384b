"""What is told without asking, in every language, and with no amount where that is wanted."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from axisor.events import (
    BalanceChanged,
    Cause,
    FeedChanged,
    HaltChanged,
    HaltLevel,
    IntentSettled,
    IntentState,
    NoticeGiven,
    PositionClosed,
    PositionEnd,
    RestoreReconciled,
    RunChanged,
    RunState,
    Standing,
    StandingChanged,
)
from axisor.intents import AddMargin, ClosePosition
from axisor.model import Balance, FeedQuality, Mode, Position, Severity, Side
from axisor.wire.records import PositionReport, SeenEvent, SeenPayload
from axisor_bot.alerts import Acted, alert
from axisor_bot.muting import KINDS
from axisor_bot.texts import CATALOGUES
from axisor_bot.voice import Voice

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LONG = Position(
    id="7f3a0000-0000-4000-8000-000000000001",
    side=Side.BUY,
    quantity=2_500,
    entry=Decimal(98_600),
    margin=101_420,
    leverage=Decimal(25),
    liquidation=Decimal(94_808),
)
ADDED = Acted(
    action=AddMargin(position=LONG.id, amount=83_596),
    strategy="margin-guard",
    before_percent=Decimal("2.0"),
)
REPORT = PositionReport(account="a", position=LONG, distance_percent=Decimal(5))
CLOSED = Acted(action=ClosePosition(position=LONG.id), strategy="exits")


def settled(state: IntentState, message: str = "") -> IntentSettled:
    """Return how an action ended."""
    return IntentSettled(intent="i", state=state, message=message)


def notice(severity: Severity) -> NoticeGiven:
    """Return a notice of the guard."""
    return NoticeGiven(severity=severity, code="X", text="balance 40,112 sat, needed 96,900")


def closed(end: PositionEnd) -> PositionClosed:
    """Return the end of a position."""
    return PositionClosed(position=LONG, end=end, pl=-101_420)


def run(state: RunState, strategy: str = "margin-guard") -> RunChanged:
    """Return a change of a run."""
    return RunChanged(run="r", strategy=strategy, state=state, reason="because")


TOLD: dict[str, tuple[SeenPayload, Acted | None, str]] = {
    "added": (settled(IntentState.CONFIRMED), ADDED, "ACTED  margin-guard added 83,596 sat"),
    "acted": (settled(IntentState.CONFIRMED), CLOSED, "ACTED  exits: close 7f3a0000"),
    "refused": (settled(IntentState.REFUSED, "no sats"), ADDED, "CRIT  margin-guard: add 83,596"),
    "dead": (settled(IntentState.DEAD), ADDED, "CRIT  margin-guard"),
    "unknown": (settled(IntentState.UNKNOWN), ADDED, "WARN  margin-guard: whether it happened"),
    "lost": (closed(PositionEnd.LIQUIDATED), None, "LOST  7f3a0000 LONG 2,500 USD was LIQUIDATED"),
    "stopped": (closed(PositionEnd.STOPPED), None, "INFO  7f3a0000 LONG 2,500 USD was closed by"),
    "warned": (notice(Severity.WARN), None, "WARN  balance 40,112 sat"),
    "critical": (notice(Severity.CRIT), None, "CRIT  balance 40,112 sat"),
    "well": (notice(Severity.OK), None, "OK  balance"),
    "halted": (HaltChanged(level=HaltLevel.ALL, principal="ben"), None, "CRIT  HALTED by ben"),
    "resumed": (HaltChanged(level=HaltLevel.NONE, principal="ben"), None, "OK  The halt"),
    "unable": (
        StandingChanged(standing=Standing.REDUCE_ONLY, causes=(Cause("X", "No price."),)),
        None,
        "CRIT  The core can do less for this account: reduce-only. No price.",
    ),
    "able": (StandingChanged(standing=Standing.ACTIVE), None, "OK  The core can do everything"),
    "failed": (run(RunState.FAILED, "carry"), None, "CRIT  carry failed"),
    "unguarded": (run(RunState.PAUSED), None, "CRIT  The guard is off"),
    "restored": (
        RestoreReconciled(backup="b", backup_at=NOW, restored_at=NOW),
        None,
        "WARN  The core was restored from a backup of 2026-12-01 00:00 UTC",
    ),
}

UNTOLD: dict[str, SeenPayload] = {
    "by hand": settled(IntentState.CONFIRMED),
    "balance": BalanceChanged(balance=Balance(free=1)),
    "feed": FeedChanged(quality=FeedQuality.STALE),
    "watch": notice(Severity.WATCH),
    "a halt's standing": StandingChanged(
        standing=Standing.REDUCE_ONLY, causes=(Cause("halt_risk", "Halted."),)
    ),
    "running": run(RunState.RUNNING),
    "another paused": run(RunState.PAUSED, "carry"),
}


def event(payload: SeenPayload, mode: Mode = Mode.LIVE) -> SeenEvent:
    """Return an event of a journal."""
    return SeenEvent(
        stream="accounts/a",
        sequence=1902,
        time=NOW,
        mode=mode,
        kind=type(payload).__name__,
        payload=payload,
    )


@pytest.mark.parametrize("name", sorted(TOLD))
def test_it_is_told_with_what_it_means_first(name: str):
    payload, acted, begins = TOLD[name]

    told = alert(Voice(), event(payload), acted, REPORT)

    assert told is not None
    assert told.text.startswith(begins)
    assert told.text.endswith("/why 1902")
    assert told.kind in KINDS
    assert told.loud is (begins.partition(" ")[0] in ("CRIT", "LOST"))


BUTTONS = {
    "added": ["Why", "Pause"],
    "acted": ["Why"],
    "refused": ["Why", "Add 10 %", "Add 25 %", "Close", "What if -5%"],
    "lost": ["Why"],
    "warned": ["Why", "Add 10 %", "Add 25 %", "Close", "What if -5%"],
    "well": ["Why"],
    "halted": ["Why", "End the halt"],
    "resumed": ["Why"],
    "unguarded": ["Why", "Resume"],
    "unable": ["Why"],
}


@pytest.mark.parametrize("name", sorted(BUTTONS))
def test_it_has_the_buttons_of_what_can_be_done_about_it(name: str):
    payload, acted, _ = TOLD[name]

    told = alert(Voice(), event(payload), acted, REPORT)

    assert told is not None
    assert [each.text for each in told.buttons] == BUTTONS[name]
    assert told.buttons[0].act == "ask:/why 1902"


def test_of_a_position_that_is_gone_nothing_is_offered():
    told = alert(Voice(), event(notice(Severity.CRIT)))

    assert told is not None
    assert [each.text for each in told.buttons] == ["Why"]


def test_a_guard_that_was_stopped_is_not_offered_to_go_on():
    told = alert(Voice(), event(run(RunState.STOPPED)))

    assert told is not None
    assert [each.text for each in told.buttons] == ["Why"]


@pytest.mark.parametrize("name", sorted(UNTOLD))
def test_it_is_not_told(name: str):
    assert alert(Voice(), event(UNTOLD[name])) is None


@pytest.mark.parametrize("name", sorted(TOLD))
@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_in_private_no_amount_is_told(name: str, language: str):
    payload, acted, _ = TOLD[name]

    told = alert(Voice(language=language, private=True), event(payload), acted, REPORT)

    assert told is not None
    rest = re.sub(r"7f3a0000|/why 1902|2026-12-01|[0-9.,]+ %", "", told.text)
    assert re.findall(r"[0-9][0-9.,]{3,}", rest) == []


def test_an_alert_says_the_mode_unless_real_sats_are_meant():
    told = alert(Voice(), event(notice(Severity.CRIT), Mode.SHADOW))

    assert told is not None
    assert told.text.startswith("[SHADOW] CRIT")


def test_it_is_told_in_portuguese_with_figures_as_they_are_written_there():
    told = alert(Voice(language="pt-BR"), event(settled(IntentState.CONFIRMED)), ADDED, REPORT)

    assert told is not None
    first, second, _ = told.text.splitlines()
    assert first == "AGIU  margin-guard adicionou 83.596 sat a 7f3a0000"
    assert second == "distância 2,00 % → 5,00 % · liquidação 94.808"
