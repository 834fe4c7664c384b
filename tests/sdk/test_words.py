"""What is done and what happened, in words that leave no figure out."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from axisor.events import (
    BalanceChanged,
    Cause,
    Coverage,
    CoverageChanged,
    CoverageState,
    HaltChanged,
    HaltLevel,
    Increase,
    IntentPlanned,
    IntentSettled,
    IntentState,
    PositionClosed,
    PositionEnd,
    RestoreReconciled,
    RunChanged,
    RunState,
    RunUpgraded,
    Standing,
    StandingChanged,
)
from axisor.intents import (
    AddMargin,
    CancelAllOrders,
    CashIn,
    ClosePosition,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    Wake,
    WithdrawCross,
)
from axisor.model import Balance, Position, Severity, Side
from axisor.versions import UpgradeEnd, Version
from axisor.words import describe, short, tell

ONE = Version("1.0", "a" * 64)
ID = "7f3a0000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        (AddMargin(position=ID, amount=82_541), "add 82,541 sat to 7f3a0000"),
        (CashIn(position=ID, amount=1_000), "cash 1,000 sat in from 7f3a0000"),
        (ClosePosition(position="cross"), "close cross"),
        (SetStop(position=ID, price=Decimal("96500.5")), "stop of 7f3a0000 at 96,500.5"),
        (SetTakeProfit(position=ID, price=None), "target of 7f3a0000 off"),
        (
            OpenPosition(side=Side.BUY, leverage=Decimal(25), quantity=2_500),
            "open LONG 2,500 USD x25",
        ),
        (
            OpenPosition(side=Side.SELL, leverage=Decimal(5), margin=9_000, price=Decimal(90_000)),
            "open SHORT 9,000 sat x5 at 90,000",
        ),
        (CrossOrder(side=Side.SELL, quantity=300), "cross sell 300 USD"),
        (DepositCross(amount=5_000), "deposit 5,000 sat into cross"),
        (WithdrawCross(amount=5_000), "take 5,000 sat out of cross"),
        (SetCrossLeverage(leverage=7), "cross leverage x7"),
        (CancelAllOrders(), "cancel every isolated order"),
        (Wake(), "wait"),
    ],
)
def test_an_action_is_said_with_its_figures(intent, text):
    assert describe(intent) == text


def test_an_action_that_is_not_known_is_named():
    class Teleport(msgspec.Struct):
        """Comes with a newer core."""

    assert describe(Teleport()) == "Teleport"
    assert tell(Teleport()) is None


def position():
    return Position(
        id=ID,
        side=Side.BUY,
        quantity=2_500,
        entry=Decimal(100_000),
        margin=100_000,
        leverage=Decimal(25),
        liquidation=Decimal(96_154),
    )


@pytest.mark.parametrize(
    ("payload", "severity", "text"),
    [
        (
            IntentPlanned(intent="i", action=ClosePosition(position=ID), target="t", run="r"),
            Severity.ACT,
            "close 7f3a0000",
        ),
        (
            IntentSettled(intent="i", state=IntentState.CONFIRMED, latency_ms=1_142),
            Severity.OK,
            "confirmed in 1,142 ms",
        ),
        (
            IntentSettled(intent="i", state=IntentState.NOT_APPLIED, by="fence"),
            Severity.WARN,
            "not applied, known by the fence",
        ),
        (
            PositionClosed(position=position(), end=PositionEnd.LIQUIDATED, pl=-100_000),
            Severity.CRIT,
            "7f3a0000 liquidated -100,000 sat",
        ),
        (BalanceChanged(balance=Balance(free=7_000)), Severity.WATCH, "free 7,000 sat"),
        (
            RunChanged(run="r", strategy="margin-guard", state=RunState.FAILED, reason="it broke"),
            Severity.CRIT,
            "margin-guard failed: it broke",
        ),
        (
            RunUpgraded(run="r", before=Version(), after=ONE, step=0, by=UpgradeEnd.STARTED),
            Severity.WATCH,
            "1.0+aaaaaaaaaaaa decides",
        ),
        (
            RunUpgraded(
                run="r",
                before=Version("1.1", "b" * 64),
                after=ONE,
                step=7,
                by=UpgradeEnd.ROLLED_BACK,
                reason="it broke",
            ),
            Severity.WARN,
            "1.0+aaaaaaaaaaaa decides instead of 1.1+bbbbbbbbbbbb: it broke",
        ),
        (
            CoverageChanged(coverage=Coverage(position=ID, state=CoverageState.DEGRADED)),
            Severity.WARN,
            "7f3a0000 degraded",
        ),
        (HaltChanged(level=HaltLevel.ALL, principal="owner"), Severity.CRIT, "all by owner"),
        (
            RestoreReconciled(
                backup="b",
                backup_at=datetime(2026, 11, 25, 3, 4, tzinfo=UTC),
                restored_at=datetime(2026, 11, 25, 4, tzinfo=UTC),
                increases=(Increase(target="positions/p", amount=82_541),),
            ),
            Severity.WARN,
            "acts again; 82,541 sat moved since the backup of 2026-11-25 03:04",
        ),
        (HaltChanged(level=HaltLevel.NONE, principal="owner"), Severity.OK, "resumed by owner"),
        (
            HaltChanged(level=HaltLevel.RISK, principal="owner", platform=True),
            Severity.CRIT,
            "all accounts: risk by owner",
        ),
        (
            StandingChanged(standing=Standing.DEGRADED, causes=(Cause("price_none", "No price."),)),
            Severity.CRIT,
            "degraded: No price.",
        ),
        (StandingChanged(standing=Standing.REDUCE_ONLY), Severity.WARN, "reduce-only"),
        (StandingChanged(standing=Standing.ACTIVE), Severity.OK, "active"),
    ],
)
def test_an_event_is_a_line_as_loud_as_it_matters(payload, severity, text):
    line = tell(payload)

    assert line is not None
    assert (line.severity, line.text) == (severity, text)


def test_a_run_and_a_person_are_told_apart():
    by_run = IntentPlanned(intent="i", action=ClosePosition(position=ID), target="", run="r")
    by_hand = IntentPlanned(intent="i", action=ClosePosition(position=ID), target="")

    assert [line.subject for line in map(tell, (by_run, by_hand)) if line] == ["guard", "you"]


def test_words_are_not_cut_as_ids_are():
    assert (short(ID), short("cross"), short(ID, 4)) == ("7f3a0000", "cross", "7f3a")
