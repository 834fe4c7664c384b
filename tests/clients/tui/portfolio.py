"""A whole account with everything on it, as a core would tell it: four positions, runs, orders."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import msgspec

from axisor.events import (
    Coverage,
    CoverageState,
    HaltLevel,
    IntentPlanned,
    IntentSettled,
    IntentState,
    NoticeGiven,
    OrderChanged,
    RunState,
    Standing,
)
from axisor.intents import AddMargin, SetStop
from axisor.model import (
    Balance,
    FeedQuality,
    Mode,
    Order,
    OrderState,
    OrderType,
    Permission,
    Position,
    Severity,
    Side,
)
from axisor.strategy import Floor, PlanRow
from axisor.wire.records import (
    Account,
    AccountBalance,
    IntentSummary,
    PositionReport,
    Run,
    Snapshot,
    StepSummary,
)
from axisor_margin_guard.config import GuardConfig
from axisor_tui.model.messages import (
    CoreSeen,
    Explained,
    GuardSeen,
    Linked,
    Message,
    Snapped,
    StrategiesSeen,
    TimePassed,
    Waiting,
)
from axisor_tui.model.records import (
    AccountLook,
    Budget,
    CoreLook,
    PluginLook,
    SettingLook,
    StrategyLook,
)
from axisor_tui.model.state import State
from tests.clients.tui import told
from tests.clients.tui.answers import A, B, C, D, confirmation, explanation, what_if
from tests.clients.tui.support import NOW, event, guard_run, play, position, tick

GUARD_CONFIG = {
    "trigger": "2",
    "target": "5",
    "trigger_by": "distance",
    "budget_day": 500_000,
    "reserve": 250_000,
    "ladder": ["add_margin", "alert"],
    "overrides": [{"match": "id = e410", "guard": False}],
}
GUARD_SCHEMA = msgspec.json.encode(msgspec.json.schema(GuardConfig)).decode()


def positions() -> tuple[Position, ...]:
    stop, take = Decimal(95_300), Decimal(102_900)
    return (
        position(A, entry=103_250, margin=484_262, quantity=5_000),
        msgspec.structs.replace(
            position(B, entry=98_600, margin=101_420), stoploss=stop, takeprofit=take
        ),
        position(C, side=Side.SELL, entry=96_800, margin=309_917, quantity=1_500),
        position(D, entry=99_100, margin=269_088, quantity=800),
    )


def runs(mode: Mode) -> tuple[Run, ...]:
    rights = Permission.READ | Permission.ADJUST_MARGIN
    return (
        msgspec.structs.replace(
            guard_run(), config=json.dumps(GUARD_CONFIG), permissions=rights, mode=mode
        ),
        Run(
            id="run2",
            account="acc",
            strategy="trail-stop",
            state=RunState.RUNNING,
            label="trailing stop",
            config=json.dumps({"distance": "2.2"}),
            permissions=rights,
        ),
        Run(
            id="run3",
            account="acc",
            strategy="dca",
            state=RunState.PAUSED,
            label="weekly buy",
            config=json.dumps({"quantity": 500}),
            permissions=Permission.READ | Permission.TRADE,
        ),
        Run(
            id="run4",
            account="acc",
            strategy="grid",
            state=RunState.FAILED,
            label="grid of ben",
            reason="ZeroDivisionError, 3 times in 60 s",
            config=json.dumps({"levels": 8}),
            permissions=Permission.READ | Permission.TRADE,
        ),
    )


def order(state: OrderState = OrderState.OPEN) -> Order:
    return Order(
        id="a9d00000-0000-4000-8000-00000000000f",
        type=OrderType.LIMIT,
        side=Side.BUY,
        quantity=500,
        price=Decimal(95_000),
        state=state,
        leverage=Decimal(5),
    )


def snapshot(mode: Mode) -> Snapshot:
    held = positions()
    covers = [Coverage(position=p.id, state=CoverageState.PROTECTED) for p in held if p.id != C]
    return Snapshot(
        sequence=10,
        time=NOW,
        account=Account(id="acc", label="main", venue="lnmarkets", network="sim", mode=mode),
        balance=AccountBalance(balance=Balance(free=1_850_000)),
        positions=tuple(PositionReport(account="acc", position=p) for p in held),
        orders=(order(),),
        runs=runs(mode),
        coverages=tuple(covers),
    )


def happened(mode: Mode) -> tuple[Message, ...]:
    """What the journal says after the snapshot: orders, a stop moved, margin added, a notice."""
    stop = SetStop(position=B, price=Decimal(95_300))
    add = AddMargin(position=A, amount=50_000)
    target = f"positions/{A}"
    told = (
        (11, OrderChanged(order=order()), 1),
        (12, _step("run1", 40, "tick 97,400"), 2),
        (13, IntentPlanned(intent="i1", action=stop, target=f"positions/{B}", run="run2"), 3),
        (14, IntentSettled(intent="i1", state=IntentState.CONFIRMED, latency_ms=138), 3),
        (15, _step("run2", 12, "tick 97,440", "stop of 7f3a0000 at 95,300"), 3),
        (16, IntentPlanned(intent="i2", action=add, target=target, principal="console"), 5),
        (17, IntentSettled(intent="i2", state=IntentState.CONFIRMED, latency_ms=151), 5),
        (
            18,
            NoticeGiven(
                severity=Severity.WARN,
                code="near",
                text="7f3a0000 fell below 3.0% distance (2.7%)",
                position=B,
                run="run1",
            ),
            9,
        ),
    )
    return tuple(event(number, payload, n, mode=mode) for number, payload, n in told)


def _step(run: str, step: int, cause: str, *asked: str) -> StepSummary:
    intents = tuple(IntentSummary(kind="SetStop", text=text) for text in asked)
    return StepSummary(run=run, step=step, cause=cause, intents=intents)


def forecast() -> GuardSeen:
    rows = (
        ("96742.5", "-0.007", B, "add_margin", 83_271, 416_729, "91905", ""),
        ("95779", "-0.017", A, "add_margin", 168_217, 248_512, "90990", ""),
        ("93781", "-0.037", B, "add_margin", 85_901, 162_611, "89092", ""),
        ("92847", "-0.047", A, "add_margin", 162_611, 0, "88375", "budget empty: 4.8% reached"),
        ("90910", "-0.067", B, "alert", 0, 0, None, "below 2.0%: the floor"),
    )
    plan = tuple(
        PlanRow(
            price=Decimal(price),
            move=Decimal(move),
            position=id,
            action=action,
            cost=cost,
            budget_left=left,
            liquidation=None if liq is None else Decimal(liq),
            note=note,
        )
        for price, move, id, action, cost, left, liq, note in rows
    )
    floor = Floor(
        side=Side.BUY,
        price=Decimal(90_910),
        move=Decimal("-0.067"),
        position=B,
        extra=1_850_000,
        extra_price=Decimal(78_063),
    )
    covers = [Coverage(position=id, state=CoverageState.PROTECTED) for id in (A, B, D)]
    return GuardSeen(plan=plan, floors=(floor,), coverages=tuple(covers), budget_left=500_000)


def look(mode: Mode) -> CoreSeen:
    account = AccountLook(
        id="acc",
        label="main",
        mode=mode,
        standing=Standing.ACTIVE,
        halt=HaltLevel.NONE,
        quality=FeedQuality.FRESH,
        price_age=timedelta(seconds=0.4),
        reconcile_age=timedelta(seconds=42),
        positions=4,
        protected=3,
        running=2,
    )
    budget = Budget(
        venue="lnmarkets",
        network="mainnet",
        limit="1",
        used="0.4",
        guard="0.5",
        latency=timedelta(milliseconds=142),
    )
    plugins = (
        PluginLook(
            id="margin-guard",
            version="0.1.0",
            state="enabled",
            place="core",
            strategies=("margin-guard",),
            hooks=("axisor_strategies", "axisor_review"),
        ),
        PluginLook(
            id="lnmarkets", version="0.1.0", state="enabled", place="core", venues=("lnmarkets",)
        ),
        PluginLook(
            id="grid-ben",
            version="0.3.1",
            state="quarantined",
            place="runner",
            error="ZeroDivisionError, 3 times in 60 s",
            strategies=("grid",),
            faults=3,
        ),
    )
    return CoreSeen(
        CoreLook(
            version="0.1.0",
            replica="one",
            max_mode=Mode.LIVE,
            started_at=NOW - timedelta(days=12, hours=4),
            told_at=NOW,
            accounts=(account,),
            budgets=(budget,),
            plugins=plugins,
            settings=(
                SettingLook("mode.max", "live", "file core.toml"),
                SettingLook("rpc.port", "8420", "default"),
                SettingLook("vault.passphrase", "***", "environment AXISOR_PASSPHRASE"),
            ),
        )
    )


def strategies() -> StrategiesSeen:
    return StrategiesSeen(
        (
            StrategyLook(
                id="margin-guard",
                plugin="margin-guard",
                version="0.1.0",
                title="Adds margin before a position is liquidated.",
                documentation="Keeps every position away from liquidation within a budget.",
                schema=GUARD_SCHEMA,
                permissions=Permission.READ | Permission.ADJUST_MARGIN,
            ),
        )
    )


def portfolio(mode: Mode = Mode.LIVE) -> State:
    """The whole, with prices up to 97,400."""
    path = [97_900, 98_300, 98_900, 98_500, 98_100, 97_700, 97_500, 97_800, 97_600, 97_400]
    prices = [tick(str(price), n) for n, price in enumerate(path, 10)]
    return play(
        Linked("umbrel.local:8420"),
        Snapped(snapshot(mode)),
        *happened(mode),
        forecast(),
        look(mode),
        strategies(),
        what_if(),
        told.alerts(mode),
        told.deliveries(),
        Waiting((confirmation(),)),
        Explained(18, explanation()),
        *prices,
        TimePassed(19_400, NOW + timedelta(seconds=19)),
    )
