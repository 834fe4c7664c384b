"""The guard's rule in plain floats, for other programs' back-tests: ten positions, 2 % and 5 %.

It keeps liquidation prices only: no balance, no fees, no funding, no record. So whoever runs it
does less than the guard's own back-test, never more.
"""

from __future__ import annotations

LEVERAGES = (5, 8, 12, 18, 25)
TRIGGER = 0.02
TARGET = 0.05


class Positions:
    """A long and a short of each leverage, opened at the first price."""

    def __init__(self) -> None:
        self.actions = 0
        self._signs: list[int] = []
        self._liquidations: list[float] = []

    def see(self, price: float) -> None:
        """Judge every position at a price, and move the liquidation of those too near."""
        if not self._signs:
            self._open(price)
        liquidations = self._liquidations
        for place, sign in enumerate(self._signs):
            if sign * (price - liquidations[place]) < TRIGGER * price:
                liquidations[place] = price * (1 - sign * TARGET)
                self.actions += 1

    def _open(self, price: float) -> None:
        # An inverse position of leverage L and no fees dies where 1/P = 1/E · (1 ± 1/L).
        for sign in (1, -1):
            for leverage in LEVERAGES:
                self._signs.append(sign)
                self._liquidations.append(price / (1 + sign / leverage))
