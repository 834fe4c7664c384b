"""The core dies by SIGKILL between any two steps of one add-margin, and the money moves once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.postgres import new_postgres_dsn, postgres_server
from tests.support.processes import Core, Simulator, add_account, axisor, simulator, until

from axisor.client import Client
from axisor.errors import AxisorError
from axisor.events import IntentPlanned, IntentSettled, RunState
from axisor.wire.records import ActionResult, SeenEvent

__all__ = ["new_postgres_dsn", "postgres_server"]

POINTS = ("planned", "sent-committed", "in-flight", "response-received", "settled")
UNSENT = ("planned", "sent-committed", "in-flight")
"""Where a killed core has not sent anything yet."""

RESCUE_AT = 98_100
RESCUE_SATS = 82_541
CLIENT_SATS = 25_000
FENCE_S = 90.0
"""Most time for an outcome to be settled: the fence is 33 s, on a busy machine it takes longer."""

BACK_DATED = {"AXISOR_VENUE__BACK_DATE_MS": "20000"}
"""Signatures dated back by 20 s shorten the doubt to 13 s."""


class Scene:
    """A position at a simulator, an account of it, and a core that will die."""

    def __init__(self, sim: Simulator, core: Core, account: str, position: str) -> None:
        self.sim, self.core, self.account, self.position = sim, core, account, position

    async def events(self, client: Client) -> list[SeenEvent]:
        """Return the whole journal."""
        found: list[SeenEvent] = []
        token = ""
        while True:
            page = await client.events.list(self.account, page_size=500, page_token=token)
            found.extend(page.items)
            token = page.next_page_token
            if not token:
                return found

    async def nothing_open(self, client: Client) -> bool:
        """Return whether every action that was planned has found its end."""
        planned, ended = set(), set()
        for event in await self.events(client):
            if isinstance(event.payload, IntentPlanned):
                planned.add(event.payload.intent)
            elif isinstance(event.payload, IntentSettled) and not event.payload.state.is_open:
                ended.add(event.payload.intent)
        return planned == ended

    async def added(self) -> list[int]:
        """Return the margin added, one figure for each request the simulator accepted."""
        return [row["effect"]["margin"] for row in await self.sim.ledger("add_margin")]

    async def check(self, client: Client, added: list[int]) -> None:
        """Check the end: the ledger, the journal, and that another look changes nothing."""
        await client.accounts.reconcile(self.account)
        assert await self.nothing_open(client)
        assert await self.added() == added
        assert (await client.events.verify(self.account)).first_bad is None


@asynccontextmanager
async def scene(
    folder: Path,
    *options: str,
    failpoint: str = "",
    variables: Mapping[str, str] | None = None,
) -> AsyncIterator[Scene]:
    """Set the scene in a folder of its own."""
    folder.mkdir(parents=True)
    core = Core(folder, *options, variables=variables)
    try:
        async with simulator(folder) as sim:
            position = await sim.open_long()
            await core.start(failpoint=failpoint)
            async with core.client() as client:
                account = await add_account(client, sim.url)
            yield Scene(sim, core, account, position)
    finally:
        await core.stop()


async def arm(at: Scene) -> None:
    """Let a guard watch over the position."""
    async with at.core.client() as client:
        config = '{"trigger": "2", "target": "5", "budget_position": 500000}'
        made = await client.strategies.create_run(at.account, "margin-guard", config=config)
        started = await client.strategies.start_run(at.account, made.run.id)
        assert started.run.state in (RunState.STARTING, RunState.RUNNING)


async def rescued_once(at: Scene) -> None:
    """Start the dead core again and wait for the one rescue there must be."""
    await at.core.start()
    async with at.core.client() as client:
        await until(at.added, "the position is rescued", timeout_s=FENCE_S)
        await until(lambda: at.nothing_open(client), "nothing is open", timeout_s=FENCE_S)
        await at.check(client, [RESCUE_SATS])


async def rescue(folder: Path, point: str, *options: str) -> None:
    """Cut a guard's rescue at a point; at the last, look at the end by the commands for it."""
    async with scene(folder / point, *options, failpoint=f"{point}:kill") as at:
        await arm(at)
        await at.sim.price(RESCUE_AT)
        await at.core.killed()

        assert await at.added() == ([] if point in UNSENT else [RESCUE_SATS])
        await rescued_once(at)
        if point == POINTS[-1]:
            await by_command(at)


async def by_command(at: Scene) -> None:
    """Look at the ledger and the journal as a person would."""
    ledger = await axisor("sim", "ledger", "--connect", at.sim.url, "-o", "json")
    rows = [row for row in ledger.json if row["request"] == "add_margin"]
    journal = await at.core.cli("events", "verify", "-o", "json")

    assert [row["effect"]["margin"] for row in rows] == [RESCUE_SATS]
    assert (journal.code, journal.json["first_bad"]) == (0, None)


async def ask(client: Client, at: Scene, request_id: str) -> ActionResult | AxisorError:
    """Ask for margin, and return the answer or the error that was answered."""
    try:
        return await client.margin.add_margin(
            at.account, at.position, CLIENT_SATS, request_id=request_id
        )
    except AxisorError as error:
        return error


def as_told(answer: ActionResult | AxisorError) -> tuple[str, str]:
    """Return state and reason of an answer."""
    if isinstance(answer, AxisorError):
        return str(answer.metadata.get("state", "refused")), answer.reason
    return answer.state.value, answer.settlement.reason


async def command(folder: Path, point: str) -> None:
    """Cut a client's command at a point; its client asks again with the same request id.

    Where the core can prove that nothing was sent the recorded answer says so, and only then does
    the client ask anew, under a new id.
    """
    request_id = str(uuid.uuid4())
    failpoint = f"{point}:kill"
    async with scene(folder / point, failpoint=failpoint, variables=BACK_DATED) as at:
        async with at.core.client() as client:
            asking = asyncio.create_task(ask(client, at, request_id))
            await at.core.killed()
            await asyncio.gather(asking)
        before = await at.added()
        assert before == ([] if point in UNSENT else [CLIENT_SATS])

        await at.core.start()
        async with at.core.client() as client:
            await until(lambda: at.nothing_open(client), "nothing is open", timeout_s=FENCE_S)
            first = as_told(await ask(client, at, request_id))
            again = as_told(await ask(client, at, request_id))

            assert first == again
            assert await at.added() == before
            assert (first[0] == "confirmed") == bool(before), first
            if not before:
                assert as_told(await ask(client, at, str(uuid.uuid4())))[0] == "confirmed"
            await at.check(client, [CLIENT_SATS])


async def faulty(folder: Path, mode: str, point: str) -> None:
    """Let the venue's answer to a rescue go wrong as well, and cut it at a point."""
    name = mode.replace(":", "-")
    failpoint = f"{point}:kill" if point else ""
    async with scene(folder / name, failpoint=failpoint, variables=BACK_DATED) as at:
        await arm(at)
        await at.sim.fault("add-margin", mode)
        await at.sim.price(RESCUE_AT)
        if point:
            await at.core.killed()
        else:
            await until(lambda: gone(at.sim), "the request is on its way")
            await at.core.kill()

        await rescued_once(at)


async def gone(sim: Simulator) -> bool:
    """Return whether every fault has met its request."""
    return not await sim.faults()


async def together(*cases: Coroutine[Any, Any, None]) -> None:
    """Run cases side by side, so that they wait for their fences at once."""
    async with asyncio.TaskGroup() as group:
        for case in cases:
            group.create_task(case)


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("kill9-rescue")
async def test_a_rescue_cut_at_any_point_happens_once(tmp_path: Path) -> None:
    await together(*(rescue(tmp_path, point) for point in POINTS))


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("kill9-command")
async def test_a_command_cut_at_any_point_happens_at_most_once_and_is_answered(
    tmp_path: Path,
) -> None:
    await together(*(command(tmp_path, point) for point in POINTS))


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("kill9-command")
async def test_a_rescue_cut_while_the_venue_fails_happens_once(tmp_path: Path) -> None:
    await together(
        faulty(tmp_path, "lose-response", "response-received"),
        faulty(tmp_path, "lose-request", "settled"),
        faulty(tmp_path, "late:5s", ""),
        faulty(tmp_path, "status:502", "response-received"),
        faulty(tmp_path, "status-after:502", "settled"),
    )


@pytest.mark.postgres
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("kill9-rescue")
async def test_a_rescue_cut_on_postgres_happens_once(
    tmp_path: Path, new_postgres_dsn: Callable[[], str]
) -> None:
    await rescue(tmp_path, "response-received", "--database", new_postgres_dsn())
