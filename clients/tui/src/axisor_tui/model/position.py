"""One position: its figures, the ladder of prices that matter to it, its rules and its past."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

from axisor.maths import liquidation_at_distance
from axisor.model import Position, Price, Side
from axisor.words import SIGNS
from axisor_tui.model.cells import TONES, Cell, Line, Tone, line, muted, strong
from axisor_tui.model.log import Entry
from axisor_tui.model.money import arrow, tone
from axisor_tui.model.positions import cover, gauge
from axisor_tui.model.state import State

MARKS = {"liq": "x", "trigger": "=", "stop": "s", "now": "●", "entry": "-", "profit": "t"}


def figures(state: State, position: Position) -> tuple[Line, ...]:
    """Return what the venue says of a position, and what the present price makes of it."""
    profit = state.profit_of(position)
    of_margin = Decimal(profit) / position.margin * 100 if position.margin else Decimal(0)
    price = "-" if state.tick is None else f"{state.tick.last:,f}"
    opened = position.created_at
    paid = position.sum_funding_fees
    return (
        line(
            f"entry {position.entry:,f}   mark {price}   ",
            strong(f"liq {position.liquidation:,f}"),
            f"   margin {state.amount(position.margin)}",
        ),
        line(
            Cell(f"P/L {arrow(profit)} {state.amount(profit, signed=True)}", tone(profit)),
            Cell(f" ({of_margin:+.1f}% of the margin)", tone(profit)),
            f"   leverage x{position.leverage:.1f}",
        ),
        line(
            f"funding {'paid' if paid >= 0 else 'received'} {state.amount(abs(paid))}"
            f"   opening fee {state.amount(position.opening_fee)}",
            muted("" if opened is None else f"   opened {opened.astimezone(UTC):%F %H:%M} UTC"),
        ),
        line(*gauge(state.distance_of(position), state.trigger), "  ", cover(state, position)),
    )


def levels(state: State, position: Position) -> tuple[tuple[str, Price], ...]:
    """Return the prices that matter to a position, each with its name, lowest first."""
    found = [("liq", position.liquidation), ("entry", position.entry)]
    if state.trigger is not None:
        found.append(("trigger", trigger_price(position, state.trigger)))
    if position.stoploss is not None:
        found.append(("stop", position.stoploss))
    if position.takeprofit is not None:
        found.append(("profit", position.takeprofit))
    if state.tick is not None:
        found.append(("now", state.tick.last))
    return tuple(sorted(found, key=lambda level: level[1]))


def trigger_price(position: Position, trigger: Price) -> Price:
    """Return the price at which a position's distance is just the trigger (a fraction)."""
    return position.liquidation / liquidation_at_distance(position.side, Price(1), trigger)


def ladder(state: State, position: Position, width: int) -> tuple[Line, ...]:
    """Return the levels on one axis with their marks, and each with its distance from now."""
    found = levels(state, position)
    if state.tick is None or width < 24:
        return (line(muted("no price yet")),)
    low, high = found[0][1], found[-1][1]
    span = (high - low) or Decimal(1)
    axis = ["─"] * width
    for name, price in found:
        at = int((price - low) / span * (width - 1))
        if axis[at] == "─" or name == "now":
            axis[at] = MARKS[name]
    loss = Tone.LOSS if position.side is Side.BUY else Tone.PLAIN
    rows = [line(Cell("".join(axis), loss if len(found) == 1 else Tone.PLAIN))]
    for name, price in sorted(found, key=lambda level: -level[1]):
        move = (price - state.tick.last) / state.tick.last * 100
        named = f"{MARKS[name]} {name:<8}{price:>12,.1f} {move:>+7.2f}%  "
        rows.append(line(Cell(named, Tone.STRONG if name == "now" else Tone.PLAIN), _means(name)))
    return tuple(rows)


def _means(name: str) -> Cell:
    meaning = {
        "liq": ("liquidated, the margin is gone", Tone.CRIT),
        "trigger": ("the guard acts", Tone.ACT),
        "stop": ("stop-loss at the venue", Tone.PLAIN),
        "profit": ("take-profit at the venue", Tone.PLAIN),
    }
    text, tone = meaning.get(name, ("", Tone.PLAIN))
    return Cell(text, tone)


def rules(state: State, position: Position) -> tuple[Line, ...]:
    """Return what the guard will do about a position as the price walks."""
    ahead = [each for each in state.plan if each.position == position.id]
    lines = [
        line(
            f"{each.price:>11,.1f} {each.move * 100:>+6.1f}%  ",
            Cell(each.action.replace("_", " "), Tone.ACT),
            f" {state.amount(each.cost)}" if each.cost else "",
            "" if each.liquidation is None else f" -> liq {each.liquidation:,.1f}",
            muted(f"  {each.note}" if each.note else ""),
        )
        for each in ahead
    ]
    if not lines:
        lines.append(line(muted("the guard plans nothing for it as far as it looks")))
    return tuple(lines)


def history(state: State, position: Position) -> tuple[Line, ...]:
    """Return what the log says of a position, oldest first."""
    found = [told(each) for each in state.log if each.about == position.id]
    return tuple(found) or (line(muted("nothing yet")),)


def told(entry: Entry) -> Line:
    """Return an entry of the log as a line."""
    return line(
        muted(f"{entry.time.astimezone(UTC):%H:%M:%S} "),
        Cell(f"{SIGNS[entry.severity]} {entry.kind:<9}{entry.text}", TONES[entry.severity]),
    )
