"""`axisor position`: positions, and everything that moves their margin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import PositionNotFound
from axisor.model import OrderType, Side
from axisor_cli import completing
from axisor_cli.amounts import NUMBER, PRICE, PRICE_OR_OFF, SATS, USD
from axisor_cli.mutations import confirm, how, mutating, proposable, show_result
from axisor_cli.output import Column
from axisor_cli.session import Options, command, unique

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.records import Account, ActionResult, PositionReport

COLUMNS = (
    Column("short", "id"),
    Column("side", "side"),
    Column("quantity_usd", "quantity $", number=True),
    Column("entry_usd", "entry $", number=True),
    Column("leverage", "lev", number=True),
    Column("margin_sats", "margin sat", number=True),
    Column("liquidation_usd", "liquidation $", number=True),
    Column("pl_sats", "P/L sat", number=True),
    Column("distance_percent", "distance %", number=True, places=2),
    Column("coverage", "guard"),
)
SIDES = {"long": Side.BUY, "short": Side.SELL, "buy": Side.BUY, "sell": Side.SELL}


@click.group()
def position() -> None:
    """Positions and the margin that keeps them alive."""


def row(report: PositionReport) -> dict[str, Any]:
    """Return a position as a row."""
    held, covered = report.position, report.coverage
    return {
        "id": held.id,
        "short": held.id[:8],
        "side": "long" if held.side is Side.BUY else "short",
        "margin_mode": held.margin_mode.value,
        "quantity_usd": held.quantity,
        "entry_usd": held.entry,
        "leverage": held.leverage.quantize(Decimal("0.01")),
        "margin_sats": held.margin,
        "liquidation_usd": held.liquidation,
        "stop_usd": held.stoploss,
        "target_usd": held.takeprofit,
        "pl_sats": held.pl,
        "funding_sats": held.sum_funding_fees,
        "distance_percent": report.distance_percent,
        "coverage": "unguarded" if covered is None else covered.state.value,
        "coverage_reason": "" if covered is None else covered.reason,
    }


async def all_positions(client: Client, account: str) -> tuple[PositionReport, ...]:
    """Return every open position, the nearest to liquidation first."""
    from axisor.client import every

    return await every(lambda token: client.margin.list_positions(account, page_token=token))


async def find(client: Client, account: str, wanted: str) -> str:
    """Return the id of the position that begins with `wanted`. Raises PositionNotFound."""
    reports = await all_positions(client, account)
    return unique(wanted, [report.position.id for report in reports], PositionNotFound)


@command(position, name="list")
def list_positions(options: Options) -> None:
    """List open positions, the nearest to liquidation first."""

    async def use(client: Client, account: Account) -> tuple[PositionReport, ...]:
        return await all_positions(client, account.id)

    options.printer().rows([row(each) for each in options.run_on(use)], COLUMNS)


@command(position)
@click.argument("id", shell_complete=completing.positions)
def show(options: Options, id: str) -> None:
    """Show one position."""

    async def use(client: Client, account: Account) -> PositionReport:
        return await client.margin.get_position(account.id, await find(client, account.id, id))

    options.printer().record(row(options.run_on(use)))


Act = Callable[["Client", str, str], Awaitable["ActionResult"]]


def act(options: Options, id: str, done: str, given: dict[str, Any], call: Act) -> None:
    """Carry out an action on one position and show how it ended."""
    dry_run = given["dry_run"]

    async def use(client: Client, account: Account) -> ActionResult:
        return await call(client, account.id, await find(client, account.id, id))

    show_result(options.printer(), options.run_on(use), done, dry_run=dry_run)


@command(position, name="open")
@click.option("--side", type=click.Choice(list(SIDES)), required=True)
@click.option("--qty", "quantity", type=USD, help="Contracts of a dollar, such as 2500usd.")
@click.option("--margin", type=SATS, help="Instead of a quantity, such as 100000sat.")
@click.option("--leverage", type=NUMBER, required=True)
@click.option("--stop", type=PRICE)
@click.option("--target", type=PRICE)
@proposable
@mutating
def open_position(options: Options, **given: Any) -> None:
    """Open an isolated position at the market."""
    if (given["quantity"] is None) == (given["margin"] is None):
        raise click.UsageError("Give either --qty or --margin.")
    confirm(options, "Open this position?", yes=given["yes"], dry_run=given["dry_run"])
    dry_run, keywords = given["dry_run"], how(given)

    async def use(client: Client, account: Account) -> ActionResult:
        return await client.orders.place(
            account.id,
            SIDES[given["side"]],
            quantity=given["quantity"],
            margin=given["margin"],
            leverage=given["leverage"],
            type=OrderType.MARKET,
            stoploss=given["stop"],
            takeprofit=given["target"],
            **keywords,
        )

    show_result(options.printer(), options.run_on(use), "opened", dry_run=dry_run)


@command(position)
@click.argument("id", shell_complete=completing.positions)
@click.argument("amount", type=SATS)
@proposable
@mutating
def add_margin(options: Options, id: str, amount: int, **given: Any) -> None:
    """Move sats from the balance into a position: add-margin ID 50000sat."""

    async def call(client: Client, account: str, found: str) -> ActionResult:
        return await client.margin.add_margin(account, found, amount, **how(dict(given)))

    act(options, id, f"added {amount:,} sat", given, call)


@command(position)
@click.argument("id", shell_complete=completing.positions)
@click.argument("amount", type=SATS)
@proposable
@mutating
def cash_in(options: Options, id: str, amount: int, **given: Any) -> None:
    """Move sats from a position to the balance, profit before margin."""
    confirm(
        options,
        "This brings liquidation nearer. Go on?",
        yes=given["yes"],
        dry_run=given["dry_run"],
    )

    async def call(client: Client, account: str, found: str) -> ActionResult:
        return await client.margin.cash_in(account, found, amount, **how(dict(given)))

    act(options, id, f"cashed in {amount:,} sat", given, call)


@command(position)
@click.argument("id", shell_complete=completing.positions)
@proposable
@mutating
def close(options: Options, id: str, **given: Any) -> None:
    """Close a position at the market; `cross` is the cross position."""
    confirm(options, f"Close {id} at the market?", yes=given["yes"], dry_run=given["dry_run"])

    async def call(client: Client, account: str, found: str) -> ActionResult:
        return await client.margin.close_position(account, found, **how(dict(given)))

    act(options, id, "closed", given, call)


@command(position)
@mutating
def close_all(options: Options, **given: Any) -> None:
    """Close every position at the market, the nearest to liquidation first."""
    confirm(
        options, "Close EVERY position at the market?", yes=given["yes"], dry_run=given["dry_run"]
    )
    dry_run = given["dry_run"]
    if given["request_id"] is not None:
        raise click.UsageError("One request id cannot stand for several closes.")
    keywords = how(given)

    async def use(client: Client, account: Account) -> list[ActionResult]:
        reports = await all_positions(client, account.id)
        return [
            await client.margin.close_position(account.id, report.position.id, **keywords)
            for report in reports
        ]

    for result in options.run_on(use):
        show_result(options.printer(), result, "closed", dry_run=dry_run)


@command(position)
@click.argument("quantity", type=USD)
@proposable
@mutating
def close_part(options: Options, quantity: int, **given: Any) -> None:
    """Make the cross position smaller by so many dollars."""

    async def call(client: Client, account: str, found: str) -> ActionResult:
        return await client.margin.close_part(account, quantity, **how(dict(given)))

    act(options, "cross", f"reduced by {quantity:,} USD", given, call)


@command(position)
@click.argument("id", shell_complete=completing.positions)
@click.argument("price", type=PRICE_OR_OFF)
@proposable
@mutating
def set_stop(options: Options, id: str, price: Decimal | None, **given: Any) -> None:
    """Set the venue's stop-loss of a position, or `off`."""

    async def call(client: Client, account: str, found: str) -> ActionResult:
        return await client.margin.set_stop_loss(account, found, price, **how(dict(given)))

    act(options, id, "stop set", given, call)


@command(position)
@click.argument("id", shell_complete=completing.positions)
@click.argument("price", type=PRICE_OR_OFF)
@proposable
@mutating
def set_target(options: Options, id: str, price: Decimal | None, **given: Any) -> None:
    """Set the venue's take-profit of a position, or `off`."""

    async def call(client: Client, account: str, found: str) -> ActionResult:
        return await client.margin.set_take_profit(account, found, price, **how(dict(given)))

    act(options, id, "target set", given, call)


def _on_account(
    options: Options,
    done: str,
    given: dict[str, Any],
    call: Callable[[Client, str], Awaitable[ActionResult]],
) -> None:
    async def use(client: Client, account: Account) -> ActionResult:
        return await call(client, account.id)

    show_result(options.printer(), options.run_on(use), done, dry_run=given["dry_run"])


@command(position)
@click.argument("amount", type=SATS)
@proposable
@mutating
def deposit(options: Options, amount: int, **given: Any) -> None:
    """Move sats from the balance into the cross wallet."""
    _on_account(
        options,
        f"deposited {amount:,} sat",
        given,
        lambda client, id: client.margin.deposit_cross(id, amount, **how(dict(given))),
    )


@command(position)
@click.argument("amount", type=SATS)
@proposable
@mutating
def withdraw(options: Options, amount: int, **given: Any) -> None:
    """Move free sats from the cross wallet to the balance; nothing leaves the venue."""
    _on_account(
        options,
        f"moved {amount:,} sat to the balance",
        given,
        lambda client, id: client.margin.withdraw_cross(id, amount, **how(dict(given))),
    )


@command(position)
@click.argument("leverage", type=click.IntRange(1, 100))
@proposable
@mutating
def leverage(options: Options, leverage: int, **given: Any) -> None:
    """Set the leverage of the cross position."""
    _on_account(
        options,
        f"leverage is {leverage}x",
        given,
        lambda client, id: client.margin.set_cross_leverage(id, leverage, **how(dict(given))),
    )
