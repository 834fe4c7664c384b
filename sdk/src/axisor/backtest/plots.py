"""The plots of a back-test as one PNG: price and actions, equity, drawdown, distance."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import matplotlib.dates
import numpy
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from axisor.backtest.sheet import Sheet
from axisor.model import Sats

WIDTH_IN, HEIGHT_IN, DPI = 12, 12, 110
MOST_LINES = 8
"""Beyond this many accounts only their sum is drawn."""

_INK, _FAINT, _GRID = "#1f2933", "#8a97a5", "#e4e9ee"
_EQUITY, _LOSS, _RISK = "#1b6ca8", "#c0392b", "#d68910"
_LINES = ("#d68910", "#1e8449", "#7d3c98", "#c0392b", "#117a65", "#5d6d7e", "#b9770e", "#2e4053")
_MARKS = {
    "opened": ("opened", "^", "#1b6ca8"),
    "add_margin": ("margin added", "P", "#1e8449"),
    "deposit": ("margin added", "P", "#1e8449"),
    "cash_in": ("cashed in", "v", "#7d3c98"),
    "withdraw": ("cashed in", "v", "#7d3c98"),
    "stoploss": ("stop moved or hit", "s", "#d68910"),
    "takeprofit": ("target moved or hit", "D", "#117a65"),
    "close": ("closed", "o", "#5d6d7e"),
    "cross": ("cross order", "d", "#2471a3"),
    "liquidation": ("liquidated", "X", "#c0392b"),
    "funding": ("liquidated", "X", "#c0392b"),
}


def draw(sheet: Sheet) -> bytes:
    """Return the plots of a report as a PNG; equal reports give equal bytes on one machine."""
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), layout="constrained", facecolor="white")
    panels = figure.subplots(4, 1, sharex=True, height_ratios=(3, 3, 2, 2))
    figure.suptitle(_title(sheet), x=0.01, ha="left", fontsize=13, color=_INK, weight="bold")
    _price(panels[0], sheet)
    _equity(panels[1], sheet)
    _drawdown(panels[2], sheet)
    _distance(panels[3], sheet)
    for panel in panels:
        _dress(panel)
    times = panels[-1].xaxis
    locator = matplotlib.dates.AutoDateLocator()  # type: ignore[no-untyped-call]
    formatter = matplotlib.dates.ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    times.set_major_locator(locator)
    times.set_major_formatter(formatter)
    panels[-1].set_xlabel("market time, UTC", color=_FAINT, loc="left")
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=DPI, metadata={"Software": None})
    return written.getvalue()


def _title(sheet: Sheet) -> str:
    names = list(dict.fromkeys(account.strategy for account in sheet.accounts))
    count = len(sheet.accounts)
    held = "one account" if count == 1 else f"{count} accounts"
    net = sheet.metrics.net_pl_sats
    return f"{', '.join(names)} on {sheet.market.name}: {held}, net {net:+,} sat"


def _price(panel: Axes, sheet: Sheet) -> None:
    curve = sheet.accounts[0].curve
    panel.plot(_times(curve.time), _values(curve.price), color=_INK, linewidth=1.1)
    panel.set_ylabel("price, $")
    _head(panel, "Price, and what was done")
    drawn: set[str] = set()
    for kind, (label, mark, colour) in _MARKS.items():
        found = [e for account in sheet.accounts for e in account.events if e.kind == kind]
        if not found:
            continue
        prices = [e.price if e.price is not None else _price_at(sheet, e.time) for e in found]
        panel.scatter(
            _times(e.time for e in found),
            _values(prices),
            s=48,
            marker=mark,
            color=colour,
            edgecolors="white",
            linewidths=0.7,
            zorder=3,
            label=None if label in drawn else label,
        )
        drawn.add(label)
    if drawn:
        panel.legend(loc="best", fontsize=8, frameon=True, framealpha=0.9, edgecolor=_GRID, ncols=3)


def _price_at(sheet: Sheet, time: datetime) -> Decimal:
    """Return the price of the sample nearest before a moment."""
    curve = sheet.accounts[0].curve
    before = [price for at, price in zip(curve.time, curve.price, strict=True) if at <= time]
    return before[-1] if before else curve.price[0]


def _equity(panel: Axes, sheet: Sheet) -> None:
    accounts = sheet.accounts
    times = _times(accounts[0].curve.time)
    total = _sum([account.curve.equity_sats for account in accounts])
    start = sum(account.balance_sats for account in accounts)
    panel.set_ylabel("equity, sat")
    if len(accounts) == 1:
        panel.plot(times, _values(total), color=_EQUITY, linewidth=1.6)
        panel.axhline(float(start), color=_FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
        _head(panel, "Equity (dashed: the balance at the start)")
        return
    _head(panel, "Equity of each account, less its balance at the start")
    if len(accounts) <= MOST_LINES:
        for account, colour in zip(accounts, _LINES, strict=False):
            gain = [value - account.balance_sats for value in account.curve.equity_sats]
            panel.plot(times, _values(gain), color=colour, linewidth=1, label=account.name)
    gain = [value - start for value in total]
    panel.plot(times, _values(gain), color=_EQUITY, linewidth=1.8, label="all accounts")
    panel.axhline(0, color=_FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
    panel.legend(loc="best", fontsize=8, edgecolor=_GRID)


def _drawdown(panel: Axes, sheet: Sheet) -> None:
    total = _sum([account.curve.equity_sats for account in sheet.accounts])
    highest, falls = sum(account.balance_sats for account in sheet.accounts), []
    for value in total:
        highest = max(highest, value)
        falls.append(value - highest)
    times = _times(sheet.accounts[0].curve.time)
    panel.fill_between(times, _values(falls), 0, color=_LOSS, alpha=0.25, linewidth=0)
    panel.plot(times, _values(falls), color=_LOSS, linewidth=1)
    panel.set_ylabel("below peak, sat")
    _head(panel, f"Drawdown (deepest {sheet.metrics.max_drawdown_sats:,} sat)")


def _distance(panel: Axes, sheet: Sheet) -> None:
    curve = sheet.accounts[0].curve
    columns = zip(*(account.curve.distance_pct for account in sheet.accounts), strict=True)
    nearest = [
        min((Decimal(each) for each in column if each is not None), default=Decimal("NaN"))
        for column in columns
    ]
    line = Decimal(sheet.line_pct)
    panel.axhspan(0, float(line), color=_RISK, alpha=0.12, linewidth=0)
    panel.axhline(0, color=_LOSS, linewidth=0.9)
    panel.plot(_times(curve.time), _values(nearest), color=_RISK, linewidth=1.2)
    panel.set_ylabel("distance, %")
    _head(panel, f"Least distance to liquidation (shaded: at risk, below {line.normalize():f} %)")


def _head(panel: Axes, text: str) -> None:
    panel.set_title(text, loc="left", fontsize=10, color=_INK)


def _times(times: Iterable[datetime]) -> NDArray[Any]:
    """Return times as the plotting library takes them; it knows no zones."""
    plain = [time.astimezone(UTC).replace(tzinfo=None) for time in times]
    return numpy.array(plain, dtype="datetime64[ms]")


def _values(values: Iterable[Decimal | int]) -> NDArray[numpy.float64]:
    """Return figures as the plotting library takes them: a picture is no ledger."""
    return numpy.array([float(value) for value in values], dtype=numpy.float64)


def _sum(columns: Sequence[Sequence[Sats]]) -> list[Sats]:
    return [sum(column) for column in zip(*columns, strict=True)]


def _dress(panel: Axes) -> None:
    panel.grid(visible=True, color=_GRID, linewidth=0.8)
    panel.set_axisbelow(True)
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        panel.spines[side].set_color(_FAINT)
    panel.tick_params(colors=_INK, labelsize=9)
    panel.yaxis.label.set_color(_FAINT)
    panel.yaxis.set_major_locator(MaxNLocator(6))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    panel.margins(x=0.01)
