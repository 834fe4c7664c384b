"""The table of positions, the nearest to liquidation first, each with its gauge."""

from __future__ import annotations

from decimal import Decimal

from axisor.events import CoverageState
from axisor.model import CROSS, Position
from axisor.words import short, side_word
from axisor_tui.model.cells import Cell, Column, Line, Row, Table, Tone, line, row
from axisor_tui.model.money import arrow, tone
from axisor_tui.model.standing import ID
from axisor_tui.model.state import State

CELLS = 20
"""A gauge has twenty cells, one a percent."""

PARTS = " ▏▎▍▌▋▊▉"
NEAR = Decimal("0.02")
CLOSE = Decimal("0.04")
WIDE = 100


def table(state: State, width: int) -> Table:
    """Return the positions as a table for a terminal so many columns wide."""
    cells = CELLS if width >= WIDE else CELLS // 2
    columns = (
        Column("ID", 5),
        Column("side", 5),
        Column("qty $", 7, right=True),
        Column("entry", 11, right=True, least=130),
        Column("lev", 6, right=True, least=100),
        Column(f"margin {state.unit.value}", 12, right=True, least=112),
        Column("liq price", 9, right=True),
        Column(f"P/L {state.unit.value}", 12, right=True),
        Column("distance to liq", cells + 10),
        Column("cover", 8, grow=True),
    )
    empty = "no account yet: axisor setup" if state.newcomer else "waiting for the core"
    if state.mode is not None:
        empty = "no open positions"
    rows = tuple(_row(state, each, cells) for each in state.by_danger())
    return Table(columns, rows, empty, muted=state.is_stale)


def _row(state: State, position: Position, cells: int) -> Row:
    profit = state.profit_of(position)
    return row(
        position.id,
        short(position.id, ID),
        side_word(position.side),
        f"{position.quantity:,}",
        f"{position.entry:,f}",
        f"x{position.leverage:.1f}",
        state.sats(position.margin),
        f"{position.liquidation:,f}",
        Cell(f"{arrow(profit)} {state.sats(profit, signed=True)}", tone(profit)),
        gauge(state.distance_of(position), state.trigger, cells),
        cover(state, position),
    )


def gauge(fraction: Decimal | None, trigger: Decimal | None, cells: int = CELLS) -> Line:
    """Return a distance as a bar of twenty percent with the trigger marked, and as a number."""
    if fraction is None:
        return line(Cell(f"~ {'░' * cells}     ? %", Tone.MUTED))
    sign = "‼" if fraction < NEAR else "!" if fraction < CLOSE else " "
    loud = Tone.CRIT if fraction < NEAR else Tone.WARN if fraction < CLOSE else Tone.OK
    eighths = min(cells * 8, max(0, int(fraction * 5 * cells * 8)))
    full, part = divmod(eighths, 8)
    bar = ("█" * full + (PARTS[part] if part else "")).ljust(cells, "░")
    mark = None if trigger is None else min(cells - 1, int(trigger * 5 * cells))
    marked = "".join("|" if n == mark and cell == "░" else cell for n, cell in enumerate(bar))
    return line(Cell(f"{sign} {marked} {fraction * 100:5.2f}%", loud))


def cover(state: State, position: Position) -> Cell:
    """Return a position's protection in words; a missing one is not protected."""
    if position.id in (target.rpartition("/")[2] for target in state.pending.values()):
        return Cell("> acting", Tone.ACT)
    coverage = state.coverages.get(position.id)
    if coverage is None:
        return Cell("unguarded", Tone.WARN)
    if coverage.state is CoverageState.SHORTFALL:
        return Cell(f"! short {state.amount(coverage.missing)}", Tone.WARN)
    if coverage.state is CoverageState.PROTECTED:
        return Cell("guarded", Tone.OK)
    return Cell(f"! {coverage.state.value} {coverage.reason}".strip(), Tone.WARN)


def named(position: Position) -> str:
    """Return what a position is called in a title."""
    margin = "cross" if position.id == CROSS else "isolated"
    size = f"{position.quantity:,} $ x{position.leverage:.1f} {margin}"
    return f"{short(position.id, ID)} {side_word(position.side)} {size}"
