"""The tools that read: each is one or two calls of the core, and changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Protocol

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations
from pydantic import Field

from axisor.client import Client, every
from axisor.model import OrderState, Price
from axisor_bot import asking
from axisor_bot.agents import shaping
from axisor_bot.agents.shaping import Record

READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)

POSITION = "Id of a position, or the beginning of one."
PRICE = "A price in US dollars per bitcoin, as a decimal text such as 95000.5."

PositionId = Annotated[str, Field(description=POSITION, max_length=36)]
PriceText = Annotated[str, Field(description=PRICE, pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$")]
MoveText = Annotated[
    str,
    Field(
        description="How far the price moves, in percent, as a decimal text such as -5 or 2.5.",
        pattern=r"^[+-]?[0-9]{1,3}(\.[0-9]{1,4})?$",
    ),
]


class Desk(Protocol):
    """What tools work with: a client, one account, and errors in the protocol's own form."""

    account: str
    client: Client

    def now(self) -> datetime:
        """Return the present."""
        ...

    async def told(self, answer: Awaitable[Any]) -> Any:
        """Return an answer; what the core refuses becomes an error of the tool."""
        ...


def add(server: MCPServer[Any], desk: Callable[[], Desk]) -> None:
    """Offer the tools that read."""

    @server.tool(annotations=READS)
    async def status() -> Record:
        """Show the account: mode, guard, halts, free sats, price and how old that is."""
        return await desk().told(_status(desk()))  # type: ignore[no-any-return]

    @server.tool(annotations=READS)
    async def positions() -> Record:
        """List open positions, the nearest to liquidation first."""
        at = desk()
        found = await at.told(asking.every_position(at.client, at.account))
        return {"positions": [shaping.position(each) for each in found]}

    @server.tool(annotations=READS)
    async def orders() -> Record:
        """List open orders."""
        at = desk()
        found = await at.told(
            every(
                lambda token: at.client.orders.list(
                    at.account, states=(OrderState.OPEN,), page_token=token
                )
            )
        )
        return {"orders": [shaping.order(each) for each in found]}

    @server.tool(annotations=READS)
    async def guard_plan() -> Record:
        """Show at which prices the margin guard would act, with how many sats, and until when."""
        at = desk()
        return shaping.plan(await at.told(at.client.guard.plan(at.account)))

    @server.tool(annotations=READS)
    async def what_if(
        price_usd: PriceText | None = None,
        move_percent: MoveText | None = None,
        position: PositionId = "",
        add_sats: Annotated[int, Field(description="Sats more in `position`.", ge=0)] = 0,
    ) -> Record:
        """Compute the account at another price, or after a move, with and without its guard."""
        at = desk()
        id = await at.told(asking.position(at.client, at.account, position)) if position else ""
        call = at.client.margin.what_if(
            at.account,
            price=None if price_usd is None else Price(price_usd),
            move=None if move_percent is None else Decimal(move_percent) / 100,
            position=id,
            add_sats=add_sats,
        )
        return shaping.what_if(await at.told(call))

    @server.tool(annotations=READS)
    async def why(
        sequence: Annotated[int, Field(description="Number of an event of the journal.", ge=1)],
    ) -> Record:
        """Explain why an event happened: the rule, its inputs, and what came of it."""
        at = desk()
        return shaping.why(await at.told(at.client.guard.explain(at.account, sequence=sequence)))

    @server.tool(annotations=READS)
    async def performance(
        hours: Annotated[int, Field(description="How far back, in hours.", ge=1, le=8_784)] = 24,
    ) -> Record:
        """Show how the account fared until now."""
        at = desk()
        end = at.now()
        call = at.client.performance.get(at.account, start=end - timedelta(hours=hours), end=end)
        return shaping.performance(await at.told(call))


async def _status(at: Desk) -> Record:
    seen = await asking.snapshot(at.client, at.account)
    return shaping.account(seen, await at.client.market.ticker(at.account))


def add_resources(server: MCPServer[Any], desk: Callable[[], Desk]) -> None:
    """Offer the account and its positions as resources too."""

    @server.resource("axisor://account", mime_type="application/json")
    async def account() -> Record:
        """The account as it is now."""
        return await desk().told(_status(desk()))  # type: ignore[no-any-return]

    @server.resource("axisor://positions", mime_type="application/json")
    async def open_positions() -> list[Record]:
        """Open positions, the nearest to liquidation first."""
        at = desk()
        found = await at.told(asking.every_position(at.client, at.account))
        return [shaping.position(each) for each in found]
