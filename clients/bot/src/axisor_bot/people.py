"""Who may speak to a bot: a chat and user, and the token of the core that is theirs."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from axisor.model import Mode
from axisor.ports import Secret
from axisor.tokens import caveat
from axisor_bot.muting import Mute
from axisor_bot.texts import USUAL
from axisor_bot.voice import Voice

VIEWER, OPERATOR = "viewer", "operator"
RIGHTS = {VIEWER: ("read",), OPERATOR: ("read", "adjust_margin", "trade", "guard", "operate")}
"""What the token of each role may do; the core holds everybody to it.

An operator's holds what the commands take, and no more: `adjust_margin` to add margin and to set
exits, `trade` to close, `guard` to pause and resume runs, `operate` to halt. A token for one
account does of the core as a whole nothing but read, whatever right it holds.
"""

READS = (
    "ConfirmationService/GetConfirmation",
    "ConfirmationService/ListConfirmations",
    "EventService/ListEvents",
    "EventService/WatchEvents",
    "GuardService/Explain",
    "GuardService/GetFloor",
    "GuardService/GetPlan",
    "MarginService/GetPosition",
    "MarginService/ListPositions",
    "MarginService/WhatIf",
    "MarketService/GetTicker",
    "MarketService/ListFundingSettlements",
    "NotificationService/ListAlerts",
    "OrderService/ListOrders",
    "PerformanceService/GetPerformance",
    "StrategyService/GetRun",
    "SystemService/GetStatus",
)
"""What the bot calls to read. A viewer's token is for these alone: `read` by itself would also
acknowledge and mute what whoever made the token is told."""

DIGITS = 6
MOST_TRIES = 5
MINUTES = 5


def caveats_of(role: str, account: str) -> list[str]:
    """Return what the token of a role is held to, on one account."""
    methods = (caveat("methods", *(f"axisor.v1.{each}" for each in READS)),)
    return [
        caveat("accounts", account),
        caveat("permissions", *RIGHTS[role]),
        *(methods if role == VIEWER else ()),
    ]


class Partner(Protocol):
    """Whom a conversation is with, whatever chat it is held by."""

    @property
    def key(self) -> str:
        """Return what tells them from all others."""
        ...

    @property
    def account(self) -> str:
        """Return the account that they ask about."""
        ...

    @property
    def mode(self) -> Mode:
        """Return the mode of that account."""
        ...

    @property
    def voice(self) -> Voice:
        """Return how they are spoken to."""
        ...

    @property
    def is_operator(self) -> bool:
        """Return whether their token can change anything."""
        ...

    @property
    def mutes(self) -> tuple[Mute, ...]:
        """Return what they are not told now."""
        ...

    @staticmethod
    def secret_of(text: str) -> Secret:
        """Return a kept secret as one that no log shows."""
        ...


class Known(Struct, frozen=True, kw_only=True):
    """What is kept of everybody who may speak to a bot."""

    name: str
    role: str
    account: str
    mode: Mode
    token: str
    language: str = USUAL
    private: bool = False
    mutes: tuple[Mute, ...] = ()

    @property
    def is_operator(self) -> bool:
        """Return whether their token can change anything; the bot hides by it, and no more."""
        return self.role == OPERATOR

    @property
    def voice(self) -> Voice:
        """Return how they are spoken to."""
        return Voice(language=self.language, private=self.private)

    def secret(self) -> Secret:
        """Return their token of the core."""
        return Secret(self.token)

    @staticmethod
    def secret_of(text: str) -> Secret:
        """Return a kept secret as one that no log shows."""
        return Secret(text)


class Person(Known, frozen=True, kw_only=True):
    """Somebody who was paired; the repr shows no token."""

    chat: int
    user: int

    def __repr__(self) -> str:
        return f"Person({self.key}, {self.role}, …)"

    @property
    def key(self) -> str:
        """Return what tells this person in this chat from all others."""
        return f"{self.chat}.{self.user}"


class Pairing(Struct, frozen=True, kw_only=True):
    """A code that waits to be said, as its hash, and what whoever says it is given."""

    salt: str
    digest: str
    until: datetime
    role: str
    account: str
    mode: Mode
    token: str
    private: bool = False
    tries: int = 0

    def __repr__(self) -> str:
        return f"Pairing({self.role}, until {self.until:%H:%M:%S}, …)"

    def is_open(self, now: datetime) -> bool:
        """Return whether it may still be tried."""
        return now < self.until and self.tries < MOST_TRIES

    def fits(self, code: str) -> bool:
        """Return whether this is the code, in a time that tells nothing about it."""
        return hmac.compare_digest(digest(self.salt, code), self.digest)


def digest(salt: str, code: str) -> str:
    """Return what is kept of a code."""
    return hashlib.sha256(f"{salt}/{code}".encode()).hexdigest()
