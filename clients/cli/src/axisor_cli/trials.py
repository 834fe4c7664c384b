"""`axisor backtest` on whole accounts: from options to plans and a market, and their report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import click
import msgspec

from axisor.errors import ConfigInvalid
from axisor.metrics import Metrics
from axisor_cli.output import Column, Printer, cell
from axisor_cli.strategies import find_strategy

if TYPE_CHECKING:
    from axisor.backtest import Costs, Market, Plan, Sheet, Terms

GUARD = "margin-guard"
USUAL_RATE = Decimal("0.0001")
MOST_TEXT = 1_000_000

ACCOUNTS = (
    Column("name", "account"),
    Column("strategy", "strategy"),
    Column("actions", "actions", number=True),
    Column("added_sats", "added sat", number=True),
    Column("fees_sats", "fees sat", number=True),
    Column("funding_sats", "funding sat", number=True),
    Column("equity_sats", "equity sat", number=True),
    Column("net_pl_sats", "net P/L sat", number=True),
    Column("liquidations", "liquidated", number=True),
    Column("min_distance_pct", "least distance %", number=True),
)


def run(given: Mapping[str, Any], printer: Printer) -> None:
    """Run the strategy on accounts and write what came of it."""
    from axisor.backtest import back_test, sheet
    from axisor_cli import sweeping

    if given["grid_text"]:
        raise click.UsageError("--grid opens twins; with --balance or --plan use --open.")
    if given["html"] or given["png"]:
        _check_plots()
    plans, market = plans_of(given), market_of(given)
    terms = terms_of(given, market)
    if given["sweep"] is not None:
        if given["html"] or given["png"]:
            raise click.UsageError("--html and --png show one back-test, not a sweep.")
        sweeping.sweep(given, printer, market, plans, terms)
        return
    if given["walk_forward"] is not None:
        raise click.UsageError("--walk-forward chooses between the variants of a --sweep.")
    with sweeping.bar("prints", 1) as advance:
        report = sheet(back_test(market, plans, terms, progress=advance.to))
    _draw(given, report)
    show(report, printer)


def _check_plots() -> None:
    """Refuse plots before anything is reckoned where there is nothing to draw them with."""
    try:
        import axisor.backtest.plots  # noqa: F401 - it is there, or it is not
    except ImportError as error:
        raise click.UsageError(
            f"Plots and pages need matplotlib ({error}): pip install 'axisor-cli[plots]'."
        ) from error


def _draw(given: Mapping[str, Any], report: Sheet) -> None:
    """Write the page and the plots that were asked for."""
    if not (given["html"] or given["png"]):
        return
    from axisor.backtest.page import page
    from axisor.backtest.plots import draw

    plots = draw(report)
    for name, content in (
        (given["png"], plots),
        (given["html"], page(report, plots).encode()),
    ):
        if name:
            try:
                FilePath(name).write_bytes(content)
            except OSError as error:
                raise click.UsageError(f"{name} cannot be written: {error}.") from error
            click.echo(f"wrote {name}", err=True)


def show(report: Sheet, printer: Printer) -> None:
    """Write a report: all of it as data, or its figures for people."""
    if printer.is_data:
        printer.record(msgspec.to_builtins(report))
        return
    rows = [{**msgspec.structs.asdict(each), **_figures(each.metrics)} for each in report.accounts]
    printer.rows(rows, ACCOUNTS)
    printer.say("")
    printer.record(_figures(report.metrics))
    market = report.market
    printer.say(
        f"\n{market.name}: {market.prints:,} prints, "
        f"{cell(market.starts_at)} to {cell(market.ends_at)}"
    )
    printer.say(f"decisions {report.decision_hash}")


def _figures(metrics: Metrics) -> dict[str, Any]:
    """Return the figures as a person reads them: shares as percent, protection beside the rest."""
    named = msgspec.structs.asdict(metrics)
    protection = named.pop("protection")
    for share in ("max_drawdown", "win_rate", "time_at_risk"):
        value = named.pop(share)
        named[f"{share}_pct"] = None if value is None else value * 100
    if protection is not None:
        named["liquidations_avoided"] = protection.liquidations_avoided
        named["cost_of_protection_sats"] = protection.cost_sats
        named["net_of_protection_sats"] = protection.net_sats
    return named


def plans_of(given: Mapping[str, Any]) -> tuple[Plan, ...]:
    """Return the accounts that the options or the plan file ask for."""
    from axisor.backtest import parse_plans, plan

    if given["plan"] is not None:
        if given["balance"] is not None or given["openings"] or given["config_text"]:
            raise click.UsageError("--plan has balances, positions and configurations itself.")
        return parse_plans(_read(given["plan"]), find_strategy)
    strategy = find_strategy(given["strategy"])
    account = plan(
        name="account-1",
        balance=given["balance"],
        strategy=strategy,
        config=config_of(given),
        openings=given["openings"],
    )
    return (account,)


def terms_of(given: Mapping[str, Any], market: Market) -> Terms:
    """Return what the options say of costs and risk."""
    from axisor.backtest import Terms

    costs = costs_of(given, market)
    return Terms(costs=costs, line=given["at_risk"], each=given["each_print"])


def market_of(given: Mapping[str, Any]) -> Market:
    """Return the one market that the options name."""
    from axisor.backtest import parse_scenario, play, read_market, read_ticks

    named = [name for name in ("candles", "ticks", "scenario") if given[name] is not None]
    if len(named) != 1:
        raise click.UsageError("Name one market: --candles, --ticks or --scenario.")
    if given["scenario"] is not None:
        return play(parse_scenario(given["scenario"]))
    if given["ticks"] is not None:
        return read_ticks(FilePath(given["ticks"]))
    return read_market(FilePath(given["candles"]))


def config_of(given: Mapping[str, Any]) -> bytes:
    """Return the strategy's configuration as JSON; the guard's also from the options."""
    from axisor.backtest.plans import config_json

    text: str | None = given["config_text"]
    if text is None:
        return _guard_config(given) if given["strategy"] == GUARD else b"{}"
    if text.lstrip().startswith("{"):
        return text.encode()
    return config_json(_read(text), toml=text.lower().endswith(".toml"))


def costs_of(given: Mapping[str, Any], market: Market) -> Costs:
    """Return what trading costs, by the options or the market's own funding rate."""
    from axisor.backtest import Costs

    own = USUAL_RATE if market.funding_rate is None else market.funding_rate
    return Costs(
        fee_tier=given["fee_tier"],
        funding_rate=own if given["funding_rate"] is None else _rate(given["funding_rate"]),
        latency=timedelta(seconds=given["latency"]),
    )


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation as error:
        raise ConfigInvalid(f"`{text}` is not a funding rate.") from error
    if not rate.is_finite() or abs(rate) > Decimal("0.01"):
        raise ConfigInvalid(f"A funding rate of {rate} is beyond one percent for eight hours.")
    return rate


def _read(name: str) -> str:
    file = FilePath(name)
    try:
        if file.stat().st_size > MOST_TEXT:
            raise ConfigInvalid(f"{name} is larger than {MOST_TEXT:,} bytes.")
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{name} cannot be read: {error}.") from error


def _guard_config(given: Mapping[str, Any]) -> bytes:
    """Return the margin guard's configuration for the options of this command."""
    config = {
        "trigger": str(given["trigger"] * 100),
        "target": str(given["target"] * 100),
        "reserve": given["reserve"],
    }
    if given["budget"] is not None:
        config["budget_position"] = given["budget"]
    return msgspec.json.encode(config)
