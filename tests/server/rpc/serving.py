"""A core in this process, served over TLS on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import grpc
import grpc.aio
import pytest
from msgspec import Meta
from prometheus_client import CollectorRegistry
from tests.server.rpc.venue import Venue
from tests.support.people import CHEAP, LetterBox
from tests.support.sleepy import ENTRIES, PLUGIN, SLEEPY
from tests.support.venue import SimVenue

from axisor.errors import TokenInvalid
from axisor.events import HaltLevel
from axisor.intents import OpenPosition
from axisor.model import Mode, Permission, PlatformRole, Role, Side
from axisor.simulated import carry_out
from axisor.strategy import Config, Memory, Strategy
from axisor.v1 import accounts_pb2, types_pb2
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor.versions import Version
from axisor_channels import Discord
from axisor_server.adapters import tls
from axisor_server.adapters.backtesting import ProcessBacktests
from axisor_server.adapters.memory.editions import MemoryEditions
from axisor_server.adapters.memory.ids import SeededIds
from axisor_server.adapters.memory.store import MemoryStore
from axisor_server.adapters.memory.vault import MemoryVault
from axisor_server.adapters.passwords import ArgonPasswords, is_common
from axisor_server.adapters.system import SystemClock
from axisor_server.bounds import USUAL, Wire
from axisor_server.changing import ChangingPlugins
from axisor_server.domain.editions import Edition
from axisor_server.domain.journal import Entry
from axisor_server.domain.memberships import Membership, to_document
from axisor_server.domain.plans import Catalogue, Plan
from axisor_server.domain.records import AccountRecord
from axisor_server.duties import plugin_reports
from axisor_server.engine import Engine, EngineSettings
from axisor_server.plugins import Plugins
from axisor_server.ports import Store
from axisor_server.rpc.house import House
from axisor_server.rpc.house_people import Reach
from axisor_server.rpc.server import RpcServer, Tls
from axisor_server.services.access import principal_of
from axisor_server.services.limiting import Limits as CallLimits
from axisor_server.services.people.needs import IdentityProvider
from axisor_server.services.principals import Peer, Principal
from axisor_server.services.status import Surroundings
from axisor_server.services.watching import Limits

TOKEN = "owner-token-of-the-tests"
READER = "reader-token-of-the-tests"
CREATE = "0d9f3c7e-0000-4000-8000-000000000001"
PLANS = Catalogue(plans={"free": Plan(name="free", accounts=1, runs=1, trade=False)})
"""Nobody is on one unless a test puts them there."""


class NapConfig(Config, frozen=True):
    """How to nap."""

    minutes: Annotated[int, Meta(gt=0, description="How long.")] = 5


class Nap(Strategy[NapConfig, Memory]):
    """Does nothing.

    Well.
    """

    name = "nap"
    permissions = Permission.READ


class Napper(Nap):
    """Does nothing either, as a later version."""


NAPS = (Edition(Version("1.0", "a" * 64), Nap), Edition(Version("1.1", "b" * 64), Napper))
"""The versions of the strategy that are at hand."""


def sleepy() -> Plugins:
    """Return the plugins of a core, with one that can be changed."""
    plugins = Plugins()
    plugins.register(SLEEPY, PLUGIN)
    return plugins


class Guests:
    """Knows the callers it is told of, for as long as they are not shown out.

    `known` are callers as they are, `people` are found anew with each call: who they are, their
    role on the core, and when they last proved it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        reader = Principal(name="reader", platform=Permission.READ)
        self.known: dict[str, Principal] = {READER: reader}
        self.people: dict[str, tuple[str, PlatformRole, int]] = {}

    async def principal(self, token: str, peer: Peer) -> Principal:
        """Return who holds a token. Raises TokenInvalid."""
        if token in self.known:
            return self.known[token]
        if token not in self.people:
            raise TokenInvalid()
        person, role, proved_us = self.people[token]
        return await self._store.read(
            lambda view: principal_of(
                view, person, role, session="", until_us=None, authenticated_us=proved_us
            )
        )

    async def still(self, principal: Principal) -> bool:
        """Return whether a caller is still known."""
        people = {person for person, _, _ in self.people.values()}
        return principal in self.known.values() or principal.person in people


class Served:
    """A served core and the means to call it."""

    def __init__(
        self,
        certificate: bytes,
        max_mode: Mode = Mode.SHADOW,
        *,
        store: Store | None = None,
        wire: Wire = USUAL,
        calls: CallLimits | None = None,
        providers: tuple[IdentityProvider, ...] = (),
        plans: Catalogue = PLANS,
        strategies: tuple[type[Strategy[Any, Any]], ...] = (Nap,),
    ) -> None:
        self.certificate = certificate
        self.clock = SystemClock()
        self.store: Store = store or MemoryStore()
        self.stops: list[tuple[timedelta, str]] = []
        self.registry = CollectorRegistry()
        self.box = LetterBox()
        self.guests = Guests(self.store)
        ids = SeededIds(self.clock, seed=7)
        self.sim = SimVenue(self.clock, price="60000")
        self.engine = Engine(
            store=self.store,
            clock=self.clock,
            ids=ids,
            vault=MemoryVault(),
            venues={"books": Venue(self.sim)},
            strategies={each.name: each for each in strategies},
            reviewers=(),
            publish=self._publish,
            settings=EngineSettings(owner="core", max_mode=max_mode),
            editions=MemoryEditions(NAPS),
        )
        opening = OpenPosition(side=Side.BUY, leverage=16, quantity=1_000)
        self.long = carry_out(self.sim.account, opening, self.sim.exchange.quote).venue_id
        plugins = sleepy()
        self.house = House(
            engine=self.engine,
            store=self.store,
            vault=MemoryVault(),
            clock=self.clock,
            ids=ids,
            around=Surroundings(
                venues={"books": Venue(self.sim)},
                plugins=lambda: plugin_reports(plugins),
                settings=(),
                stop=lambda drain, reason: self.stops.append((drain, reason)),
            ),
            plugins=ChangingPlugins(plugins, None, {}, entries=lambda: ENTRIES),
            max_mode=max_mode,
            limits=Limits(ring=64),
            is_owner=TOKEN.__eq__,
            reach=Reach(
                passwords=ArgonPasswords(CHEAP),
                is_common=is_common,
                post=self.box,
                open=True,
                providers=providers,
                plans=plans,
            ),
            others=self.guests,
            registry=self.registry,
            calls=calls,
            backtester=ProcessBacktests(),
            notifiers={"discord": Discord()},
        )
        self.server = RpcServer(
            pipeline=self.house.pipeline,
            servicers=self.house.servicers,
            reflect=True,
            wire=wire,
        )
        self.port = 0

    def _publish(self, entries: Sequence[Entry]) -> None:
        self.house.hub.publish(entries)

    @property
    def margin(self) -> int:
        """Return the margin of the long at the venue."""
        position = self.sim.state().position(self.long)
        assert position is not None
        return position.margin

    async def accounts(self) -> Sequence[AccountRecord]:
        """Return what accounts are stored."""
        return await self.store.read(lambda view: view.accounts())

    async def enrol(self, person: str, account: str, role: Role) -> None:
        """Give a person a role on an account."""
        membership = Membership(account=account, person=person, role=role, since_us=0)
        document = to_document(membership, now_us=0)
        await self.store.write(lambda tx: tx.put_document(document, revision=None))

    async def head(self, account: str) -> int:
        """Return the end of an account's journal."""
        return (await self.store.read(lambda view: view.head(account))).sequence

    async def noise(self, account: str, count: int) -> None:
        """Journal events, one after the other."""
        id = account.removeprefix("accounts/")
        for turn in range(count):
            level = HaltLevel.RISK if turn % 2 else HaltLevel.NONE
            await self.engine.halt(id, level, principal="noise", reason=f"turn {turn}")

    async def until_watchers(self, count: int) -> None:
        """Wait until no more watches than that are open."""
        async with asyncio.timeout(60):
            while self.house.hub.watchers > count:
                await asyncio.sleep(0)

    def channel(self) -> grpc.aio.Channel:
        """Return a channel that trusts the core's certificate only."""
        credentials = grpc.ssl_channel_credentials(root_certificates=self.certificate)
        return grpc.aio.secure_channel(f"127.0.0.1:{self.port}", credentials)


def bearer(token: str = TOKEN, **more: str) -> tuple[tuple[str, str], ...]:
    """Return the metadata of a call."""
    extra = tuple((key.replace("_", "-"), value) for key, value in more.items())
    return (("authorization", f"Bearer {token}"), *extra)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tls.Certificate:
    """Make one certificate for all tests."""
    directory: Path = tmp_path_factory.mktemp("tls")
    return tls.load_or_make(directory, SystemClock())


@asynccontextmanager
async def serving(
    certificate: tls.Certificate,
    max_mode: Mode = Mode.SHADOW,
    *,
    store: Store | None = None,
    wire: Wire = USUAL,
    calls: CallLimits | None = None,
    providers: tuple[IdentityProvider, ...] = (),
    plans: Catalogue = PLANS,
    strategies: tuple[type[Strategy[Any, Any]], ...] = (Nap,),
) -> AsyncIterator[Served]:
    """Serve a core for as long as this is open."""
    served = Served(
        certificate.certificate,
        max_mode=max_mode,
        store=store,
        wire=wire,
        calls=calls,
        providers=providers,
        plans=plans,
        strategies=strategies,
    )
    await served.store.open()
    await served.engine.start()
    pair = Tls(certificate.certificate, certificate.key)
    served.port = await served.server.start("127.0.0.1", 0, pair)
    await served.server.announce(serving=True)
    try:
        yield served
    finally:
        served.house.hub.close()
        await served.server.stop(1)
        await served.house.once.drain()
        await served.house.aclose()
        await served.engine.stop(1)
        await served.store.close()


@pytest.fixture
async def core(certificate: tls.Certificate) -> AsyncIterator[Served]:
    """Serve a core."""
    async with serving(certificate) as served:
        yield served


@pytest.fixture
async def channel(core: Served) -> AsyncIterator[grpc.aio.Channel]:
    """Open a channel to the core."""
    async with core.channel() as opened:
        yield opened


@pytest.fixture
async def account(channel: grpc.aio.Channel) -> str:
    """Add an account and return its name."""
    answer = await AccountServiceStub(channel).CreateAccount(creation(), metadata=bearer())
    name: str = answer.account.name
    return name


def creation(**fields: object) -> accounts_pb2.CreateAccountRequest:
    """Return a request for a SIM account, with some fields otherwise."""
    usual: dict[str, object] = {
        "request_id": CREATE,
        "venue": "venues/books",
        "network": "sim",
        "mode": types_pb2.MODE_SIM,
        "label": "first",
        "base_url": "http://127.0.0.1:9",
        "credentials": accounts_pb2.Credentials(key="fine", secret="s", passphrase="p"),
    }
    return accounts_pb2.CreateAccountRequest(**(usual | fields))  # type: ignore[arg-type]
