"""The tools that propose: each prepares one call, which somebody else has made or refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations
from pydantic import Field

from axisor.events import HaltLevel
from axisor.model import Price
from axisor_bot import commands
from axisor_bot.agents import shaping
from axisor_bot.agents.reading import Desk, PositionId, PriceText
from axisor_bot.agents.shaping import Record
from axisor_bot.asking import waiting
from axisor_bot.changing import Call, wanted
from axisor_bot.commands import Change
from axisor_bot.voice import Voice

PROPOSES = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)
OffOrPrice = Annotated[PriceText | None, Field(description="The price in US dollars; null: none.")]
ProposalId = Annotated[str, Field(description="Id of a proposal.", min_length=36, max_length=36)]


def add(server: MCPServer[Any], desk: Callable[[], Desk]) -> None:
    """Offer the tools that propose, and those that look after proposals."""

    @server.tool(annotations=PROPOSES)
    async def propose_add_margin(
        position: PositionId,
        amount_sats: Annotated[int, Field(description="Sats to move in from the balance.", ge=1)],
    ) -> Record:
        """Propose to move sats from the balance into a position. Nothing is sent by this."""
        return await _propose(desk(), commands.AddMargin(position, amount_sats))

    @server.tool(annotations=PROPOSES)
    async def propose_close(position: PositionId) -> Record:
        """Propose to close a whole position at the market. Nothing is sent by this."""
        return await _propose(desk(), commands.Close(position))

    @server.tool(annotations=PROPOSES)
    async def propose_stop_loss(position: PositionId, price_usd: OffOrPrice) -> Record:
        """Propose a stop-loss at the venue, or to remove it. Nothing is sent by this."""
        price = None if price_usd is None else Price(price_usd)
        return await _propose(desk(), commands.SetStop(position, price))

    @server.tool(annotations=PROPOSES)
    async def propose_take_profit(position: PositionId, price_usd: OffOrPrice) -> Record:
        """Propose a take-profit at the venue, or to remove it. Nothing is sent by this."""
        price = None if price_usd is None else Price(price_usd)
        return await _propose(desk(), commands.SetTarget(position, price))

    @server.tool(annotations=PROPOSES)
    async def propose_halt(level: Literal["risk", "all", "flatten"]) -> Record:
        """Propose to halt the account: new risk, everything, or closing all at the market."""
        return await _propose(desk(), commands.Halt(HaltLevel(level)))

    @server.tool(annotations=PROPOSES)
    async def propose_guard(on: Annotated[bool, Field(description="Go on, or pause.")]) -> Record:
        """Propose to pause the margin guard, or to let it go on. Nothing is changed by this."""
        return await _propose(desk(), commands.ResumeGuard() if on else commands.PauseGuard())

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    async def proposals() -> Record:
        """List what waits for somebody's word."""
        at = desk()
        found = await at.told(waiting(at.client, at.account))
        return {"proposals": [shaping.proposal(each) for each in found]}

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    async def proposal(proposal: ProposalId) -> Record:
        """Show one proposal: what it would change, and how it ended."""
        at = desk()
        found = await at.told(at.client.confirmations.get(at.account, proposal))
        return shaping.proposal(found)

    @server.tool(annotations=PROPOSES)
    async def take_back(proposal: ProposalId) -> Record:
        """Take back a proposal of one's own; it is never carried out then."""
        at = desk()
        found = await at.told(at.client.confirmations.refuse(at.account, proposal))
        return shaping.proposal(found)


async def _propose(at: Desk, command: Change) -> Record:
    asked = await at.told(wanted(at.client, at.account, command, Voice()))
    [call] = asked.calls
    return await _prepared(at, call)


async def _prepared(at: Desk, call: Call) -> Record:
    prepared = await at.told(at.client.confirmations.prepare(at.account, call))
    return shaping.proposal(prepared.confirmation)
