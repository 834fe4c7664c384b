"""Several cores as processes on one PostgreSQL: they die, freeze and stop; the money moves once."""

from __future__ import annotations

import asyncio
import shutil
import signal
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.support.postgres import new_postgres_dsn, postgres_dsn, postgres_server
from tests.support.processes import Core, Simulator, add_account, axisor, simulator, until

from axisor.client import Client
from axisor.events import IntentState, RunState

__all__ = ["new_postgres_dsn", "postgres_dsn", "postgres_server"]

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("replicas")]

RESCUE_AT = 98_100
RESCUE_SATS = 82_541
FENCE_S = 90.0
QUICK = {
    "AXISOR_VENUE__BACK_DATE_MS": "20000",
    "AXISOR_LEASE__TTL_MS": "1500",
    "AXISOR_LEASE__RENEW_MS": "400",
}
"""A short lease, and signatures dated back by 20 s, so that doubt lasts 13 s."""


class House:
    """Cores that share a database, and a venue with a position they guard."""

    def __init__(self, folder: Path, dsn: str, sim: Simulator) -> None:
        self.folder, self.dsn, self.sim = folder, dsn, sim
        self.cores: dict[str, Core] = {}
        self.account = self.position = ""

    async def up(
        self,
        name: str,
        *roles: str,
        failpoint: str = "",
        dsn: str = "",
        variables: Mapping[str, str] | None = None,
    ) -> Core:
        """Start a core with the same key of the vault as the others, on another way if need be."""
        words = [word for role in roles for word in ("--role", role)]
        more = {**QUICK, **(variables or {})}
        database = dsn or self.dsn
        core = Core(self.folder, "--database", database, *words, name=name, variables=more)
        first = next(iter(self.cores.values()), None)
        if first is not None:
            core.data.mkdir(mode=0o700)
            shutil.copy(first.data / "vault.key", core.data / "vault.key")
        await core.start(failpoint=failpoint)
        self.cores[name] = core
        return core

    def query(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return connection.execute(text.encode(), values).fetchall()

    def lease(self) -> tuple[str, int]:
        """Return who holds the account's lease now, by name, and under which epoch."""
        rows = self.query(
            "SELECT owner, epoch FROM leases WHERE account = %s AND until_us >"
            " extract(epoch from clock_timestamp()) * 1000000",
            self.account,
        )
        if not rows:
            return "", 0
        pid = int(rows[0][0].split("/")[1])
        names = [n for n, c in self.cores.items() if c.process and c.process.pid == pid]
        return names[0], rows[0][1]

    async def led_by(self, *names: str) -> str:
        """Wait until one of some cores leads the account."""
        found: str = await until(
            lambda: self.lease()[0] if self.lease()[0] in names else "", f"led by {names}"
        )
        return found

    async def guard(self, client: Client) -> None:
        """Add the account with its guard through a core that serves clients."""
        self.position = await self.sim.open_long()
        self.account = await add_account(client, self.sim.url)
        config = '{"trigger": "2", "target": "5", "budget_position": 500000}'
        made = await client.strategies.create_run(self.account, "margin-guard", config=config)
        started = await client.strategies.start_run(self.account, made.run.id)
        assert started.run.state in (RunState.STARTING, RunState.RUNNING)

    async def added(self) -> list[int]:
        """Return the margin added, one figure for each request the venue accepted."""
        return [row["effect"]["margin"] for row in await self.sim.ledger("add_margin")]

    async def settled(self) -> bool:
        """Return whether no action is open."""
        return not self.query(
            "SELECT id FROM intents WHERE state IN ('planned', 'sent', 'unknown')"
        )

    async def rescued_once(self, client: Client) -> None:
        """Wait for the one rescue there must be, and check that there is no other."""
        await until(self.added, "the position is rescued", timeout_s=FENCE_S)
        await until(self.settled, "nothing is open", timeout_s=FENCE_S)
        await client.accounts.reconcile(self.account)
        assert await self.added() == [RESCUE_SATS]
        assert (await client.events.verify(self.account)).first_bad is None


@asynccontextmanager
async def house(folder: Path, dsn: str) -> AsyncIterator[House]:
    """Set up a venue and a database, and end every core at the end."""
    async with AsyncExitStack() as stack:
        made = House(folder, dsn, await stack.enter_async_context(simulator(folder)))
        try:
            yield made
        finally:
            for core in made.cores.values():
                if core.process is not None and core.process.returncode is None:
                    core.process.send_signal(signal.SIGCONT)
                await core.stop()


async def test_one_engine_dies_and_another_rescues_what_an_api_serves(
    tmp_path: Path, postgres_dsn: str
) -> None:
    async with house(tmp_path, postgres_dsn) as at:
        api = await at.up("api", "api", "notifier")
        for name in ("one", "two", "three"):
            await at.up(name, "engine")
        async with api.client() as client:
            await at.guard(client)
            leader = await at.led_by("one", "two", "three")
            _, epoch = at.lease()

            await at.cores[leader].kill()
            await at.sim.price(RESCUE_AT)

            others = {"one", "two", "three"} - {leader}
            successor = await at.led_by(*others)
            await at.rescued_once(client)
            assert at.lease() == (successor, epoch + 1)

            request = str(uuid.uuid4())
            answers = await asyncio.gather(
                *(
                    client.margin.add_margin(at.account, at.position, 1_000, request_id=request)
                    for _ in range(5)
                )
            )
            assert {answer.state for answer in answers} == {IntentState.CONFIRMED}
            assert await at.added() == [RESCUE_SATS, 1_000]

            await at.cores[successor].stop()
            await at.led_by(*(others - {successor}))
            seen = await client.margin.list_positions(at.account)
            assert [p.position.margin for p in seen.items] == [100_000 + RESCUE_SATS + 1_000]
        log = (tmp_path / "api.log").read_text()
        assert "AddMargin" in log or "margin" in log  # the notifier's logbook saw it


@pytest.mark.parametrize("point", ["sent-committed", "in-flight"])
async def test_an_engine_frozen_past_its_lease_adds_nothing_when_it_thaws(
    tmp_path: Path, postgres_dsn: str, point: str
) -> None:
    async with house(tmp_path, postgres_dsn) as at:
        frozen = await at.up("frozen", "engine", "api", failpoint=f"{point}:pause:3")
        api = await at.up("api", "api")
        async with api.client() as client:
            await at.guard(client)
            assert await at.led_by("frozen")
            await at.up("other", "engine")

            await at.sim.price(RESCUE_AT)
            await until(
                lambda: at.query("SELECT id FROM intents WHERE state = 'sent'"), "it is sent"
            )
            assert frozen.process is not None
            frozen.process.send_signal(signal.SIGSTOP)
            await at.led_by("other")
            await at.rescued_once(client)
            heads = at.query("SELECT stream, sequence, hash FROM journal_head")

            frozen.process.send_signal(signal.SIGCONT)
            await asyncio.sleep(6)

            assert await at.added() == [RESCUE_SATS]
            assert at.lease()[0] == "other"
            assert at.query("SELECT stream, sequence, hash FROM journal_head") == heads
            await at.rescued_once(client)


async def test_replicas_show_the_same(tmp_path: Path, postgres_dsn: str) -> None:
    async with house(tmp_path, postgres_dsn) as at:
        leader = await at.up("leader")
        follower = await at.up("follower", "api")
        async with leader.client() as first, follower.client() as second:
            await at.guard(second)
            assert await at.led_by("leader")
            await at.sim.price(RESCUE_AT)
            await at.rescued_once(second)

            async def shown(client: Client) -> list[Any]:
                margin = await client.margin.list_positions(at.account)
                coverage = await client.guard.list_coverage(at.account)
                runs = await client.strategies.list_runs(at.account)
                return [
                    [report.position for report in margin.items],
                    coverage,
                    [(r.id, r.state) for r in runs.items],
                ]

            async def same() -> bool:
                return await shown(first) == await shown(second)

            await until(same, "both show the same")


async def test_a_second_core_in_a_directory_leaves_and_the_first_goes_on(tmp_path: Path) -> None:
    core = Core(tmp_path)
    try:
        await core.start()

        second = await axisor(
            "up", "--data-dir", str(core.data), "--listen", "127.0.0.1:0", "-o", "json"
        )

        assert second.code != 0
        assert "STORE_IN_USE" in second.err
        async with core.client() as client:
            assert len((await client.system.status()).accounts) == 0
    finally:
        assert await core.stop() == 0
