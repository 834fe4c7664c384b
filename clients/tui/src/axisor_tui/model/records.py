"""What the core says when it is asked: how it is, its plugins and strategies, its answers."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from axisor.events import Cause, HaltLevel, Standing
from axisor.model import FeedQuality, Mode, Permission


class AccountLook(Struct, frozen=True, kw_only=True):
    """How one account of the core is."""

    id: str
    label: str
    mode: Mode
    standing: Standing
    halt: HaltLevel
    quality: FeedQuality
    price_age: timedelta | None = None
    reconcile_age: timedelta | None = None
    positions: int = 0
    protected: int = 0
    running: int = 0
    open_intents: int = 0
    causes: tuple[Cause, ...] = ()


class Budget(Struct, frozen=True, kw_only=True):
    """How much of a venue's rate limit is used, in calls a second; guards keep a share of it."""

    venue: str
    network: str
    limit: str
    used: str
    guard: str
    latency: timedelta | None = None


class LeaseLook(Struct, frozen=True):
    """Which replica works for an account, how often that changed, and until when it holds."""

    account: str
    owner: str
    epoch: int
    until: datetime | None = None


class PluginLook(Struct, frozen=True, kw_only=True):
    """An installed plugin. `state` is `found`, `enabled` or `quarantined`."""

    id: str
    version: str
    state: str
    place: str = ""
    error: str = ""
    strategies: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    faults: int = 0


class StrategyLook(Struct, frozen=True, kw_only=True):
    """A strategy that a run can be made of; `schema` is the JSON Schema of its configuration."""

    id: str
    plugin: str
    version: str
    title: str
    documentation: str = ""
    schema: str = "{}"
    permissions: Permission = Permission.NONE


class SettingLook(Struct, frozen=True):
    """A setting in force and where it comes from."""

    name: str
    value: str
    source: str


class CoreLook(Struct, frozen=True, kw_only=True):
    """How the core is, as it said at `told_at`."""

    version: str
    replica: str
    max_mode: Mode
    started_at: datetime | None
    told_at: datetime | None
    draining: bool = False
    accounts: tuple[AccountLook, ...] = ()
    budgets: tuple[Budget, ...] = ()
    leases: tuple[LeaseLook, ...] = ()
    plugins: tuple[PluginLook, ...] = ()
    halt: HaltLevel = HaltLevel.NONE
    halt_by: str = ""
    halt_reason: str = ""
    settings: tuple[SettingLook, ...] = ()
