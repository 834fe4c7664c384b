"""Open orders and the stream of what was done, by whom, and how it ended."""

from __future__ import annotations

from datetime import UTC

from axisor.words import short, side_word
from axisor_tui.model.cells import Cell, Column, Line, Row, Table, Tone, line, muted, row, strong
from axisor_tui.model.deeds import Deed
from axisor_tui.model.filtering import fits
from axisor_tui.model.standing import ID
from axisor_tui.model.state import State

STATES = {
    "confirmed": Tone.OK,
    "filled": Tone.OK,
    "refused": Tone.WARN,
    "unknown": Tone.WARN,
    "not applied": Tone.WARN,
    "dead": Tone.CRIT,
}
SIGNS = {Tone.WARN: "! ", Tone.CRIT: "‼ "}


def opened(state: State) -> Table:
    """Return the orders that are open at the venue, newest first."""
    columns = (
        Column("ID", 9),
        Column("type", 7),
        Column("side", 6),
        Column("qty $", 8, right=True),
        Column("price", 11, right=True),
        Column("lev", 6, right=True),
        Column("stop", 10, right=True, least=100),
        Column("profit", 10, right=True, least=100),
        Column("margin", 9, grow=True),
    )
    rows = tuple(
        row(
            each.id,
            short(each.id),
            each.type.value,
            side_word(each.side),
            f"{each.quantity:,}",
            f"{each.price:,f}",
            "-" if each.leverage is None else f"x{each.leverage:.1f}",
            "-" if each.stoploss is None else f"{each.stoploss:,f}",
            "-" if each.takeprofit is None else f"{each.takeprofit:,f}",
            each.margin_mode.value,
        )
        for each in reversed(state.orders)
    )
    return Table(columns, rows, "no open orders")


def stream(state: State, wanted: str = "") -> Table:
    """Return what was done, newest last; only what fits a filter."""
    columns = (
        Column("time", 9),
        Column("kind", 9),
        Column("ID", 5),
        Column("what", 24, grow=True),
        Column("state", 14),
        Column("by", 20, least=100),
        Column("took", 9, right=True, least=72),
    )
    rows = tuple(_row(each) for each in state.deeds if fits(wanted, _text(each)))
    empty = f"nothing fits `{wanted}`" if wanted else "nothing was done yet"
    return Table(columns, rows, empty)


def _row(deed: Deed) -> Row:
    loud = STATES.get(deed.state, Tone.PLAIN)
    return row(
        deed.id,
        muted(f"{deed.time.astimezone(UTC):%H:%M:%S}"),
        deed.kind,
        short(deed.about, ID),
        deed.text,
        Cell(f"{SIGNS.get(loud, '')}{deed.state}", loud),
        muted(deed.by),
        f"{deed.latency_ms:,} ms" if deed.latency_ms else "",
    )


def _text(deed: Deed) -> str:
    return f"{deed.kind} {deed.about} {deed.text} {deed.state} {deed.by} {deed.note}"


def detail(state: State, id: str) -> tuple[Line, ...]:
    """Return what is known of one deed: who, when, how it ended, and how to see it in a shell."""
    deed = next((each for each in state.deeds if each.id == id), None)
    if deed is None:
        return (line(muted("choose a line; W says why it was done")),)
    when = f"{deed.time.astimezone(UTC):%F %H:%M:%S} UTC"
    took = f"  in {deed.latency_ms:,} ms" if deed.latency_ms else ""
    lines = [
        line(strong(f"{deed.kind} {deed.text}"), f"  {deed.state}{took}"),
        line(f"by {deed.by}  {when}  event {deed.sequence:,}"),
    ]
    if deed.note:
        lines.append(line(Cell(f"! {deed.note}", Tone.WARN)))
    lines.append(line(muted(f"same from a shell: axisor guard why {deed.sequence}")))
    return tuple(lines)
