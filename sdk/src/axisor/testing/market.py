"""Made-up prices from a seed: walks, crashes and gaps, the same for ever for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal

from axisor.model import Price

HALF = Decimal("0.5")


class Market:
    """A list of prices on the half dollar that can be lengthened; iterating yields them.

    Its repr names the seed, so that a failing test says how to repeat it.
    """

    def __init__(self, seed: int, prices: tuple[Price, ...], steps: tuple[str, ...]) -> None:
        self.seed = seed
        self.prices = prices
        self._steps = steps

    def __repr__(self) -> str:
        return ".".join(("market", *self._steps))

    def __iter__(self) -> Iterator[Price]:
        return iter(self.prices)

    def __len__(self) -> int:
        return len(self.prices)

    def crash(self, percent: Decimal | int = 10, *, steps: int = 50) -> Market:
        """Return the market with a fall of that many percent after it, in even steps."""
        last = self.prices[-1]
        drop = last * Decimal(percent) / 100
        fall = tuple(_half(last - drop * i / steps) for i in range(1, steps + 1))
        return self._longer(fall, f"crash({percent}, steps={steps})")

    def gap(self, percent: Decimal | int = 5) -> Market:
        """Return the market with one jump down of that many percent after it; negative jumps up."""
        last = self.prices[-1]
        jumped = _half(last - last * Decimal(percent) / 100)
        return self._longer((jumped,), f"gap({percent})")

    def walk(self, length: int = 100, *, step: Decimal = Decimal("0.1")) -> Market:
        """Return the market with a random walk after it, moving up to `step` percent a price."""
        chance = random.Random(f"{self.seed}/{len(self.prices)}")
        walked = tuple(_wander(chance, self.prices[-1], length, step))
        return self._longer(walked, f"walk({length}, step={step})")

    def _longer(self, prices: tuple[Price, ...], step: str) -> Market:
        return Market(self.seed, self.prices + prices, (*self._steps, step))


def walk(
    seed: int,
    length: int = 1_000,
    *,
    start: Decimal | int = 100_000,
    step: Decimal = Decimal("0.1"),
) -> Market:
    """Return a random walk of `length` prices from `start`, at most `step` percent a price."""
    first = _half(Decimal(start))
    chance = random.Random(seed)
    prices = (first, *_wander(chance, first, length - 1, step))
    return Market(seed, prices, (f"walk({seed}, {length}, start={start}, step={step})",))


def _wander(chance: random.Random, price: Price, length: int, step: Decimal) -> Iterator[Price]:
    for _ in range(length):
        price = _half(price + price * step * chance.randint(-1_000, 1_000) / 100_000)
        yield price


def _half(price: Decimal) -> Price:
    return max(HALF, Decimal(int(price * 2)) / 2)
