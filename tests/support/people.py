"""People over a store, with cheap passwords, letters that are kept, and a clock that is moved."""

from __future__ import annotations

import asyncio
import re
import uuid

import pyotp
from msgspec import Struct

from axisor.model import PlatformRole
from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.adapters.passwords import ArgonPasswords, Profile, is_common
from axisor_server.domain.halting import STREAM
from axisor_server.domain.journal import to_event, to_us
from axisor_server.domain.plans import NO_PLANS, Catalogue
from axisor_server.domain.roles import on_platform
from axisor_server.domain.sessions import Device
from axisor_server.ports import Store
from axisor_server.rpc.house_people import PeopleHouse, Reach
from axisor_server.services.people.needs import IdentityProvider
from axisor_server.services.people.signing_in import Challenge, Entered
from axisor_server.services.personal import Personal
from axisor_server.services.principals import Peer, Principal, owner
from axisor_server.services.requests import Once, Request
from axisor_server.services.sessions import Issued
from tests.support.sessions import HERE, LAPTOP, SignIns

CHEAP = Profile(memory_kib=32, passes=1, lanes=1)
PASSWORD = "four words do quite well"
OTHER = "another four words as good"
ADA, BOB = "ada@example.org", "bob@example.org"
PROOF = re.compile(r"\b(?:in|pr|ev)_[0-9a-f-]{36}_[A-Za-z0-9_-]{43}")


class Written(Struct, frozen=True):
    """A letter that was delivered."""

    to: str
    subject: str
    text: str

    @property
    def proof(self) -> str:
        """Return what the letter lets its reader do."""
        found = PROOF.search(self.text)
        assert found is not None, self.text
        return found[0]


class LetterBox:
    """Implements the `Post` port: keeps letters, or takes none while it is shut."""

    def __init__(self) -> None:
        self.letters: list[Written] = []
        self.shut = False

    async def deliver(self, *, id: str, to: str, subject: str, text: str) -> bool:
        """Keep a letter, unless shut."""
        if self.shut:
            return False
        self.letters.append(Written(to, subject, text))
        return True


class People:
    """The people of one core; several may share a store and a clock."""

    def __init__(
        self,
        store: Store | None = None,
        clock: VirtualClock | None = None,
        *,
        seed: int = 1,
        open: bool = False,
        profile: Profile = CHEAP,
        providers: tuple[IdentityProvider, ...] = (),
        redirects: tuple[str, ...] = (),
        plans: Catalogue = NO_PLANS,
    ) -> None:
        self.signs = SignIns(store, clock, seed=seed)
        self.store, self.clock = self.signs.store, self.signs.clock
        self.sessions = self.signs.sessions
        self.box = LetterBox()
        self.passwords = Counting(profile)
        self.house = PeopleHouse(
            store=self.store,
            vault=self.signs.vault,
            clock=self.clock,
            ids=self.signs.ids,
            recorder=self.signs.recorder,
            sessions=self.sessions,
            tokens=self.signs.tokens,
            once=Once(self.store, self.clock, self.signs.ids, self.signs.recorder),
            personal=Personal(store=self.store, vault=self.signs.vault, clock=self.clock),
            reach=Reach(
                passwords=self.passwords,
                is_common=is_common,
                post=self.box,
                open=open,
                providers=providers,
                redirects=redirects,
                plans=plans,
            ),
        )
        self._phones: dict[str, str] = {}

    async def letters(self) -> list[Written]:
        """Deliver what waits, and return all letters so far."""
        await self.house.letters.deliver()
        return self.box.letters

    async def join(
        self,
        email: str = ADA,
        *,
        role: PlatformRole = PlatformRole.NONE,
        password: str = PASSWORD,
        verified: bool = True,
    ) -> str:
        """Invite and register somebody; returns the id."""
        registering = self.house.registering
        made = await registering.invite(email, role, silent=True, caller=owner())
        await registering.register(email, password, title="", invitation=made.text, peer=HERE)
        if verified:
            await registering.verify((await self.letters())[-1].proof)
        shown = [each for each in await self.house.administering.all() if each.email == email]
        return shown[0].person.id

    async def login(
        self,
        email: str = ADA,
        password: str = PASSWORD,
        *,
        device: Device = LAPTOP,
        peer: Peer = HERE,
    ) -> Entered | Challenge:
        """Sign in."""
        return await self.house.signing_in.login(email, password, device=device, peer=peer)

    async def enter(
        self, email: str = ADA, password: str = PASSWORD, *, device: Device = LAPTOP
    ) -> Principal:
        """Sign in, by code too where one is asked for; returns who calls from then on."""
        found = await self.login(email, password, device=device)
        if isinstance(found, Challenge):
            code = self.code(email)
            found = await self.house.signing_in.answer(found.text, code, device=device, peer=HERE)
        return self.caller(found.person, found.issued)

    def caller(
        self, person: str, issued: Issued, role: PlatformRole = PlatformRole.NONE
    ) -> Principal:
        """Return a person who is signed in, as calls know them."""
        return Principal(
            name=f"people/{person}",
            tenant=person,
            person=person,
            platform=on_platform(role),
            accounts={},
            session=issued.session,
            authenticated_us=to_us(self.clock.now()),
        )

    async def enrol(self, email: str, caller: Principal) -> list[str]:
        """Enrol an authenticator app; returns the recovery codes."""
        secret, _ = await self.house.factors.enrol(caller=caller)
        self._phones[email] = secret.reveal()
        return list(await self.house.factors.confirm(self.code(email), caller=caller))

    def code(self, email: str = ADA, *, ago_s: int = 0) -> str:
        """Return what the person's app shows, or showed so long ago."""
        return pyotp.TOTP(self._phones[email]).at(int(self.clock.now().timestamp()) - ago_s)

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.advance(seconds)

    async def journal(self) -> list[str]:
        """Return the kinds of entries of the core's journal, in order."""
        return await self.signs.journal()

    async def entries(self, kind: str) -> list[object]:
        """Return the payloads of a kind in the core's journal, in order."""
        found = await self.store.read(lambda r: r.entries(STREAM, after=0, limit=20_000))
        payloads = [to_event(entry).payload for entry in found if entry.kind == kind]
        return list(payloads)

    async def alive(self, issued: Issued) -> bool:
        """Return whether a session's access token is still good."""
        sessions = await self.store.read(lambda r: r.document("session", issued.session))
        return sessions is not None


class Counting(ArgonPasswords):
    """Passwords that count how many guesses were looked at."""

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile)
        self.looked_at = 0

    async def verify(self, kept: str, password: str) -> bool:
        """Verify, and count."""
        self.looked_at += 1
        await asyncio.sleep(0)
        return await super().verify(kept, password)


def asked(caller: Principal, method: str = "M") -> Request:
    """Return a fresh request of a caller."""
    id = str(uuid.uuid4())
    return Request(
        method=method,
        request_id=id,
        digest=id.encode(),
        principal=caller.name,
        caller=caller,
    )


async def begin(
    store: Store | None = None,
    clock: VirtualClock | None = None,
    *,
    seed: int = 1,
    open: bool = False,
    profile: Profile = CHEAP,
    providers: tuple[IdentityProvider, ...] = (),
    redirects: tuple[str, ...] = (),
    plans: Catalogue = NO_PLANS,
) -> People:
    """Return the people of a core, over a store of its own unless it shares one."""
    people = People(
        store,
        clock,
        seed=seed,
        open=open,
        profile=profile,
        providers=providers,
        redirects=redirects,
        plans=plans,
    )
    if store is None:
        await people.store.open()
    return people
