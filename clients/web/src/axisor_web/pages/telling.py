"""How loud a page is about what it shows: lines of activity, and how near a liquidation is."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from axisor.client import Client
from axisor.events import IntentPlanned, IntentSettled
from axisor.model import Severity
from axisor.wire.records import PositionReport, SeenEvent
from axisor.words import tell

KINDS = (
    "IntentPlanned",
    "IntentReviewRefused",
    "IntentSettled",
    "CommandRefused",
    "PositionClosed",
    "OrderChanged",
    "FundingPaid",
    "RunChanged",
    "RunUpgraded",
    "CoverageChanged",
    "NoticeGiven",
    "HaltChanged",
    "StandingChanged",
    "FeedChanged",
    "RestoreReconciled",
)
"""What a person reads of a journal. The rest is what these rest on, and `why` shows it."""

NEAR, CLOSE = Decimal(2), Decimal(4)
"""Percent to liquidation below which a page is alarmed, and worried; as the console's."""

FULL = Decimal(20)
"""A gauge is full at this many percent."""


class Line(Struct, frozen=True):
    """Something that happened, for people."""

    sequence: int
    time: datetime
    kind: str
    severity: Severity
    subject: str
    text: str
    intent: str = ""


class Lines(Struct, frozen=True):
    """Some lines, newest first, and what asks for older ones."""

    items: tuple[Line, ...] = ()
    next_page: str = ""


def line_of(event: SeenEvent) -> Line | None:
    """Return an event's line, None where it is not for people."""
    told = tell(event.payload) if event.kind in KINDS else None
    if told is None:
        return None
    payload = event.payload
    intent = payload.intent if isinstance(payload, IntentPlanned | IntentSettled) else ""
    return Line(
        event.sequence, event.time, event.kind, told.severity, told.subject, told.text, intent
    )


async def lines_of(
    client: Client,
    account: str,
    *,
    most: int,
    kinds: tuple[str, ...] = KINDS,
    page_token: str = "",
) -> Lines:
    """Return the newest lines of an account, at most so many. Raises what the core refuses with."""
    page = await client.events.list(
        account, kinds=kinds, newest_first=True, page_size=most, page_token=page_token
    )
    found = tuple(line for event in page.items if (line := line_of(event)) is not None)
    return Lines(found, page.next_page_token)


def level(report: PositionReport | None) -> str:
    """Return how near a position is to liquidation: `ok`, `warn`, `crit`, `none` if unknown."""
    if report is None or report.distance_percent is None:
        return "none"
    if report.distance_percent < NEAR:
        return "crit"
    return "warn" if report.distance_percent < CLOSE else "ok"


def filled(percent: Decimal | None) -> Decimal:
    """Return how full a gauge is at a distance, from 0 to 100."""
    if percent is None:
        return Decimal(0)
    return max(Decimal(0), min(percent, FULL)) / FULL * 100
