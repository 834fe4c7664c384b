"""`axisor backtests`: back-tests that a core makes by itself and keeps."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import BacktestNotFound
from axisor_cli.output import Column
from axisor_cli.session import Options, command, unique

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.backtests import Backtest
    from axisor.wire.records import Account

COLUMNS = (
    Column("short", "id"),
    Column("strategy", "strategy"),
    Column("market", "market"),
    Column("state", "state"),
    Column("percent", "%", number=True),
    Column("created_at", "started"),
    Column("text", "why"),
)


@click.group()
def backtests() -> None:
    """Back-tests that the core makes by itself and keeps."""


def row(found: Backtest) -> dict[str, Any]:
    """Return a started back-test as a row."""
    return {
        "id": found.id,
        "short": found.id[:8],
        "strategy": found.strategy,
        "market": found.market,
        "balance_sats": found.balance,
        "state": found.state.value,
        "percent": 100 * found.done // found.of if found.of else 0,
        "created_at": found.created_at,
        "ended_at": found.ended_at,
        "reason": found.reason,
        "text": found.text,
        "report_bytes": found.report_bytes,
    }


async def find(client: Client, account: str, wanted: str) -> str:
    """Return the id of the back-test that begins with `wanted`. Raises BacktestNotFound."""
    from axisor.client import every

    kept = await every(lambda token: client.backtests.list(account, page_token=token), most=1_000)
    return unique(wanted, [each.id for each in kept], BacktestNotFound)


@command(backtests)
@click.argument("strategy")
@click.option("--balance", type=click.IntRange(1), required=True, help="Sats at the start.")
@click.option("--open", "openings", multiple=True, help="A position, such as 'long 25x 2500'.")
@click.option("--config", default="", help="The strategy's configuration as JSON.")
@click.option("--scenario", default="", help="A made-up market, such as 'flash-crash seed=7'.")
@click.option(
    "--candles",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file of candles, at most 2 MiB.",
)
@click.option("--request-id", type=click.UUID, help="Repeat a request: the same id starts once.")
def start(options: Options, strategy: str, **given: Any) -> None:
    """Start one at the core; it goes on when you leave."""
    if bool(given["scenario"]) == (given["candles"] is not None):
        raise click.UsageError("Say --scenario or --candles, one of them.")
    candles = b"" if given["candles"] is None else given["candles"].read_bytes()
    request_id = given["request_id"]

    async def use(client: Client, account: Account) -> Backtest:
        return await client.backtests.start(
            account.id,
            strategy,
            given["balance"],
            config=given["config"],
            positions=given["openings"],
            scenario=given["scenario"],
            candles=candles,
            request_id=None if request_id is None else str(request_id),
        )

    options.printer().record(row(options.run_on(use)))


@command(backtests, name="list")
def list_backtests(options: Options) -> None:
    """List them, the newest first."""
    from axisor.client import every

    async def use(client: Client, account: Account) -> tuple[Backtest, ...]:
        return await every(
            lambda token: client.backtests.list(account.id, page_token=token), most=1_000
        )

    options.printer().rows([row(each) for each in options.run_on(use)], COLUMNS)


@command(backtests)
@click.argument("id")
def show(options: Options, id: str) -> None:
    """Show where one stands, and why it has no report."""

    async def use(client: Client, account: Account) -> Backtest:
        return await client.backtests.get(account.id, await find(client, account.id, id))

    options.printer().record(row(options.run_on(use)))


@command(backtests)
@click.argument("id")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def report(options: Options, id: str, file: Path) -> None:
    """Wait for one to end, and write its report to a file as JSON."""

    async def use(client: Client, account: Account) -> bytes:
        found = bytearray()
        wanted = await find(client, account.id, id)
        async with aclosing(client.backtests.follow(account.id, wanted)) as items:
            async for item in items:
                found += item.report
        return bytes(found)

    content = options.run_on(use)
    file.write_bytes(content)
    options.printer().say(f"{file}: {len(content):,} bytes")


@command(backtests)
@click.argument("id")
def cancel(options: Options, id: str) -> None:
    """End one that is under way; one that has ended stays."""

    async def use(client: Client, account: Account) -> Backtest:
        return await client.backtests.cancel(account.id, await find(client, account.id, id))

    options.printer().record(row(options.run_on(use)))
