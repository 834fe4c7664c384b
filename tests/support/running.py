"""Runners of a core whose processes are born when a test wants, and a way to speak as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from axisor.ports import Secret
from axisor.remote import Called, Handled
from axisor.wire.runners import Hello, Said, Told
from axisor_server.adapters.memory import SeededIds, VirtualClock
from axisor_server.domain.hosting import HostedRun
from axisor_server.engine.hosts import Heard
from axisor_server.services.running import Bars, Patience, Runners

CALL = Called(sequence=1, config=b"{}", memory=b"", stimulus=b'{"is":"Started"}', view=b"{}")
SECOND = timedelta(seconds=1)
FINE = Handled(sequence=1, intents=b"[]", memory=b"{}", changed=False)


class Born:
    """A process that lives until it is killed, or ended by a test."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.waited = 0

    async def wait(self) -> str:
        """Wait for the end."""
        await self.over.wait()
        return "exit code 1"

    def kill(self) -> None:
        """End it."""
        self.over.set()

    def waited_ms(self) -> int:
        """Return how long it waited for a processor."""
        return self.waited


class Nursery:
    """Starts processes of one plugin; those of others come by themselves."""

    def __init__(self) -> None:
        self.born: list[tuple[str, Secret, Born]] = []
        self.broken = False
        self.hushed: list[int] = []
        self.gone_on = 0
        self.stood = 0

    def hush(self, ms: int) -> bool:
        """Have them stand still."""
        self.hushed.append(ms)
        return True

    def go_on(self) -> None:
        """Let them go on."""
        self.gone_on += 1

    def stood_ms(self) -> int:
        """Return how long they stood still."""
        return self.stood

    def spawns(self, plugin: str) -> bool:
        """Return whether it starts runners of a plugin."""
        return plugin == "spawned"

    async def spawn(self, plugin: str, run: str, token: Secret, *, code: str = "") -> Born:
        """Start one."""
        if self.broken:
            raise FileNotFoundError("no such interpreter")
        self.born.append((run, token, Born()))
        return self.born[-1][2]


class Scene:
    """Runners, what their host hears, and a way to speak as a runner."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.barred: list[tuple[str, str]] = []
        self.nursery = Nursery()
        self.runners = Runners(
            clock=self.clock,
            ids=SeededIds(self.clock, 3),
            bars=Bars(lambda plugin, reason: self.barred.append((plugin, reason))),
            spawner=self.nursery,
            patience=Patience(),
        )
        self.heard: dict[str, list[Heard]] = {}
        self.plugins: dict[str, str] = {}

    def open(self, id: str, *, plugin: str = "spawned") -> HostedRun:
        """Have a runner for a run."""
        run = HostedRun(id=id, account="a", plugin=plugin, strategy="s")
        self.heard[id], self.plugins[id] = [], plugin
        self.runners.open(run, self.heard[id].append)
        return run

    async def settle(self, seconds: float = 0.01) -> None:
        """Let everybody act."""
        await self.clock.advance(seconds)

    def come(self, id: str, caller: str = "") -> Talk:
        """Come as a runner."""
        return Talk(self, id, caller or f"runs/{id}")

    async def end(self) -> None:
        """End all of it."""
        await self.runners.aclose()


class Talk:
    """One conversation, from the runner's side."""

    def __init__(self, scene: Scene, id: str, caller: str, hello: Said | None = None) -> None:
        self.said: asyncio.Queue[Said | None] = asyncio.Queue()
        self.told: list[Told] = []
        self._frames = scene.runners.converse(
            id,
            account="a",
            plugin=scene.plugins.get(id, "nobody"),
            caller=caller,
            hello=hello or Hello(),
            words=self._words(),
        )
        self.task = asyncio.ensure_future(self._read())

    async def _words(self) -> AsyncIterator[Said | None]:
        while True:
            yield await self.said.get()

    async def _read(self) -> None:
        async for told in self._frames:
            self.told.append(told)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """Set the scene."""
    made = Scene()
    yield made
    await made.end()


async def seated(scene: Scene, id: str = "r") -> Talk:
    """Return the conversation of a spawned runner that was let in."""
    scene.open(id)
    await scene.settle()
    talk = scene.come(id)
    await scene.settle()
    return talk
