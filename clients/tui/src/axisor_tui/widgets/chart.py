"""The price of the last minutes with the levels that matter for the chosen position."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.widgets import Static

from axisor.model import Price
from axisor.words import short, side_word
from axisor_tui.model.position import levels
from axisor_tui.model.standing import ID
from axisor_tui.model.state import State

SHOWN = {"liq": "red", "trigger": "yellow", "entry": "blue", "stop": "magenta", "profit": "green"}


class PriceChart(Static):
    """Draws with plotext, in whatever size it is given."""

    ALLOW_MAXIMIZE = True

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self._last: object = None

    def show(self, state: State) -> None:
        """Draw the prices and the levels of the chosen position, where they changed."""
        size = self.content_size
        if size.width < 20 or size.height < 4 or not self.display:
            return
        position = state.position
        found = [] if position is None else levels(state, position)
        shown = [(name, price) for name, price in found if name in SHOWN]
        now = (tuple(size), state.prices[-1:], tuple(shown), self.app.theme)
        if now == self._last:
            return
        self._last = now
        named = "  ".join(f"{name} {price:,.0f}" for name, price in shown)
        who = "" if position is None else f"{short(position.id, ID)} {side_word(position.side)}"
        self.border_title = f"Price  {who}  {named}".rstrip()
        if len(state.prices) < 2:
            self.update(Text("waiting for prices", "dim"))
            return
        prices = [price for _, price in state.prices]
        mono = self.app.theme == "mono"
        text = Text.from_ansi(draw(prices, shown, size.width, size.height))
        self.update(Text(text.plain) if mono else text)


def draw(
    prices: Sequence[Price], levels: Sequence[tuple[str, Price]], width: int, height: int
) -> str:
    """Return the chart as text with terminal colours."""
    import plotext

    # Screen coordinates only: money is never computed from these floats.
    heights = [float(price) for price in prices]
    plotext.clear_figure()
    plotext.plotsize(width, height)
    plotext.theme("clear")
    plotext.plot(heights, marker="braille")
    low, high = min(heights), max(heights)
    margin = max((high - low) * 0.5, high * 0.01)
    for name, price in levels:
        level = float(price)
        if low - margin <= level <= high + margin:
            low, high = min(low, level), max(high, level)
            plotext.hline(level, SHOWN[name])
    pad = max((high - low) * 0.05, 1.0)
    plotext.ylim(low - pad, high + pad)
    plotext.xticks([])
    plotext.xaxes(False, False)
    marked = [float(price) for _, price in levels if low <= float(price) <= high]
    ticks = apart([*marked, heights[-1], low, high], (high - low) * 2 / height)
    plotext.yticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    return str(plotext.build())


def apart(wanted: list[float], least: float) -> list[float]:
    """Return those that keep a distance from the ones before them, so that no labels collide."""
    kept: list[float] = []
    for each in wanted:
        if all(abs(each - other) >= least for other in kept):
            kept.append(each)
    return sorted(kept)
