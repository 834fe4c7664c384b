"""The book tells what changed, what is spent, and what must not be believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from axisor.events import (
    BalanceChanged,
    FundingPaid,
    IntentState,
    OrderChanged,
    PositionChanged,
    PositionClosed,
    PositionEnd,
)
from axisor.intents import AddMargin, CrossOrder, OpenPosition
from axisor.model import (
    AccountState,
    Balance,
    FeedQuality,
    Funding,
    Mode,
    Order,
    OrderState,
    OrderType,
    Position,
    Side,
)
from axisor.ports import ClosedPosition
from axisor_server.domain.account import AccountBook, diff, project
from axisor_server.domain.intent import encode_action
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.spending import Loss
from axisor_server.domain.witness import Baseline, encode_baseline

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = 86_400 * 1_000_000
BASE = 20_454 * DAY


def position(id: str = "p", margin: int = 100_000, pl: int = 0) -> Position:
    return Position(
        id=id,
        side=Side.BUY,
        quantity=2_500,
        entry=Decimal(100_000),
        margin=margin,
        leverage=Decimal(25),
        liquidation=Decimal(96_154),
        pl=pl,
    )


def order(id: str = "o", state: OrderState = OrderState.OPEN) -> Order:
    return Order(
        id=id,
        type=OrderType.LIMIT,
        side=Side.BUY,
        quantity=10,
        price=Decimal(90_000),
        state=state,
        margin=777,
    )


def record(id: str, state: IntentState, amount: int = 100, market_us: int = BASE) -> IntentRecord:
    return IntentRecord(
        id=id,
        account="a",
        target="positions/p",
        kind="AddMargin",
        additive=True,
        amount=amount,
        action=encode_action(AddMargin(position="p", amount=amount)),
        state=state,
        run="r",
        witness=encode_baseline(Baseline(market_us=market_us)),
        created_us=market_us,
        updated_us=market_us,
    )


def state(*positions: Position, orders: tuple[Order, ...] = (), free: int = 1_000) -> AccountState:
    return AccountState(balance=Balance(free=free), positions=positions, orders=orders)


def test_profit_alone_is_no_change():
    assert diff(state(position(pl=1)), state(position(pl=2))) == ()


def test_what_is_new_changed_and_gone_is_told():
    before = state(position("a"), position("b"))
    after = state(position("b", margin=1), position("c"), free=7)
    end = ClosedPosition(
        id="a", exit_price=Decimal("96154.5"), pl=-100_000, closed_at=NOW, end="liquidated"
    )

    found = diff(before, after, closed={"a": end})

    assert found == (
        BalanceChanged(balance=Balance(free=7)),
        PositionClosed(
            position=position("a"), end=PositionEnd.LIQUIDATED, exit_price="96154.5", pl=-100_000
        ),
        PositionChanged(position=position("b", margin=1)),
        PositionChanged(position=position("c")),
    )


@pytest.mark.parametrize("fee", [100, -40])
def test_a_funding_between_two_readings_is_told_with_its_sign(fee):
    seen = datetime(2026, 1, 1, 8, tzinfo=UTC)
    before = state(replace(position(), sum_funding_fees=500))
    after = replace(state(replace(position(), sum_funding_fees=500 + fee)), read_at=seen)

    told = [each for each in diff(before, after) if isinstance(each, FundingPaid)]

    assert told == [FundingPaid(funding=Funding("p", fee, seen))]


def test_an_end_nobody_told_is_unknown_and_an_unreadable_position_has_not_ended():
    before = state(position())

    found = diff(before, state())
    hidden = diff(before, replace(state(), unreadable=("p",)))

    assert found == (PositionClosed(position=position(), end=PositionEnd.UNKNOWN),)
    assert hidden == ()


def test_a_position_that_can_be_read_again_has_changed():
    blind = replace(state(position()), unreadable=("p",))

    assert diff(blind, state(position())) == (PositionChanged(position=position()),)
    assert diff(blind, blind) == ()


def test_an_order_that_became_a_position_was_filled_and_another_canceled():
    before = state(orders=(order("x"), order("y")))

    found = diff(before, state(position("x")))

    changes = [p.order for p in found if isinstance(p, OrderChanged)]
    assert [(o.id, o.state) for o in changes] == [
        ("x", OrderState.FILLED),
        ("y", OrderState.CANCELED),
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, 5), st.booleans()), min_size=1, max_size=20
    )
)
def test_folding_the_changes_gives_the_reading(history):
    told: AccountState | None = None
    seen = None
    for id, margin, there in history:
        others = () if seen is None else tuple(p for p in seen.positions if p.id != id)
        reading = state(*others, *((position(id, margin),) if there else ()), free=margin)
        for payload in diff(seen, reading):
            told = project(told, payload)
        seen = reading

    assert told is not None
    assert seen is not None
    assert {p.id: p for p in told.positions} == {p.id: p for p in seen.positions}
    assert told.balance == seen.balance


def test_everything_that_may_be_spent_counts_until_it_is_known_not_to_be():
    book = AccountBook(account="a", mode=Mode.SIM, state=state(position(), free=1_000))
    for id, end in (("1", IntentState.UNKNOWN), ("2", IntentState.CONFIRMED)):
        book = book.with_intent(record(id, end))
    book = book.with_intent(record("3", IntentState.NOT_APPLIED))
    book = book.with_intent(record("4", IntentState.REFUSED))

    assert book.spent_today("r", BASE + 1) == 200
    assert book.spent_today("other", BASE) == 0
    assert book.available == 900
    assert book.pending == {"p"}
    settled = book.with_intent(record("1", IntentState.NOT_APPLIED))
    assert settled.spent_today("r", BASE) == 100
    assert settled.pending == frozenset()


def test_a_day_ends_at_midnight_of_market_time():
    book = AccountBook(account="a", mode=Mode.SIM, state=state())
    book = book.with_intent(record("1", IntentState.CONFIRMED, market_us=BASE + DAY - 1))

    assert book.spent_today("r", BASE + DAY - 1) == 100
    assert book.spent_today("r", BASE + DAY) == 0


def test_a_view_offers_only_sats_that_nothing_has_a_claim_on():
    book = AccountBook(account="a", mode=Mode.SIM, state=state(position(), free=150))
    book = book.with_intent(record("1", IntentState.SENT, amount=400))

    view = book.view(now=NOW, tick=None, quality=FeedQuality.NONE, price_age_ms=None)

    assert view.balance.free == 0
    assert view.pending == {"p"}


def opening(id: str, action: OpenPosition | CrossOrder, state: IntentState) -> IntentRecord:
    """Return the record of an opening."""
    kind = type(action).__name__
    return replace(record(id, state), kind=kind, action=encode_action(action))


def test_a_view_shows_openings_that_no_reading_shows_and_the_days_loss():
    first = OpenPosition(side=Side.BUY, leverage=2, quantity=10)
    second = CrossOrder(side=Side.SELL, quantity=20)
    book = AccountBook(
        account="a",
        mode=Mode.SIM,
        state=state(),
        open={"2": opening("2", second, IntentState.UNKNOWN), "3": record("3", IntentState.SENT)},
        unread={"1": opening("1", first, IntentState.CONFIRMED)},
        losses=(Loss("p", 900, BASE), Loss("q", -200, BASE + 1), Loss("r", 50, BASE - 1)),
    )

    view = book.view(
        now=EPOCH + timedelta(microseconds=BASE),
        tick=None,
        quality=FeedQuality.NONE,
        price_age_ms=None,
    )

    assert view.opening == (first, second)
    assert view.lost_today == 700
