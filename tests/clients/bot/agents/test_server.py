"""Agents read and propose by the protocol's own client, and change nothing by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp import Client as Agent

from axisor.ports import Secret
from axisor_bot.agents.leash import narrowed
from axisor_bot.agents.server import GUIDE, server
from axisor_bot.people import OPERATOR, VIEWER
from tests.clients.bot.parlour import Parlour
from tests.server.rpc.test_people import client

SATS = 5_000
READING = {
    "status",
    "positions",
    "orders",
    "guard_plan",
    "what_if",
    "why",
    "performance",
    "proposals",
    "proposal",
}


@asynccontextmanager
async def agent_of(at: Parlour, role: str = OPERATOR) -> AsyncIterator[Agent]:
    """Open a session of an agent whose token may do as much as a role, before it is narrowed."""
    token = narrowed(Secret(await at.token(role)))
    made = server(lambda: client(at.core, token), at.account, now=at.now)
    async with Agent(made) as agent:
        yield agent


async def used(agent: Agent, tool: str, **given: Any) -> dict[str, Any]:
    """Use a tool and return its record."""
    found = await agent.call_tool(tool, given)
    assert not found.is_error, found.content
    assert isinstance(found.structured_content, dict)
    return found.structured_content


def parts(field: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a field's schema, and those it may be one of."""
    return [field, *field.get("anyOf", [])]


async def refused(agent: Agent, tool: str, **given: Any) -> str:
    """Use a tool that refuses, and return what it says."""
    found = await agent.call_tool(tool, given)
    assert found.is_error
    return str(found.content[0].text)  # type: ignore[union-attr]


async def test_it_says_what_it_is_and_what_each_tool_does(idle: Parlour):
    async with agent_of(idle) as agent:
        tools = (await agent.list_tools()).tools

        assert agent.instructions == GUIDE
        reads = {
            each.name
            for each in tools
            if each.annotations and each.annotations.read_only_hint is True
        }
        assert reads == READING
        assert all(each.description for each in tools)
        for each in tools:
            for name, field in each.input_schema.get("properties", {}).items():
                assert any("description" in part or "enum" in part for part in parts(field)), name
        amounts = [n for t in tools for n in t.input_schema.get("properties", {}) if "amount" in n]
        assert amounts == ["amount_sats"]


async def test_it_reads_with_units_and_without_floats(idle: Parlour):
    async with agent_of(idle) as agent:
        status = await used(agent, "status")
        positions = (await used(agent, "positions"))["positions"]

        assert (status["mode"], status["guard"]) == ("sim", "none")
        assert positions[0]["position"] == idle.core.long
        assert positions[0]["margin_sats"] == idle.core.margin
        assert positions[0]["liquidation_usd"] == "56470.5"
        assert not [value for value in positions[0].values() if isinstance(value, float)]
        assert (await used(agent, "orders"))["orders"] == []
        assert (await used(agent, "performance", hours=1))["actions"] == 0
        assert "text" in await used(agent, "why", sequence=1)


async def test_it_computes_another_price(idle: Parlour):
    async with agent_of(idle) as agent:
        found = await used(
            agent, "what_if", move_percent="-10", position=idle.core.long[:8], add_sats=1_000
        )

        assert found["move_percent"].startswith("-10")
        assert found["positions"][0]["unguarded"] == "liquidated"


async def test_what_it_proposes_waits_for_somebody_and_is_made_once(idle: Parlour):
    async with agent_of(idle) as agent:
        before = idle.core.margin

        made = await used(
            agent, "propose_add_margin", position=idle.core.long[:8], amount_sats=SATS
        )
        assert (made["state"], idle.core.margin) == ("pending", before)
        assert made["after"]["margin_sats"] == before + SATS
        [waits] = (await used(agent, "proposals"))["proposals"]
        assert waits["proposal"] == made["proposal"]
        await idle.owner.confirmations.approve(idle.account, made["proposal"])

        assert idle.core.margin == before + SATS
        assert (await used(agent, "proposal", proposal=made["proposal"]))["state"] == "committed"


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("propose_close", {}),
        ("propose_stop_loss", {"price_usd": "58000"}),
        ("propose_take_profit", {"price_usd": "65000"}),
    ],
    ids=["close", "stop", "target"],
)
async def test_every_proposal_of_a_position_sends_nothing(
    idle: Parlour, tool: str, given: dict[str, Any]
):
    async with agent_of(idle) as agent:
        made = await used(agent, tool, position=idle.core.long, **given)

        assert made["state"] == "pending"
        assert idle.core.sim.effects == []


async def test_a_halt_is_proposed_and_taken_back(idle: Parlour):
    async with agent_of(idle) as agent:
        made = await used(agent, "propose_halt", level="all")

        taken = await used(agent, "take_back", proposal=made["proposal"])

        assert taken["state"] == "canceled"
        assert (await idle.owner.accounts.get(idle.account)).halt.value == "none"


async def test_who_may_only_read_proposes_nothing(idle: Parlour):
    async with agent_of(idle, VIEWER) as viewer:
        said = await refused(viewer, "propose_close", position=idle.core.long)

        assert "PERMISSION_DENIED" in said
        assert await idle.journal("ConfirmationPrepared") == []
        assert (await used(viewer, "status"))["mode"] == "sim"


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("propose_add_margin", {"position": "x", "amount_sats": 0}),
        ("propose_add_margin", {"position": "x", "amount_sats": 1.5}),
        ("what_if", {"price_usd": "1e9"}),
        ("what_if", {"move_percent": "5%"}),
        ("propose_halt", {"level": "none"}),
    ],
    ids=["zero", "fraction", "exponent", "sign", "level"],
)
async def test_what_is_malformed_is_refused(idle: Parlour, tool: str, given: dict[str, Any]):
    async with agent_of(idle) as agent:
        assert await refused(agent, tool, **given)


async def test_an_error_of_the_core_says_the_reason_and_the_money(idle: Parlour):
    async with agent_of(idle) as agent:
        said = await refused(agent, "propose_close", position="nothing")

        assert "POSITION_NOT_FOUND: " in said
        assert "Nothing was sent" in said


async def test_resources_are_read(idle: Parlour):
    async with agent_of(idle) as agent:
        listed = {str(each.uri) for each in (await agent.list_resources()).resources}

        assert listed == {"axisor://account", "axisor://positions", "axisor://guide"}
        for uri in sorted(listed):
            assert (await agent.read_resource(uri)).contents
