"""What goes beyond a limit is refused; what protects or closes never is."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from axisor.errors import AxisorError, ConfigInvalid
from axisor.exchange import Account, Quote, seeded_ids
from axisor.exchange.actions import carry_out
from axisor.intents import (
    Action,
    AddMargin,
    CancelAllOrders,
    CancelOrder,
    CashIn,
    ClosePosition,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    WithdrawCross,
)
from axisor.model import (
    Balance,
    CrossWallet,
    MarginMode,
    Order,
    OrderState,
    OrderType,
    Side,
    Tick,
)
from axisor.strategy import View
from axisor.testing import market
from axisor.testing.script import crossed, opened
from axisor_limits import Limits, LimitsConfig
from axisor_limits.config import read
from axisor_limits.exposure import exposure
from axisor_limits.reviewing import review
from tests.plugins import played

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PRICE = Decimal(100_000)
TICK = Tick(NOW, NOW, PRICE, PRICE, PRICE)
LONG = opened("long", Side.BUY, 1_000, 100_000, 10)
CROSS = crossed(Side.BUY, 500, 100_000, 500_000)
EMPTY = View(now=NOW, balance=Balance(10_000_000), tick=TICK, price_age_ms=0)
BUSY = replace(EMPTY, positions=(LONG, CROSS), cross=CrossWallet(500_000, 20))
PROTECTIVE: tuple[Action, ...] = (
    AddMargin(position="long", amount=1_000),
    DepositCross(amount=1_000),
    ClosePosition(position="long"),
    ClosePosition(position="cross"),
    SetStop(position="long", price=Decimal(95_000)),
    SetTakeProfit(position="long", price=Decimal(105_000)),
    CrossOrder(side=Side.SELL, quantity=500, reduce=True),
    CrossOrder(side=Side.SELL, quantity=500),
    CancelOrder(order="o"),
    CancelAllOrders(),
)
many = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def open_(quantity: int | None = 100, *, leverage: int = 2, **more: Any) -> OpenPosition:
    """Return an opening."""
    return OpenPosition(side=Side.BUY, leverage=leverage, quantity=quantity, **more)


def waiting(quantity: int, mode: MarginMode, side: Side = Side.BUY) -> Order:
    """Return an order that waits."""
    kind, state = OrderType.LIMIT, OrderState.OPEN
    return Order("o", kind, side, quantity, PRICE, state, margin_mode=mode)


def refusal(action: Action, view: View = BUSY, **limits: Any) -> str:
    """Return the text of the refusal, or nothing."""
    found = review(LimitsConfig(**limits), action, view)
    return "" if found is None else found.message


@pytest.mark.parametrize(("limit", "refused"), [(1_600, False), (1_599, True)])
def test_exposure_adds_up(limit: int, refused: bool):
    assert ("exposure" in refusal(open_(100), max_exposure_usd=limit)) is refused


def test_what_waits_or_is_under_way_counts():
    view = replace(
        EMPTY,
        orders=(waiting(300, MarginMode.ISOLATED), waiting(200, MarginMode.CROSS)),
        opening=(open_(50), CrossOrder(side=Side.SELL, quantity=700)),
    )

    assert exposure(view) == 300 + 50 + 700
    assert exposure(view, CrossOrder(side=Side.BUY, quantity=600)) == 300 + 50 + 800


def test_an_opening_by_margin_counts_what_the_margin_buys():
    action = open_(None, margin=1_000_000, leverage=2)  # 2,000 dollars

    assert "exposure" in refusal(action, EMPTY, max_exposure_usd=1_999)
    assert refusal(action, EMPTY, max_exposure_usd=2_000) == ""
    limit = open_(None, margin=1_000_000, type=OrderType.LIMIT, price=Decimal(50_000))
    assert refusal(limit, EMPTY, max_exposure_usd=1_000) == ""


def test_what_cannot_be_told_is_refused():
    blind = replace(BUSY, tick=None)
    unread = replace(BUSY, unreadable=frozenset({"other"}))

    assert "no price" in refusal(open_(None, margin=1_000), blind, max_exposure_usd=10**9)
    assert "Without a price" in refusal(open_(), blind, max_account_leverage=100)
    assert "not be read" in refusal(open_(), unread, max_exposure_usd=10**9)


def test_leverage_is_bounded_wherever_it_comes_from():
    limits: dict[str, Any] = {"max_leverage": 10}

    assert "leverage of 11" in refusal(open_(leverage=11), **limits)
    assert refusal(open_(leverage=10), **limits) == ""
    assert "leverage of 20" in refusal(CrossOrder(side=Side.BUY, quantity=1), **limits)
    assert "leverage of 11" in refusal(SetCrossLeverage(leverage=11), **limits)
    assert "above the limit" in refusal(CashIn(position="long", amount=1_000), **limits)
    assert "above the limit" in refusal(CashIn(position="long", amount=10**9), **limits)
    assert "above the limit" in refusal(WithdrawCross(amount=460_000), **limits)
    assert "above the limit" in refusal(WithdrawCross(amount=500_000), **limits)
    assert refusal(WithdrawCross(amount=400_000), **limits) == ""
    assert refusal(CashIn(position="gone", amount=1), **limits) == ""


def test_profit_may_be_cashed_in():
    view = replace(BUSY, positions=(replace(LONG, pl=50_000),))

    assert refusal(CashIn(position="long", amount=50_000), view, max_leverage=10) == ""


def test_the_whole_account_has_a_leverage():
    rich = replace(EMPTY, balance=Balance(100_000))  # worth 100 dollars

    assert refusal(open_(300), rich, max_account_leverage=3) == ""
    assert "3.01 times" in refusal(open_(301), rich, max_account_leverage=3)
    poor = replace(EMPTY, balance=Balance(0))
    assert "nothing left" in refusal(open_(1), poor, max_account_leverage=3)


def test_there_are_so_many_positions_and_no_more():
    assert refusal(open_(), max_positions=3) == ""
    assert "2 positions" in refusal(open_(), max_positions=2)
    assert refusal(CrossOrder(side=Side.BUY, quantity=1), max_positions=2) == ""
    under_way = replace(BUSY, opening=(open_(),))
    assert "3 positions" in refusal(open_(), under_way, max_positions=3)


def test_after_the_days_loss_nothing_is_opened():
    lost = replace(BUSY, lost_today=5_000)

    assert refusal(open_(), lost, max_day_loss_sats=5_001) == ""
    assert "lost 5,000 sat" in refusal(open_(), lost, max_day_loss_sats=5_000)


@pytest.mark.parametrize("action", PROTECTIVE, ids=lambda a: type(a).__name__)
def test_what_protects_or_closes_always_passes(action: Action):
    tightest = {
        "max_exposure_usd": 1,
        "max_leverage": 1,
        "max_account_leverage": 1,
        "max_positions": 1,
        "max_day_loss_sats": 1,
    }
    worst = replace(BUSY, tick=None, lost_today=10**9, unreadable=frozenset({"x"}))

    assert refusal(action, worst, **tightest) == ""


def test_a_smaller_cross_order_that_may_meet_another_is_judged():
    view = replace(BUSY, orders=(waiting(500, MarginMode.CROSS, Side.SELL),))

    assert "exposure" in refusal(CrossOrder(side=Side.SELL, quantity=500), view, max_exposure_usd=1)


def test_hook_review_intent_refuses_until_there_are_limits():
    plugin = Limits()

    with pytest.raises(ConfigInvalid, match="not given"):
        plugin.review_intent(open_(), EMPTY)
    plugin.configure({"max_positions": 1})
    assert plugin.review_intent(open_(), EMPTY) is None
    assert isinstance(plugin.review_intent(open_(), BUSY), AxisorError)


@pytest.mark.parametrize(
    "given", [{}, {"max_positions": 0}, {"max_position": 1}, {"max_leverage": "3"}]
)
def test_limits_that_make_no_sense_are_refused(given: dict[str, Any]):
    with pytest.raises(ConfigInvalid):
        read(given)


ACTIONS = st.one_of(
    st.builds(open_, st.integers(1, 900), leverage=st.integers(1, 30)),
    st.builds(CrossOrder, side=st.sampled_from(Side), quantity=st.integers(1, 900)),
    st.just(DepositCross(amount=200_000)),
    st.just(ClosePosition(position="cross")),
)


@many
@given(st.lists(ACTIONS, max_size=25), st.integers(1, 4))
def test_no_order_of_actions_goes_beyond_the_limits(actions: list[Action], most: int):
    config = LimitsConfig(max_exposure_usd=1_000, max_positions=most, max_leverage=20)
    account = Account.new("limited", NOW, seeded_ids(0), balance=10_000_000)
    quote = Quote.at(PRICE, NOW)
    carry_out(account, SetCrossLeverage(leverage=20), NOW, quote)

    for action in actions:
        state = account.state(NOW, quote)
        view = replace(EMPTY, balance=state.balance, positions=state.positions, cross=state.cross)
        if review(config, action, view) is None:
            _tried(account, action, quote)
        now = account.state(NOW, quote)
        assert sum(p.quantity for p in now.positions) <= 1_000
        assert len(now.positions) <= most


def _tried(account: Account, action: Action, quote: Quote) -> None:
    try:
        carry_out(account, action, NOW, quote)
    except AxisorError:
        return  # the venue has rules of its own


def limited(path: list[Any]) -> None:
    """Open at each tenth print, and require that the limits held at each print."""
    config = LimitsConfig(max_exposure_usd=2_000, max_positions=3, max_account_leverage=2)
    start = path[0][0]
    worth = int(2_000 * 100_000_000 / path[0][1])
    account = Account.new("limited", start, seeded_ids(0), balance=worth)
    refused = opened_ = 0
    for place, (now, price) in enumerate(path):
        quote = Quote.at(price, now)
        account.on_quote(quote)
        if place % 10:
            continue
        state, tick = account.state(now, quote), Tick(now, now, price, price, price)
        view = View(now=now, balance=state.balance, positions=state.positions, tick=tick)
        action = open_(600, leverage=25, stoploss=None)
        if review(config, action, view) is None:
            carry_out(account, action, now, quote)
            opened_ += 1
        else:
            refused += 1
        assert sum(p.quantity for p in account.state(now, quote).positions) <= 2_000
    assert opened_ >= 3
    assert refused > 0


@pytest.mark.parametrize("seed", played.SEEDS)
def test_over_a_seeded_market(seed: int):
    limited(played.spaced(market.walk(seed, 800, start=60_000)))


def test_over_real_minutes():
    limited(played.real(count=400))
