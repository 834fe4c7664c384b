"""Plays a strategy on a simulated account, print by print, and keeps what it asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from axisor.backtest.pilot import Pilot
from axisor.exchange import FUNDING_EVERY, Account, Quote, Settlement, next_funding, seeded_ids
from axisor.exchange.actions import carry_out
from axisor.exchange.candles import prints, read_candles
from axisor.intents import Action
from axisor.model import Price, Tick
from axisor.strategy import Strategy, decode_config
from axisor.testing import market

START = datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC)
SPACING = timedelta(seconds=15)
SEEDS = (1, 2, 3)
MONTH = "btcusd-1m-2018-11.csv.gz"

Print = tuple[datetime, Price]


class Played(Struct):
    """How a run ended: the account, and how many actions were carried out."""

    account: Account
    pilot: Pilot
    last: Quote

    @property
    def requests(self) -> list[str]:
        """Return the kinds of request the account accepted, oldest first."""
        return [row.request for row in self.account.ledger]


def spaced(prices: Iterable[Price | int]) -> list[Print]:
    """Return prices as prints a quarter of a minute apart."""
    return [(START + SPACING * n, Decimal(price)) for n, price in enumerate(prices)]


def seeded(seed: int, length: int = 1_500) -> list[Print]:
    """Return a seeded walk of prints with a crash in it."""
    walked = market.walk(seed, length, start=60_000, step=Decimal("0.3"))
    return spaced(walked.crash(8, steps=40).walk(300))


def real(first: int = 18_000, count: int = 1_500) -> list[Print]:
    """Return prints of real minutes, or skip where the shared candles are not there."""
    here = Path.cwd()
    places = [folder / "shared" / "data" / MONTH for folder in (here, *here.parents)]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        pytest.skip("the shared candles are not here")
    path = prints(read_candles(found))
    times = path.time[4 * first : 4 * (first + count)]
    prices = path.price[4 * first : 4 * (first + count)]
    made = zip(times, prices, strict=True)
    return [(datetime.fromtimestamp(time, UTC), Decimal(price) / 2) for time, price in made]


def play(
    strategy: type[Strategy[Any, Any]],
    given: dict[str, Any],
    path: Sequence[Print],
    *,
    begun: Iterable[Action] = (),
    balance: int = 10_000_000,
    rate: Decimal = Decimal("0.0001"),
) -> Played:
    """Walk a strategy over prints; `begun` is done before, at the first price."""
    config = decode_config(strategy, msgspec.json.encode(given))
    start, price = path[0]
    account = Account.new("played", start, seeded_ids(0), balance=balance)
    for action in begun:
        carry_out(account, action, start, Quote.at(price, start))
    pilot = Pilot(strategy, config, account, timedelta(0))
    due = next_funding(start)
    for place, (now, price) in enumerate(path):
        quote = Quote.at(price, now)
        account.on_quote(quote)
        while due <= now:
            account.on_funding(Settlement(due.isoformat(), due, rate, price), quote)
            due += FUNDING_EVERY
        tick = Tick(now, now, price, price, price, price, rate, due, "candles")
        pilot.at_print(tick, opening=place == 0)
    return Played(account, pilot, quote)
