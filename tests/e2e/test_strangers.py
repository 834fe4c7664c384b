"""Ten hostile plugins in runners beside a guard: it rescues, they are kept out, nothing passes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.processes import (
    KEY,
    PASSPHRASE,
    SECRET,
    Core,
    Simulator,
    add_account,
    core,
    simulator,
    until,
)
from tests.support.strangers import ALL, HOSTILE, install

from axisor.client import Client
from axisor.events import IntentPlanned, IntentReviewRefused, NoticeGiven, RunState
from axisor.model import Leash
from axisor.v1 import strategies_pb2
from axisor.wire.records import SeenEvent

pytestmark = pytest.mark.timeout(300)  # thirty processes, on whatever machine it is

RESCUE_AT, RESCUE_SATS = 98_100, 82_541
GUARD = '{"cooldown_s": 0, "funding_ahead_min": 0}'
KEK = "5eed" * 16
TIGHT = Leash(day_spend=1_000)
LAST_FAULT = {
    "spins": "did not answer",
    "sleeps": "did not answer",
    "forks": "did not answer",
    "leaks": "MemoryError",
    "raises": "this strategy is broken",
    "garbage": "must be at most 65536 bytes",
    "forges": "I was refused",
    "sockets": "Too many open files",
    "secrets": "I found nothing",
    "floods": "says too much",
}
"""What each is kept out for; on a machine that is very busy any of them may be late instead."""

QUARANTINED = strategies_pb2.PLUGIN_STATE_QUARANTINED


class Scene:
    """A guarded position, and strangers' runs in the same account."""

    def __init__(self, sim: Simulator, running: Core, client: Client, account: str) -> None:
        self.sim, self.core, self.client, self.account = sim, running, client, account
        self.runs: dict[str, str] = {}

    async def begin(self, names: list[str]) -> None:
        """Start the guard, then the strangers."""
        runs = self.client.strategies
        guard = await runs.create_run(self.account, "margin-guard", config=GUARD)
        await runs.start_run(self.account, guard.run.id)
        self.guard = guard.run.id
        for name in names:
            made = await runs.create_run(self.account, name, leash=TIGHT)
            await runs.start_run(self.account, made.run.id)
            self.runs[made.run.id] = name

    async def quarantined(self) -> set[str]:
        """Return the plugins that are kept out."""
        page = await self.client.strategies.list_plugins()
        return {p.name.removeprefix("plugins/") for p in page.items if p.state == QUARANTINED}

    async def events(self) -> list[SeenEvent]:
        """Return the whole journal."""
        found: list[SeenEvent] = []
        token = ""
        while True:
            page = await self.client.events.list(self.account, page_size=500, page_token=token)
            found.extend(page.items)
            token = page.next_page_token
            if not token:
                return found

    async def states(self) -> dict[str, RunState]:
        """Return the strangers' runs by name, each with its state."""
        page = await self.client.strategies.list_runs(self.account)
        return {self.runs[run.id]: run.state for run in page.items if run.id in self.runs}


@asynccontextmanager
async def scene(folder: Path, names: list[str]) -> AsyncIterator[Scene]:
    """Run a venue and a core that spawns the runners of some strangers."""
    variables = {
        "AXISOR_RUNNER__SPAWN": ",".join(install(folder, name) for name in names),
        "AXISOR_VENUE__PUBLIC_RATE": "5",
        # Counts and words are looked at here, not times; and a busy machine has no idle moment.
        "AXISOR_RUNNER__PRIORITY": "normal",
        "AXISOR_KEK_1": KEK,
    }
    async with simulator(folder) as sim, core(folder, variables=variables) as running:
        await sim.open_long()
        async with running.client() as client:
            account = await add_account(client, sim.url)
            made = Scene(sim, running, client, account)
            await made.begin(names)
            yield made


def left(name: str) -> list[int]:
    """Return the processes of a stranger that are still there."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"STRANGER={name}".encode() in words:
            found.append(int(place.name))
    return found


def children(parent: int) -> Iterator[str]:
    """Yield the state of each process that another has started and not seen to its end."""
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, of, *_ = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(of) == parent:
            yield state


async def test_ten_hostile_plugins_are_kept_out_while_the_guard_rescues(tmp_path: Path) -> None:
    names = [each.name for each in ALL]
    async with scene(tmp_path, names) as there:
        await there.sim.price(RESCUE_AT)

        async def rescued() -> bool:
            return bool(await there.sim.ledger("add_margin"))

        await until(rescued, "the guard rescues while the strangers are at it")
        hostile = {each.name for each in HOSTILE}

        async def all_out() -> bool:
            return await there.quarantined() >= hostile

        await until(all_out, "every hostile plugin is kept out", timeout_s=240)
        await asyncio.sleep(0.5)

        assert await there.quarantined() == hostile
        states = await there.states()
        assert {name for name, state in states.items() if state is RunState.FAILED} == hostile
        assert states["stranger"] is RunState.RUNNING
        rows = [row["effect"]["margin"] for row in await there.sim.ledger("add_margin")]
        assert rows == [RESCUE_SATS]
        events = [event.payload for event in await there.events()]
        planned = [p for p in events if isinstance(p, IntentPlanned)]
        assert {p.run for p in planned} == {there.guard}
        refused = {there.runs[p.run] for p in events if isinstance(p, IntentReviewRefused)}
        assert refused == {"forges"}
        alerts = [p for p in events if isinstance(p, NoticeGiven) and p.code == "RUNNER_GIVEN_UP"]
        assert {there.runs[p.run] for p in alerts} == hostile
        assert all("3 faults" in p.data["reason"] for p in alerts), alerts
        whys = {there.runs[p.run]: p.data["reason"] for p in alerts}
        late = {name for name, why in whys.items() if " within " in why}
        assert {name for name in hostile if LAST_FAULT[name] in whys[name]} | late == hostile, whys
        told = [p for p in events if isinstance(p, NoticeGiven) and p.code == "FOUND"]
        assert told
        owner = (there.core.data / "owner.token").read_text().strip()
        for word in (KEY, SECRET, PASSPHRASE, owner, str(there.core.data), "AXISOR_", KEK):
            assert word not in str(told)
        assert [left(name) for name in hostile] == [[]] * len(hostile)
        assert there.core.process is not None
        assert list(children(there.core.process.pid)) == ["S"], "who starts runners, and no zombie"
    assert left("stranger") == []
