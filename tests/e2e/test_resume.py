"""Readers that are cut off at every event, or with their core, end with what nobody missed."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from tests.support.processes import Core, add_account, core, simulator, until

from axisor.client import Client
from axisor.events import (
    BalanceChanged,
    CoverageChanged,
    IntentPlanned,
    IntentSettled,
    PositionChanged,
    PositionClosed,
    RunChanged,
)
from axisor.watch import Disconnected, Reconnected
from axisor.wire.records import SeenEvent

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("resume")]

FALL = (98_100, 97_200, 95_000, 92_300, 91_900)
"""Prices at some of which the guard must act: nearer than 2 % to the liquidation of the moment."""


STILL = 50
"""How often to look again for a moment in which the core writes nothing."""

FAR_S = 90
"""An account far from every trigger is read once a minute, where a hint of the venue was lost."""

BALANCE = 1_000_000
"""Sats of the account before anything is opened; fees are off."""


class Seen(Struct):
    """What a reader has made of the events it was given."""

    sequences: list[int] = []
    hashes: list[bytes] = []
    positions: dict[str, Any] = {}
    free: int | None = None
    coverage: dict[str, str] = {}
    runs: dict[str, str] = {}
    intents: dict[str, str] = {}
    cuts: int = 0

    def take(self, event: SeenEvent) -> None:
        """Apply one event."""
        self.sequences.append(event.sequence)
        self.hashes.append(event.hash)
        match event.payload:
            case PositionChanged(position=held):
                self.positions[held.id] = (held.margin, held.liquidation, held.entry)
            case PositionClosed(position=held):
                self.positions.pop(held.id, None)
                self.coverage.pop(held.id, None)
            case BalanceChanged(balance=balance):
                self.free = balance.free
            case CoverageChanged(coverage=cover):
                self.coverage[cover.position] = cover.state.value
            case RunChanged() as run:
                self.runs[run.run] = run.state.value
            case IntentPlanned() as planned:
                self.intents[planned.intent] = "planned"
            case IntentSettled() as settled:
                self.intents[settled.intent] = settled.state.value
            case _:
                pass

    @property
    def state(self) -> tuple[Any, ...]:
        """Return the state that was rebuilt, and what it was rebuilt from."""
        return (
            *(self.sequences, self.hashes, self.positions, self.free),
            *(self.coverage, self.runs, self.intents),
        )


async def steady(client: Client, account: str, seen: Seen) -> None:
    """Read without ever hanging up."""
    async with aclosing(client.events.watch(account, after=0)) as items:
        async for item in items:
            if isinstance(item, SeenEvent):
                seen.take(item)
            elif isinstance(item, Disconnected | Reconnected):
                seen.cuts += isinstance(item, Disconnected)


async def fickle(client: Client, account: str, seen: Seen) -> None:
    """Hang up after every single event, and come back after it."""
    after = 0
    while True:
        async with aclosing(client.events.watch(account, after=after)) as items:
            async for item in items:
                if isinstance(item, SeenEvent):
                    seen.take(item)
                    after = item.sequence
                    break
        seen.cuts += 1


async def last_sequence(client: Client, account: str) -> int:
    """Return the sequence of the newest event."""
    (newest,) = (await client.events.list(account, newest_first=True, page_size=1)).items
    return newest.sequence


async def test_readers_that_are_cut_off_rebuild_what_others_saw(tmp_path: Path) -> None:
    async with simulator(tmp_path) as sim, core(tmp_path) as running:
        position = await sim.open_long()
        never, always = Seen(), Seen()
        async with running.client() as client, running.client() as other:
            account = await add_account(client, sim.url)
            readers = [
                asyncio.create_task(steady(client, account, never)),
                asyncio.create_task(fickle(other, account, always)),
            ]
            config = '{"trigger": "2", "target": "5", "cooldown_s": 0}'
            made = await client.strategies.create_run(account, "margin-guard", config=config)
            await client.strategies.start_run(account, made.run.id)
            for count, price in enumerate(FALL):
                if count == 3:
                    await running.kill()
                    await running.start()
                    await until(lambda: _acting(running, account), "the core acts again")
                await sim.price(price)
                await until(partial(_safe, client, account, position, price), f"safe at {price}")
            await until(
                lambda: _settled(client, account, position, never),
                "the last reading is taken",
                timeout_s=FAR_S,
            )
            together = partial(_read_to_the_end, client, account, never, always)
            for _ in range(STILL):
                end = await until(together, "both have read to the end")
                reports = (await client.margin.list_positions(account)).items
                balance = (await client.accounts.balance(account)).balance
                verified = await client.events.verify(account)
                if verified.events == end:
                    break  # nothing was written while we looked, so that all of it goes together
            for reader in readers:
                reader.cancel()
            ended = await asyncio.gather(*readers, return_exceptions=True)

    assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended
    assert never.sequences == list(range(1, end + 1))
    assert always.state == never.state
    assert never.cuts >= 1
    assert always.cuts >= end - 1
    assert never.positions == {
        r.position.id: (r.position.margin, r.position.liquidation, r.position.entry)
        for r in reports
    }
    assert never.free == balance.free
    assert (verified.events, verified.first_bad) == (end, None)
    assert sum(state == "confirmed" for state in never.intents.values()) >= 3


async def _acting(running: Core, account: str) -> bool:
    """Return whether the core that was started anew has its run at work."""
    async with running.client() as client:
        (run,) = (await client.strategies.list_runs(account)).items
        return run.state.value == "running"


async def _safe(client: Client, account: str, position: str, price: int) -> bool:
    """Return whether a position is 2 % away from liquidation at a price."""
    held = (await client.margin.get_position(account, position)).position
    return bool(price - held.liquidation >= price * 2 // 100)


async def _settled(client: Client, account: str, position: str, reader: Seen) -> bool:
    """Return whether the balance, told and answered, shows every sat that the position holds."""
    held = (await client.margin.get_position(account, position)).position
    balance = (await client.accounts.balance(account)).balance
    return balance.free == reader.free == BALANCE - held.margin


async def _read_to_the_end(client: Client, account: str, *readers: Seen) -> int:
    """Return the end of the journal once every reader is there, else 0."""
    end = await last_sequence(client, account)
    return end if all(reader.sequences[-1:] == [end] for reader in readers) else 0
