"""What can be asked of a bot: one frozen type for each command, whatever chat it came by."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from axisor.events import HaltLevel
from axisor.model import Price, Sats


class Status(Struct, frozen=True):
    """How the account is, on one screen."""


class Positions(Struct, frozen=True):
    """All positions, or the one whose id begins with `wanted`."""

    wanted: str = ""


class GuardPlan(Struct, frozen=True):
    """What the guard would do, and did last."""


class WhatIf(Struct, frozen=True, kw_only=True):
    """Another price, or a `move` by a fraction, with `add` sats more in the position `wanted`."""

    price: Price | None = None
    move: Decimal | None = None
    wanted: str = ""
    add: Sats = 0


class Orders(Struct, frozen=True):
    """Open orders."""


class Runs(Struct, frozen=True):
    """Runs of strategies."""


class Daily(Struct, frozen=True):
    """How the account fared in the last 24 hours."""


class FundingPaid(Struct, frozen=True):
    """Fundings settled last."""


class WhySo(Struct, frozen=True):
    """Why the event with this number happened."""

    sequence: int


class Approvals(Struct, frozen=True):
    """What waits for somebody's word."""


class Alerts(Struct, frozen=True):
    """What the core had to tell lately."""


class Acknowledge(Struct, frozen=True):
    """Say that alerts were seen: the one whose id begins with `wanted`, or all that are open."""

    wanted: str = ""


class Share(Struct, frozen=True):
    """So many percent of the margin that a position has."""

    percent: int


class AddMargin(Struct, frozen=True):
    """Move sats from the balance into a position."""

    wanted: str
    amount: Sats | Share


class Close(Struct, frozen=True):
    """Close a position at the market."""

    wanted: str


class CloseAll(Struct, frozen=True):
    """Close every position at the market."""


class SetStop(Struct, frozen=True):
    """Set the venue's stop-loss of a position; None removes it."""

    wanted: str
    price: Price | None


class SetTarget(Struct, frozen=True):
    """Set the venue's take-profit of a position; None removes it."""

    wanted: str
    price: Price | None


class PauseGuard(Struct, frozen=True):
    """Pause the guard for a time, after which it goes on by itself."""

    lasts: timedelta = timedelta(minutes=15)


class ResumeGuard(Struct, frozen=True):
    """Let the guard go on."""


class Halt(Struct, frozen=True):
    """Halt the account at a level; NONE ends the halt."""

    level: HaltLevel


class Switch(Struct, frozen=True):
    """Let a run of a strategy go on, or pause it; `wanted` is its name or begins its id."""

    wanted: str
    on: bool


class Help(Struct, frozen=True):
    """What can be asked."""


class Identify(Struct, frozen=True):
    """Who the chat service says one is."""


class Version(Struct, frozen=True):
    """The version of the core."""


class Speak(Struct, frozen=True):
    """Answer in another language."""

    language: str


class Private(Struct, frozen=True):
    """Show percentages only, or amounts too."""

    on: bool


class Mute(Struct, frozen=True):
    """Push no alerts of a kind for so long, an empty kind being all; None ends that."""

    lasting: timedelta | None
    kind: str = ""


class Link(Struct, frozen=True):
    """An address of the web pages that signs in, once."""


Reading: TypeAlias = (
    Status
    | Positions
    | GuardPlan
    | WhatIf
    | Orders
    | Runs
    | Daily
    | FundingPaid
    | WhySo
    | Approvals
    | Alerts
    | Help
    | Version
)
"""What only reads."""

Change: TypeAlias = (
    AddMargin | Close | CloseAll | SetStop | SetTarget | PauseGuard | ResumeGuard | Halt | Switch
)
"""What is shown first, and done after a word."""

Personal: TypeAlias = Identify | Speak | Private | Mute
"""What the bot itself answers."""

Command: TypeAlias = Reading | Change | Personal | Acknowledge | Link
"""Whatever can be asked."""
