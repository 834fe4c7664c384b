"""What actions cost and positions lost, as budgets and leashes count it."""

from __future__ import annotations

from msgspec import Struct

from axisor.events import IntentState
from axisor.model import Sats
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.witness import decode_baseline

DAY_US = 86_400 * 1_000_000
COUNTED = frozenset(
    {
        IntentState.PLANNED,
        IntentState.SENT,
        IntentState.UNKNOWN,
        IntentState.CONFIRMED,
        IntentState.DEAD,
    }
)
"""States in which an action's sats count as spent; what is not known, or never will be, counts."""


class Spend(Struct, frozen=True):
    """Sats one action moves out of the balance, and whether they count."""

    intent: str
    run: str
    amount: Sats
    market_us: int
    planned_us: int
    state: IntentState
    opens: str = ""
    """The position or order it opened, once that is known."""
    target: str = ""

    @property
    def counts(self) -> bool:
        """Return whether the sats are or may be spent."""
        return self.state in COUNTED


class Loss(Struct, frozen=True):
    """What one ended position lost (positive) or won, at a market time."""

    position: str
    amount: Sats
    market_us: int


def spend_of(record: IntentRecord) -> Spend:
    """Return what an intent counts for in budgets."""
    opens = ""
    if record.kind in {"OpenPosition", "CrossOrder"} and record.state is IntentState.CONFIRMED:
        opens = record.venue_id
    return Spend(
        intent=record.id,
        run=record.run,
        amount=record.amount,
        market_us=decode_baseline(record.witness).market_us,
        planned_us=record.created_us,
        state=record.state,
        opens=opens,
        target=record.target,
    )
