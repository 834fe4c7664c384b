"""`axisor whatif`: positions at another price or margin; nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from axisor.words import short
from axisor_cli import completing
from axisor_cli.amounts import LIMIT_SATS, PERCENT, PRICE
from axisor_cli.commands.positions import find
from axisor_cli.output import Column
from axisor_cli.session import Options

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.model import Price
    from axisor.wire.records import Account, WhatIfPosition

COLUMNS = (
    Column("short", "position"),
    Column("price_usd", "at $", number=True),
    Column("margin_sats", "margin sat", number=True),
    Column("liquidation_usd", "liquidation $", number=True),
    Column("distance_percent", "distance %", number=True, places=2),
    Column("leverage", "lev", number=True, places=1),
    Column("unguarded", "unguarded"),
    Column("walked", "guarded, if it walks"),
    Column("jumped", "guarded, if it jumps"),
    Column("spent_sats", "guard spends sat", number=True),
    Column("missing_sats", "missing sat", number=True),
)


def row(found: WhatIfPosition, price: Price | None) -> dict[str, Any]:
    """Return what becomes of one position as a row."""
    after = found.preview.after
    return {
        "position": found.position,
        "short": short(found.position),
        "price_usd": price,
        "margin_sats": None if after is None else after.margin,
        "liquidation_usd": None if after is None else after.liquidation,
        "distance_percent": None if after is None else after.distance_percent,
        "leverage": None if after is None else after.leverage,
        "unguarded": found.unguarded.value,
        "walked": found.walked.value,
        "jumped": found.jumped.value,
        "spent_sats": found.walked_spend,
        "missing_sats": found.missing,
    }


@click.command()
@click.argument("position", required=False, shell_complete=completing.positions)
@click.option("--drop", type=PERCENT, help="The price falls by so many percent.")
@click.option("--rise", type=PERCENT, help="The price rises by so many percent.")
@click.option("--price", type=PRICE, help="The price is this.")
@click.option("--add", type=LIMIT_SATS, default=0, help="Sats more in the position.")
@click.option("-o", "--output", type=click.Choice(["table", "plain", "json", "ndjson"]))
@click.pass_obj
def whatif(options: Options | None, /, output: str | None, **given: Any) -> None:
    """Show positions at another price; nothing is sent to the exchange."""
    options = options or Options()
    chosen = [name for name in ("drop", "rise", "price") if given[name] is not None]
    if len(chosen) > 1:
        raise click.UsageError("Give one of --drop, --rise and --price.")
    move = None
    if given["drop"] is not None:
        move = -given["drop"] / 100
    elif given["rise"] is not None:
        move = given["rise"] / 100

    async def use(client: Client, account: Account) -> list[dict[str, Any]]:
        position = given["position"]
        if position is not None:
            position = await find(client, account.id, position)
        answer = await client.margin.what_if(
            account.id,
            price=given["price"],
            move=move,
            position=position or "",
            add_sats=given["add"],
        )
        return [
            row(each, answer.price)
            for each in answer.positions
            if position in (None, each.position)
        ]

    options.printer(output).rows(options.run_on(use), COLUMNS)
