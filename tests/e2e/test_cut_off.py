"""An engine cut off from its database, and cores that lose Redis: the money moves once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.e2e.test_replicas import RESCUE_AT, House, house
from tests.support.cutting import wire
from tests.support.postgres import new_postgres_dsn, postgres_dsn, postgres_server
from tests.support.processes import until
from tests.support.redis import RedisServer, redis_server

from axisor.events import IntentState

__all__ = ["new_postgres_dsn", "postgres_dsn", "postgres_server", "redis_server"]

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("replicas")]


async def test_an_engine_without_its_database_stops_and_another_rescues(
    tmp_path: Path, postgres_dsn: str
) -> None:
    async with wire(postgres_dsn) as (line, over), house(tmp_path, postgres_dsn) as at:
        api = await at.up("api", "api")
        await at.up("cut", "engine", dsn=over)
        async with api.client() as client:
            await at.guard(client)
            assert await at.led_by("cut")
            _, epoch = at.lease()
            await at.up("other", "engine")

            line.cut()
            await at.sim.price(RESCUE_AT)

            assert await at.led_by("other") == "other"
            await at.rescued_once(client)
            assert at.lease() == ("other", epoch + 1)
            heads = at.query("SELECT stream, sequence, hash FROM journal_head")

            line.mend()
            await asyncio.sleep(3)

            assert at.query("SELECT stream, sequence, hash FROM journal_head") == heads
            assert at.lease() == ("other", epoch + 1)
            await at.rescued_once(client)


async def test_an_engine_that_hears_no_answer_sends_nothing_though_its_record_was_written(
    tmp_path: Path, postgres_dsn: str
) -> None:
    async with wire(postgres_dsn) as (line, over), house(tmp_path, postgres_dsn) as at:
        api = await at.up("api", "api")
        await at.up("deaf", "engine", dsn=over)
        async with api.client() as client:
            await at.guard(client)
            assert await at.led_by("deaf")
            await at.up("other", "engine")

            line.cut(there=False)
            await at.sim.price(RESCUE_AT)

            assert await at.led_by("other") == "other"
            assert await at.added() == []
            await at.rescued_once(client)
            line.mend()
            await asyncio.sleep(3)
            assert at.lease()[0] == "other"
            await at.rescued_once(client)


@pytest.mark.redis
async def test_without_redis_commands_are_found_by_looking_and_nothing_is_lost(
    tmp_path: Path, postgres_dsn: str, redis_server: RedisServer
) -> None:
    hints = {"AXISOR_REDIS__URL": redis_server.url}
    async with house(tmp_path, postgres_dsn) as at:
        api = await at.up("api", "api", variables=hints)
        await at.up("engine", "engine", variables=hints)
        async with api.client() as client:
            await at.guard(client)
            assert await at.led_by("engine")

            redis_server.stop()
            answers = [
                await client.margin.add_margin(at.account, at.position, sats)
                for sats in (1_000, 1_001, 1_002)
            ]

            assert {answer.state for answer in answers} == {IntentState.CONFIRMED}
            assert await at.added() == [1_000, 1_001, 1_002]
            shown = await client.margin.list_positions(at.account)
            assert [p.position.margin for p in shown.items] == [100_000 + 3_003]
            await until(lambda: _said(at, "redis lost"), "both say that Redis is lost")

            redis_server.start()
            await until(lambda: _said(at, "redis is back"), "both say that Redis is back")
            await client.margin.add_margin(at.account, at.position, 1_003)
            await at.sim.price(RESCUE_AT - 300)  # what was added keeps liquidation further away
            await until(lambda: _count(at, 5), "the position is rescued")
            assert (await client.events.verify(at.account)).first_bad is None
            *by_hand, rescue = await at.added()
            assert by_hand == [1_000, 1_001, 1_002, 1_003]
            assert rescue > 0


def _said(at: House, words: str) -> bool:
    return all(words in core.log.read_text() for core in at.cores.values())


async def _count(at: House, count: int) -> bool:
    return len(await at.added()) == count
