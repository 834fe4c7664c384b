"""A core in this process, on a simulated venue, with a guard that can be armed, and a console."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import pytest
from textual.pilot import Pilot

from axisor.client import Client
from axisor.model import Mode
from axisor.ports import Credentials, Secret
from axisor_margin_guard.guard import MarginGuard
from axisor_server.adapters.tls import Certificate
from axisor_tui.app import Console
from axisor_tui.link import Link
from axisor_tui.settings import Settings
from tests.server.rpc.serving import TOKEN, Served, certificate, serving

__all__ = ["certificate"]

CONFIG = '{"trigger": "2", "target": "5", "budget_day": 50000}'
PATIENCE = 200
"""So many times a condition is looked at before it is given up, 50 ms apart."""


class Scene:
    """A console on a terminal of the tests, the core it speaks to, and a client beside it."""

    def __init__(self, app: Console, pilot: Pilot[None], core: Served, client: Client) -> None:
        self.app, self.pilot, self.core, self.client = app, pilot, core, client

    def as_token(self, token: Secret) -> Client:
        """Return a client of the same core with another token."""
        target = f"127.0.0.1:{self.core.port}"
        return Client.connect(target, token=token, certificate=self.core.certificate)

    async def until(self, done: Callable[[], bool]) -> None:
        """Let the console work until something is so."""
        for _ in range(PATIENCE):
            if done():
                return
            await self.pilot.pause(0.05)
        raise AssertionError(f"it never came to be; notes: {self.notes}")

    async def press(self, *keys: str) -> None:
        """Press keys, once no overlay that was closed is left."""
        await self.pilot.pause()
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text and press enter."""
        await self.pilot.press(*text, "enter")

    @property
    def notes(self) -> list[str]:
        """Return what the console told the person."""
        return [note.message for note in self.app._notifications]

    def said(self, text: str) -> bool:
        """Return whether the console told the person that."""
        return any(text in note for note in self.notes)


Stage: TypeAlias = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
def stage(certificate: Certificate) -> Stage:
    """Return what opens a console on a core with one account, a long, and a guard at hand."""

    @asynccontextmanager
    async def opened(
        *, token: str = TOKEN, settings: Settings | None = None, size: tuple[int, int] = (120, 40)
    ) -> AsyncIterator[Scene]:
        async with serving(certificate, strategies=(MarginGuard,)) as core:
            target = f"127.0.0.1:{core.port}"

            def connect(held: str = TOKEN) -> Client:
                return Client.connect(target, token=held, certificate=core.certificate)

            async with connect() as client:
                await _account(client)
                link = Link(lambda: connect(token), None, clock=core.clock.monotonic_ms)
                app = Console(link, settings=settings, clock=core.clock.monotonic_ms)
                async with app.run_test(size=size) as pilot:
                    scene = Scene(app, pilot, core, client)
                    await scene.until(
                        lambda: bool(app.state.positions) and app.state.tick is not None
                    )
                    yield scene

    return opened


async def _account(client: Client) -> None:
    key = Credentials(key=Secret("fine"), secret=Secret("s"), passphrase=Secret("p"))
    account = await client.accounts.create(
        venue="books",
        network="sim",
        mode=Mode.SIM,
        label="play",
        base_url="http://127.0.0.1:9",
        credentials=key,
    )
    await client.strategies.create_run(account.id, "margin-guard", config=CONFIG)
