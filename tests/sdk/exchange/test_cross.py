"""The cross position: the published examples to the sat, netting, orders and liquidation."""

from decimal import Decimal as D

import pytest

from axisor.exchange import CrossCanceled, CrossFilled, CrossLiquidated, Rejected
from tests.sdk.exchange.venue import BUY, LIMIT, MARKET, SELL, Venue


class Wallet(Venue):
    """A venue whose cross wallet holds some sats at ten times."""

    def __init__(self, margin: int = 500_000, leverage: int = 10, **more) -> None:
        super().__init__(balance=10_000_000, **more)
        self.cross = self.account.cross
        self.cross.deposit(self.now, margin)
        self.cross.set_leverage(self.now, leverage)

    def trade(self, side, quantity: int):
        """Trade at the market."""
        return self.cross.order(self.now, self.quote, type=MARKET, side=side, quantity=quantity)

    def wait(self, side, quantity: int, price: int):
        """Place a limit order."""
        return self.cross.order(
            self.now, self.quote, type=LIMIT, side=side, quantity=quantity, price=D(price)
        )

    @property
    def held(self):
        return self.cross.position(self.quote)


def test_a_deposit_then_a_long():
    venue = Wallet()

    order = venue.trade(BUY, 1000)
    venue.move(101_000)

    assert (order.trading_fee, order.price, order.filled) == (1_000, D(100_000), True)
    assert (venue.held.margin, venue.held.liquidation) == (499_000, D(66_778))
    assert (venue.held.running_margin, venue.held.maintenance_margin) == (100_000, 1_500)
    assert (venue.held.delta_pl, venue.held.total_pl) == (9_901, 9_901)
    assert venue.held.trading_fees == 1_000
    assert venue.balance == 10_000_000 - 500_000


@pytest.mark.parametrize(("margin", "accepted"), [(102_500, False), (102_501, True)])
def test_a_position_needs_more_than_running_and_maintenance_margin(margin: int, accepted: bool):
    # After the fee of 1,000 the wallet must hold more than 100,000 + 1,500.
    venue = Wallet(margin)

    try:
        venue.trade(BUY, 1000)
        done = True
    except Rejected:
        done = False

    assert done is accepted


def test_the_wallet_of_101500_is_refused():
    venue = Wallet(101_500)

    with pytest.raises(Rejected):
        venue.trade(BUY, 1000)


def test_buying_more_averages_by_value():
    venue = Wallet(5_000_000)
    venue.trade(BUY, 1000)
    venue.move(50_000)

    venue.trade(BUY, 2000)

    assert (venue.held.quantity, venue.held.entry_price) == (3000, D(60_000))


def test_a_larger_opposite_order_turns_the_position():
    venue = Wallet()
    venue.trade(BUY, 1000)
    venue.move(110_000)

    order = venue.trade(SELL, 1500)

    assert order.trading_fee == 1_363
    assert (venue.held.quantity, venue.held.entry_price) == (-500, D(110_000))
    assert venue.held.margin == 499_000 + 90_909 - 1_363
    assert venue.held.total_pl == 0


def test_reducing_at_a_loss_carries_the_loss_in_the_entry():
    venue = Wallet()
    venue.trade(BUY, 1000)
    venue.move(95_000)

    order = venue.trade(SELL, 400)

    assert order.trading_fee == 421
    assert (venue.held.quantity, venue.held.entry_price) == (600, D("103636.5"))
    assert venue.held.margin == 499_000 - 421


def test_reducing_at_a_profit_realises_it_rounded_down():
    venue = Wallet()
    venue.trade(BUY, 1000)
    venue.move(110_000)

    order = venue.trade(SELL, 400)

    assert (venue.held.quantity, venue.held.entry_price) == (600, D(100_000))
    assert venue.held.margin == 499_000 + 36_363 - order.trading_fee
    assert venue.held.total_pl == 36_363 + 54_545


def test_a_loss_too_large_for_the_rest_is_paid():
    venue = Wallet(5_000_000, leverage=1)
    venue.trade(BUY, 1000)
    venue.move(50_000)

    venue.trade(SELL, 990)

    assert (venue.held.quantity, venue.held.entry_price) == (10, D(100_000))
    assert venue.held.margin == 5_000_000 - 1_000 - 990_000 - 1_980


def test_an_equal_opposite_order_closes():
    venue = Wallet()
    venue.trade(SELL, 1000)
    venue.move(95_000)

    order = venue.cross.close_position(venue.now, venue.quote)

    assert (order.side, order.quantity, order.trading_fee) == (BUY, 1000, 1_052)
    assert venue.held.margin == 499_000 + 52_632 - 1_052
    assert venue.held.entry_price is None
    assert venue.held.liquidation is None
    assert (venue.held.running_margin, venue.held.total_pl) == (0, 0)


def test_liquidation_takes_the_wallet_but_the_reserve():
    venue = Wallet()
    venue.trade(BUY, 1000)

    untouched = venue.move("66778.5")
    (happened,) = venue.move(66_778)

    # The closing fee floor(10^11 / 66,778 x 0.1 %) = 1,497 comes out of the reserve of 1,500.
    assert untouched == []
    assert isinstance(happened, CrossLiquidated)
    assert (happened.order.type, happened.order.price) == ("liquidation", D(66_778))
    assert (happened.realised, happened.order.trading_fee) == (-497_500, 1_497)
    assert (venue.held.quantity, venue.held.margin) == (0, 3)
    assert venue.cross.filled_orders()[-1] == happened.order


def test_a_limit_order_fills_when_met_and_not_on_arrival():
    venue = Wallet()
    above = venue.wait(SELL, 100, 70_000)

    order = venue.wait(BUY, 1000, 99_000)
    early = venue.move(99_500)
    (filled,) = venue.move(98_900)

    assert early == []
    assert isinstance(filled, CrossFilled)
    assert (filled.order.id, filled.order.price) == (order.id, D(99_000))
    assert filled.position.quantity == 1000
    assert venue.cross.open_orders() == (above,)


def test_a_limit_order_the_wallet_cannot_bear_any_more_is_canceled():
    venue = Wallet()
    order = venue.wait(BUY, 4000, 99_000)
    venue.cross.withdraw(venue.now, venue.quote, 400_000)

    (canceled,) = venue.move(99_000)

    assert isinstance(canceled, CrossCanceled)
    assert canceled.order.id == order.id
    assert venue.cross.open_orders() == ()


def test_orders_are_canceled_one_by_one_or_all():
    venue = Wallet()
    first, second = venue.wait(BUY, 1, 90_000), venue.wait(BUY, 1, 91_000)

    canceled = venue.cross.cancel(venue.now, first.id)
    rest = venue.cross.cancel_all(venue.now)

    assert (canceled.canceled, canceled.canceled_at) == (True, venue.now)
    assert [order.id for order in rest] == [second.id]


def test_only_the_free_margin_can_be_withdrawn():
    venue = Wallet()
    venue.trade(BUY, 1000)
    free = venue.cross.free_margin(venue.quote)

    with pytest.raises(Rejected):
        venue.cross.withdraw(venue.now, venue.quote, free + 1)
    venue.cross.withdraw(venue.now, venue.quote, free)

    assert free == 499_000 - 100_000 - 1_500
    assert venue.held.margin == 101_500


def test_a_loss_beyond_the_running_margin_is_not_free():
    venue = Wallet()
    venue.trade(BUY, 1000)
    venue.move(80_000)

    # Loss 250,000, of which the running margin bears 100,000.
    assert venue.cross.free_margin(venue.quote) == 499_000 - 101_500 - 150_000


def test_a_flat_wallet_can_be_emptied_and_its_leverage_set():
    venue = Wallet()

    venue.cross.withdraw(venue.now, venue.quote, 500_000)
    position = venue.cross.set_leverage(venue.now, 50)

    assert (position.margin, position.leverage) == (0, 50)
    assert venue.balance == 10_000_000
    assert [t.amount for t in venue.account.books.transfers] == [500_000, -500_000]


def test_leverage_changes_the_running_margin_if_the_wallet_bears_it():
    venue = Wallet()
    venue.trade(BUY, 1000)

    position = venue.cross.set_leverage(venue.now, 4)
    with pytest.raises(Rejected):
        venue.cross.set_leverage(venue.now, 2)

    assert (position.running_margin, position.liquidation) == (250_000, D(66_778))


def test_the_state_shows_the_cross_position_by_its_name():
    venue = Wallet()
    venue.trade(SELL, 1000)
    order = venue.wait(SELL, 5, 101_000)

    state = venue.account.state(venue.now, venue.quote)

    position = state.position("cross")
    assert position is not None
    assert (position.side, position.quantity, position.margin) == (SELL, 1000, 499_000)
    assert (state.cross.margin, state.cross.leverage) == (499_000, 10)
    assert [o.id for o in state.orders] == [order.id]
