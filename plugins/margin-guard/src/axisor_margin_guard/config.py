"""What a user may set: the guard's rule, its limits, and its exceptions for single positions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from axisor.model import Mode, Position
from axisor.strategy import Config
from axisor_margin_guard.match import matches, parse_match

Rung = Literal["add_margin", "close_part", "close", "alert"]
TriggerBy = Literal["distance", "consumed"]
TargetBy = Literal["distance", "leverage", "liquidation_price"]
Ambiguous = Literal["wait", "close", "duplicate_within_budget"]
Partial = Literal["spend_what_is_left", "never", "always"]
StopUse = Literal["live", "on", "off"]
Amount = Annotated[int, Meta(ge=0)]
Seconds = Annotated[int, Meta(ge=0, le=86_400)]
Minutes = Annotated[int, Meta(ge=0, le=480)]

DEFAULT_LADDER: tuple[Rung, ...] = ("add_margin", "alert")
HUNDRED = Decimal(100)


class Rule(Config, frozen=True, kw_only=True):
    """The settings that hold for one position. Percentages are plain: 2 is two percent."""

    trigger: Annotated[
        Decimal, Meta(description="Act below this distance, or above this share consumed, percent.")
    ] = Decimal(2)
    trigger_by: Annotated[
        TriggerBy, Meta(description="What the trigger measures: distance, or share consumed.")
    ] = "distance"
    target: Annotated[
        Decimal, Meta(description="What to restore: percent, a leverage, or a price in dollars.")
    ] = Decimal(5)
    target_by: Annotated[TargetBy, Meta(description="What the target measures.")] = "distance"
    ladder: Annotated[
        tuple[Rung, ...],
        Meta(description="Steps to try in order; close_part works on cross margin only."),
    ] = DEFAULT_LADDER
    budget_action: Annotated[
        Amount | None, Meta(description="Most sats one action may spend; none is no limit.")
    ] = None
    budget_position: Annotated[
        Amount | None, Meta(description="Most sats in the life of one position; none is no limit.")
    ] = None
    cooldown_s: Annotated[
        int,
        Meta(ge=0, le=86_400, description="Least seconds between two actions on one position."),
    ] = 10
    hysteresis: Annotated[
        Decimal, Meta(description="An episode ends this many points beyond the trigger.")
    ] = Decimal("0.25")
    funding_ahead_min: Annotated[
        int,
        Meta(
            ge=0, le=480, description="Count a funding fee as paid this many minutes before it is."
        ),
    ] = 15
    native_stop: Annotated[
        StopUse, Meta(description="Keep a stop at the venue: live accounts only, always, or never.")
    ] = "live"
    stop_buffer: Annotated[
        Decimal, Meta(description="How far before liquidation that stop lies, percent of price.")
    ] = Decimal("0.6")
    on_ambiguous: Annotated[
        Ambiguous,
        Meta(
            description="What to do at critical distance while an outcome is unknown. Nothing is "
            "added twice: duplicate_within_budget is taken for wait."
        ),
    ] = "wait"
    critical: Annotated[
        Decimal | None,
        Meta(description="Critical distance, percent; none is half the trigger's distance."),
    ] = None
    partial: Annotated[
        Partial, Meta(description="What to do when the sats do not reach the target.")
    ] = "spend_what_is_left"

    def keeps_stop(self, mode: Mode) -> bool:
        """Return whether a stop at the venue is wanted in this mode."""
        return self.native_stop == "on" or (self.native_stop == "live" and mode is Mode.LIVE)


class Override(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Other settings for the positions that `match` names; those left out are the rule's."""

    match: Annotated[
        str,
        Meta(
            description="Which positions: '*', or terms joined by 'and', such as "
            "'id = 7f3a', 'side = long', 'leverage > 50', 'margin = cross'."
        ),
    ]
    guard: Annotated[bool, Meta(description="Whether to guard them at all.")] = True
    trigger: Annotated[Decimal | UnsetType, Meta(description="See the rule.")] = UNSET
    trigger_by: Annotated[TriggerBy | UnsetType, Meta(description="See the rule.")] = UNSET
    target: Annotated[Decimal | UnsetType, Meta(description="See the rule.")] = UNSET
    target_by: Annotated[TargetBy | UnsetType, Meta(description="See the rule.")] = UNSET
    ladder: Annotated[tuple[Rung, ...] | UnsetType, Meta(description="See the rule.")] = UNSET
    budget_action: Annotated[Amount | UnsetType | None, Meta(description="See the rule.")] = UNSET
    budget_position: Annotated[Amount | UnsetType | None, Meta(description="See the rule.")] = UNSET
    cooldown_s: Annotated[Seconds | UnsetType, Meta(description="See the rule.")] = UNSET
    hysteresis: Annotated[Decimal | UnsetType, Meta(description="See the rule.")] = UNSET
    funding_ahead_min: Annotated[Minutes | UnsetType, Meta(description="See the rule.")] = UNSET
    native_stop: Annotated[StopUse | UnsetType, Meta(description="See the rule.")] = UNSET
    stop_buffer: Annotated[Decimal | UnsetType, Meta(description="See the rule.")] = UNSET
    on_ambiguous: Annotated[Ambiguous | UnsetType, Meta(description="See the rule.")] = UNSET
    critical: Annotated[Decimal | UnsetType | None, Meta(description="See the rule.")] = UNSET
    partial: Annotated[Partial | UnsetType, Meta(description="See the rule.")] = UNSET


class GuardConfig(Rule, frozen=True, kw_only=True):
    """The rule of one exchange account: what it covers, how it acts, what it may spend in all."""

    scope: Annotated[
        Literal["all", "listed", "except"],
        Meta(description="Guard all positions, only those listed, or all except those listed."),
    ] = "all"
    positions: Annotated[
        tuple[str, ...],
        Meta(description="Ids that the scope means; 'cross' is the cross position."),
    ] = ()
    overrides: Annotated[
        tuple[Override, ...], Meta(description="Exceptions; the first that matches holds.")
    ] = ()
    budget_day: Annotated[
        Amount | None,
        Meta(description="Most sats the account may spend in one UTC day; none is no limit."),
    ] = None
    reserve: Annotated[
        Amount, Meta(description="Sats that must stay in the account's balance.")
    ] = 0


PRESETS: dict[str, dict[str, Decimal]] = {
    "calm": {"trigger": Decimal(4), "target": Decimal(8)},
    "normal": {"trigger": Decimal(2), "target": Decimal(5)},
    "tight": {"trigger": Decimal(1), "target": Decimal(3), "stop_buffer": Decimal("0.3")},
}
"""How far from liquidation to act, for those who do not want to think about figures."""


def preset(name: str, **changes: Any) -> GuardConfig:
    """Return the configuration of a preset (`calm`, `normal`, `tight`) with changes of one's own.

    Raises KeyError for another name.
    """
    return msgspec.convert(
        {**PRESETS[name], **changes}, GuardConfig, strict=False, from_attributes=True
    )


_RULE_FIELDS = Rule.__struct_fields__


def rule_for(config: GuardConfig, position: Position) -> Rule | str:
    """Return the rule of a position, or why it is not guarded."""
    listed = position.id in config.positions
    if config.scope == "listed" and not listed:
        return "not listed in the rule's scope"
    if config.scope == "except" and listed:
        return "excepted from the rule's scope"
    for override in config.overrides:
        if matches(override.match, position):
            if not override.guard:
                return f"switched off by the exception {override.match!r}"
            return merged(config, override)
    return config


def merged(config: GuardConfig, override: Override) -> Rule:
    """Return the rule with an override's settings in place."""
    values = {name: getattr(config, name) for name in _RULE_FIELDS}
    for name in _RULE_FIELDS:
        value = getattr(override, name)
        if value is not UNSET:
            values[name] = value
    return Rule(**values)


def complaints(config: GuardConfig) -> Iterator[str]:
    """Yield what contradicts itself in a configuration, one sentence each."""
    if config.scope != "all" and not config.positions:
        yield f"The scope is '{config.scope}' but no positions are named: list their ids."
    if config.scope == "all" and config.positions:
        yield "Positions are named but the scope is 'all': use 'listed' or 'except'."
    yield from _about_rule(config, "The rule", config.budget_day)
    for override in config.overrides:
        problem = parse_match(override.match)
        if isinstance(problem, str):
            yield problem
        elif override.guard:
            name = f"The exception {override.match!r}"
            yield from _about_rule(merged(config, override), name, config.budget_day)


def _about_rule(rule: Rule, who: str, day: int | None) -> Iterator[str]:
    yield from _about_trigger(rule, who)
    yield from _about_target(rule, who)
    if not rule.ladder:
        yield f"{who} has an empty ladder: name at least 'alert'."
    if len(set(rule.ladder)) != len(rule.ladder):
        yield f"{who} names a step of its ladder twice."
    if "add_margin" in rule.ladder and 0 in (rule.budget_action, rule.budget_position, day):
        yield f"{who} adds margin but has a budget of zero: raise it, or drop 'add_margin'."
    if not 0 <= rule.hysteresis < HUNDRED:
        yield f"{who} has a hysteresis outside 0 to 100 points."


def _about_trigger(rule: Rule, who: str) -> Iterator[str]:
    finite = rule.trigger.is_finite() and rule.target.is_finite()
    if not finite or not 0 < rule.trigger < HUNDRED:
        yield f"{who} has a trigger outside 0 to 100 percent."
        return
    if rule.critical is not None and not 0 < rule.critical < HUNDRED:
        yield f"{who} has a critical distance outside 0 to 100 percent."
    if not 0 < rule.stop_buffer < HUNDRED:
        yield f"{who} has a stop buffer outside 0 to 100 percent."
    by_distance = rule.trigger_by == "distance"
    if by_distance and rule.native_stop != "off" and rule.stop_buffer >= rule.trigger:
        yield (
            f"{who} keeps a stop {rule.stop_buffer} % before liquidation, which would close the "
            f"position before its trigger of {rule.trigger} % can act: narrow the buffer."
        )
    if by_distance and rule.critical is not None and rule.critical > rule.trigger:
        yield f"{who} has a critical distance beyond its trigger."


def _about_target(rule: Rule, who: str) -> Iterator[str]:
    if not rule.target.is_finite():
        yield f"{who} has a target that is not a number."
    elif rule.target_by == "distance":
        if not 0 < rule.target < HUNDRED:
            yield f"{who} has a target distance outside 0 to 100 percent."
        elif rule.trigger_by == "distance" and rule.target <= rule.trigger:
            yield (
                f"{who} has a target of {rule.target} %, which is not beyond its trigger of "
                f"{rule.trigger} %: it would act again at once."
            )
    elif rule.target_by == "leverage" and not 1 <= rule.target <= HUNDRED:
        yield f"{who} has a target leverage outside 1 to 100."
    elif rule.target_by == "liquidation_price" and rule.target <= 0:
        yield f"{who} has a target liquidation price that is not above zero."
