"""`axisor backtest`: a strategy over real minutes, guarded and unguarded twins side by side."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import click
import msgspec

from axisor.errors import ConfigInvalid
from axisor.strategy import decode_config
from axisor_cli.output import Column, Printer
from axisor_cli.session import Options
from axisor_cli.strategies import find_strategy

if TYPE_CHECKING:
    from axisor.backtest import Costs, PositionRow, Report

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
@click.option(
    "--candles", required=True, type=click.Path(dir_okay=False), help="CSV file, may be gzipped."
)
@click.option("--strategy", default="margin-guard", show_default=True)
@click.option("--grid", "grid_text", default="", help="sides= leverages= every= quantity=")
@click.option("--budget", type=click.IntRange(min=1), help="Most sats for each position.")
@click.option("--reserve", type=click.IntRange(min=0), default=0, help="Sats to leave untouched.")
@click.option("--trigger", type=Percent(), default="2", show_default=True, help="Act below this.")
@click.option("--target", type=Percent(), default="5", show_default=True, help="Restore this.")
@click.option("--config", "config_json", help="The strategy's own configuration, as JSON.")
@click.option("--fee-tier", type=FeeTier(), default="0", show_default=True)
@click.option("--funding-rate", default="0.0001", show_default=True, help="For each eight hours.")
@click.option("--latency", type=click.FloatRange(min=0), default=0, help="Seconds to act.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), help="As the global -o.")
@click.pass_obj
def backtest(options: Options | None, /, **given: Any) -> None:
    """Show what a guard would have done to positions in a real market.

    Opens a guarded and an unguarded twin at each point of a grid and walks every minute. `net` is
    what matters in the end: guarding a long slide can save margin and still cost more than it
    saved.
    """
    options = options or Options()
    printer = Printer(given["output"] or options.output, color=not options.no_color)
    report = _run(given)
    if printer.is_data:
        printer.record(msgspec.to_builtins(report))
    else:
        _show(report, printer)


def _run(given: Mapping[str, Any]) -> Report:
    from axisor.backtest import Path, Setup, parse_grid, run_twins
    from axisor.exchange.candles import prints, read_candles

    start = time.perf_counter()
    grid = parse_grid(given["grid_text"])
    strategy = find_strategy(given["strategy"])
    config = decode_config(strategy, given["config_json"] or _guard_config(given))
    candles = read_candles(FilePath(given["candles"]))
    budget = given["budget"]
    setup = Setup(
        quantity=grid.quantity,
        strategy=strategy,
        config=config,
        trigger=given["trigger"],
        spare=None if budget is None else budget + given["reserve"],
        costs=_costs(given),
    )
    return run_twins(
        Path.of(prints(candles)),
        grid,
        setup,
        candles=len(candles),
        elapsed=lambda: time.perf_counter() - start,
    )


def _costs(given: Mapping[str, Any]) -> Costs:
    from axisor.backtest import Costs

    try:
        rate = Decimal(given["funding_rate"])
    except InvalidOperation as error:
        raise ConfigInvalid(f"`{given['funding_rate']}` is not a funding rate.") from error
    if not rate.is_finite() or abs(rate) > Decimal("0.01"):
        raise ConfigInvalid(f"A funding rate of {rate} is beyond one percent for eight hours.")
    return Costs(
        fee_tier=given["fee_tier"],
        funding_rate=rate,
        latency=timedelta(seconds=given["latency"]),
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
    printer.say(f"{summary.candles:,} candles, {len(kept)} pairs, {summary.seconds:.1f} s")


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


def _guard_config(given: Mapping[str, Any]) -> str:
    """Return the margin guard's configuration for the options of this command."""
    config = {
        "trigger": str(given["trigger"] * 100),
        "target": str(given["target"] * 100),
        "reserve": given["reserve"],
    }
    if given["budget"] is not None:
        config["budget_position"] = given["budget"]
    return msgspec.json.encode(config).decode()
