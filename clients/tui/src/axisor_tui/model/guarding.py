"""The guard: what it does as the price walks, how far it holds, whether it can act."""

from __future__ import annotations

import json

from axisor.events import RunState
from axisor.strategy import PlanRow
from axisor.words import short
from axisor_tui.model.cells import Cell, Column, Line, Row, Table, Tone, line, muted, row, strong
from axisor_tui.model.standing import ID, floor_line, guard_tone, guard_word
from axisor_tui.model.state import State

FIRST = ("trigger", "target", "scope", "ladder", "budget_action", "budget_position", "budget_day")
"""These settings come first; the others as the strategy has them."""

FEW = 6


def rule(state: State) -> str:
    """Return the guard's rule as the trigger and what it restores, in few words."""
    trigger, target = state.guard_setting("trigger"), state.guard_setting("target")
    what = "used up" if state.guard_setting("trigger_by") == "consumed" else "away"
    acts = "" if trigger is None else f"at {trigger} % {what}"
    unit = {"leverage": "x", "liquidation_price": " USD"}.get(
        str(state.guard_setting("target_by") or ""), " %"
    )
    return f"{acts} to {target}{unit}" if acts and target is not None else acts


def summary(state: State) -> tuple[Line, ...]:
    """Return the guard's panel of the overview: its word, its rule, what it does next."""
    if state.guard is None:
        return (
            line(muted("No guard. Set one up:")),
            line(muted("  5 Automations, n, margin-guard, or in a shell")),
            line(muted("  axisor guard set --trigger 2% --target 5%")),
        )
    lines = [line(Cell(guard_word(state), guard_tone(state)), f"  {rule(state)}")]
    if state.budget_left is not None:
        lines.append(line(f"may spend {state.amount(state.budget_left)}"))
    for each in state.plan[:FEW]:
        what = (
            f"{state.sats(each.cost, signed=True)}" if each.action == "add_margin" else _did(each)
        )
        lines.append(
            line(
                f"{each.price:>9,.1f} {each.move * 100:>+6.1f}%  {short(each.position, ID):<5}",
                Cell(what, Tone.ACT),
                muted(f"  {each.note}" if each.note else ""),
            )
        )
    if not state.plan:
        lines.append(line(muted("nothing to do as far as it looks")))
    return tuple(lines)


def _did(row: PlanRow) -> str:
    return row.action.replace("_", " ")


def floors(state: State, width: int) -> tuple[Line, ...]:
    """Return how far the guard holds, and how much further with the whole free balance."""
    lines = [floor_line(state, width)]
    for floor in state.floors:
        if floor.extra and floor.extra_price is not None:
            text = f"with {state.amount(floor.extra)} more it would hold to {floor.extra_price:,f}"
            lines.append(line(muted(f"      {text}")))
    if state.budget_left is not None:
        reserve = state.guard_setting("reserve")
        kept = f"   reserve {state.amount(int(reserve))}" if reserve else ""
        lines.append(line(f"budget left {state.amount(state.budget_left)}{kept}"))
    lines.append(line(muted("The floor is for a price that walks. A jump is not a walk: see 6.")))
    return tuple(lines)


def plan(state: State) -> Table:
    """Return what happens as the price walks, nearest first."""
    unit = state.unit.value
    columns = (
        Column("price", 10, right=True),
        Column("move", 7, right=True),
        Column("ID", 5),
        Column("action", 12),
        Column(f"cost {unit}", 11, right=True),
        Column(f"left {unit}", 11, right=True, least=72),
        Column("liq after", 10, right=True),
        Column("", 10, grow=True, least=100),
    )
    empty = "nothing to do as far as it looks" if state.guard else "no guard, so no plan"
    rows = tuple(_plan_row(state, n, each) for n, each in enumerate(state.plan))
    return Table(columns, rows, empty, muted=state.is_stale)


def _plan_row(state: State, number: int, each: PlanRow) -> Row:
    return row(
        f"{number}/{each.position}",
        f"{each.price:,.1f}",
        f"{each.move * 100:+.1f}%",
        short(each.position, ID),
        Cell(each.action.replace("_", " "), Tone.ACT),
        state.sats(each.cost) if each.cost else "-",
        state.sats(each.budget_left),
        "-" if each.liquidation is None else f"{each.liquidation:,.1f}",
        muted(each.note),
    )


def rules(state: State) -> tuple[Line, ...]:
    """Return the guard's settings, those that matter most first, and its exceptions."""
    run = state.guard
    if run is None:
        return (line(muted("no guard")),)
    config = json.loads(run.config) if run.config else {}
    names = [*(name for name in FIRST if name in config), *(n for n in config if n not in FIRST)]
    lines = [line(strong(f"{run.label or run.strategy} "), muted(f"run {short(run.id)}"))]
    for name in names:
        if name != "overrides":
            lines.append(line(f"{name.replace('_', ' '):<18}{written(config[name])}"))
    for override in config.get("overrides") or ():
        given = ", ".join(f"{k} {written(v)}" for k, v in override.items() if k != "match")
        lines.append(line(f"  {override.get('match', '*')}: {given}"))
    return tuple(lines)


def written(value: object) -> str:
    """Return a value of a configuration as people read it."""
    match value:
        case None:
            return "no limit"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case list():
            return ", ".join(map(written, value)) or "none"
        case dict():
            return " ".join(f"{name} {written(each)}" for name, each in value.items())
        case _:
            return str(value)


def checks(state: State) -> tuple[Line, ...]:
    """Return whether the guard could act right now, check by check."""
    run, age = state.guard, state.price_age_ms
    shown_age = "no price" if age is None else f"{state.quality.value}, {age / 1000:.1f}s old"
    found = [
        ("guard at work", run is not None and run.state is RunState.RUNNING, guard_word(state)),
        ("price", not state.is_stale, shown_age),
        ("standing", not state.causes, state.standing.value.replace("_", " ")),
        ("halt", not state.is_halted, state.strictest.value),
    ]
    lines = [
        line(
            Cell(f"{'ok' if good else '! '} ", Tone.OK if good else Tone.WARN), f"{name:<14}{said}"
        )
        for name, good, said in found
    ]
    lines += [line(Cell(f"!  {cause.text or cause.code}", Tone.WARN)) for cause in state.causes]
    return tuple(lines)
