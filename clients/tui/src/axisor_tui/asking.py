"""Reads the core's messages about itself into records, so that screens know no wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from axisor.events import Cause, HaltLevel, Standing
from axisor.model import FeedQuality, Mode
from axisor.wire.scalars import enum_from_wire, permissions_from_wire, span_or_none, time_or_none
from axisor_tui.model.records import (
    AccountLook,
    Budget,
    CoreLook,
    LeaseLook,
    PluginLook,
    SettingLook,
    StrategyLook,
)

STATES = {1: "found", 2: "enabled", 3: "quarantined"}
PLACES = {1: "core", 2: "runner", 3: "remote"}


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def core(status: Any, settings: Iterable[Any]) -> CoreLook:
    """Return how the core is. The messages are generated and have no type of ours."""
    return CoreLook(
        version=status.version,
        replica=status.replica,
        max_mode=enum_from_wire(Mode, status.max_mode),
        started_at=time_or_none(status, "start_time"),
        told_at=time_or_none(status, "status_time"),
        draining=status.draining,
        accounts=tuple(map(_account, status.accounts)),
        budgets=tuple(map(_budget, status.rate_budgets)),
        leases=tuple(map(_lease, status.leases)),
        plugins=tuple(map(_plugin, status.plugins)),
        halt=enum_from_wire(HaltLevel, status.halt.level),
        halt_by=status.halt.principal,
        halt_reason=status.halt.reason,
        settings=tuple(SettingLook(each.name, each.value, each.source) for each in settings),
    )


def _account(each: Any) -> AccountLook:
    return AccountLook(
        id=_last(each.account),
        label=each.label,
        mode=enum_from_wire(Mode, each.mode),
        standing=enum_from_wire(Standing, each.standing),
        halt=enum_from_wire(HaltLevel, each.halt_level),
        quality=enum_from_wire(FeedQuality, each.feed_quality),
        price_age=span_or_none(each, "price_age"),
        reconcile_age=span_or_none(each, "reconcile_age"),
        positions=each.position_count,
        protected=each.protected_count,
        running=each.running_count,
        open_intents=each.open_intent_count,
        causes=tuple(Cause(cause.code, cause.text) for cause in each.standing_causes),
    )


def _budget(each: Any) -> Budget:
    return Budget(
        venue=_last(each.venue),
        network=each.network,
        limit=each.calls_per_second,
        used=each.used_per_second,
        guard=each.guard_per_second,
        latency=span_or_none(each, "latency"),
    )


def _lease(each: Any) -> LeaseLook:
    return LeaseLook(_last(each.account), each.owner, each.epoch, time_or_none(each, "until_time"))


def _plugin(each: Any) -> PluginLook:
    return PluginLook(
        id=_last(each.name),
        version=each.version,
        state=STATES.get(each.state, "unknown"),
        place=PLACES.get(each.place, ""),
        error=each.error,
        strategies=tuple(map(_last, each.strategies)),
        venues=tuple(map(_last, each.venues)),
        hooks=tuple(each.hooks),
        faults=each.faults,
    )


def strategy(each: Any) -> StrategyLook:
    """Return a strategy with the schema of its configuration."""
    return StrategyLook(
        id=_last(each.name),
        plugin=_last(each.plugin),
        version=each.version,
        title=each.title,
        documentation=each.documentation,
        schema=each.config_schema,
        permissions=permissions_from_wire(each.permissions),
    )
