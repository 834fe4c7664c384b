"""People of a core whom a provider on loopback vouches for, on each kind of store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.people import People, begin
from tests.support.provider import CLIENT, SECRET, Provider, Returned, User, browse, provider
from tests.support.sessions import HERE, LAPTOP

from axisor.ports import Secret
from axisor_server.adapters.database import sqlite_store
from axisor_server.adapters.identity.clients import Registered
from axisor_server.adapters.identity.github import GithubProvider
from axisor_server.adapters.identity.oidc import OidcProvider
from axisor_server.adapters.memory import MemoryStore
from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.domain.identities import Vouched
from axisor_server.domain.sessions import Device
from axisor_server.ports import Store
from axisor_server.services.people.signing_in import Challenge, Entered
from axisor_server.services.people.vouching import Begun

BACK = "http://127.0.0.1:9/back"
CONFIGURED = "https://axisor.example.org/back"


class Place:
    """A core and the provider that it believes."""

    def __init__(self, people: People, there: Provider) -> None:
        self.people = people
        self.there = there
        self.vouching = people.house.vouching
        self.identities = people.house.identities

    async def begin(self, name: str = "test", redirect: str = BACK) -> tuple[Begun, Returned]:
        """Begin, and go there with the browser."""
        begun = await self.vouching.begin(name, redirect, peer=HERE)
        return begun, await browse(begun.uri)

    async def vouched(self, user: User | None = None, name: str = "test") -> Vouched:
        """Go the whole way, as somebody."""
        if user is not None:
            self.there.consents = user
        begun, back = await self.begin(name)
        return await self.vouching.finish(
            begun.handle, state=back.state, code=back.code, issuer=back.issuer, peer=HERE
        )

    async def enter(
        self,
        user: User | None = None,
        *,
        name: str = "test",
        invitation: str = "",
        device: Device = LAPTOP,
    ) -> Entered | Challenge:
        """Sign in by the provider."""
        who = await self.vouched(user, name)
        return await self.identities.enter(who, invitation=invitation, device=device, peer=HERE)


@asynccontextmanager
async def standing(store: Store, *, open: bool = False) -> AsyncIterator[Place]:
    """Return a core over a store, with a provider beside it under two names."""
    clock = VirtualClock()
    await store.open()
    try:
        async with provider(clock) as there:
            at = Registered(
                name="test",
                issuer=there.url,
                client_id=CLIENT,
                secret=Secret(SECRET),
                devices=True,
            )
            hub = Registered(
                name="hub", issuer=f"{there.url}/", client_id=CLIENT, secret=Secret(SECRET)
            )
            people = await begin(
                store,
                clock,
                open=open,
                providers=(OidcProvider(at, clock), GithubProvider(hub)),
                redirects=(CONFIGURED,),
            )
            yield Place(people, there)
    finally:
        await store.close()


def store_of(kind: str, folder: Path) -> Store:
    """Return a store of a kind."""
    return MemoryStore() if kind == "memory" else sqlite_store(folder / "data")


@pytest.fixture(params=["memory", "sqlite"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Return a core that is open to everybody once it has an owner."""
    async with standing(store_of(request.param, tmp_path), open=True) as made:
        yield made


@pytest.fixture(params=["memory", "sqlite"])
async def closed(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Return a core that takes invitations only."""
    async with standing(store_of(request.param, tmp_path)) as made:
        yield made
