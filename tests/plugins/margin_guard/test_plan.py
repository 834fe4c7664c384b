"""The plan and the floors, on the console's portfolio and against a walk of every half dollar."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from axisor.model import FeedQuality, Side
from axisor.strategy import Floor, View
from axisor_margin_guard import GuardConfig, GuardMemory, MarginGuard
from tests.plugins.margin_guard import oracle
from tests.plugins.margin_guard.cases import isolated, view

FOLIO = (
    isolated("A", Side.BUY, 5_000, 103_250, 10),
    isolated("B", Side.BUY, 2_500, 98_600, 25),
    isolated("C", Side.SELL, 1_500, 96_800, 5),
    isolated("D", Side.BUY, 800, 99_100, 3),
)
CONSOLE = view(FOLIO, 97_400, free=1_850_000)


def guard(budget: int | None, reserve: int = 0) -> MarginGuard:
    return MarginGuard(GuardConfig(budget_day=budget, reserve=reserve), GuardMemory())


def lower(budget: int | None, seen: View = CONSOLE, reserve: int = 0) -> Floor:
    return next(f for f in guard(budget, reserve).floors(seen) if f.side is Side.BUY)


def test_the_plan_of_the_console_portfolio():
    rows = [r for r in guard(500_000, 250_000).plan(CONSOLE) if r.price < 97_400]

    assert [(str(r.price), r.position, r.action, r.cost, r.budget_left) for r in rows] == [
        ("96742", "B", "add_margin", 83_291, 416_709),
        ("95779", "A", "add_margin", 168_218, 248_491),
        ("93780", "B", "add_margin", 85_904, 162_587),
        ("92846.5", "A", "add_margin", 162_587, 0),
        ("90909", "B", "floor", 0, 0),
    ]


def test_the_floor_of_the_console_portfolio():
    floor = lower(500_000, reserve=250_000)

    assert (floor.price, floor.position) == (Decimal(90_909), "B")
    assert floor.move == Decimal("-0.0666")
    assert (floor.extra, floor.extra_price) == (1_350_000, Decimal(78_064))


def test_the_floor_with_the_whole_balance():
    assert lower(1_850_000).price == Decimal(78_064)


def test_the_floor_equals_a_walk_of_every_half_dollar():
    for money in (500_000, 1_850_000):
        walkers = [
            oracle.Walker(p.side is Side.BUY, p.quantity, int(p.entry * 2), p.margin)
            for p in FOLIO
            if p.side is Side.BUY
        ]

        walked = oracle.floor2(walkers, 2 * 97_400, 0, money, 200, 500)

        assert walked is not None
        assert lower(money).price == Decimal(walked) / 2


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from(Side),
    st.integers(100, 5_000),
    st.integers(500, 2_000),
    st.integers(5, 40),
    st.integers(0, 2_000_000),
)
def test_one_positions_floor_equals_the_walk(
    side: Side, quantity: int, entry: int, leverage: int, money: int
):
    position = isolated("p", side, quantity, entry, leverage)
    walker = oracle.Walker(side is Side.BUY, quantity, entry * 2, position.margin)
    end2 = entry // 5 if side is Side.BUY else entry * 20
    cap = 2 * quantity * oracle.SATS // (entry * 2) - position.margin

    floors = guard(min(money, cap) or 1).floors(view((position,), entry, free=money))

    found = next(f.price for f in floors if f.side is side)
    walked = oracle.floor2([walker], entry * 2, end2, min(money, cap), 200, 500)
    assert found == (None if walked is None else Decimal(walked) / 2)


def test_no_floor_is_claimed_without_a_usable_price():
    assert guard(500_000).floors(replace(CONSOLE, quality=FeedQuality.STALE)) == ()


def test_the_nearer_floor_comes_first():
    floors = guard(500_000).floors(CONSOLE)

    assert [f.side for f in floors] == [Side.BUY, Side.SELL]


def test_what_if_tells_a_jump_from_a_walk():
    rows = {r.position: r for r in guard(500_000).whatif(CONSOLE, Decimal(94_478), 0)}

    assert {id for id, row in rows.items() if row.gap} == {"B"}
    assert rows["B"].guarded == "held, adds 83291 sats"
    assert rows["A"].pl < 0
    assert guard(500_000).whatif(CONSOLE, Decimal(97_400), 0)[0].leverage == Decimal("26.5423")
