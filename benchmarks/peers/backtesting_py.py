"""Runs the rule in backtesting.py over prints, in that program's own environment.

Arguments: a file of prints (`times` in milliseconds, `prices` in dollars) and the number of runs.
Prints JSON: seconds of each run by the clock and of the processor, and the actions taken. Each
print is one row of equal prices.
"""

from __future__ import annotations

import json
import sys
import time

import numpy
import pandas
from backtesting import Backtest, Strategy
from rule import Positions


class Guard(Strategy):
    """Asks the rule at each row; it trades nothing, for the rule keeps its own positions."""

    def init(self) -> None:
        """Open the positions."""
        self.positions = Positions()

    def next(self) -> None:
        """Judge them at the row's price."""
        self.positions.see(self.data.Close[-1])


def main(file: str, runs: int) -> None:
    """Run it and print what it took."""
    found = numpy.load(file)
    prices = found["prices"]
    frame = pandas.DataFrame(
        dict.fromkeys(("Open", "High", "Low", "Close"), prices),
        index=pandas.to_datetime(found["times"], unit="ms"),
    )
    seconds: list[float] = []
    busy: list[float] = []
    actions = 0
    for _ in range(runs):
        test = Backtest(frame, Guard, cash=100_000_000)
        started, worked = time.perf_counter(), time.process_time()
        result = test.run()
        seconds.append(time.perf_counter() - started)
        busy.append(time.process_time() - worked)
        actions = result["_strategy"].positions.actions
    print(json.dumps({"seconds": seconds, "busy": busy, "actions": actions}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
