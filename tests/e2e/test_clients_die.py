"""Console, bridge, bot and agent's server are killed while a rescue is on its way: nothing changes.

The same crash is lived through twice, once with all of them following it until they are killed and
once with nobody there. What the guard decided and what reached the venue must be the same.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
from asyncio.subprocess import PIPE, Process
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from msgspec import Struct
from tests.clients.bot.botfather import ANN, Telegram, telegram_server
from tests.clients.bot.botfather import TOKEN as BOT
from tests.clients.cli.terminal import Terminal
from tests.support.processes import (
    COMMAND,
    PATIENCE_S,
    Core,
    Simulator,
    add_account,
    core,
    environment,
    simulator,
    until,
)

from axisor.client import Client
from axisor.events import CoverageState, IntentPlanned, IntentSettled, NoticeGiven
from axisor.tokens import caveat

pytestmark = pytest.mark.timeout(240)

CONFIG = '{"trigger": "2", "target": "5", "budget_position": 500000, "cooldown_s": 0}'
FALLS = (98_100, 95_000)
"""Each takes the position below its trigger, the second after the first was rescued from."""

ON_ITS_WAY = "late:2s"
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "0"},
    },
}


class Lived(Struct, frozen=True):
    """What a crash led to: what was decided and said of it, and what the venue did, in order."""

    decided: tuple[tuple[str, object], ...]
    added: tuple[tuple[str, int], ...]
    rescues: int


class Crowd:
    """Clients of every kind, each a process of its own that follows an account."""

    def __init__(self, core: Core, account: str, folder: Path) -> None:
        self._core, self._account, self._folder = core, account, folder
        self._started: list[Process] = []
        self._open = AsyncExitStack()

    async def come(self, client: Client, telegram: Telegram) -> None:
        """Start them all, and wait until each of them follows."""
        console = self._open.enter_context(Terminal("--data-dir", str(self._core.data), "console"))
        await asyncio.to_thread(console.until, "Positions", "LONG", "ARMED")
        await self._browse()
        await self._chat(telegram)
        await self._ask(client)

    async def die(self) -> None:
        """Kill them all, as the end of a machine would; the console dies as its terminal goes."""
        for process in self._started:
            process.kill()
        await self._open.aclose()
        codes = [await process.wait() for process in self._started]
        assert codes == [-signal.SIGKILL] * len(codes), "each of them was at work"

    async def _browse(self) -> None:
        bridge = await self._start("web", "--listen", "127.0.0.1:0")
        origin = (await _line(bridge)).split()[1]
        token = (self._core.data / "owner.token").read_text().strip()
        headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
        browser = await self._open.enter_async_context(
            httpx.AsyncClient(base_url=origin, headers=headers, trust_env=False)
        )
        path = f"/v1/accounts/{self._account}/events:watch"
        stream = await self._open.enter_async_context(browser.stream("GET", path))
        await anext(line async for line in stream.aiter_lines() if line.startswith("id: "))

    async def _chat(self, telegram: Telegram) -> None:
        where = ("--home", str(self._folder / "bot"), "--api-url", telegram.url)
        kept = await self._core.cli("bot", "telegram", "token", *where, stdin=f"{BOT}\n")
        assert kept.code == 0, kept.err
        paired = await self._core.cli("bot", "telegram", "pair", *where)
        code = re.search(r"/start (\d{6})", paired.out)
        assert code is not None, paired.err
        await self._start("bot", "telegram", "run", *where)
        await telegram.say(ANN, f"/start {code[1]}")
        await telegram.next(1)

    async def _ask(self, client: Client) -> None:
        bounds = [caveat("accounts", self._account), caveat("permissions", "read")]
        _, made = await client.tokens.create("agent", bounds)
        file = self._folder / "agent.token"
        file.write_text(made.reveal())
        agent = await self._start("--token-file", str(file), "bot", "mcp")
        assert agent.stdin is not None
        agent.stdin.write(json.dumps(HELLO).encode() + b"\n")
        assert "serverInfo" in await _line(agent)

    async def _start(self, *words: str) -> Process:
        with (self._folder / "clients.log").open("ab") as log:
            started = await asyncio.create_subprocess_exec(
                *(*COMMAND, "--data-dir", str(self._core.data), *words),
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                env=environment(),
            )
        self._started.append(started)
        return started


async def _line(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        line = await process.stdout.readline()
    assert line, "it ended before it said anything"
    return line.decode()


async def lived(folder: Path, *, crowded: bool) -> Lived:
    """Live through the crash, with clients that are killed while the first rescue is on its way."""
    folder.mkdir()
    async with (
        simulator(folder) as venue,
        core(folder) as running,
        running.client() as client,
        telegram_server() as telegram,
    ):
        await venue.open_long()
        account = await guarded(client, venue)
        crowd = Crowd(running, account, folder)
        if crowded:
            await crowd.come(client, telegram)

        await venue.fault("add-margin", ON_ITS_WAY)
        await venue.price(FALLS[0])
        await until(lambda: said(client, account, IntentPlanned), "a rescue is on its way")
        await crowd.die()
        await rescued(client, account, 1)
        await venue.price(FALLS[1])
        await rescued(client, account, 2)

        return await told(client, account, venue)


async def guarded(client: Client, venue: Simulator) -> str:
    """Add an account and arm a guard on it; return its id."""
    account = await add_account(client, venue.url)
    made = await client.strategies.create_run(account, "margin-guard", config=CONFIG)
    await client.strategies.start_run(account, made.run.id)

    async def protected() -> bool:
        found = (await client.margin.list_positions(account)).items
        return bool(found) and all(
            each.coverage is not None and each.coverage.state is CoverageState.PROTECTED
            for each in found
        )

    await until(protected, "the guard protects the position")
    return account


async def said(client: Client, account: str, *kinds: type[Struct]) -> list[Struct]:
    """Return what the journal says of some kinds, oldest first."""
    page = await client.events.list(account, kinds=[each.__name__ for each in kinds])
    return [each.payload for each in page.items]


async def rescued(client: Client, account: str, times: int) -> None:
    """Wait until so many rescues are known to have taken effect, and been said so."""

    async def enough() -> bool:
        found = await said(client, account, NoticeGiven)
        return sum(each.code == "GUARD_RECOVERED" for each in found) == times  # type: ignore[attr-defined]

    await until(enough, f"rescue number {times} is over")


async def told(client: Client, account: str, venue: Simulator) -> Lived:
    """Return what all of it led to, without what differs from one position to another."""
    found = await said(client, account, IntentPlanned, IntentSettled, NoticeGiven)
    decided: list[tuple[str, object]] = []
    for each in found:
        match each:
            case IntentPlanned():
                decided.append((type(each.action).__name__, each.amount))
            case IntentSettled():
                decided.append(("settled", each.state))
            case NoticeGiven():
                decided.append(("said", each.code))
    rows = [row for row in await venue.ledger() if row["request"] != "new_trade"]
    added = tuple((row["request"], row["effect"]["margin"]) for row in rows)
    assert (await client.events.verify(account)).first_bad is None
    return Lived(tuple(decided), added, sum(name == "AddMargin" for name, _ in decided))


async def test_clients_that_are_killed_change_nothing_of_a_rescue(tmp_path: Path) -> None:
    alone = await lived(tmp_path / "alone", crowded=False)
    beside = await lived(tmp_path / "beside", crowded=True)

    assert alone.rescues == 2
    assert beside == alone
