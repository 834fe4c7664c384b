"""How often a run may move margin of one position before somebody must look.

Each attempt that left is a chance to be wrong about it. So they are bounded: those of which nobody
knows what became within an episode, and all of them on a position, both within a window. What was
refused or never sent does not count. What certainly had no effect counts among all alone: a venue
that loses three requests in a row is no reason to leave a position to its liquidation.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from axisor.errors import AttemptsExhausted
from axisor.intents import Action
from axisor.states import IntentState
from axisor_server.domain.intent import decode_action
from axisor_server.domain.records import IntentRecord

MARGIN = frozenset({"AddMargin", "CashIn", "DepositCross", "WithdrawCross"})
"""Additive kinds without an id of their own at the venue; orders carry one and have their leash."""

HARMLESS = frozenset({IntentState.REFUSED, IntentState.CANCELED})
KNOWN = frozenset({IntentState.CONFIRMED, IntentState.NOT_APPLIED})
NOTICE = "ATTEMPTS_EXHAUSTED"


class Bounds(Struct, frozen=True):
    """How many attempts are allowed within a window of milliseconds."""

    episode: int = 3
    position: int = 6
    window_ms: int = 600_000


class Attempt(Struct, frozen=True):
    """One action of a run on the margin of a target."""

    target: str
    episode: str
    created_us: int
    state: IntentState


def attempt_of(record: IntentRecord) -> Attempt | None:
    """Return what an intent counts for, None where it is not bounded."""
    if not record.run or record.kind not in MARGIN:
        return None
    episode = getattr(decode_action(record.action), "episode", "")
    return Attempt(record.target, episode, record.created_us, record.state)


def objection(
    action: Action,
    target: str,
    attempts: Mapping[str, Attempt],
    *,
    run: str,
    now_us: int,
    bounds: Bounds,
) -> AttemptsExhausted | None:
    """Return why a run may not try once more on a target, or None where it may."""
    if type(action).__name__ not in MARGIN:
        return None
    since_us = now_us - bounds.window_ms * 1_000
    lately = [
        attempt
        for attempt in attempts.values()
        if attempt.target == target
        and attempt.created_us > since_us
        and attempt.state not in HARMLESS
    ]
    episode = getattr(action, "episode", "")
    unknown = [
        attempt for attempt in lately if attempt.episode == episode and attempt.state not in KNOWN
    ]
    minutes = bounds.window_ms / 60_000
    if len(unknown) >= bounds.episode:
        what, count, limit = "of unknown outcome", len(unknown), bounds.episode
    elif len(lately) >= bounds.position:
        what, count, limit = "in all", len(lately), bounds.position
    else:
        return None
    return AttemptsExhausted(
        f"{count} attempts {what} on {target} within {minutes:g} minutes; {limit} are allowed.",
        run=run,
        target=target,
        attempts=count,
        limit=limit,
    )
