"""A replica: one core with its own clock, store door and venue door, that can be killed and frozen.

A kill is a true one: every door is shut before any code of the process runs again, so that no
`finally` touches the world. What was handed to the venue or the database lives on.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from axisor.errors import StoreError
from axisor_server.adapters.memory import SeededIds
from axisor_server.domain.journal import Entry, to_event
from axisor_server.engine import Engine
from axisor_server.engine.failpoints import Failpoints
from axisor_server.services.watching import Hub, Limits
from tests.simulation.loop import GROUP, Freezable, SimClock, SimLoop
from tests.simulation.store import StoreDoor
from tests.simulation.venue import VenueDoor

if TYPE_CHECKING:
    from tests.simulation.world import World

ODDS = {
    "lease-renewed": 0.04,
    "unit-committed": 0.3,
    "account-read": 0.3,
    "witness-read": 2.0,
    "resolved": 4.0,
    "command-received": 4.0,
}
"""How much more or less often than others a failpoint strikes; some are passed all the time."""

HEADS = 40
"""Bytes a watcher is sent for each event: its sequence and its hash."""


def frame(entry: Entry) -> bytes:
    """Return an event as a watcher of this world gets it."""
    return entry.sequence.to_bytes(8, "big") + entry.hash


class Process(Freezable):
    """One life of a replica, from its boot to its kill."""

    def __init__(self, world: World, name: str, life: int) -> None:
        super().__init__()
        self.world = world
        self.loop: SimLoop = world.loop
        self.name = f"{name}.{life}"
        self.dead = False
        self.steady_since = self.loop.time()
        faults = world.faults
        skew = drift = 0
        if faults.strikes("clock-skewed"):
            skew = round(faults.chance("clock-skewed").uniform(-300_000, 300_000))
        if faults.strikes("clock-drifts"):
            drift = round(faults.chance("clock-drifts").uniform(-50, 50))
        self.clock = SimClock(self.loop, skew_ms=skew, drift_ppm=drift)
        self.store = StoreDoor(world.database, self)
        self.venue = VenueDoor(world.venue, self, self.clock)
        if world.plan.back_date_ms:
            self.venue.stop = self.freeze
        self.disk = world.disks.door(name)
        self.chance = random.Random(f"{world.seed}/process/{self.name}")
        plugins = world.plugins
        self.engine = Engine(
            store=self.store,
            clock=self.clock,
            ids=SeededIds(self.clock, self.chance.getrandbits(48)),
            vault=world.vault,
            venues={"simx": self.venue},
            strategies=plugins.strategies,
            reviewers=(plugins.review,),
            publish=self._publish,
            settings=world.engine_settings(self.name),
            failpoints=Armed(self),
            emergency=self.disk,
        )
        poll_s = 3.0 if world.plan.others_write else None
        limits = Limits(ring=200, page=100, heartbeat_s=15.0, poll_s=poll_s)
        self.hub = Hub(self.store, self.clock, encode=frame, beat=lambda *_: b"", limits=limits)

    def _publish(self, entries: Sequence[Entry]) -> None:
        self.hub.publish(entries)
        for entry in entries:
            self.world.plugins.observe(to_event(entry))

    def run(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something as this process's own code."""
        context = copy_context()
        context.run(GROUP.set, self)
        return self.loop.create_task(work, context=context)

    def boot(self) -> None:
        """Start the core."""
        self.run(self._boot())

    async def _boot(self) -> None:
        try:
            await self.engine.start()
        except StoreError:
            self.world.end(self, why="could not start")

    def kill(self, *, last_words: bool) -> None:
        """End it as SIGKILL does."""
        if self.dead:
            return
        self.dead = True
        self.store.die(last_words=last_words)
        self.venue.die()
        self.disk.dead = True
        self.loop.thaw(self)
        for task in self.tasks:
            if not task.done():
                task.cancel()

    def freeze(self, seconds: float, *, machine: bool = False) -> None:
        """Stop every thread for a while; a frozen machine loses that time altogether."""
        if self.frozen or self.dead:
            return
        self.frozen = True
        self.world.risk.disturb_all("takeover")
        context = copy_context()
        context.run(GROUP.set, None)
        if machine:
            self.stood_since = self.loop.time()
            self.clock.stood_s += seconds
            self.clock.skew_ms -= round(seconds * 1000)
        self.loop.call_later(seconds, self._resume, seconds, machine, context=context)

    def _resume(self, seconds: float, machine: bool) -> None:
        if self.dead:
            return
        self.loop.thaw(self)
        self.steady_since = self.loop.time()
        if machine:  # a time server puts the wall clock right some time later
            self.loop.call_later(self.chance.uniform(0, 60), self._step, round(seconds * 1000))

    def _step(self, ms: int) -> None:
        self.clock.skew_ms += ms

    @property
    def serves(self) -> bool:
        """Return whether the process runs."""
        return not self.dead and not self.frozen


class Armed(Failpoints):
    """Failpoints that may kill or freeze their process each time they are passed."""

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process

    async def __call__(self, name: str) -> None:
        """Pass a failpoint."""
        process = self._process
        world = process.world
        if process.dead:
            raise asyncio.CancelledError
        odds = ODDS.get(name, 1.0)
        if world.faults.strikes("kill-at", odds):
            world.failpoint_hits[name] = world.failpoint_hits.get(name, 0) + 1
            world.end(process, why=f"killed at {name}")
            raise asyncio.CancelledError
        if world.faults.strikes("pause-at", odds):
            world.failpoint_hits[name] = world.failpoint_hits.get(name, 0) + 1
            seconds = world.faults.chance("pause-at").choice((1, 8, 15, 36, 50))
            world.say("frozen", process.name, name, str(seconds))
            process.freeze(seconds)
            await asyncio.sleep(0)
