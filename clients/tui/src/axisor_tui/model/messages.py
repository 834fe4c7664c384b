"""What changes the console's state: words of the core, of the person, and of the clock."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from axisor.client.guard import Explanation
from axisor.events import Coverage
from axisor.model import Sats
from axisor.strategy import Floor, PlanRow
from axisor.wire.confirmations import Confirmation
from axisor.wire.records import SeenEvent, Snapshot, TickReport, WhatIf
from axisor_tui.model.money import Unit
from axisor_tui.model.records import CoreLook, StrategyLook


class Linked(Struct, frozen=True):
    """The core answered."""

    core: str


class LinkLost(Struct, frozen=True):
    """The core is not heard any more; it goes on without us, and is called again after a wait."""

    reason: str
    retry_in_s: float = 0.0


class Snapped(Struct, frozen=True):
    """The core sent its state as a whole."""

    snapshot: Snapshot


class Happened(Struct, frozen=True):
    """The core sent the next entry of the journal."""

    event: SeenEvent


class Remembered(Struct, frozen=True):
    """The core told older entries of the journal; `more` says that there are still older ones."""

    events: tuple[SeenEvent, ...]
    more: bool = False


class PriceSeen(Struct, frozen=True):
    """A tick arrived at this moment of our own monotonic clock, in milliseconds."""

    report: TickReport
    at_ms: int


class GuardSeen(Struct, frozen=True):
    """The core told what its guard would do."""

    plan: tuple[PlanRow, ...]
    floors: tuple[Floor, ...]
    coverages: tuple[Coverage, ...]
    budget_left: Sats | None = None


class Waiting(Struct, frozen=True):
    """These calls wait for a word."""

    confirmations: tuple[Confirmation, ...]


class CoreSeen(Struct, frozen=True):
    """The core told how it is."""

    core: CoreLook


class StrategiesSeen(Struct, frozen=True):
    """The core told what strategies it has."""

    strategies: tuple[StrategyLook, ...]


class Scenario(Struct, frozen=True):
    """The account at another price (`move` is a fraction), with sats added to a position."""

    move: Decimal
    added: Sats
    answer: WhatIf


class WhatIfSeen(Struct, frozen=True):
    """The core computed what would be."""

    position: str
    margins: tuple[Scenario, ...]
    shocks: tuple[Scenario, ...]


class Explained(Struct, frozen=True):
    """The core told why the event of this sequence happened."""

    sequence: int
    explanation: Explanation


class TimePassed(Struct, frozen=True):
    """Time went on, by our monotonic clock and by the wall."""

    now_ms: int
    wall: datetime


class Selected(Struct, frozen=True):
    """The person chose a position, by its id."""

    position: str


class UnitChosen(Struct, frozen=True):
    """The person chose in what amounts are shown."""

    unit: Unit


Message: TypeAlias = (
    Linked
    | LinkLost
    | Snapped
    | Happened
    | Remembered
    | PriceSeen
    | GuardSeen
    | Waiting
    | CoreSeen
    | StrategiesSeen
    | WhatIfSeen
    | Explained
    | TimePassed
    | Selected
    | UnitChosen
)
