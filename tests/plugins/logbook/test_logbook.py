"""The logbook's lines: what is said, how loud, and what is left out."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from decimal import Decimal

import pytest

import axisor_logbook
from axisor.events import (
    AccountClosed,
    Cause,
    Event,
    FeedChanged,
    HaltChanged,
    HaltLevel,
    IntentPlanned,
    IntentReviewRefused,
    IntentSettled,
    IntentState,
    NoticeGiven,
    Payload,
    PositionClosed,
    PositionEnd,
    RestoreReconciled,
    RunChanged,
    RunState,
    RunUpgraded,
    Standing,
    StandingChanged,
)
from axisor.identity import RefreshReused, TokenIssued, TokenRevoked
from axisor.intents import AddMargin
from axisor.model import FeedQuality, Mode, Position, Severity, Side
from axisor.versions import UpgradeEnd, Version
from axisor_server.plugins import Plugins

POSITION = Position(
    id="p1",
    side=Side.BUY,
    quantity=1,
    entry=Decimal(1),
    margin=1,
    leverage=Decimal(1),
    liquidation=Decimal(1),
)
ADD = AddMargin(position="p1", amount=5)


def event(payload: Payload) -> Event:
    time = datetime(2026, 1, 1, tzinfo=UTC)
    return Event(stream="accounts/a", sequence=7, time=time, mode=Mode.SIM, payload=payload)


@pytest.mark.parametrize(
    ("payload", "level", "text"),
    [
        (
            IntentPlanned(intent="i", action=ADD, target="positions/p1", run="r"),
            "INFO",
            "AddMargin position p1 amount 5, asked for by run r",
        ),
        (
            IntentSettled(intent="i", state=IntentState.CONFIRMED),
            "INFO",
            "i is confirmed by answer",
        ),
        (
            IntentSettled(intent="i", state=IntentState.UNKNOWN, message="line cut"),
            "WARNING",
            "i is unknown by answer: line cut",
        ),
        (
            IntentReviewRefused(run="r", step=1, action=ADD, reason="HALTED", message="halted"),
            "WARNING",
            "AddMargin position p1 amount 5 was not sent: halted",
        ),
        (
            PositionClosed(position=POSITION, end=PositionEnd.LIQUIDATED, pl=-9),
            "ERROR",
            "position p1 was liquidated, -9 sat",
        ),
        (
            PositionClosed(position=POSITION, end=PositionEnd.TAKEN, pl=9),
            "INFO",
            "position p1 was taken, +9 sat",
        ),
        (NoticeGiven(severity=Severity.CRIT, code="X", text="short"), "ERROR", "short"),
        (NoticeGiven(severity=Severity.OK, code="X", text="again"), "INFO", "again"),
        (
            RunChanged(run="r", strategy="s", state=RunState.FAILED, reason="it broke"),
            "ERROR",
            "s r is failed: it broke",
        ),
        (
            RunUpgraded(
                run="r",
                before=Version("1.1", "b" * 64),
                after=Version("1.0", "a" * 64),
                step=7,
                by=UpgradeEnd.ROLLED_BACK,
                reason="it broke",
            ),
            "WARNING",
            "r is decided by 1.0+aaaaaaaaaaaa: it broke",
        ),
        (
            RestoreReconciled(
                backup="b",
                backup_at=datetime(2026, 11, 25, tzinfo=UTC),
                restored_at=datetime(2026, 11, 25, tzinfo=UTC),
            ),
            "INFO",
            "restored from a backup; 0 sat moved since, all counted as spent",
        ),
        (
            RefreshReused(person="people/ada", session="s", text="it was used before"),
            "ERROR",
            "a sign-in of people/ada was copied and ended: it was used before",
        ),
        (
            TokenIssued(token="tokens/t", owner="owner", caveats="", principal="owner"),
            "INFO",
            "tokens/t of owner was made by owner",
        ),
        (
            TokenRevoked(token="tokens/t", owner="owner", principal="owner"),
            "INFO",
            "tokens/t of owner was revoked by owner",
        ),
        (HaltChanged(level=HaltLevel.RISK, principal="owner"), "WARNING", "halt risk by owner"),
        (
            HaltChanged(level=HaltLevel.ALL, principal="file", platform=True),
            "WARNING",
            "halt of all accounts all by file",
        ),
        (
            StandingChanged(standing=Standing.DEGRADED, causes=(Cause("disk_low", "Full."),)),
            "WARNING",
            "it stands degraded disk_low",
        ),
        (StandingChanged(standing=Standing.ACTIVE), "INFO", "it stands active"),
        (FeedChanged(quality=FeedQuality.FRESH), "INFO", "the price is fresh"),
    ],
)
def test_hook_observe_event_writes_a_line(caplog, payload, level, text):
    host = Plugins()
    host.register("logbook", axisor_logbook)

    with caplog.at_level(logging.INFO, logger="axisor.logbook"):
        host.observe(event(payload))

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (level, f"SIM a #7 {text}")
    ]


def test_what_is_not_for_people_is_left_out(caplog):
    with caplog.at_level(logging.INFO, logger="axisor.logbook"):
        axisor_logbook.observe_event(event(AccountClosed(label="a")))

    assert caplog.records == []
