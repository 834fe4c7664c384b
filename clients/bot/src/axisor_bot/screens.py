"""Draws what the core answered as short texts for a chat."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from axisor.client.guard import Explanation, Plan
from axisor.client.market import FundingSettlement
from axisor.client.performance import AccountPerformance
from axisor.events import HaltLevel, RunState, Standing
from axisor.model import Order, Side
from axisor.strategy import Floor
from axisor.wire.confirmations import Confirmation
from axisor.wire.notices import AlertSummary
from axisor.wire.records import PositionReport, Preview, Run, Snapshot, TickReport, WhatIf
from axisor.words import short, side_word
from axisor_bot.grammar import FORMS
from axisor_bot.voice import Voice

GUARD = "margin-guard"
MOST_ROWS = 12
"""Rows of a list that are shown; the rest is counted."""

SHORT = 13
"""Of a run or confirmation so much tells it from one of the same second."""

AT_WORK = (RunState.RUNNING, RunState.STARTING)


def guard_of(runs: Sequence[Run]) -> Run | None:
    """Return the guard among runs: one at work, else a paused one, else none."""
    guards = [run for run in runs if run.strategy == GUARD]
    at_work = [run for run in guards if run.state in AT_WORK]
    return next(iter([*at_work, *(run for run in guards if run.state is RunState.PAUSED)]), None)


def status(
    voice: Voice, seen: Snapshot, tick: TickReport | None, floors: Sequence[Floor] | None
) -> str:
    """Return how an account is. `floors` is None where no guard could tell one."""
    guard = guard_of(seen.runs)
    armed = guard is not None and guard.state in AT_WORK
    lines = [
        voice.say(
            "status.guard",
            state=voice.say("guard.armed" if armed else "guard.off"),
            covered=voice.number(sum(_is_covered(each) for each in seen.positions)),
            all=voice.number(len(seen.positions)),
        )
    ]
    if seen.standing is not Standing.ACTIVE:
        lines.append(
            voice.say(
                "status.standing",
                standing=seen.standing.value.replace("_", "-"),
                why=voice.quote(" ".join(each.text or each.code for each in seen.causes)),
            )
        )
    level = seen.platform_halt if seen.platform_halt is not HaltLevel.NONE else seen.halt
    if level is not HaltLevel.NONE:
        lines.append(voice.say("status.halt", level=level.value))
    lines.append(_price(voice, tick))
    if floors is not None:
        lines.append(_floor(voice, floors))
    if seen.positions:
        lines.append(voice.say("status.nearest", row=_row(voice, seen.positions[0])))
    lines.append(voice.say("status.free", free=voice.sats(seen.balance.balance.free)))
    return "\n".join(lines)


def _is_covered(report: PositionReport) -> bool:
    return report.coverage is not None and report.coverage.state.value == "protected"


def _price(voice: Voice, tick: TickReport | None) -> str:
    if tick is None:
        return voice.say("status.no_price")
    age = 0 if tick.age is None else int(tick.age.total_seconds())
    return voice.say(
        "status.price", price=voice.price(tick.tick.last), quality=tick.quality.value, age=age
    )


def _floor(voice: Voice, floors: Sequence[Floor]) -> str:
    moves = [(abs(each.move), each) for each in floors if each.move is not None]
    if not moves:
        return voice.say("status.no_floor")
    _, nearest = min(moves, key=lambda each: each[0])
    assert nearest.move is not None
    return voice.say(
        "status.floor",
        price=voice.price(nearest.price),
        move=voice.percent(nearest.move * 100, signed=True),
    )


def _row(voice: Voice, report: PositionReport) -> str:
    held, covered = report.position, report.coverage
    return voice.say(
        "position.row",
        id=short(held.id),
        side=side_word(held.side),
        quantity=voice.contracts(held.quantity),
        leverage=voice.number(held.leverage),
        distance=voice.percent(report.distance_percent),
        pl=voice.sats(held.pl, signed=True),
        cover=voice.say("cover.none" if covered is None else f"cover.{covered.state.value}"),
    )


def positions(voice: Voice, reports: Sequence[PositionReport]) -> str:
    """Return all positions, the nearest to liquidation first."""
    if not reports:
        return voice.say("positions.none")
    return _rows(voice, [_row(voice, each) for each in reports])


def _rows(voice: Voice, rows: Sequence[str]) -> str:
    more = len(rows) - MOST_ROWS
    shown = list(rows[:MOST_ROWS])
    return "\n".join([*shown, voice.say("more", count=more)] if more > 0 else shown)


def position(voice: Voice, report: PositionReport) -> str:
    """Return one position with every figure."""
    held, covered = report.position, report.coverage
    lines = [
        _row(voice, report),
        voice.say(
            "position.figures",
            entry=voice.price(held.entry),
            margin=voice.sats(held.margin),
            liquidation=voice.price(held.liquidation),
        ),
        voice.say(
            "position.exits", stop=voice.price(held.stoploss), target=voice.price(held.takeprofit)
        ),
    ]
    if covered is not None and covered.reason:
        lines.append(voice.quote(covered.reason))
    return "\n".join(lines)


def guard(voice: Voice, run: Run | None, plan: Plan | None, acted: Sequence[str]) -> str:
    """Return what the guard would do, what it may still spend, and what it did last."""
    if run is None:
        return voice.say("guard.none")
    armed = run.state in AT_WORK
    lines = [voice.say("guard.state", state=voice.say("guard.armed" if armed else "guard.off"))]
    if plan is not None:
        lines.append(voice.say("guard.budget", left=voice.sats(plan.budget_left)))
        lines += [
            voice.say(
                "guard.row",
                price=voice.price(row.price),
                move=voice.percent(row.move * 100, signed=True),
                action=row.action,
                id=short(row.position),
                cost=voice.sats(row.cost),
            )
            for row in plan.rows[:5]
        ]
    return "\n".join([*lines, *acted])


def what_if(voice: Voice, found: WhatIf) -> str:
    """Return what becomes of an account at another price."""
    move = None if found.move is None else found.move * 100
    lines = [
        voice.say(
            "whatif.head",
            price=voice.price(found.price),
            move=voice.percent(move, signed=True),
        )
    ]
    for each in found.positions[:MOST_ROWS]:
        after = each.preview.after
        lines.append(
            voice.say(
                "whatif.row",
                id=short(each.position),
                distance=voice.percent(None if after is None else after.distance_percent),
                unguarded=voice.say(f"fate.{each.unguarded.value}"),
                walked=voice.say(f"fate.{each.walked.value}"),
                jumped=voice.say(f"fate.{each.jumped.value}"),
            )
        )
    lines.append(
        voice.say(
            "whatif.sum",
            unguarded=voice.sats(found.unguarded_loss),
            walked=voice.sats(found.walked_loss),
            spend=voice.sats(found.walked_spend),
        )
    )
    return "\n".join(lines)


def orders(voice: Voice, found: Sequence[Order]) -> str:
    """Return open orders."""
    if not found:
        return voice.say("orders.none")
    rows = [
        voice.say(
            "orders.row",
            id=short(each.id),
            side=each.side.value.upper() if each.side is Side.BUY else "SELL",
            quantity=voice.contracts(each.quantity),
            price=voice.price(each.price),
        )
        for each in found
    ]
    return _rows(voice, rows)


def runs(voice: Voice, found: Sequence[Run]) -> str:
    """Return runs of strategies, newest first."""
    if not found:
        return voice.say("runs.none")
    rows = [
        voice.say("runs.row", id=each.id[:SHORT], strategy=each.strategy, state=each.state.value)
        for each in found
    ]
    return _rows(voice, rows)


def alerts(voice: Voice, found: Sequence[AlertSummary]) -> str:
    """Return what the core had to tell lately, newest first, in its own words."""
    if not found:
        return voice.say("alerts.none")
    return _rows(voice, [_alert(voice, each) for each in found])


def _alert(voice: Voice, found: AlertSummary) -> str:
    seen = "over" if not found.open else "seen" if found.acknowledged else "open"
    return voice.say(
        "alerts.row",
        id=short(found.id),
        level=found.level.value.upper(),
        at="–" if found.updated_at is None else f"{found.updated_at:%m-%d %H:%M} UTC",
        title=voice.quote(found.title),
        state=voice.say(f"alerts.{seen}"),
    )


def daily(voice: Voice, found: AccountPerformance) -> str:
    """Return how an account fared in a day."""
    return voice.say(
        "daily",
        net=voice.sats(found.metrics.net_pl_sats, signed=True),
        unrealised=voice.sats(found.unrealised, signed=True),
        fees=voice.sats(found.fees),
        funding=voice.sats(found.funding, signed=True),
        actions=voice.number(found.actions),
        added=voice.sats(found.added),
        liquidations=voice.number(found.metrics.liquidations),
    )


def funding(voice: Voice, settled: Sequence[FundingSettlement], tick: TickReport | None) -> str:
    """Return the funding to come and those settled last."""
    lines = []
    if tick is not None and tick.tick.funding_rate is not None:
        rate = voice.percent(tick.tick.funding_rate * 100, 4, signed=True)
        at = "–" if tick.tick.funding_time is None else f"{tick.tick.funding_time:%H:%M} UTC"
        lines.append(voice.say("funding.next", rate=rate, at=at))
    lines += [
        voice.say(
            "funding.row",
            at=f"{each.time:%Y-%m-%d %H:%M} UTC",
            rate=voice.percent(each.rate * 100, 4, signed=True),
        )
        for each in settled
    ]
    return "\n".join(lines) if lines else voice.say("funding.none")


def why(voice: Voice, found: Explanation) -> str:
    """Return why something happened, in the core's own words."""
    lines = [voice.quote(found.text)]
    if found.why is not None:
        lines.append(voice.say("why.rule", rule=found.why.rule))
        lines += [
            voice.quote(f"{name.replace('_', ' ')}: {value}")
            for name, value in sorted(found.why.inputs.items())
        ]
    lines += [f"{each.time:%H:%M:%S} {voice.quote(each.text)}" for each in found.timeline[:8]]
    return "\n".join(lines)


def proposal(voice: Voice, found: Confirmation) -> str:
    """Return what another wants to have done, and until when it waits."""
    lines = [
        voice.say("proposal", who=found.preparer, what=voice.quote(found.summary)),
        *change(voice, found.preview),
        *(voice.quote(f"! {each}") for each in found.warnings),
        voice.say("proposal.until", until=f"{found.until:%H:%M:%S} UTC"),
    ]
    return "\n".join(lines)


def change(voice: Voice, preview: Preview | None) -> list[str]:
    """Return the figures that a call changes, before and after, one a line."""
    if preview is None or preview.before is None or preview.after is None:
        return []
    old, new = preview.before, preview.after
    pairs = (
        ("change.margin", voice.sats(old.margin), voice.sats(new.margin)),
        ("change.liquidation", voice.price(old.liquidation), voice.price(new.liquidation)),
        (
            "change.distance",
            voice.percent(old.distance_percent),
            voice.percent(new.distance_percent),
        ),
        ("change.leverage", _times(voice, old.leverage), _times(voice, new.leverage)),
        ("change.free", voice.sats(old.free), voice.sats(new.free)),
    )
    return [voice.say(key, before=before, after=after) for key, before, after in pairs]


def _times(voice: Voice, leverage: Decimal | None) -> str:
    return "–" if leverage is None else f"x{voice.number(leverage)}"


def help_text(voice: Voice, *, operator: bool) -> str:
    """Return what can be asked, by whoever may ask it."""
    rows = [
        f"{form.written} · {voice.say(f'help.{form.name}')}"
        for form in FORMS
        if operator or not form.changes
    ]
    return "\n".join([*rows, voice.say("help.end")])
