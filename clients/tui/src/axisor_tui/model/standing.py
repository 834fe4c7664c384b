"""The line at the top of every screen: how real the money is, and whether it is guarded."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

from axisor.events import CoverageState, HaltLevel, RunState, Standing
from axisor.model import Mode, Side
from axisor.strategy import Floor
from axisor.words import short
from axisor_tui.model.cells import MODE_TONES, NOTICE_TONES, Cell, Line, Tone, line, muted, strong
from axisor_tui.model.money import arrow, tone
from axisor_tui.model.state import Link, State

ID = 4
"""So many characters of an id fit into a panel."""

MODE_MEANS = {
    Mode.SIM: "play money",
    Mode.PAPER: "real prices, play money",
    Mode.SHADOW: "real account, nothing is sent",
    Mode.LIVE: "real sats",
}


def banner(state: State, *, width: int, read_only: bool = False) -> Line:
    """Return mode, guard, age of the data, account, core: what matters most comes first."""
    mode = "NO MODE YET" if state.mode is None else state.mode.value.upper()
    cells = [Cell(f" {mode} ", Tone.STRONG if state.mode is None else MODE_TONES[state.mode])]
    if state.mode is not None and width >= 100:
        cells.append(muted(f" {MODE_MEANS[state.mode]}"))
    cells.append(Cell(f"  guard {guard_word(state)}", guard_tone(state)))
    if HaltLevel.RISK in (state.halt, state.platform_halt):
        cells.append(Cell("  NO NEW RISK", Tone.WARN))
    cells.append(_age(state))
    cells.append(Cell(f"  {state.label or state.account or 'no account yet'}"))
    if read_only:
        cells.append(Cell("  READ-ONLY", Tone.STRONG))
    if state.unseen:
        count = len(state.unseen)
        text = f"  {count} alert{'' if count == 1 else 's'} (7)"
        cells.append(Cell(text, NOTICE_TONES[state.unseen[0].level]))
    if state.waiting:
        cells.append(Cell(f"  {len(state.waiting)} to approve (A)", Tone.WARN))
    if state.core and width >= 100:
        cells.append(muted(f"  {state.core}"))
    if state.wall is not None:
        zone = " UTC" if width >= 100 else "Z"
        cells.append(muted(f"  {state.wall.astimezone(UTC):%H:%M:%S}{zone}"))
    return tuple(cells)


def guard_word(state: State) -> str:
    """Return what the guard does, in a word, and until when it is paused."""
    run = state.guard
    if state.is_halted:
        return "HALTED"
    if run is None:
        return "NONE"
    if run.state is RunState.RUNNING:
        if state.standing is Standing.RECONCILE_ONLY:
            return "RECONCILING"
        states = {coverage.state for coverage in state.coverages.values()}
        blind = state.standing is Standing.DEGRADED or CoverageState.DEGRADED in states
        return "DEGRADED" if blind else "ARMED"
    until = "" if run.resumes_at is None else f" until {run.resumes_at.astimezone(UTC):%H:%M}"
    return f"{run.state.value.upper()}{until}"


def guard_tone(state: State) -> Tone:
    """Return the tone of the guard's word; while the core is not heard, it is no longer good."""
    if state.link is not Link.UP:
        return Tone.MUTED
    return Tone.OK if guard_word(state) == "ARMED" else Tone.WARN


def _age(state: State) -> Cell:
    if state.link is Link.LOST:
        return Cell(f"  ~ core not heard{_again(state)}: {state.link_reason}", Tone.CRIT)
    if state.link is Link.CONNECTING:
        return Cell("  ~ connecting", Tone.WARN)
    age = state.price_age_ms
    if age is None:
        return Cell("  ~ no price yet", Tone.WARN)
    seconds = Decimal(age) / 1000
    if state.is_stale:
        return Cell(f"  ~ stale, data {seconds:.1f}s", Tone.WARN)
    return Cell(f"  data {seconds:.1f}s")


def _again(state: State) -> str:
    if state.retry_at_ms is None:
        return ""
    left = max(0, -(-(state.retry_at_ms - state.now_ms) // 1000))
    return f", again in {left}s"


def market(state: State, width: int) -> tuple[Line, Line]:
    """Return the line of the price and the line of the floor."""
    tick = state.tick
    cells = [Cell("BTC/USD "), strong("-" if tick is None else f"{tick.last:,f}")]
    if tick is not None and tick.funding_rate is not None:
        cells.append(Cell(f"  funding {(tick.funding_rate * 100).normalize():+f}%"))
    if state.balance is not None:
        cells.append(Cell(f"  free {state.amount(state.balance.free)}"))
        profit = sum(state.profit_of(each) for each in state.positions)
        text = f"  P/L {arrow(profit)} {state.amount(profit, signed=True)}"
        cells.append(Cell(text, tone(profit)))
        held = sum(each.margin for each in state.positions)
        if width >= 100:
            cells.append(muted(f"  in positions {state.amount(held)}"))
    if state.is_stale:
        cells = [Cell(each.text, Tone.MUTED) for each in cells]
    return tuple(cells), floor_line(state, width)


def floor_line(state: State, width: int) -> Line:
    """Return the answer to "am I safe?": how far the guard holds, and where it acts next."""
    head = strong("FLOOR ")
    if state.guard is None or state.guard.state is not RunState.RUNNING or state.is_halted:
        return line(head, Cell("no guard is at work: nothing is protected", Tone.WARN))
    known = [floor for floor in state.floors if floor.price is not None]
    text = "  ".join(_floor(floor) for floor in known)
    if not known:
        text = "holds as far as it looks" if state.floors else "not known yet"
    cells = [head, Cell(text, Tone.MUTED if state.is_stale else Tone.PLAIN)]
    if state.plan:
        row = state.plan[0]
        acts = f"  acts next at {row.price:,.0f} ({row.move * 100:+.1f}%)"
        cells.append(muted(acts))
    if state.budget_left is not None and width >= 100:
        cells.append(muted(f"  may spend {state.amount(state.budget_left)}"))
    return tuple(cells)


def _floor(floor: Floor) -> str:
    move = "" if floor.move is None else f" ({floor.move * 100:+.1f}%)"
    what = "longs" if floor.side is Side.BUY else "shorts"
    return f"{floor.price:,f}{move} {what}, {short(floor.position, ID)} breaks first"
