"""No margin is taken out at the edge: the plugin's reviewer, against the exchange engine."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import axisor_margin_guard
from axisor.errors import ReviewRefused
from axisor.exchange import Account, NewTrade, Quote, Rejected, Rules, seeded_ids
from axisor.intents import AddMargin, CashIn, WithdrawCross
from axisor.maths import is_nearer, leverage_of
from axisor.model import CROSS, MarginMode, OrderType, Position, Side
from axisor.strategy import View
from axisor_margin_guard.reviewing import LEAST, liquidation_after
from axisor_server.plugins import Plugins

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def opened(side: Side, leverage: int, price: int) -> tuple[Account, Position, Quote]:
    """Open 1,000 dollars at 100,000 and go to a price."""
    start = Quote.at(Decimal(100_000), NOW)
    rules = Rules(fee_tier=None)
    account = Account.new("a", NOW, seeded_ids(1), balance=10**8, rules=rules)
    order = NewTrade(type=OrderType.MARKET, side=side, leverage=leverage, quantity=1_000)
    trade = account.isolated.new_trade(NOW, start, order)
    return account, trade.position(), Quote.at(Decimal(price), NOW)


def view(position: Position, quote: Quote) -> View:
    return View(now=NOW, positions=(position,), tick=quote.tick(NOW))


def ask(action, seen: View):
    host = Plugins()
    host.register("margin-guard", axisor_margin_guard)
    return host.review(action, "", seen)


def test_hook_review_intent_refuses_a_cash_in_at_the_edge():
    _, position, quote = opened(Side.BUY, 25, 97_500)

    refusal = ask(CashIn(position=position.id, amount=60_000), view(position, quote))

    assert isinstance(refusal, ReviewRefused)
    assert "60,000 sat" in refusal.message


def test_a_cash_in_that_leaves_enough_passes():
    _, position, quote = opened(Side.BUY, 5, 100_000)

    assert ask(CashIn(position=position.id, amount=1_000), view(position, quote)) is None


def test_putting_margin_in_is_never_refused():
    _, position, quote = opened(Side.BUY, 25, 96_200)

    assert ask(AddMargin(position=position.id, amount=1), view(position, quote)) is None


def test_without_a_price_nothing_is_taken_out():
    _, position, _ = opened(Side.BUY, 5, 100_000)
    blind = View(now=NOW, positions=(position,))

    assert isinstance(ask(CashIn(position=position.id, amount=1), blind), ReviewRefused)


def test_a_position_that_is_not_there_is_left_to_others():
    assert ask(CashIn(position="nowhere", amount=1), View(now=NOW)) is None


@pytest.mark.parametrize(("amount", "refused"), [(1_000, False), (99_000, True), (200_000, True)])
def test_the_cross_wallet_is_judged_by_the_cross_formula(amount, refused):
    cross = Position(
        id=CROSS,
        side=Side.BUY,
        quantity=1_000,
        entry=Decimal(100_000),
        margin=100_000,
        leverage=leverage_of(1_000, 100_000, Decimal(100_000)),
        liquidation=Decimal(91_033),
        margin_mode=MarginMode.CROSS,
    )
    seen = view(cross, Quote.at(Decimal(100_000), NOW))

    assert (ask(WithdrawCross(amount=amount), seen) is not None) is refused


@given(
    side=st.sampled_from(Side),
    leverage=st.sampled_from([2, 5, 10, 25, 50]),
    price=st.integers(98_500, 101_500),
    amount=st.integers(1, 400_000),
)
def test_the_foreseen_liquidation_is_what_the_exchange_makes(side, leverage, price, amount):
    account, position, quote = opened(side, leverage, price)

    foreseen = liquidation_after(position, amount, quote.last)

    try:
        trade = account.isolated.cash_in(NOW, quote, position.id, amount)
    except Rejected:
        # The exchange also refuses what would need leverage above its most.
        edge = foreseen is None or is_nearer(side, quote.last, foreseen, LEAST * 2)
        assert edge
    else:
        assert trade.liquidation == foreseen
