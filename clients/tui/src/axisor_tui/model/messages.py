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
from axisor.wire.notices import AlertSummary, DeliverySummary, MuteSummary
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


class AlertsSeen(Struct, frozen=True):
    """The core told which alerts there are, and what of the account one has muted."""

    alerts: tuple[AlertSummary, ...]
    mutes: tuple[MuteSummary, ...] = ()


class AlertSeen(Struct, frozen=True):
    """An alert is new, or changed."""

    alert: AlertSummary


class AlertsLost(Struct, frozen=True):
    """Alerts are not heard of any more, for a reason."""

    problem: str


class Muted(Struct, frozen=True):
    """One has muted these of the account."""

    mutes: tuple[MuteSummary, ...]


class DeliveriesSeen(Struct, frozen=True):
    """The core told what it sent lately, and what one's channels are called, by their ids."""

    deliveries: tuple[DeliverySummary, ...]
    channels: dict[str, str]


class NoAccountYet(Struct, frozen=True):
    """The core has no account that one may see; it is asked again until there is one."""

    core: str


class Asked(Struct, frozen=True):
    """Something was asked of the core on a person's word, by a call, and ended so."""

    time: datetime | None
    call: str
    what: str
    end: str
    good: bool = True


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
    | AlertsSeen
    | AlertSeen
    | AlertsLost
    | Muted
    | DeliveriesSeen
    | NoAccountYet
    | Asked
    | CoreSeen
    | StrategiesSeen
    | WhatIfSeen
    | Explained
    | TimePassed
    | Selected
    | UnitChosen
)
