"""The server for agents as a process, over standard input and output and over loopback HTTP."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner
from mcp import Client as Agent
from mcp import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from axisor.errors import SettingsInvalid
from axisor.wire.failures import CallFailed
from axisor_bot.agents.cli import mcp
from axisor_bot.errors import TokenTooWide
from axisor_bot.people import OPERATOR
from axisor_cli.session import Options
from tests.clients.bot.parlour import Parlour
from tests.server.rpc.serving import TOKEN as OWNER
from tests.support.processes import COMMAND, PATIENCE_S, end, environment


async def words(at: Parlour, folder: Path) -> tuple[str, ...]:
    """Return how the command is called with a token that may act, which it narrows."""
    token, ca = folder / "agent.token", folder / "core.pem"
    token.write_text(await at.token(OPERATOR))
    ca.write_bytes(at.core.certificate)
    where = ("--connect", f"127.0.0.1:{at.core.port}", "--ca", str(ca))
    return (*where, "--token-file", str(token), "bot", "mcp")


async def test_over_standard_input_and_output_it_reads_and_proposes(idle: Parlour, tmp_path: Path):
    program, *more = (*COMMAND, *await words(idle, tmp_path))
    parameters = StdioServerParameters(command=program, args=more, env=environment())

    async with Agent(parameters) as agent:
        status = await agent.call_tool("status", {})
        made = await agent.call_tool("propose_close", {"position": idle.core.long})

    assert status.structured_content is not None
    assert status.structured_content["mode"] == "sim"
    assert made.structured_content is not None
    assert made.structured_content["state"] == "pending"
    assert idle.core.sim.effects == []


async def test_over_http_it_lets_in_who_shows_the_word(idle: Parlour, tmp_path: Path):
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *await words(idle, tmp_path), "--http", f"127.0.0.1:{_free()}",
            stdout=PIPE, stderr=log, env=environment(),
        )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            url = (await process.stdout.readline()).decode().split()[1]
            shown = (await process.stdout.readline()).decode().rpartition(": ")[2].strip()
        await _served(url)

        async with httpx2.AsyncClient(trust_env=False) as stranger:
            refused = await stranger.post(url, json={}, headers={"authorization": "Bearer x"})
        headers = {"authorization": shown}
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False) as http,
            Agent(streamable_http_client(url, http_client=http)) as agent,
        ):
            status = await agent.call_tool("status", {})
    finally:
        await end(process)

    assert refused.status_code == 401
    assert status.structured_content is not None
    assert status.structured_content["mode"] == "sim"


async def test_a_core_that_is_not_there_is_said_before_anything_is_served(
    idle: Parlour, tmp_path: Path
):
    token = tmp_path / "agent.token"
    token.write_text(await idle.token(OPERATOR))
    options = Options(connect="127.0.0.1:1", plaintext=True, token_file=str(token), timeout=1)

    done = await asyncio.to_thread(CliRunner().invoke, mcp, [], obj=options)

    assert isinstance(done.exception, CallFailed)


def _free() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as made:
        return int(made.getsockname()[1])


async def _served(url: str) -> None:
    from tests.support.processes import until

    async def answers() -> bool:
        async with httpx2.AsyncClient(trust_env=False) as http:
            try:
                await http.get(url)
            except httpx2.TransportError:
                return False
        return True

    await until(answers, "it serves")


@pytest.mark.parametrize("listen", ["0.0.0.0:8765", "example.org:8765", "8765", "127.0.0.1:x"])
async def test_it_listens_on_loopback_alone(idle: Parlour, tmp_path: Path, listen: str):
    token = tmp_path / "agent.token"
    token.write_text(await idle.token(OPERATOR))
    options = Options(connect="127.0.0.1:1", plaintext=True, token_file=str(token))

    done = await asyncio.to_thread(CliRunner().invoke, mcp, ["--http", listen], obj=options)

    assert isinstance(done.exception, SettingsInvalid)


def test_it_takes_neither_the_owner_token_nor_none(tmp_path: Path):
    token = tmp_path / "owner.token"
    token.write_text(OWNER)
    owner = Options(connect="127.0.0.1:1", plaintext=True, token_file=str(token))
    nobody = Options(connect="127.0.0.1:1", plaintext=True)

    assert isinstance(CliRunner().invoke(mcp, [], obj=owner).exception, TokenTooWide)
    assert isinstance(CliRunner().invoke(mcp, [], obj=nobody).exception, SettingsInvalid)
