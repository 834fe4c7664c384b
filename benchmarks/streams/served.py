"""A core as `axisor up` runs it, in whose journal somebody writes who is told how fast.

Its one account is of a venue that is not there, so nobody else writes into that journal.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from itertools import islice
from pathlib import Path

import uvloop
from benchmarks.streams.entries import ACCOUNT, entries
from benchmarks.streams.told import obey

from axisor.model import Mode
from axisor_server.adapters import interpreter, logs
from axisor_server.adapters.system import SystemClock, SystemIds
from axisor_server.app import Core
from axisor_server.domain.journal import Head, head_of
from axisor_server.domain.records import AccountRecord
from axisor_server.ports import Transaction
from axisor_server.settings import load

MANY = 100_000_000
"""Limits of calls that are counted and never reached."""

FLAGS = {
    "grpc.listen": "127.0.0.1:0",
    "limits.address_per_min": MANY,
    "limits.read_per_min": MANY,
    "limits.stream_per_min": MANY,
    "log.level": "error",
}


class Written(Core):
    """A core with a journal that is written as told."""

    async def prepare(self) -> None:
        """Add the account."""
        record = AccountRecord(
            id=ACCOUNT,
            venue="nowhere",
            network="sim",
            mode=Mode.SIM,
            label="bench",
            created_us=0,
            updated_us=0,
        )
        await self._store.write(lambda tx: tx.put_account(record, revision=None))
        self._head = Head()
        self._source = entries()

    async def publish(self, count: int) -> int:
        """Make so many entries durable, then known; return the journal's end."""
        head, new = self._head, tuple(islice(self._source, count))

        def unit(transaction: Transaction) -> None:
            transaction.append(head, new, epoch=None)

        await self._store.write(unit)
        self._head = head_of(new, head)
        self._publish(new)
        return self._head.sequence


async def serve(folder: Path) -> None:
    """Serve until the input ends."""
    stop = asyncio.Event()
    loaded = load(file="", environment={}, flags=FLAGS)
    folder.mkdir(mode=0o700, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        core = Written(
            loaded, folder, clock=SystemClock(), ids=SystemIds(), failpoint="", stop=stop
        )
        await core.open(stack)
        await core.serve(stack)
        await core.prepare()
        interpreter.settle()
        print("serving", flush=True)
        async with asyncio.TaskGroup() as group:
            group.create_task(core.watch_over(stop))
            await obey(core.publish)
            stop.set()
        await core.wind_down()


if __name__ == "__main__":
    interpreter.build()
    logs.configure("error")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1])))
