"""Halts: what each level allows, how two of them stand together, and how one replaces another."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from axisor.errors import Halted
from axisor.events import HaltLevel
from axisor.intents import Action
from axisor_server.domain.intent import flattens, increases_risk

STREAM = "platform"
"""The journal in which the halt of all accounts is written."""

KEY = "halt"
"""The fact that holds it, as JSON, beside that journal."""

STRICTNESS = (HaltLevel.NONE, HaltLevel.RISK, HaltLevel.FLATTEN, HaltLevel.ALL)
"""From what allows everything to what allows nothing."""

WHOLE = (HaltLevel.ALL, HaltLevel.FLATTEN)
"""Levels at which guards stand still. Either may follow the other."""


class Halt(Struct, frozen=True, kw_only=True):
    """The halt of all accounts: its level, who asked for it, why, and since when."""

    level: HaltLevel = HaltLevel.NONE
    principal: str = ""
    reason: str = ""
    since_us: int | None = None


def decode_halt(text: str | None) -> Halt:
    """Return the halt that a fact holds; none where there is no such fact."""
    return Halt() if not text else msgspec.json.decode(text, type=Halt)


def encode_halt(halt: Halt) -> str:
    """Return a halt as its fact."""
    return msgspec.json.encode(halt).decode()


def allows(level: HaltLevel, action: Action) -> bool:
    """Return whether an action may be planned or sent at a level."""
    match level:
        case HaltLevel.NONE:
            return True
        case HaltLevel.RISK:
            return not increases_risk(action)
        case HaltLevel.FLATTEN:
            return flattens(action)
        case HaltLevel.ALL:
            return False


def stricter(one: HaltLevel, other: HaltLevel) -> HaltLevel:
    """Return which of two halts that are both in force decides."""
    return max(one, other, key=STRICTNESS.index)


def latched(present: HaltLevel, asked: HaltLevel) -> HaltLevel:
    """Return the level after a halt was asked for: only a resume loosens what is in force."""
    if present in WHOLE and asked not in WHOLE:
        return present
    return present if asked is HaltLevel.NONE else asked


def refusal(account: HaltLevel, platform: HaltLevel, action: Action) -> Halted | None:
    """Return why an action is refused by the account's halt or that of all, or None."""
    if not allows(platform, action):
        return Halted(
            f"All accounts are halted ({platform.value}).",
            fix="Resume them when you mean to: axisor halt resume.",
            level=platform.value,
        )
    if not allows(account, action):
        return Halted(f"The account is halted ({account.value}).", level=account.value)
    return None
