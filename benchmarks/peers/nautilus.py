"""Runs the rule in nautilus_trader over prints, in that program's own environment.

Arguments: a file of prints (`times` in milliseconds, `prices` in dollars) and the number of runs.
Prints JSON: seconds of each run by the clock and of the processor, and the actions taken. Each
print is one trade tick.
"""

from __future__ import annotations

import json
import sys
import time

import numpy
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import BTC
from nautilus_trader.model.data import TradeTick
from nautilus_trader.model.enums import AccountType, AggressorSide, OmsType
from nautilus_trader.model.identifiers import TradeId
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy
from rule import Positions

INSTRUMENT = TestInstrumentProvider.xbtusd_bitmex()
"""An inverse contract on BTC/USD with steps of half a dollar."""


class Guard(Strategy):
    """Asks the rule at each trade tick; it trades nothing, for the rule keeps its own positions."""

    def __init__(self) -> None:
        super().__init__()
        self.positions = Positions()

    def on_start(self) -> None:
        """Ask for the ticks."""
        self.subscribe_trade_ticks(INSTRUMENT.id)

    def on_trade_tick(self, tick: TradeTick) -> None:
        """Judge the positions at the tick's price."""
        self.positions.see(float(tick.price))


def ticks_of(file: str) -> list[TradeTick]:
    """Return the prints as trade ticks of one dollar each."""
    found = numpy.load(file)
    size = Quantity.from_int(1)
    rows = zip(found["times"].tolist(), found["prices"].tolist(), strict=True)
    return [
        TradeTick(
            INSTRUMENT.id,
            Price(price, 1),
            size,
            AggressorSide.BUYER,
            TradeId(str(number)),
            ms * 1_000_000,
            ms * 1_000_000,
        )
        for number, (ms, price) in enumerate(rows)
    ]


def once(ticks: list[TradeTick]) -> tuple[float, float, int]:
    """Return the seconds of one run, those of the processor, and the actions taken."""
    quiet = LoggingConfig(bypass_logging=True)
    engine = BacktestEngine(config=BacktestEngineConfig(logging=quiet))
    engine.add_venue(
        venue=INSTRUMENT.id.venue,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=BTC,
        starting_balances=[Money(100, BTC)],
    )
    engine.add_instrument(INSTRUMENT)
    engine.add_data(ticks)
    guard = Guard()
    engine.add_strategy(guard)
    started, worked = time.perf_counter(), time.process_time()
    engine.run()
    seconds, busy = time.perf_counter() - started, time.process_time() - worked
    engine.dispose()
    return seconds, busy, guard.positions.actions


def main(file: str, runs: int) -> None:
    """Run it and print what it took."""
    ticks = ticks_of(file)
    found = [once(ticks) for _ in range(runs)]
    seconds, busy, actions = zip(*found, strict=True)
    print(json.dumps({"seconds": seconds, "busy": busy, "actions": actions[-1]}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
