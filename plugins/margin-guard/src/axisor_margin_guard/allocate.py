"""Who gets scarce sats: the choice of rescues that keeps the most margin alive."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

from axisor.model import Sats
from axisor_margin_guard.config import Partial

MOST_NODES = 20_000
"""Where the exact search stops; up to fourteen positions always end before it."""


class Want(Struct, frozen=True):
    """A position in need: margin at stake, distance, sats to lift and to mend it, and its cap."""

    position: str
    stake: Sats
    distance: Fraction
    lift: Sats
    target: Sats
    cap: Sats
    partial: Partial

    @property
    def price(self) -> Sats | None:
        """Return the least sats at which an action is allowed and lifts, None where none is."""
        if self.partial == "never":
            return self.target if self.target <= self.cap else None
        return self.lift if self.lift <= self.cap else None

    @property
    def most(self) -> Sats:
        """Return the most sats it can make use of."""
        return min(self.target, self.cap)


def allocate(wants: tuple[Want, ...], money: Sats) -> dict[str, Sats]:
    """Return sats for each position that gets some, together at most `money`.

    In this order: the most margin lifted to its trigger, the most endangered, the most targets met,
    the fewest sats. What is left then goes as far as each rule's `partial` allows, by danger.
    """
    ordered = tuple(sorted(wants, key=lambda want: (want.distance, want.position)))
    chosen = _lifted(tuple(w for w in ordered if w.price is not None), money)
    given = {want.position: price for want in chosen if (price := want.price) is not None}
    left = money - sum(given.values())
    upgrades = sorted(
        (w for w in chosen if given[w.position] < w.target <= w.cap),
        key=lambda want: want.target - given[want.position],
    )
    for want in upgrades:
        if want.target - given[want.position] <= left:
            left -= want.target - given[want.position]
            given[want.position] = want.target
    lifted = {want.position for want in chosen}
    others = [w for w in ordered if w.partial == "always" and w.position not in lifted]
    for want in (*chosen, *others):
        more = min(left, want.most - given.get(want.position, 0))
        if want.partial != "never" and more > 0:
            given[want.position] = given.get(want.position, 0) + more
            left -= more
    return given


def _lifted(wants: tuple[Want, ...], money: Sats) -> tuple[Want, ...]:
    if sum(want.price or 0 for want in wants) <= money:
        return wants
    search = _Search(wants, money)
    search.visit(0, money, 0, ())
    return tuple(wants[place] for place in search.best)


class _Search:
    """Branch and bound over the positions in order of danger, those taken first.

    Taking first makes the first best set found the one that prefers the endangered, so a later set
    replaces it only when it is worth more. The bound is the fractional knapsack.
    """

    def __init__(self, wants: tuple[Want, ...], money: Sats) -> None:
        self.costs = tuple(want.price or 0 for want in wants)
        self.stakes = tuple(want.stake for want in wants)
        self.by_worth = sorted(
            range(len(wants)),
            key=lambda i: (-Fraction(max(self.stakes[i], 0), max(self.costs[i], 1)), i),
        )
        self.nodes = 0
        self.found = False
        self.best, self.worth = self._greedy(money)

    def _greedy(self, money: Sats) -> tuple[tuple[int, ...], Sats]:
        taken = []
        for place in self.by_worth:
            if self.costs[place] <= money:
                money -= self.costs[place]
                taken.append(place)
        return tuple(sorted(taken)), sum(self.stakes[place] for place in taken)

    def visit(self, place: int, money: Sats, worth: Sats, taken: tuple[int, ...]) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            return
        bound = worth + self._bound(place, money)
        if bound < self.worth or (self.found and bound <= self.worth):
            return
        if place == len(self.costs):
            self.best, self.worth, self.found = taken, worth, True
            return
        if self.costs[place] <= money:
            left = money - self.costs[place]
            self.visit(place + 1, left, worth + self.stakes[place], (*taken, place))
        self.visit(place + 1, money, worth, taken)

    def _bound(self, start: int, money: Sats) -> Fraction:
        total = Fraction(0)
        for place in self.by_worth:
            if place < start or self.stakes[place] <= 0:
                continue
            if self.costs[place] > money:
                return total + Fraction(self.stakes[place] * money, self.costs[place])
            money -= self.costs[place]
            total += self.stakes[place]
        return total
