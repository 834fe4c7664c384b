"""The guard's rules once more, in whole numbers and by brute force, written from the formulas.

Prices are counted in half dollars (`p2`), thresholds in hundredths of a percent. Nothing here
uses the guard's code or the SDK's maths.
"""

from __future__ import annotations

from itertools import product

SATS = 100_000_000
TOP = 2 * 100_000_000


def liquidation(long: bool, quantity: int, entry2: int, margin: int) -> int:
    """Return the liquidation price in half dollars: 1 / (1/E ± M/(S·Q)), nearest, half up."""
    worth = SATS * quantity
    rest = 2 * worth + (margin if long else -margin) * entry2
    if rest <= 0:
        return TOP
    return min(TOP, (4 * worth * entry2 + rest) // (2 * rest))


def cross_reserve(quantity: int, entry2: int) -> int:
    """Return floor(Q·S/E · 0.0015)."""
    return (2 * quantity * SATS * 15) // (entry2 * 10_000)


def is_below(long: bool, price2: int, liquidation2: int, hundredths: int) -> bool:
    """Return whether (P - L)/P, or (L - P)/P, is strictly below a threshold."""
    if not long and liquidation2 >= TOP:
        return False
    gap = price2 - liquidation2 if long else liquidation2 - price2
    return gap * 10_000 < hundredths * price2


def least_added(
    long: bool, quantity: int, entry2: int, margin: int, price2: int, hundredths: int
) -> int:
    """Return the fewest sats that bring the distance to the threshold, by bisection."""

    def enough(added: int) -> bool:
        price = liquidation(long, quantity, entry2, margin + added)
        return not is_below(long, price2, price, hundredths)

    if enough(0):
        return 0
    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def best_rescues(
    needs: tuple[tuple[int, int, int], ...], money: int
) -> tuple[int, tuple[bool, ...], int, int]:
    """Return the best of all choices: margin kept, who is lifted, targets met, sats (negated).

    A need is (margin at stake, sats to the trigger, sats to the target), the most endangered first.
    """
    best: tuple[int, tuple[bool, ...], int, int] = (0, (False,) * len(needs), 0, 0)
    for levels in product((0, 1, 2), repeat=len(needs)):
        pairs = tuple(zip(levels, needs, strict=True))
        cost = sum(need[level] for level, need in pairs if level)
        if cost <= money:
            lifted = tuple(level > 0 for level in levels)
            kept = sum(need[0] for level, need in pairs if level)
            best = max(best, (kept, lifted, levels.count(2), -cost))
    return best


class Walker:
    """A position that a brute-force walk moves along, half dollar by half dollar."""

    def __init__(self, long: bool, quantity: int, entry2: int, margin: int) -> None:
        self.long, self.quantity, self.entry2, self.margin = long, quantity, entry2, margin

    @property
    def liquidation2(self) -> int:
        """Return the present liquidation price."""
        return liquidation(self.long, self.quantity, self.entry2, self.margin)

    def needs(self, price2: int, hundredths: int) -> int:
        """Return the sats to a threshold at a price."""
        return least_added(self.long, self.quantity, self.entry2, self.margin, price2, hundredths)


def floor2(
    walkers: list[Walker], start2: int, end2: int, money: int, trigger: int, target: int
) -> int | None:
    """Return where a walk breaks, looking at every half dollar; one position at a time acts."""
    step = -1 if walkers[0].long else 1
    for price2 in range(start2, end2, step):
        for walker in walkers:
            if not is_below(walker.long, price2, walker.liquidation2, trigger):
                continue
            lift, full = walker.needs(price2, trigger), walker.needs(price2, target)
            if lift > money:
                return price2
            given = min(full, money)
            walker.margin, money = walker.margin + given, money - given
    return None
