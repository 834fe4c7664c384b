"""Any sequence of requests and prints: no sat appears or vanishes, and restarts change nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal as D
from typing import Literal

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from axisor.exchange import (
    Account,
    CrossFilled,
    CrossLiquidated,
    Happening,
    Market,
    NewTrade,
    Quote,
    Rejected,
    Rules,
    seeded_ids,
)
from axisor.exchange.records import StopMode
from tests.sdk.exchange.venue import BUY, LIMIT, MARKET, NOON, SELL

RATE = D("0.003")
START = 20_000_000

sides = st.sampled_from([BUY, SELL])
halves = st.integers(180_000, 220_000)
picks = st.integers(0, 5)
amounts = st.integers(-10, 2_000_000)
quantities = st.integers(0, 30_000)
trails = st.decimals(D("0.0005"), D("0.05"), places=4)
exits = st.one_of(st.none(), halves.map(lambda half: D(half) / 2))
rules_of = st.builds(
    Rules,
    fee_tier=st.sampled_from(["by volume", 0, 3, None]),
    liquidate_on=st.sampled_from(["last", "executable"]),
)


def quote_at(half: int, spread: int, time) -> Quote:
    last = D(half) / 2
    return Quote(time, last, last - D(spread) / 2, last + D(spread) / 2)


class Exchange(RuleBasedStateMachine):
    """One account under requests and prints, beside a twin restored from every snapshot."""

    @initialize(rules=rules_of, rate=st.sampled_from([RATE, -RATE]))
    def begin(self, rules: Rules, rate: D):
        self.rate = rate
        self.market = Market(quote_at(200_000, 0, NOON), seeded_ids(7), rate)
        self.market.open_account("a", START, rules)
        self.cross_realised = 0

    @property
    def account(self) -> Account:
        return self.market.accounts[0]

    def ask(self, request: Callable[[Account, Market], object]) -> None:
        before = self.market.snapshot()
        twin = Market.restore(before, self.rate)
        rows = len(self.account.ledger)
        try:
            request(self.account, self.market)
        except Rejected as refusal:
            note(f"refused: {refusal.message}")
            assert self.market.snapshot() == before
            with pytest.raises(Rejected) as again:
                request(twin.accounts[0], twin)
            again.match(re.escape(refusal.message))
            return
        request(twin.accounts[0], twin)
        self.count(self.account.happened)
        assert twin.snapshot() == self.market.snapshot()
        assert len(self.account.ledger) >= rows

    def count(self, happened: tuple[Happening, ...]) -> None:
        for happening in happened:
            if isinstance(happening, CrossFilled | CrossLiquidated):
                self.cross_realised += happening.realised

    def trade_id(self, pick: int) -> str:
        ids = list(self.account.books.trades)
        return ids[pick % len(ids)] if ids else "none"

    # ---------------------------------------------------------------- prints

    @rule(half=halves, spread=st.integers(0, 40), minutes=st.integers(0, 600))
    def print_price(self, half: int, spread: int, minutes: int):
        quote = quote_at(half, spread, self.market.quote.time + timedelta(minutes=minutes))
        twin = Market.restore(self.market.snapshot(), self.rate)
        events = self.market.advance(quote)
        self.count(tuple(event.happening for event in events))
        assert twin.advance(quote) == events
        assert twin.snapshot() == self.market.snapshot()

    @rule(step=st.integers(-300, 300), spread=st.integers(0, 4))
    def step_price(self, step: int, spread: int):
        half = int(self.market.quote.last * 2) + step
        self.skip_is_sound(quote_at(max(2, half), spread, self.market.quote.time))

    def skip_is_sound(self, quote: Quote) -> None:
        """Apply a print twice: as usual, and to a twin that never asks its bounds."""
        low, high = self.account.bounds()
        twin = Market.restore(self.market.snapshot(), self.rate)
        executable = self.account.books.rules.liquidate_on == "executable"
        inside = low < (quote.low if executable else quote.last)
        inside = inside and (quote.high if executable else quote.last) < high
        forced = twin.accounts[0].react(quote)
        usual = self.account.on_quote(quote)
        self.count(usual)
        assert usual == forced
        assert twin.accounts[0].snapshot() == self.account.snapshot()
        assert not (inside and forced)
        self.count(tuple(event.happening for event in self.market.advance(quote)))

    # ---------------------------------------------------------------- isolated

    @rule(
        side=sides,
        quantity=st.one_of(st.none(), quantities),
        margin=st.one_of(st.none(), amounts),
        leverage=st.integers(0, 101),
        price=exits,
        stoploss=st.one_of(exits, trails),
        trailing=st.booleans(),
        takeprofit=exits,
    )
    def new_trade(self, side, quantity, margin, leverage, price, stoploss, trailing, takeprofit):
        order = NewTrade(
            type=MARKET if price is None else LIMIT,
            side=side,
            leverage=leverage,
            quantity=quantity,
            margin=margin,
            price=price,
            stoploss=stoploss,
            stoploss_mode="trailing" if trailing else "fixed",
            takeprofit=takeprofit,
        )
        self.ask(lambda a, m: a.isolated.new_trade(m.quote.time, m.quote, order))

    @rule(side=sides, quantity=st.integers(1, 30_000), leverage=st.integers(1, 100))
    def open_plainly(self, side, quantity, leverage):
        order = NewTrade(type=MARKET, side=side, leverage=leverage, quantity=quantity)
        self.ask(lambda a, m: a.isolated.new_trade(m.quote.time, m.quote, order))

    @rule(pick=picks)
    def close(self, pick):
        id = self.trade_id(pick)
        self.ask(lambda a, m: a.isolated.close(m.quote.time, m.quote, id))

    @rule(pick=picks)
    def cancel(self, pick):
        id = self.trade_id(pick)
        self.ask(lambda a, m: a.isolated.cancel(m.quote.time, id))

    @rule()
    def cancel_all(self):
        self.ask(lambda a, m: a.isolated.cancel_all(m.quote.time))

    @rule(pick=picks, amount=amounts)
    def add_margin(self, pick, amount):
        id = self.trade_id(pick)
        self.ask(lambda a, m: a.isolated.add_margin(m.quote.time, id, amount))

    @rule(pick=picks, amount=amounts)
    def cash_in(self, pick, amount):
        id = self.trade_id(pick)
        self.ask(lambda a, m: a.isolated.cash_in(m.quote.time, m.quote, id, amount))

    @rule(pick=picks, value=st.one_of(exits.map(lambda e: e or D(0)), trails), trail=st.booleans())
    def set_stoploss(self, pick, value, trail):
        id = self.trade_id(pick)
        mode: StopMode = "trailing" if trail else "fixed"
        self.ask(lambda a, m: a.isolated.set_stoploss(m.quote.time, m.quote, id, value, mode))

    @rule(pick=picks, value=exits.map(lambda e: e or D(0)))
    def set_takeprofit(self, pick, value):
        id = self.trade_id(pick)
        self.ask(lambda a, m: a.isolated.set_takeprofit(m.quote.time, m.quote, id, value))

    # ---------------------------------------------------------------- cross

    @rule(side=sides, quantity=st.integers(0, 500_001), price=exits)
    def cross_order(self, side, quantity, price):
        kind = MARKET if price is None else LIMIT
        self.ask(
            lambda a, m: a.cross.order(
                m.quote.time, m.quote, type=kind, side=side, quantity=quantity, price=price
            )
        )

    @rule(side=sides, quantity=st.integers(1_000, 40_000), leverage=st.integers(20, 100))
    def cross_plainly(self, side, quantity, leverage):
        """Fund, lever and trade at once, so that positions are common and die often."""
        self.ask(lambda a, m: a.cross.set_leverage(m.quote.time, leverage))
        self.ask(lambda a, m: a.cross.deposit(m.quote.time, quantity * 60))
        self.ask(
            lambda a, m: a.cross.order(
                m.quote.time, m.quote, type=MARKET, side=side, quantity=quantity
            )
        )

    @rule()
    def cross_close(self):
        self.ask(lambda a, m: a.cross.close_position(m.quote.time, m.quote))

    @rule()
    def cross_cancel_all(self):
        self.ask(lambda a, m: a.cross.cancel_all(m.quote.time))

    @rule(leverage=st.integers(0, 101))
    def cross_leverage(self, leverage):
        self.ask(lambda a, m: a.cross.set_leverage(m.quote.time, leverage))

    @rule(amount=st.integers(-1, 5_000_000))
    def cross_deposit(self, amount):
        self.ask(lambda a, m: a.cross.deposit(m.quote.time, amount))

    @rule(amount=st.integers(-1, 5_000_000))
    def cross_withdraw(self, amount):
        self.ask(lambda a, m: a.cross.withdraw(m.quote.time, m.quote, amount))

    # ---------------------------------------------------------------- wallet

    @rule(amount=st.integers(0, 100_000), dollars=st.booleans())
    def swap(self, amount, dollars):
        given = D(amount) / 100 if dollars else D(amount)
        asset: Literal["BTC", "USD"] = "USD" if dollars else "BTC"
        self.ask(lambda a, m: a.wallet.swap(m.quote.time, m.quote, given, asset))

    @rule(amount=st.integers(0, 100_000))
    def deposit(self, amount):
        def settled(account: Account, market: Market) -> None:
            made = account.wallet.create_deposit(market.quote.time, amount)
            account.wallet.settle_deposit(market.quote.time, made.id)

        self.ask(settled)

    @rule(sats=st.integers(1, 100_000), paid=st.booleans())
    def withdraw(self, sats, paid):
        def settled(account: Account, market: Market) -> None:
            invoice = f"lnbc{sats * 10}n1pqqqqqq"
            asked = account.wallet.withdraw_lightning(market.quote.time, invoice)
            account.wallet.settle_withdrawal(market.quote.time, asked.id, paid=paid, fee=int(paid))

        self.ask(settled)

    # ---------------------------------------------------------------- what always holds

    @invariant()
    def every_sat_is_accounted_for(self):
        books = self.account.books
        trades = [*books.trades.values(), *books.past]
        orders = [*books.cross_orders.values(), *books.cross_past]
        fees = sum(t.opening_fee + t.closing_fee for t in trades)
        fees += sum(order.trading_fee for order in orders)
        realised = sum(t.pl + t.sum_cash_in_pl for t in trades) + self.cross_realised
        funding = sum(row.fee for row in books.funding_fees)
        swapped = sum(s.in_amount if s.in_asset == "BTC" else -s.out_amount for s in books.swaps)
        held = sum(t.margin + t.maintenance_margin for t in books.trades.values())
        outside = sum(d.amount for d in books.lightning_deposits.values() if d.settled_at)
        outside -= sum(
            w.amount + w.fee
            for w in books.lightning_withdrawals.values()
            if w.status == "processed"
        )

        left = START + outside + realised - fees - funding - int(swapped)

        assert books.balance + held + books.cross.margin == left
        assert (books.sums.fees, books.sums.realised) == (fees, realised)
        assert (books.sums.funding, books.sums.swapped) == (funding, int(swapped))

    @invariant()
    def nothing_is_negative_that_must_not_be(self):
        books = self.account.books
        assert books.balance >= 0
        assert books.usd >= 0
        assert books.cross.margin >= 0
        for trade in books.trades.values():
            assert trade.margin > 0
            assert trade.maintenance_margin >= 0
            assert 1 <= trade.leverage <= 100
            assert trade.liquidation > 0
        for trade in [*books.trades.values(), *books.past]:
            assert [trade.open, trade.running, trade.closed, trade.canceled].count(True) == 1
            assert trade.pl >= -max(trade.margin, trade.entry_margin)

    @invariant()
    def the_ledger_numbers_its_rows_and_agrees_with_the_books(self):
        rows = self.account.ledger
        assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))

    @invariant()
    def the_state_can_always_be_read(self):
        state = self.account.state(self.market.quote.time, self.market.quote)
        assert state.balance.free == self.account.books.balance


TestExchange = Exchange.TestCase
TestExchange.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
