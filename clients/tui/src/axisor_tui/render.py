"""The console's panels as text, from the state alone; no meaning is left to colour."""

from __future__ import annotations

import json
from datetime import UTC
from decimal import Decimal

from rich.text import Text

from axisor.events import CoverageState, HaltLevel, RunState, Standing
from axisor.maths import pl
from axisor.model import Mode, Position, Severity, Side
from axisor.strategy import Floor
from axisor.words import SIGNS, short, side_word
from axisor_tui.state import Link, State
from axisor_tui.words import Line

CELLS = 20
"""A gauge has twenty cells, one a percent."""

ID = 4
"""So many characters of an id fit into a panel."""

PARTS = " ▏▎▍▌▋▊▉"
STYLES = {
    Severity.OK: "green",
    Severity.WATCH: "",
    Severity.WARN: "yellow",
    Severity.ACT: "bold cyan",
    Severity.CRIT: "bold red",
}
MODE_STYLES = {
    Mode.SIM: "dim",
    Mode.PAPER: "blue",
    Mode.SHADOW: "magenta",
    Mode.LIVE: "bold white on red",
}
MODE_MEANS = {
    Mode.SIM: "play money",
    Mode.PAPER: "real prices, simulated account",
    Mode.SHADOW: "real account, nothing is sent",
    Mode.LIVE: "real sats",
}
NEAR = Decimal("0.02")
CLOSE = Decimal("0.04")


def banner(state: State) -> Text:
    """Return the line at the top: mode, core, account, guard, age of the data."""
    mode = "NO MODE YET" if state.mode is None else state.mode.value.upper()
    style = "" if state.mode is None else MODE_STYLES[state.mode]
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f" {mode} ", f"{style} reverse" if state.mode is not Mode.LIVE else style)
    if state.mode is not None:
        text.append(f" {MODE_MEANS[state.mode]}", "dim")
    text.append(f"  {state.label or state.account or 'no account yet'}")
    text.append(f"  guard {guard_word(state)}", guard_style(state))
    if HaltLevel.RISK in (state.halt, state.platform_halt):
        text.append("  REDUCE-ONLY", "bold yellow")
    text.append(f"  {_age(state)}")
    if state.wall is not None:
        text.append(f"  {state.wall.astimezone(UTC):%H:%M:%S} UTC", "dim")
    return text


def guard_word(state: State) -> str:
    """Return what the guard does, in one word."""
    run = state.guard
    still = (HaltLevel.ALL, HaltLevel.FLATTEN)
    if state.halt in still or state.platform_halt in still:
        return "HALTED"
    if run is None:
        return "NONE"
    if run.state is RunState.RUNNING:
        if state.standing is Standing.RECONCILE_ONLY:
            return "RECONCILING"
        states = {coverage.state for coverage in state.coverages.values()}
        blind = state.standing is Standing.DEGRADED or CoverageState.DEGRADED in states
        return "DEGRADED" if blind else "ARMED"
    return run.state.value.upper()


def guard_style(state: State) -> str:
    """Return the colour of the guard's word."""
    return "bold green" if guard_word(state) == "ARMED" else "bold yellow"


def _age(state: State) -> str:
    if state.link is Link.LOST:
        return f"~ core not heard: {state.link_reason}"
    if state.link is Link.CONNECTING:
        return "~ connecting"
    age = state.price_age_ms
    if age is None:
        return "~ no price yet"
    return f"{'~ stale ' if state.is_stale else ''}data {age / 1000:.1f}s"


def market(state: State) -> Text:
    """Return the price line and the floor line."""
    stale = "dim" if state.is_stale else ""
    text = Text(style=stale)
    tick = state.tick
    text.append("BTC/USD ")
    text.append("-" if tick is None else f"{tick.last:,f}", "bold")
    if tick is not None and tick.funding_rate is not None:
        text.append(f"   funding {tick.funding_rate * 100:+f} %")
    if state.balance is not None:
        text.append(f"   free {state.balance.free:,} sat")
        profit = sum(_profit(state, each) for each in state.positions)
        text.append(f"   P/L {arrow(profit)} {profit:+,} sat", money_style(profit))
    text.append("\n")
    text.append_text(floor_line(state))
    return text


def floor_line(state: State) -> Text:
    """Return the answer to "am I safe?": how far the guard holds."""
    text = Text().append("FLOOR ", "bold")
    if state.guard is None or state.guard.state is not RunState.RUNNING:
        return text.append("no guard is running: nothing is protected", "bold yellow")
    known = [floor for floor in state.floors if floor.price is not None]
    if not known:
        return text.append("holds as far as it looks" if state.floors else "not known yet")
    text.append("  ".join(_floor(floor) for floor in known))
    return text


def _floor(floor: Floor) -> str:
    move = "" if floor.move is None else f" ({floor.move * 100:+.1f} %)"
    what = "longs" if floor.side is Side.BUY else "shorts"
    return f"{floor.price:,f}{move} {what}, {short(floor.position, ID)} breaks first"


def positions(state: State, width: int) -> Text:
    """Return the table of positions, the nearest to liquidation first."""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append("".join(heading for _, heading in _columns(width)), "bold")
    if not state.positions:
        waiting = "no open positions" if state.mode else "waiting for the core"
        text.append(f"\n  {waiting}", "dim")
    for index, position in enumerate(state.by_danger()):
        text.append("\n")
        text.append_text(_position(state, position, index == state.selected, width))
    return text


def _columns(width: int) -> list[tuple[str, str]]:
    """Return the columns that fit, each with its heading."""
    return [
        (name, heading)
        for name, heading, least in (
            ("id", "  ID    ", 0),
            ("side", "side  ", 0),
            ("quantity", "   qty $", 0),
            ("entry", "      entry", 130),
            ("leverage", "    lev", 100),
            ("margin", "   margin sat", 116),
            ("liquidation", "       liq", 0),
            ("profit", "     P/L sat", 0),
            ("gauge", "   distance to liquidation", 0),
        )
        if width >= least
    ]


def _position(state: State, position: Position, selected: bool, width: int) -> Text:
    profit = _profit(state, position)
    texts = {
        "id": f"{'>' if selected else ' '} {short(position.id, ID):<6}",
        "side": f"{side_word(position.side):<6}",
        "quantity": f"{position.quantity:>8,}",
        "entry": f"{position.entry:>11,f}",
        "leverage": f"{'x' + format(position.leverage, '.1f'):>7}",
        "margin": f"{position.margin:>13,}",
        "liquidation": f"{position.liquidation:>10,f}",
        "profit": f"{arrow(profit):>2}{profit:>+10,}",
    }
    row = Text(style="dim" if state.is_stale else "")
    for name, _ in _columns(width):
        if name != "gauge":
            row.append(texts[name], money_style(profit) if name == "profit" else "")
    cells = CELLS if width >= 100 else CELLS // 2
    row.append(" ")
    row.append_text(gauge(state.distance_of(position), trigger_of(state), cells))
    return row.append(f" {cover_word(state, position)}")


def gauge(fraction: Decimal | None, trigger: Decimal | None, cells: int = CELLS) -> Text:
    """Return a distance as a bar of twenty percent with the trigger marked, and as a number."""
    if fraction is None:
        return Text(f"~ {'░' * cells}     ? %", "dim")
    sign = "‼" if fraction < NEAR else "!" if fraction < CLOSE else " "
    style = "bold red" if fraction < NEAR else "yellow" if fraction < CLOSE else "green"
    eighths = min(cells * 8, max(0, int(fraction * 5 * cells * 8)))
    full, part = divmod(eighths, 8)
    bar = "█" * full + (PARTS[part] if part else "")
    bar = bar.ljust(cells, "░")
    mark = None if trigger is None else min(cells - 1, int(trigger * 5 * cells))
    shown = "".join("|" if n == mark and cell == "░" else cell for n, cell in enumerate(bar))
    return Text().append(f"{sign} {shown} {fraction * 100:6.2f} %", style)


def cover_word(state: State, position: Position) -> str:
    """Return a position's protection in a word; a missing one is not protected."""
    if position.id in (target.rpartition("/")[2] for target in state.pending.values()):
        return "acting"
    coverage = state.coverages.get(position.id)
    if coverage is None:
        return "unguarded"
    if coverage.state is CoverageState.SHORTFALL:
        return f"short of {coverage.missing:,} sat"
    if coverage.state is CoverageState.PROTECTED:
        return "guarded"
    return f"{coverage.state.value} {coverage.reason}".strip()


def trigger_of(state: State) -> Decimal | None:
    """Return the distance at which the guard acts, as a fraction, where its configuration says."""
    value = guard_setting(state, "trigger")
    if value is None or guard_setting(state, "trigger_by") == "consumed":
        return None
    return Decimal(value) / 100


def guard_setting(state: State, name: str) -> str | None:
    """Return a value of the guard's configuration as text, or None."""
    run = state.guard
    config = json.loads(run.config) if run is not None and run.config else {}
    return None if config.get(name) is None else str(config[name])


def guard(state: State) -> Text:
    """Return the guard's panel: what it does next on the way down or up."""
    run = state.guard
    if run is None:
        return Text("No guard. Set one up:\n  axisor guard set\n  axisor guard arm", "dim")
    text = Text().append(guard_word(state), guard_style(state))
    text.append(f"  {_rule(state)}\n")
    for row in state.plan[:6]:
        done = f"{row.cost:+,}" if row.action == "add_margin" else row.action.replace("_", " ")
        moved = f"{row.move * 100:+.1f}%"
        text.append(f"{row.price:>7,.0f} {moved:>6} {short(row.position, ID):<4} {done}\n")
        if row.note:
            text.append(f"  {row.note}\n", "dim")
    if not state.plan:
        text.append("nothing to do as far as it looks", "dim")
    return text


def _rule(state: State) -> str:
    """Return the guard's rule as the trigger and what it restores, in few words."""
    trigger, target = guard_setting(state, "trigger"), guard_setting(state, "target")
    what = "used up" if guard_setting(state, "trigger_by") == "consumed" else "away"
    acts = "" if trigger is None else f"at {trigger} % {what}"
    unit = {"leverage": "x", "liquidation_price": " USD"}.get(
        guard_setting(state, "target_by") or "", " %"
    )
    return f"{acts} to {target}{unit}" if acts and target is not None else acts


def events(lines: tuple[Line, ...], height: int) -> Text:
    """Return the newest lines of the log, the newest last."""
    text = Text(no_wrap=True, overflow="ellipsis")
    shown = lines[-height:] if height > 0 else ()
    if not shown:
        return Text("nothing yet", "dim")
    for line in shown:
        text.append(f"{line.time.astimezone(UTC):%H:%M:%S} ", "dim")
        text.append(f"{SIGNS[line.severity]} {line.kind:<9}{line.text}\n", STYLES[line.severity])
    return text


def arrow(sats: int) -> str:
    """Return a triangle that says gain or loss."""
    return "▲" if sats > 0 else "▼" if sats < 0 else " "


def money_style(sats: int) -> str:
    """Return the colour of a gain or loss; its sign says the same."""
    return "green" if sats > 0 else "red" if sats < 0 else ""


def _profit(state: State, position: Position) -> int:
    tick = state.tick
    if tick is None:
        return position.pl
    long = position.side is Side.BUY
    price = tick.bid_for(position.quantity) if long else tick.ask_for(position.quantity)
    if price is None:
        return position.pl
    return pl(position.side, position.quantity, position.entry, price)
