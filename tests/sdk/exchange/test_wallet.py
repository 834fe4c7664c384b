"""Deposits, withdrawals, addresses and swaps: what is credited, when, and once."""

from decimal import Decimal as D

import pytest

from axisor.exchange import Deposited, Quote, Rejected, Withdrawn
from axisor.exchange.wallet import invoice_amount
from tests.sdk.exchange.venue import NOON, Venue


def test_a_lightning_deposit_is_credited_once_it_is_paid():
    venue = Venue()
    wallet = venue.account.wallet

    made = wallet.create_deposit(venue.now, 10_000, "hello")
    before = venue.balance
    paid = wallet.settle_deposit(venue.now, made.id)

    assert before == 1_000_000
    assert venue.balance == 1_010_000
    assert paid.settled_at == venue.now
    assert invoice_amount(made.payment_request) == 10_000
    assert [type(h) for h in venue.account.happened] == [Deposited]
    with pytest.raises(Rejected):
        wallet.settle_deposit(venue.now, made.id)


@pytest.mark.parametrize(("paid", "fee", "left"), [(True, 30, 989_970), (False, 0, 1_000_000)])
def test_a_lightning_withdrawal_holds_its_highest_fee_until_settled(paid, fee: int, left: int):
    venue = Venue()
    wallet = venue.account.wallet

    asked = wallet.withdraw_lightning(venue.now, "lntbs100u1p" + "q" * 60)
    held = venue.balance
    settled = wallet.settle_withdrawal(venue.now, asked.id, paid=paid, fee=fee)

    assert (asked.amount, asked.max_fees, asked.status) == (10_000, 100, "processing")
    assert held == 989_900
    assert settled.status == ("processed" if paid else "failed")
    assert venue.balance == left
    with pytest.raises(Rejected):
        wallet.settle_withdrawal(venue.now, asked.id, paid=paid)


def test_an_on_chain_deposit_is_credited_when_first_confirmed():
    venue = Venue()
    wallet = venue.account.wallet
    seen = wallet.receive(venue.now, 50_000, "ab" * 32)
    before = venue.balance

    wallet.advance_deposit(venue.now, seen.id, "CONFIRMED", confirmations=1)
    wallet.advance_deposit(venue.now, seen.id, "IRREVERSIBLE", confirmations=6)

    assert before == 1_000_000
    assert venue.balance == 1_050_000


@pytest.mark.parametrize(("status", "left"), [("processed", 900_000), ("rejected", 1_000_000)])
def test_an_on_chain_withdrawal_is_paid_or_given_back(status, left: int):
    venue = Venue()
    wallet = venue.account.wallet
    address = wallet.address(venue.now).address

    asked = wallet.withdraw_on_chain(venue.now, address, 100_000)
    wallet.advance_withdrawal(venue.now, asked.id, "processing")
    wallet.advance_withdrawal(venue.now, asked.id, status)

    assert venue.balance == left
    assert [type(h) for h in venue.account.happened] == [Withdrawn]
    with pytest.raises(Rejected):
        wallet.advance_withdrawal(venue.now, asked.id, "canceled")


def test_sats_become_dollars_at_the_bid_and_back_at_the_ask():
    venue = Venue()
    wallet = venue.account.wallet
    quote = Quote(NOON, D(20_000), D(19_995), D(20_005))

    there = wallet.swap(venue.now, quote, D(1_000_000), "BTC")
    back = wallet.swap(venue.now, quote, D(100), "USD")

    assert (there.out_amount, there.out_asset) == (D("199.95"), "USD")
    assert (back.out_amount, back.out_asset) == (D(499_875), "BTC")
    assert venue.balance == 499_875
    assert venue.account.books.usd == D("99.95")


def test_there_is_a_limit_of_unused_addresses():
    venue = Venue()
    wallet = venue.account.wallet
    made = {wallet.new_address(venue.now, "p2tr").address for _ in range(20)}

    with pytest.raises(Rejected, match="too many unused addresses"):
        wallet.new_address(venue.now)

    assert len(made) == 20
    assert wallet.address(venue.now).address in made


@pytest.mark.parametrize(
    "invoice", ["", "hello", "lnbc1pqqqqqq", "lnbc1p1pqqqqqqq", "lnbc-5u1pqqqqqq", "lnbc0u1pqqqqqq"]
)
def test_what_is_not_an_invoice_over_whole_sats_is_refused(invoice: str):
    with pytest.raises(Rejected, match="Send a correct BOLT 11 invoice"):
        invoice_amount(invoice)


@pytest.mark.parametrize(
    ("invoice", "sats"),
    [("lnbc1m1pqqqqqq", 100_000), ("lnbc2500u1pqqqqqq", 250_000), ("lntbs10n1pqqqqqq", 1)],
)
def test_the_amount_of_an_invoice_is_in_its_readable_part(invoice: str, sats: int):
    assert invoice_amount(invoice) == sats


def test_notifications_are_marked_read():
    venue = Venue()
    venue.open()
    venue.move(90_000)

    venue.account.wallet.mark_read(venue.now)

    (notification,) = venue.account.books.notifications
    assert (notification.event, notification.read) == ("liquidation", True)
