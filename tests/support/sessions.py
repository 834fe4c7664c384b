"""Sign-ins over a store, with a clock that stands still until it is moved."""

from __future__ import annotations

from axisor.model import Mode
from axisor_server.adapters.memory import MemoryStore
from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.adapters.memory.ids import SeededIds
from axisor_server.adapters.memory.vault import MemoryVault
from axisor_server.domain.halting import STREAM
from axisor_server.domain.journal import to_event
from axisor_server.domain.sessions import Device, Terms
from axisor_server.ports import Store
from axisor_server.services.doors import Holders, SessionDoor, TokenDoor
from axisor_server.services.principals import Peer, Principal
from axisor_server.services.recording import Recorder
from axisor_server.services.requests import Once, Request
from axisor_server.services.sessions import Issued, Sessions
from axisor_server.services.signing import Signing
from axisor_server.services.tokens import Tokens
from axisor_server.services.verifying import Verifier

LAPTOP = Device(key="only the laptop knows this", name="laptop")
PHONE = Device(key="only the phone knows this", name="phone")
HERE = Peer(address="203.0.113.7")


class SignIns:
    """The sessions of one core; several may share a store and a clock."""

    def __init__(
        self,
        store: Store | None = None,
        clock: VirtualClock | None = None,
        *,
        seed: int = 1,
        terms: Terms | None = None,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.store = store or MemoryStore()
        self.ids = SeededIds(self.clock, seed=seed)
        self.vault = MemoryVault()
        self.recorder = Recorder(
            store=self.store, clock=self.clock, mode=Mode.SIM, publish=lambda entries: None
        )
        self.terms = terms or Terms()
        self.signing = Signing(self.store, self.clock, self.ids, self.vault, self.recorder)
        self.verifier = Verifier(self.store, self.clock, signing=self.signing, terms=self.terms)
        self.sessions = Sessions(
            self.store,
            self.clock,
            self.ids,
            self.vault,
            self.recorder,
            signing=self.signing,
            verifier=self.verifier,
            terms=self.terms,
        )

        self.once = Once(self.store, self.clock, self.ids, self.recorder)
        self.tokens = Tokens(
            self.store,
            self.clock,
            self.ids,
            self.vault,
            self.recorder,
            signing=self.signing,
            once=self.once,
        )
        self.people: dict[str, Principal] = {}
        self.holders = Holders(self._who_is, self.clock)
        self.session_door = SessionDoor(self.verifier, self.holders)
        self.token_door = TokenDoor(self.tokens, self.holders, self.clock, signing=self.signing)

    async def _who_is(self, person: str) -> Principal | None:
        return self.people.get(person)

    async def token(self, by: Principal, *caveats: str) -> str:
        """Return a token that somebody makes."""
        _, secret = await self.tokens.create(
            by, label="bot", caveats=caveats, request=self.request("CreateToken", by)
        )
        return secret.reveal()

    def request(self, method: str, by: Principal, id: str = "") -> Request:
        """Return a request for a change."""
        return Request(
            method=method,
            request_id=id or self.ids.new(),
            digest=b"d",
            principal=by.name,
            caller=by,
        )

    async def open(self, person: str = "ada", device: Device = LAPTOP) -> Issued:
        """Sign a person in by password."""
        return await self.sessions.open(person, amr=("pwd",), device=device, peer=HERE)

    async def journal(self) -> list[str]:
        """Return the kinds of entries of the core's journal, in order."""
        found = await self.store.read(lambda r: r.entries(STREAM, after=0, limit=1_000))
        return [to_event(entry).kind for entry in found]


def refresh_of(issued: Issued) -> str:
    """Return the refresh token that came with an answer."""
    assert issued.refresh is not None
    return issued.refresh.reveal()
