"""What would be: more margin in one position, and every position at other prices."""

from __future__ import annotations

from decimal import Decimal

from axisor.model import Sats
from axisor.wire.records import Fate, WhatIf
from axisor.words import short
from axisor_tui.model.cells import Cell, Column, Line, Row, Table, Tone, line, muted, row, strong
from axisor_tui.model.messages import Scenario
from axisor_tui.model.positions import named
from axisor_tui.model.standing import ID
from axisor_tui.model.state import State

STEPS: tuple[Sats, ...] = (0, 100_000, 250_000, 500_000, 1_000_000)
"""The margins that are compared, in sats."""

SHOCKS = tuple(Decimal(each) / 100 for each in (-3, -5, -10, 5))
"""The moves that every position is tried with, as fractions."""

MOVE = Decimal("0.005")
"""One press moves the price by half a percent."""


def title(state: State, move: Decimal) -> tuple[Line, ...]:
    """Return what is asked: about which position, at which price."""
    position = state.position
    if position is None:
        return (line(muted("no open position to ask about")),)
    price = "-" if state.tick is None else f"{state.tick.last * (1 + move):,.1f}"
    return (
        line(strong(named(position)), f"   price {price}  ", strong(f"◀ {move * 100:+.1f}% ▶")),
        line(muted("The core computes all of it. Nothing here is sent to the exchange.")),
    )


def margins(state: State) -> Table:
    """Return one position with more margin in it, at the price asked about."""
    unit = state.unit.value
    columns = (
        Column(f"added {unit}", 11, right=True),
        Column("liq price", 11, right=True),
        Column("distance", 9, right=True),
        Column("leverage", 9, right=True),
        Column("of free", 8, right=True),
        Column("without guard", 14, grow=True),
    )
    found = state.what_if
    if found is None:
        return Table(columns, (), "asking the core")
    rows = tuple(_margin(state, found.position, each) for each in found.margins)
    return Table(columns, rows, "no open position to ask about")


def _margin(state: State, position: str, asked: Scenario) -> Row:
    of = next((each for each in asked.answer.positions if each.position == position), None)
    after = None if of is None else of.preview.after
    free = None if state.balance is None else state.balance.free
    share = "-" if not free or not asked.added else f"{Decimal(asked.added) / free * 100:.1f}%"
    if of is None or after is None:
        return row(str(asked.added), state.sats(asked.added), "-", "-", "-", share, "-")
    return row(
        str(asked.added),
        state.sats(asked.added),
        "-" if after.liquidation is None else f"{after.liquidation:,f}",
        "-" if after.distance_percent is None else f"{after.distance_percent:.2f}%",
        "-" if after.leverage is None else f"x{after.leverage:.1f}",
        share,
        _fate(of.unguarded),
    )


def _fate(fate: Fate) -> Cell:
    match fate:
        case Fate.SURVIVES:
            return Cell("survives", Tone.OK)
        case Fate.SHORTFALL:
            return Cell("! short", Tone.WARN)
        case Fate.LIQUIDATED:
            return Cell("‼ liquidated", Tone.CRIT)


def shocks(state: State) -> Table:
    """Return what is lost at other prices: without guard, if the price walks, if it jumps."""
    columns = (
        Column("move", 4, right=True),
        Column("price", 9, right=True),
        Column("no guard", 17),
        Column("guard, it walks", 23, grow=True),
        Column("guard, one jump", 17),
    )
    found = () if state.what_if is None else state.what_if.shocks
    return Table(columns, tuple(_shock(state, each) for each in found), "asking the core")


def _shock(state: State, asked: Scenario) -> Row:
    answer = asked.answer
    walked = _lost(state, answer, "walked", answer.walked_loss)
    lacks = f", lacks {state.sats(answer.missing)}" if answer.missing else ""
    spends = f", spends {state.sats(answer.walked_spend)}" if answer.walked_spend else ""
    return row(
        str(asked.move),
        f"{asked.move * 100:+.0f}%",
        "-" if answer.price is None else f"{answer.price:,.1f}",
        _lost(state, answer, "unguarded", answer.unguarded_loss),
        Cell(f"{walked.text}{lacks}{spends}", walked.tone),
        _lost(state, answer, "jumped", answer.jumped_loss),
    )


def _lost(state: State, answer: WhatIf, road: str, loss: Sats) -> Cell:
    gone = [
        short(each.position, ID)
        for each in answer.positions
        if getattr(each, road) is Fate.LIQUIDATED
    ]
    if not gone:
        return Cell("alive", Tone.OK)
    who = gone[0] if len(gone) == 1 else f"{len(gone)} lost"
    return Cell(f"‼ {who} -{state.sats(abs(loss))}", Tone.CRIT)
