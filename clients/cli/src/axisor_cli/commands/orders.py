"""`axisor order`: orders, open and done."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import OrderNotFound
from axisor.events import OrderChanged
from axisor.model import MarginMode, Order, OrderState, OrderType
from axisor_cli.amounts import NUMBER, PRICE, SATS, USD
from axisor_cli.commands.positions import SIDES
from axisor_cli.mutations import confirm, how, mutating, proposable, show_result
from axisor_cli.output import Column
from axisor_cli.session import Options, command, unique

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.records import Account, ActionResult

COLUMNS = (
    Column("short", "id"),
    Column("state", "state"),
    Column("type", "type"),
    Column("side", "side"),
    Column("margin_mode", "margin"),
    Column("quantity_usd", "quantity $", number=True),
    Column("price_usd", "price $", number=True),
    Column("leverage", "lev", number=True),
    Column("created_at", "created"),
)


@click.group()
def order() -> None:
    """Orders at the venue."""


def row(found: Order) -> dict[str, Any]:
    """Return an order as a row."""
    return {
        "id": found.id,
        "short": found.id[:8],
        "state": found.state.value,
        "type": found.type.value,
        "side": found.side.value,
        "margin_mode": found.margin_mode.value,
        "quantity_usd": found.quantity,
        "price_usd": found.price,
        "leverage": found.leverage,
        "fee_sats": found.fee,
        "client_id": found.client_id,
        "created_at": found.created_at,
        "settled_at": found.settled_at,
    }


@command(order, name="list")
@click.option("--state", type=click.Choice([state.value for state in OrderState]))
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
def list_orders(options: Options, state: str | None, limit: int) -> None:
    """List orders, newest first."""
    states = () if state is None else (OrderState(state),)

    async def use(client: Client, account: Account) -> tuple[Order, ...]:
        return (await client.orders.list(account.id, states=states, page_size=limit)).items

    options.printer().rows([row(each) for each in options.run_on(use)], COLUMNS)


async def find(client: Client, account: str, wanted: str) -> str:
    """Return the id of the order that begins with `wanted`. Raises OrderNotFound."""
    from axisor.client import every

    orders = await every(lambda token: client.orders.list(account, page_token=token), most=1_000)
    return unique(wanted, [each.id for each in orders], OrderNotFound)


@command(order)
@click.argument("id")
def show(options: Options, id: str) -> None:
    """Show one order."""

    async def use(client: Client, account: Account) -> Order:
        return await client.orders.get(account.id, await find(client, account.id, id))

    options.printer().record(row(options.run_on(use)))


@command(order)
@click.option("--side", type=click.Choice(list(SIDES)), required=True)
@click.option("--qty", "quantity", type=USD, help="Contracts of a dollar, such as 2500usd.")
@click.option("--margin", type=SATS, help="Instead of a quantity, such as 100000sat.")
@click.option("--leverage", type=NUMBER, help="For isolated margin.")
@click.option("--price", type=PRICE, help="A limit; without it the order meets the market.")
@click.option("--cross", is_flag=True, help="Trade the cross position.")
@click.option("--reduce-only", is_flag=True, help="Only make the cross position smaller.")
@click.option("--stop", type=PRICE)
@click.option("--target", type=PRICE)
@click.option("--client-id", default="")
@proposable
@mutating
def place(options: Options, **given: Any) -> None:
    """Place an order."""
    confirm(options, "Place this order?", yes=given["yes"], dry_run=given["dry_run"])
    dry_run, keywords = given["dry_run"], how(given)

    async def use(client: Client, account: Account) -> ActionResult:
        return await client.orders.place(
            account.id,
            SIDES[given["side"]],
            quantity=given["quantity"],
            margin=given["margin"],
            leverage=given["leverage"],
            margin_mode=MarginMode.CROSS if given["cross"] else MarginMode.ISOLATED,
            type=OrderType.MARKET if given["price"] is None else OrderType.LIMIT,
            price=given["price"],
            stoploss=given["stop"],
            takeprofit=given["target"],
            reduce_only=given["reduce_only"],
            client_id=given["client_id"],
            **keywords,
        )

    show_result(options.printer(), options.run_on(use), "placed", dry_run=dry_run)


@command(order)
@click.argument("id")
@proposable
@mutating
def cancel(options: Options, id: str, **given: Any) -> None:
    """Cancel an open order."""
    dry_run, keywords = given["dry_run"], how(given)

    async def use(client: Client, account: Account) -> ActionResult:
        found = await find(client, account.id, id)
        return await client.orders.cancel(account.id, found, **keywords)

    show_result(options.printer(), options.run_on(use), "canceled", dry_run=dry_run)


@command(order)
@proposable
@mutating
def cancel_all(options: Options, **given: Any) -> None:
    """Cancel every open order."""
    confirm(options, "Cancel every open order?", yes=given["yes"], dry_run=given["dry_run"])
    keywords = how(given)

    async def use(client: Client, account: Account) -> tuple[Order, ...]:
        return (await client.orders.cancel_all(account.id, **keywords)).orders

    options.printer().rows([row(each) for each in options.run_on(use)], COLUMNS)


@command(order)
def tail(options: Options) -> None:
    """Follow orders as they change."""
    from axisor.wire.records import SeenEvent

    printer = options.printer()

    async def use(client: Client, account: Account) -> None:
        async with aclosing(client.orders.watch(account.id)) as items:
            async for item in items:
                if isinstance(item, SeenEvent) and isinstance(item.payload, OrderChanged):
                    printer.line(row(item.payload.order))

    options.run_on(use)
