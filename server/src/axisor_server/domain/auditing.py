"""Which entries of a journal tell of critical operations, and who did them."""

from __future__ import annotations

from typing import get_args

from axisor.events import (
    BalanceChanged,
    CoverageChanged,
    FeedChanged,
    FundingPaid,
    IntentReviewRefused,
    IntentWitnessed,
    NoticeGiven,
    OrderChanged,
    Payload,
    PositionChanged,
    PositionClosed,
    StandingChanged,
    StepTaken,
)

OBSERVATIONS = frozenset(
    kind.__name__
    for kind in (
        BalanceChanged,
        CoverageChanged,
        FeedChanged,
        FundingPaid,
        IntentReviewRefused,
        IntentWitnessed,
        NoticeGiven,
        OrderChanged,
        PositionChanged,
        PositionClosed,
        StandingChanged,
        StepTaken,
    )
)
"""What was seen, thought or said. Every other kind counts as an operation, new ones too."""

CRITICAL = frozenset(kind.__name__ for kind in get_args(Payload)) - OBSERVATIONS
"""The kinds of entries that tell of critical operations."""


def principal_of(payload: Payload) -> str:
    """Return who did what a payload tells, empty where the core or a strategy did."""
    found: str = getattr(payload, "principal", "")
    return found
