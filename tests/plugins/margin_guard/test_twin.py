"""The demo's twins on the exchange engine: the guarded one lives, the other is liquidated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import count

from axisor.events import IntentState
from axisor.exchange import Account, Quote
from axisor.exchange.actions import carry_out
from axisor.intents import Action, AddMargin, OpenPosition
from axisor.model import Side
from axisor.testing import Harness
from axisor_margin_guard import MarginGuard
from tests.plugins.margin_guard.cases import NOON

PATH = (100_000, 98_500, 98_100, 96_150, 95_200, 99_400)
OPEN = OpenPosition(side=Side.BUY, leverage=25, quantity=2_500)


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"00000000-0000-7000-8000-{next(numbers):012}"


def venue() -> Account:
    account = Account.new("twin", NOON, ids(), balance=1_000_000)
    carry_out(account, OPEN, NOON, Quote.at(Decimal(100_000), NOON))
    return account


def walked(account: Account, *, guarded: bool) -> list[AddMargin]:
    harness = Harness(MarginGuard)
    done: list[AddMargin] = []
    for place, price in enumerate(PATH):
        now = NOON + timedelta(seconds=place)
        quote = Quote.at(Decimal(price), now)
        account.on_quote(quote)
        state = account.state(now, quote)
        asked = harness.set_balance(state.balance) + harness.set_positions(*state.positions)
        asked += harness.tick(quote.tick(now))
        for intent in (i for i in asked if guarded and isinstance(i, Action)):
            assert isinstance(intent, AddMargin)
            carry_out(account, intent, now, quote)
            done.append(intent)
            harness.holdings = harness.holdings.without(intent.position)
            harness.set_positions(*account.state(now, quote).positions)
            harness.settle(intent, IntentState.SENT)
    return done


def test_the_guarded_twin_outlives_the_other():
    guarded, alone = venue(), venue()

    (rescue,) = walked(guarded, guarded=True)
    walked(alone, guarded=False)

    end = NOON + timedelta(seconds=len(PATH))
    quote = Quote.at(Decimal(99_400), end)
    (saved,) = guarded.state(end, quote).positions
    assert rescue.amount == 82_541
    assert (saved.margin, saved.liquidation, saved.pl) == (182_541, Decimal(93_195), -15_091)
    assert alone.state(end, quote).positions == ()
