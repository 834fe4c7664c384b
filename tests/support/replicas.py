"""Several engines on the store of one bench, and who of them leads what."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec.structs import replace

from axisor.ports import Credentials, Secret
from axisor_server.engine import Engine
from axisor_server.engine.keys import seal_key
from tests.support.core import ACCOUNT, Bench


async def add(bench: Bench, *numbers: int) -> list[str]:
    """Store more accounts, each with the key of the first."""
    first = await bench.store.read(lambda r: r.account(ACCOUNT))
    assert first is not None
    ids = [f"{ACCOUNT[:-2]}{number:02}" for number in numbers]
    key = Credentials(Secret("key"), Secret("secret"), Secret("passphrase"))
    for created, id in enumerate(ids, start=1):
        record = replace(first, id=id, created_us=first.created_us + created)
        sealed = seal_key(bench.vault, key, account=id, network=record.network)

        def unit(tx: Any, record: Any = record, sealed: bytes = sealed) -> None:
            tx.put_account(record, revision=None)
            tx.put_sealed(record.id, sealed)

        await bench.store.write(unit)
    return ids


async def leaders(bench: Bench) -> dict[str, str]:
    """Return who leads each account."""
    found = await bench.store.read(lambda r: r.live_leases())
    return {lease.account: lease.owner for lease in found}


async def shares(bench: Bench) -> list[int]:
    """Return how many accounts each engine leads, the fewest first."""
    return sorted(Counter((await leaders(bench)).values()).values())


def acting(engine: Engine) -> set[str]:
    """Return the accounts an engine acts for."""
    return {summary.account for summary in engine.status().accounts if summary.acting}


async def pair(bench: Bench, **settings: Any) -> tuple[Engine, Engine]:
    """Start a leader and an engine that only follows it."""
    leader = bench.engine(owner="leader")
    await bench.up(leader)
    other = bench.engine(owner="other", **settings)
    await bench.up(other)
    return leader, other
