"""States of the worked example, as a core would send them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from axisor.events import (
    Coverage,
    CoverageState,
    IntentPlanned,
    IntentSettled,
    IntentState,
    PositionChanged,
    RunState,
)
from axisor.intents import AddMargin
from axisor.maths import leverage_of, liquidation
from axisor.model import Balance, FeedQuality, Mode, Position, Side, Tick
from axisor.strategy import Floor, PlanRow
from axisor.wire.records import (
    Account,
    AccountBalance,
    PositionReport,
    Run,
    SeenEvent,
    SeenPayload,
    Snapshot,
    TickReport,
)
from axisor_tui.model.messages import (
    GuardSeen,
    Happened,
    Linked,
    Message,
    PriceSeen,
    Snapped,
    TimePassed,
)
from axisor_tui.model.reducing import reduce
from axisor_tui.model.state import State

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LONG = "7f3a0000-0000-4000-8000-000000000001"
SHORT = "e4100000-0000-4000-8000-000000000002"


def position(
    id: str = LONG,
    *,
    side: Side = Side.BUY,
    entry: int = 100_000,
    margin: int = 100_000,
    quantity: int = 2_500,
) -> Position:
    price = Decimal(entry)
    return Position(
        id=id,
        side=side,
        quantity=quantity,
        entry=price,
        margin=margin,
        leverage=leverage_of(quantity, margin, price),
        liquidation=liquidation(side, quantity, price, margin),
    )


def guard_run(state: RunState = RunState.RUNNING) -> Run:
    config = json.dumps({"trigger": "2", "target": "5", "trigger_by": "distance"})
    return Run(id="run1", account="acc", strategy="margin-guard", state=state, config=config)


def snapshot(*positions: Position, mode: Mode = Mode.SIM, sequence: int = 10) -> Snapshot:
    covers = tuple(Coverage(position=p.id, state=CoverageState.PROTECTED) for p in positions)
    return Snapshot(
        sequence=sequence,
        time=NOW,
        account=Account(id="acc", label="main", venue="lnmarkets", network="sim", mode=mode),
        balance=AccountBalance(balance=Balance(free=1_795_000)),
        positions=tuple(PositionReport(account="acc", position=p) for p in positions),
        runs=(guard_run(),),
        coverages=covers,
    )


def tick(last: str, n: int = 0, quality: FeedQuality = FeedQuality.FRESH) -> PriceSeen:
    price, time = Decimal(last), NOW + timedelta(seconds=n)
    made = Tick(
        time=time, received=time, last=price, bid=price, ask=price, funding_rate=Decimal("0.0001")
    )
    return PriceSeen(TickReport(tick=made, quality=quality, age=timedelta(0)), 1_000 * n)


def event(sequence: int, payload: SeenPayload, n: int = 0, *, mode: Mode = Mode.SIM) -> Happened:
    return Happened(
        SeenEvent(
            stream="accounts/acc",
            sequence=sequence,
            time=NOW + timedelta(seconds=n),
            mode=mode,
            kind=type(payload).__name__,
            payload=payload,
        )
    )


def rescue(n: int = 20) -> tuple[Message, ...]:
    """The messages of one rescue: planned, confirmed, the position as it is afterwards."""
    return (
        event(
            11,
            IntentPlanned(
                intent="i1",
                action=AddMargin(position=LONG, amount=82_541),
                target=f"positions/{LONG}",
                run="run1",
                step=1,
            ),
            n,
        ),
        event(12, IntentSettled(intent="i1", state=IntentState.CONFIRMED, latency_ms=142), n),
        event(13, PositionChanged(position=position(margin=182_541)), n),
    )


def forecast() -> GuardSeen:
    row = PlanRow(
        price=Decimal("98115.5"),
        move=Decimal("-0.019"),
        position=LONG,
        action="add_margin",
        cost=82_400,
        budget_left=417_600,
        liquidation=Decimal("93209.5"),
    )
    floor = Floor(side=Side.BUY, price=Decimal("78063"), move=Decimal("-0.199"), position=LONG)
    cover = Coverage(position=LONG, state=CoverageState.PROTECTED)
    return GuardSeen(plan=(row,), floors=(floor,), coverages=(cover,))


def play(*messages: Message, state: State | None = None) -> State:
    found = state or State()
    for message in messages:
        found = reduce(found, message)
    return found


def example(mode: Mode = Mode.SIM) -> State:
    """The worked example just before the guard acts."""
    short = position(SHORT, side=Side.SELL, margin=300_000, quantity=1_500)
    prices = [tick(str(100_000 - 100 * n), n) for n in range(20)]
    return play(
        Linked("127.0.0.1:8420"),
        Snapped(snapshot(position(), short, mode=mode)),
        forecast(),
        *prices,
        TimePassed(19_400, NOW + timedelta(seconds=19)),
    )
