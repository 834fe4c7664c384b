"""`axisor backtest`: a strategy over real minutes, guarded and unguarded twins side by side."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click
import msgspec

from axisor.strategy import decode_config
from axisor_cli import trials
from axisor_cli.amounts import SatsType
from axisor_cli.output import Column, Printer
from axisor_cli.session import Options
from axisor_cli.strategies import find_strategy

if TYPE_CHECKING:
    from axisor.backtest import PositionRow, Report

OBJECTIVES = ("net-pl", "net-of-protection", "sharpe", "sortino", "drawdown")
COLUMNS = (
    Column("group", "twins"),
    Column("count", "positions", number=True),
    Column("liquidated", "liquidated", number=True),
    Column("gaps", "gaps", number=True),
    Column("capped", "capped", number=True),
    Column("actions", "actions", number=True),
    Column("added_sats", "added sat", number=True),
    Column("min_distance_pct", "least distance %", number=True),
)
LOST = (
    Column("id", "position"),
    Column("opened_at", "opened"),
    Column("liquidated_at", "liquidated"),
    Column("min_distance_pct", "least distance %", number=True),
    Column("actions", "actions", number=True),
    Column("why", "why"),
)


class Percent(click.ParamType["Decimal"]):
    """A percentage, as an exact fraction."""

    name = "percent"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """Return the fraction, or fail naming the value."""
        if isinstance(value, Decimal):
            return value
        try:
            percent = Decimal(str(value).removesuffix("%"))
        except InvalidOperation:
            self.fail(f"{value!r} is not a percentage such as 2 or 2.5%", param, ctx)
        if not percent.is_finite() or not 0 < percent < 100:
            self.fail(f"{value!r} is not between 0 and 100 percent", param, ctx)
        return percent / 100


class FeeTier(click.ParamType["int | None"]):
    """A fee tier from 0 to 3, or `off`."""

    name = "tier"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """Return the tier, None for no fees, or fail."""
        if value in ("off", None):
            return None
        if str(value) not in ("0", "1", "2", "3"):
            self.fail(f"{value!r} is not a fee tier: 0, 1, 2, 3 or off", param, ctx)
        return int(value)


@click.command()
@click.option("--candles", type=click.Path(dir_okay=False), help="CSV file, may be gzipped.")
@click.option("--ticks", type=click.Path(dir_okay=False), help="CSV file of time and price.")
@click.option("--scenario", help="A seeded market: its name, seed= duration= start= strength= …")
@click.option("--strategy", default="margin-guard", show_default=True)
@click.option("--config", "config_text", help="The strategy's own: JSON, or a JSON or TOML file.")
@click.option("--grid", "grid_text", default="", help="sides= leverages= every= quantity=")
@click.option("--balance", type=SatsType(bare=True), help="Run the strategy on an account of it.")
@click.option("--open", "openings", multiple=True, help="Its position, such as 'long 25x 2500'.")
@click.option("--plan", type=click.Path(dir_okay=False), help="TOML file of several accounts.")
@click.option("--budget", type=click.IntRange(min=1), help="Most sats for each position.")
@click.option("--reserve", type=click.IntRange(min=0), default=0, help="Sats to leave untouched.")
@click.option("--trigger", type=Percent(), default="2", show_default=True, help="Act below this.")
@click.option("--target", type=Percent(), default="5", show_default=True, help="Restore this.")
@click.option("--at-risk", type=Percent(), default="5", show_default=True, help="Risk below this.")
@click.option("--fee-tier", type=FeeTier(), default="0", show_default=True)
@click.option("--funding-rate", help="For each eight hours; 0.0001, or the scenario's own.")
@click.option("--latency", type=click.FloatRange(min=0), default=0, help="Seconds to act.")
@click.option("--each-print", is_flag=True, help="Call the strategy at every print; slow.")
@click.option("--sweep", help="Vary the configuration: 'trigger=1,2,3 target=4,5'.")
@click.option("--walk-forward", type=click.IntRange(2, 100), help="Choose and judge in parts.")
@click.option("--objective", type=click.Choice(OBJECTIVES), default="net-pl", show_default=True)
@click.option("--processes", type=click.IntRange(1, 1024), help="For sweeps; else one per core.")
@click.option("--html", type=click.Path(dir_okay=False), help="Write the report as a page.")
@click.option("--png", type=click.Path(dir_okay=False), help="Write the plots.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), help="As the global -o.")
@click.pass_obj
def backtest(options: Options | None, /, **given: Any) -> None:
    """Show what a strategy would have done in a real market, or in a made-up one.

    Takes a market from --candles, --ticks or --scenario. With --balance, or a --plan of several
    accounts, the strategy runs on whole accounts, beside the same ones without it. Else a guarded
    and an unguarded twin are opened at each point of a grid: `net` is what matters in the end, for
    guarding a long slide can save margin and still cost more than it saved.
    """
    options = options or Options()
    printer = Printer(given["output"] or options.output, color=not options.no_color)
    if given["balance"] is not None or given["plan"] is not None:
        trials.run(given, printer)
        return
    for name in ("openings", "each_print", "sweep", "html", "png"):
        if given[name]:
            word = "open" if name == "openings" else name.replace("_", "-")
            raise click.UsageError(f"--{word} needs --balance or --plan.")
    report = _run(given)
    if printer.is_data:
        printer.record(msgspec.to_builtins(report))
    else:
        _show(report, printer)


def _run(given: Mapping[str, Any]) -> Report:
    from axisor.backtest import Setup, parse_grid, run_twins

    start = time.perf_counter()
    grid = parse_grid(given["grid_text"])
    strategy = find_strategy(given["strategy"])
    config = decode_config(strategy, trials.config_of(given))
    market = trials.market_of(given)
    budget = given["budget"]
    setup = Setup(
        quantity=grid.quantity,
        strategy=strategy,
        config=config,
        trigger=given["trigger"],
        spare=None if budget is None else budget + given["reserve"],
        costs=trials.costs_of(given, market),
    )
    return run_twins(
        market.path,
        grid,
        setup,
        candles=market.candles,
        elapsed=lambda: time.perf_counter() - start,
    )


def _show(report: Report, printer: Printer) -> None:
    summary = report.summary
    kept = [row for row in report.positions if row.guarded]
    bare = [row for row in report.positions if not row.guarded]
    rows = [
        _group("guarded", kept, msgspec.structs.asdict(summary.guarded)),
        _group("unguarded", bare, msgspec.structs.asdict(summary.unguarded)),
    ]
    printer.rows(rows, COLUMNS)
    lost = [row for row in kept if row.liquidated_at is not None]
    if lost:
        printer.say("\nGuarded and liquidated all the same:")
        printer.rows([_lost(row) for row in lost], LOST)
    printer.say(
        f"\nsaved {summary.saved_sats:,} sat of margin by moving {summary.spent_sats:,} sat; "
        f"net {summary.net_sats:+,} sat (guarded less unguarded equity at the last close)"
    )
    if summary.net_sats < 0:
        printer.say("The guard kept positions that went on losing: a budget or a stop limits that.")
    counted = f"{summary.candles:,} candles, " if summary.candles else ""
    printer.say(f"{counted}{len(kept)} pairs, {summary.seconds:.1f} s")


def _group(name: str, rows: list[PositionRow], group: dict[str, Any]) -> dict[str, Any]:
    least = min((Decimal(row.min_distance_pct) for row in rows), default=None)
    return {
        "group": name,
        **group,
        "actions": sum(row.actions for row in rows),
        "added_sats": sum(row.added_sats for row in rows),
        "min_distance_pct": None if least is None else str(least),
    }


def _lost(row: PositionRow) -> dict[str, Any]:
    why = "gap" if row.gap else "capped" if row.capped else "shortfall"
    return {
        "id": row.id.removesuffix("-guarded"),
        "opened_at": f"{row.opened_at:%Y-%m-%d %H:%M}",
        "liquidated_at": f"{row.liquidated_at:%Y-%m-%d %H:%M:%S}",
        "min_distance_pct": row.min_distance_pct,
        "actions": row.actions,
        "why": why,
    }
