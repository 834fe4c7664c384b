"""`axisor market`: prices and funding."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import click

from axisor_cli.output import Column
from axisor_cli.session import Options, command

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.records import Account, TickReport

FUNDING = (
    Column("time", "time"),
    Column("rate", "rate", number=True),
    Column("fixing_price", "fixing price $", number=True),
)
CANDLES = (
    Column("time", "time"),
    Column("open", "open $", number=True),
    Column("high", "high $", number=True),
    Column("low", "low $", number=True),
    Column("close", "close $", number=True),
)


@click.group()
def market() -> None:
    """The market as an account sees it."""


def row(report: TickReport) -> dict[str, Any]:
    """Return a tick as a row."""
    tick = report.tick
    return {
        "time": tick.time,
        "last_usd": tick.last,
        "bid_usd": tick.bid,
        "ask_usd": tick.ask,
        "index_usd": tick.index,
        "funding_rate": tick.funding_rate,
        "funding_time": tick.funding_time,
        "quality": report.quality.value,
        "source": tick.source,
        "age_ms": None if report.age is None else int(report.age.total_seconds() * 1000),
    }


@command(market)
def ticker(options: Options) -> None:
    """Show the latest price and how far it can be trusted."""

    async def use(client: Client, account: Account) -> TickReport | None:
        return await client.market.ticker(account.id)

    report = options.run_on(use)
    if report is None:
        options.printer().record({"last_usd": None, "quality": "none"})
    else:
        options.printer().record(row(report))


@command(market)
@click.option("--count", type=click.IntRange(min=1), help="Stop after so many.")
def watch(options: Options, count: int | None) -> None:
    """Follow the price, a line for each."""
    from axisor.wire.records import TickReport

    printer = options.printer()

    async def use(client: Client, account: Account) -> None:
        seen = 0
        async with aclosing(client.market.watch_ticks(account.id)) as ticks:
            async for item in ticks:
                if not isinstance(item, TickReport):
                    continue
                printer.line(row(item), f"{item.tick.time:%H:%M:%S} {item.tick.last:,f}")
                seen += 1
                if seen == count:
                    return

    options.run_on(use)


@command(market)
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
def funding(options: Options, limit: int) -> None:
    """List settled fundings, newest first."""

    async def use(client: Client, account: Account) -> list[dict[str, Any]]:
        page = await client.market.list_funding_settlements(account.id, page_size=limit)
        return [
            {"time": each.time, "rate": each.rate, "fixing_price": each.fixing_price}
            for each in page.items
        ]

    options.printer().rows(options.run_on(use), FUNDING)


@command(market)
@click.option("--range", "range_", default="1m", show_default=True)
@click.option("--limit", type=click.IntRange(1, 500), default=60, show_default=True)
def candles(options: Options, range_: str, limit: int) -> None:
    """List candles, oldest first."""

    async def use(client: Client, account: Account) -> list[dict[str, Any]]:
        page = await client.market.list_candles(account.id, range_, page_size=limit)
        return [
            {"time": c.time, "open": c.open, "high": c.high, "low": c.low, "close": c.close}
            for c in page.items
        ]

    options.printer().rows(options.run_on(use), CANDLES)
