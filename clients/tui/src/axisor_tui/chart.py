"""The price of the last minutes with the levels that matter for the selected position."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from axisor.maths import liquidation_at_distance
from axisor.model import Position, Price
from axisor.words import short, side_word
from axisor_tui.render import ID, trigger_of
from axisor_tui.state import State

MARKS = {"liq": ("x", "red"), "trigger": ("=", "yellow"), "entry": ("-", "blue")}


class PriceChart(Static):
    """Draws with plotext, in whatever size it is given."""

    def show(self, state: State) -> None:
        """Draw the prices and the levels of the selected position."""
        self.border_title = title(state)
        size = self.content_size
        if size.width < 20 or size.height < 4:
            self.update("")
            return
        if len(state.prices) < 2:
            self.update(Text("waiting for prices", "dim"))
            return
        self.update(Text.from_ansi(draw(state, size.width, size.height)))


def levels(state: State) -> tuple[tuple[str, Price], ...]:
    """Return the levels of the selected position: liquidation, trigger, entry."""
    ordered = state.by_danger()
    if not ordered:
        return ()
    position = ordered[min(state.selected, len(ordered) - 1)]
    found = [("liq", position.liquidation), ("entry", position.entry)]
    trigger = trigger_of(state)
    if trigger is not None:
        found.append(("trigger", trigger_price(position, trigger)))
    return tuple(found)


def trigger_price(position: Position, trigger: Price) -> Price:
    """Return the price at which a position's distance is just the trigger (a fraction)."""
    return position.liquidation / liquidation_at_distance(position.side, Price(1), trigger)


def draw(state: State, width: int, height: int) -> str:
    """Return the chart as text with terminal colours."""
    import plotext

    # Screen coordinates only: money is never computed from these floats.
    prices = [float(price) for _, price in state.prices]
    plotext.clear_figure()
    plotext.plotsize(width, height)
    plotext.theme("clear")
    plotext.plot(prices, marker="braille")
    low, high = min(prices), max(prices)
    margin = max((high - low) * 0.5, high * 0.01)
    for name, price in levels(state):
        level = float(price)
        if low - margin <= level <= high + margin:
            low, high = min(low, level), max(high, level)
            plotext.hline(level, MARKS[name][1])
    pad = max((high - low) * 0.05, 1.0)
    plotext.ylim(low - pad, high + pad)
    plotext.xticks([])
    plotext.xaxes(False, False)
    marked = [level for level in map(float, _prices_of(state)) if low <= level <= high]
    ticks = apart([*marked, prices[-1], low, high], (high - low) * 2 / height)
    plotext.yticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    return str(plotext.build())


def apart(wanted: list[float], least: float) -> list[float]:
    """Return those that keep a distance from the ones before them, so that no labels collide."""
    kept: list[float] = []
    for each in wanted:
        if all(abs(each - other) >= least for other in kept):
            kept.append(each)
    return sorted(kept)


def _prices_of(state: State) -> tuple[Price, ...]:
    return tuple(price for _, price in levels(state))


def title(state: State) -> str:
    """Return what the chart shows: the position selected and its levels."""
    ordered = state.by_danger()
    if not ordered:
        return "Price"
    position = ordered[min(state.selected, len(ordered) - 1)]
    named = "  ".join(f"{name} {price:,.0f}" for name, price in levels(state))
    return f"Price  {short(position.id, ID)} {side_word(position.side)}  {named}"
