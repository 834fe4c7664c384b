"""Sign-ins that a provider vouches for: begun here, carried there, and redeemed once.

What waits is kept for ten minutes under the hash of a handle that only its beginner holds; state,
nonce and PKCE verifier are drawn from that handle, so nothing that lets in is stored.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from axisor.errors import FieldInvalid, IdentityRefused, ProofInvalid
from axisor.identity import SignInFailed
from axisor.ports import Clock
from axisor_server.domain.identities import (
    DeviceCode,
    NotYet,
    Pending,
    Vouched,
    asked,
    is_own_redirect,
)
from axisor_server.domain.journal import from_us, to_us
from axisor_server.domain.proofs import Proof, Purpose, parse
from axisor_server.domain.records import DocumentRecord
from axisor_server.ports import Conflict, Sealer, Store, Transaction
from axisor_server.services.people.directory import Directory
from axisor_server.services.people.needs import IdentityProvider
from axisor_server.services.people.proofs import Made, Proofs
from axisor_server.services.people.throttle import Throttle, network_of, of_stranger
from axisor_server.services.principals import NOBODY, Peer
from axisor_server.services.recording import Recorder

SEALED = "device code"
SLOWER_S = 5
"""What is added to the pause where a provider asks for it (RFC 8628)."""


class Begun(Struct, frozen=True, kw_only=True):
    """A sign-in that waits: the handle to go on with, and where the browser is sent."""

    handle: str
    until: datetime
    uri: str

    def __repr__(self) -> str:
        return f"Begun(until={self.until!r}, …)"


class DeviceBegun(Struct, frozen=True, kw_only=True):
    """A sign-in that is finished on another device, with the handle to ask about it."""

    handle: str
    until: datetime
    code: DeviceCode

    def __repr__(self) -> str:
        return f"DeviceBegun(until={self.until!r}, …)"


class Waits(Struct, frozen=True):
    """The person has not finished elsewhere; ask again after so many seconds."""

    pause_s: int


class Vouching:
    """Carries sign-ins to providers and back."""

    def __init__(  # noqa: PLR0913 - it stands on that much
        self,
        *,
        store: Store,
        clock: Clock,
        vault: Sealer,
        directory: Directory,
        proofs: Proofs,
        throttle: Throttle,
        recorder: Recorder,
        providers: Sequence[IdentityProvider],
        redirects: Sequence[str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._vault = vault
        self._directory = directory
        self._proofs = proofs
        self._throttle = throttle
        self._recorder = recorder
        self._ways: Mapping[str, IdentityProvider] = {each.name: each for each in providers}
        self._redirects = frozenset(redirects)

    @property
    def providers(self) -> Sequence[IdentityProvider]:
        """Return who vouches for people here, by name."""
        return [self._ways[name] for name in sorted(self._ways)]

    def name_of(self, issuer: str) -> str:
        """Return which provider an issuer is, empty where it is none any more."""
        return next((each.name for each in self.providers if each.issuer == issuer), "")

    async def begin(self, provider: str, redirect: str, *, peer: Peer) -> Begun:
        """Return where a browser is sent, which comes back to `redirect`.

        Raises FieldInvalid, RateLimited, ProviderUnavailable.
        """
        way = self._way(provider)
        if not is_own_redirect(redirect) and redirect not in self._redirects:
            raise FieldInvalid(
                "No browser is sent back there: it is neither this machine nor set.",
                fix="Give http://127.0.0.1:PORT/, or one of people.redirects.",
                field="redirect_uri",
            )
        await self._throttle.take(of_stranger(await self._place(peer)))
        made = await self._make(Purpose.EXTERNAL, Pending(provider=provider, redirect=redirect))
        uri = await way.authorize_uri(asked(made.text, redirect))
        return Begun(handle=made.text, until=from_us(made.until_us), uri=uri)

    async def finish(
        self, handle: str, *, state: str, code: str, issuer: str, peer: Peer
    ) -> Vouched:
        """Return who came back from a provider; the handle is over, whatever comes of it.

        Raises ProofInvalid, IdentityRefused, ProviderUnavailable.
        """
        proof = await self._use(handle, Purpose.EXTERNAL)
        pending, way = self._pending(proof)
        ask = asked(handle, pending.redirect)
        try:
            if not hmac.compare_digest(state.encode("utf-8", "surrogatepass"), ask.state.encode()):
                raise IdentityRefused(provider=way.name, cause="state")
            return await way.redeem(code, ask, issuer=issuer)
        except IdentityRefused as error:
            await self._failed(error, peer)
            raise

    async def begin_device(self, provider: str, *, peer: Peer) -> DeviceBegun:
        """Return a code to be typed elsewhere.

        Raises FieldInvalid, RateLimited, ProviderUnavailable.
        """
        way = self._way(provider)
        await self._throttle.take(of_stranger(await self._place(peer)))
        code = await way.begin_device()
        pending = Pending(
            provider=provider,
            pause_s=code.pause_s,
            due_us=self._now_us() + code.pause_s * 1_000_000,
        )
        made = await self._store.write(lambda tx: self._make_device(tx, pending, code.secret))
        return DeviceBegun(handle=made.text, until=from_us(made.until_us), code=code)

    async def poll(self, handle: str, *, peer: Peer) -> Vouched | Waits:
        """Return who finished elsewhere; once they did, or were refused, the handle is over.

        Raises ProofInvalid, IdentityRefused, ProviderUnavailable.
        """
        record, proof = await self._store.read(
            lambda view: self._proofs.look(view, handle, Purpose.DEVICE)
        )
        pending, way = self._pending(proof)
        if self._now_us() < pending.due_us or not await self._claim(record, proof, pending):
            return Waits(pending.pause_s)
        secret = self._vault.unseal(pending.sealed, purpose=SEALED, bound=(record.id,))
        try:
            found = await way.poll_device(secret.decode())
        except IdentityRefused as error:
            await self._use(handle, Purpose.DEVICE)
            await self._failed(error, peer)
            raise
        if isinstance(found, NotYet):
            return await self._slower(handle, pending, found)
        await self._use(handle, Purpose.DEVICE)
        return found

    async def either(
        self, handle: str, *, state: str, code: str, issuer: str, peer: Peer
    ) -> Vouched | Waits:
        """Return who came back, by whichever way the handle began. Raises as these ways do."""
        if parse(handle, Purpose.DEVICE) is not None:
            return await self.poll(handle, peer=peer)
        return await self.finish(handle, state=state, code=code, issuer=issuer, peer=peer)

    async def _claim(self, record: DocumentRecord, proof: Proof, pending: Pending) -> bool:
        """Move the next question away, so that of two cores one asks."""
        later = msgspec.structs.replace(
            pending, due_us=self._now_us() + pending.pause_s * 1_000_000
        )
        kept = msgspec.structs.replace(proof, pending=later)
        try:
            await self._store.write(lambda tx: self._proofs.keep(tx, record, kept))
        except Conflict:
            return False
        return True

    async def _slower(self, handle: str, pending: Pending, found: NotYet) -> Waits:
        if not found.slower:
            return Waits(pending.pause_s)
        pause_s = pending.pause_s + SLOWER_S
        record, proof = await self._store.read(
            lambda view: self._proofs.look(view, handle, Purpose.DEVICE)
        )
        await self._claim(record, proof, msgspec.structs.replace(pending, pause_s=pause_s))
        return Waits(pause_s)

    def _way(self, provider: str) -> IdentityProvider:
        way = self._ways.get(provider)
        if way is None:
            raise FieldInvalid(
                f"Nobody called `{provider}` vouches for people here.",
                fix="List who does: axisor auth providers.",
                field="provider",
            )
        return way

    def _pending(self, proof: Proof) -> tuple[Pending, IdentityProvider]:
        way = None if proof.pending is None else self._ways.get(proof.pending.provider)
        if proof.pending is None or way is None:
            raise ProofInvalid()  # the settings are others by now
        return proof.pending, way

    async def _make(self, purpose: Purpose, pending: Pending) -> Made:
        proof = Proof(pending=pending)
        return await self._store.write(lambda tx: self._proofs.make(tx, purpose, proof))

    def _make_device(self, tx: Transaction, pending: Pending, secret: str) -> Made:
        made = self._proofs.make(tx, Purpose.DEVICE, Proof(pending=pending))
        record, proof = self._proofs.look(tx, made.text, Purpose.DEVICE)
        # Bound to its handle, so that no other handle is let in by it.
        sealed = self._vault.seal(secret.encode(), purpose=SEALED, bound=(record.id,))
        kept = msgspec.structs.replace(pending, sealed=sealed)
        self._proofs.keep(tx, record, msgspec.structs.replace(proof, pending=kept))
        return made

    async def _use(self, handle: str, purpose: Purpose) -> Proof:
        return await self._store.write(lambda tx: self._proofs.use(tx, handle, purpose))

    async def _failed(self, error: IdentityRefused, peer: Peer) -> None:
        cause = f"provider: {error.metadata.get('cause', '')}"
        failed = SignInFailed(person="", cause=cause, place=await self._place(peer))
        await self._recorder.write(lambda tx, say: say(failed), by=NOBODY)

    async def _place(self, peer: Peer) -> str:
        return await self._directory.place_of(network_of(peer.address))

    def _now_us(self) -> int:
        return to_us(self._clock.now())
