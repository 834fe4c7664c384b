"""The report of a back-test as one HTML page that needs nothing from anywhere else."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import Any

import msgspec
from msgspec.structs import asdict

from axisor.backtest.sheet import AccountSheet, Sheet
from axisor.metrics import DEFINITIONS, Metrics

MOST_EVENTS = 500
"""The most events of one account that the page lists; the JSON report has them all."""

_SHARES = frozenset({"max_drawdown", "win_rate", "time_at_risk"})
_TITLES = {
    "net_pl_sats": "Net P/L",
    "max_drawdown_sats": "Largest drawdown",
    "max_drawdown": "Largest drawdown, share",
    "sharpe": "Sharpe ratio",
    "sortino": "Sortino ratio",
    "closed": "Positions closed",
    "win_rate": "Win rate",
    "profit_factor": "Profit factor",
    "time_at_risk": "Time at risk",
    "liquidations": "Liquidations",
    "liquidations_avoided": "Liquidations avoided",
    "cost_sats": "Cost of protection",
    "net_sats": "Net of protection",
}
_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .6rem;border-bottom:1px solid #8884;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;white-space:nowrap}
.wide{overflow-x:auto}
img{width:100%;height:auto;background:#fff;border-radius:6px}
code,pre{font-family:ui-monospace,monospace;font-size:.85em;overflow-wrap:anywhere}
pre{white-space:pre-wrap}small,.why{color:#777}
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(sheet: Sheet, plots: bytes) -> str:
    """Return the page of a report, with its plots (a PNG) in it."""
    market = sheet.market
    title = f"Back-test on {market.name}"
    picture = base64.b64encode(plots).decode("ascii")
    about = (
        f"{market.prints:,} prints from {_cell(market.starts_at)} to {_cell(market.ends_at)}, "
        f"${market.first_price:,} to ${market.last_price:,}. "
        f"Fee tier {'off' if market.fee_tier is None else market.fee_tier}, funding "
        f"{market.funding_rate} for eight hours, {market.latency_ms} ms to act. "
        f"At risk: below {sheet.line_pct} %."
    )
    parts = [
        f"<h1>{escape(title)}</h1><p>{escape(about)}</p>",
        f'<img alt="Price with actions, equity, drawdown and distance to liquidation" '
        f'src="data:image/png;base64,{picture}">',
        "<h2>Figures</h2>",
        _metrics(sheet.metrics),
        "<h2>Accounts</h2>",
        _accounts(sheet.accounts),
        *(_account(account) for account in sheet.accounts),
        f"<p><small>Decisions <code>{escape(sheet.decision_hash)}</code>, report version "
        f"{sheet.version}.</small></p>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        + "\n".join(parts)
        + "</body></html>\n"
    )


def _metrics(metrics: Metrics) -> str:
    named = asdict(metrics)
    protection = named.pop("protection")
    if protection is not None:
        named |= asdict(protection)
    rows = [
        (_TITLES[name], _figure(name, value), DEFINITIONS[name]) for name, value in named.items()
    ]
    return _table(("Figure", "Value", "Definition"), rows, numbers=(1,))


def _accounts(accounts: Sequence[AccountSheet]) -> str:
    heads = (
        *("Account", "Strategy", "Positions opened", "Balance", "Equity", "Net P/L"),
        *("Actions", "Added", "Fees", "Funding", "Liquidated", "Least distance, %"),
    )
    rows = [
        (
            *(each.name, each.strategy, ", ".join(each.opened) or "none"),
            *(each.balance_sats, each.equity_sats, each.metrics.net_pl_sats),
            *(each.actions, each.added_sats, each.fees_sats, each.funding_sats),
            *(each.metrics.liquidations, each.min_distance_pct),
        )
        for each in accounts
    ]
    return _table(heads, rows, numbers=range(3, 12))


def _account(account: AccountSheet) -> str:
    shown = account.events[:MOST_EVENTS]
    rows = [
        (each.time, each.kind, each.position, each.price, each.amount_sats, each.result_sats)
        for each in shown
    ]
    heads = ("Time", "What", "Position", "Price, $", "Margin moved, sat", "Result, sat")
    more = len(account.events) - len(shown)
    config = msgspec.json.format(msgspec.json.encode(account.config), indent=2).decode()
    return (
        f"<h2>{escape(account.name)}</h2><details><summary>Configuration of "
        f"{escape(account.strategy)}</summary><pre>{escape(config)}</pre></details>"
        f"<details open><summary>{len(account.events):,} events</summary>"
        + _table(heads, rows, numbers=(3, 4, 5))
        + (f"<p>{more:,} more are in the JSON report.</p>" if more > 0 else "")
        + "</details>"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: Sequence[int]) -> str:
    kinds = [' class="n"' if place in numbers else "" for place in range(len(heads))]
    head = "".join(
        f"<th{kind}>{escape(text)}</th>" for kind, text in zip(kinds, heads, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{escape(_cell(v))}</td>" for kind, v in zip(kinds, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _figure(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if name in _SHARES:
        return f"{value * 100:.2f} %"
    return f"{value:,} sat" if name.endswith("_sats") else _cell(value)


def _cell(value: Any) -> str:
    match value:
        case None:
            return "–"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        case int():
            return f"{value:,}"
        case Decimal():
            return f"{value.normalize():,f}"
        case _:
            return str(value)
