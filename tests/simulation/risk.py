"""How long positions lie below their trigger while nothing stands in the guard's way.

The world knows what it did to whom, so it can tell a guard that could not act from one that did
not. What it did leaves its mark for a while: a lost answer until its fence, a kill until another
core can have taken over.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from axisor import maths
from axisor.exchange.records import Trade
from tests.simulation.workload import AccountPlan

if TYPE_CHECKING:
    from tests.simulation.world import World

TRIGGER, TARGET = Decimal("0.02"), Decimal("0.05")
SECOND_CHANCE_S = 10.0
"""A position that lay at risk this long with nothing in the way must not be liquidated."""

STEADY_S = 14.0
"""How long a core must have run for it to have taken over, read the account, and be ready."""

MARKS_S = {
    "outage": 12.0,
    "unreadable": 6.0,
    "unsent": 25.0,
    "unanswered": 12.0,
    "takeover": 14.0,
    "touch": 8.0,
    "price": 3.0,
    "hint": 60.0,
}
"""For how long a disturbance counts after its end."""


AMBIGUOUS = "SELECT 1 FROM intents WHERE account = ? AND state IN ('sent', 'unknown') LIMIT 1"
SPENT = (
    "SELECT coalesce(sum(amount), 0) FROM intents WHERE run = ? AND kind = 'AddMargin'"
    " AND state NOT IN ('refused', 'not_applied', 'canceled') AND (? OR target = ?)"
)


class Episode(Struct):
    """A stay of one position below its trigger."""

    began: float
    able_s: float = 0.0
    calm_s: float = 0.0


class RiskMeter:
    """Watches every position at every price."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._last = 0.0
        self._calm_at: dict[str, float] = {}
        self._outage_until = 0.0
        self.open: dict[tuple[str, str], Episode] = {}
        self.dwell: list[float] = []

    def disturb(self, account: str, kind: str) -> None:
        """Leave a mark on one account."""
        until = self._world.loop.time() + MARKS_S[kind]
        self._calm_at[account] = max(self._calm_at.get(account, 0.0), until)

    def disturb_all(self, kind: str) -> None:
        """Leave a mark on every account."""
        for plan in self._world.plan.accounts:
            self.disturb(plan.id, kind)

    def look(self) -> None:
        """Judge every position at the present price; call it after each move of the price."""
        now = self._world.loop.time()
        passed, self._last = now - self._last, now
        if self._is_out():
            self._outage_until = now + MARKS_S["outage"]
        able = self._is_able(now)
        for plan in self._world.plan.accounts:
            calm = able and now >= self._calm_at.get(plan.id, 0.0)
            for trade in self._world.exchange.account(plan.id).isolated.running():
                self._judge(plan, trade, passed, able=able, calm=calm)

    def _is_out(self) -> bool:
        world, venue = self._world, self._world.venue
        now = world.loop.time()
        return (
            venue.down
            or venue.silent
            or world.database.down
            or now < venue.locked_until
            or now < venue.retired_until
        )

    def _is_able(self, now: float) -> bool:
        if now < self._outage_until:
            return False
        return any(
            p.serves and not p.store.cut and now - p.steady_since >= STEADY_S
            for p in self._world.processes.values()
        )

    def _ambiguous(self, account: str) -> bool:
        """Return whether an action on the account has no known outcome."""
        return self._world.database.connection.execute(AMBIGUOUS, (account,)).fetchone() is not None

    def _judge(
        self, plan: AccountPlan, trade: Trade, passed: float, *, able: bool, calm: bool
    ) -> None:
        price, key = self._world.exchange.quote.last, (plan.id, trade.id)
        if not maths.is_nearer(trade.side, price, trade.liquidation, TRIGGER):
            self._leave(key)
            return
        episode = self.open.setdefault(key, Episode(self._world.loop.time()))
        if not self._affordable(plan, trade, price):
            self.open[key] = Episode(self._world.loop.time())
            return
        episode.able_s += passed if able else 0.0
        calm = calm and not self._ambiguous(plan.id)
        episode.calm_s = episode.calm_s + passed if calm else 0.0

    def _leave(self, key: tuple[str, str]) -> None:
        episode = self.open.pop(key, None)
        if episode is not None:
            self.dwell.append(round(episode.able_s, 3))

    def _affordable(self, plan: AccountPlan, trade: Trade, price: Decimal) -> bool:
        """Return whether the guard's money reaches its target, by everything it must keep to."""
        liquidation = maths.liquidation_at_distance(trade.side, price, TARGET)
        least = maths.margin_for_liquidation(trade.side, trade.quantity, trade.price, liquidation)
        missing = max(1, least - trade.margin)
        action, position, day = plan.budget
        reserve = plan.config["reserve"]
        assert isinstance(reserve, int)
        account = self._world.exchange.account(plan.id)
        if missing > account.books.balance - reserve - self._claimed(plan):
            return False
        spent = self._spent(plan, None)
        return not (
            (action is not None and missing > action)
            or (position is not None and missing + self._spent(plan, trade.id) > position)
            or (day is not None and missing + spent > day)
        )

    def _claimed(self, plan: AccountPlan) -> int:
        others = self._world.exchange.account(plan.id).isolated.running()
        return sum(t.margin for t in others) // 2  # another in need may be served first

    def _spent(self, plan: AccountPlan, position: str | None) -> int:
        values = (plan.run, position is None, f"positions/{position}")
        asked = self._world.database.connection.execute(SPENT, values).fetchone()
        assert asked is not None
        return int(asked[0])

    def ended(self, account: str, position: str, end: str) -> float | None:
        """Close a position's episode; return its calm seconds at risk if it was liquidated."""
        episode = self.open.get((account, position))
        self._leave((account, position))
        if end != "liquidated" or episode is None:
            return None
        return episode.calm_s
