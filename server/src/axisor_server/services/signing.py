"""Signs access tokens, and knows the keys that earlier ones were signed with.

The keys are documents, their private halves sealed. Every core of a database signs with the same
one; whichever first sees that the next is due makes it.
"""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import structs

from axisor.errors import StoreUnavailable, TokenInvalid
from axisor.identity import SigningKeyMade
from axisor.model import Permission
from axisor_server.domain.journal import from_us as time_of
from axisor_server.domain.journal import to_us
from axisor_server.domain.signing import (
    KEPT_US,
    KIND,
    SigningKey,
    key_document,
    next_begins_us,
    signer,
    to_key,
    unique,
)
from axisor_server.ports import Clock, Ids, Sealer, Store, Transaction
from axisor_server.services import jwts
from axisor_server.services.jwts import Claims
from axisor_server.services.principals import Principal
from axisor_server.services.recording import Recorder, Say

PURPOSE = "signing key"

CORE = Principal(name="core", platform=Permission.NONE, accounts={})
"""Who makes keys."""

LOOK_MS = 60_000
"""How old what is known of the keys may be."""

LOOK_AGAIN_MS = 1_000
"""How soon they are looked at again for a key that is not among them."""


class Signing:
    """Writes and reads access tokens with the keys in the store."""

    def __init__(
        self, store: Store, clock: Clock, ids: Ids, vault: Sealer, recorder: Recorder
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._vault = vault
        self._recorder = recorder
        self._keys: tuple[SigningKey, ...] = ()
        self._issuer = ""
        self._looked_ms: int | None = None
        self._private: tuple[str, Ed25519PrivateKey] | None = None

    async def issuer(self) -> str:
        """Return how tokens name the installation that issues them."""
        await self._look(LOOK_MS)
        return self._issuer

    async def keys(self) -> tuple[SigningKey, ...]:
        """Return the keys that are known to verifiers, those of the future too, oldest first."""
        await self._look(LOOK_MS)
        now_us = self._now_us()
        return tuple(key for key in self._keys if key.until_us is None or now_us < key.until_us)

    async def write(self, claims: Claims) -> str:
        """Return a token signed with the key whose turn it is."""
        key = await self._signer()
        return jwts.write(claims, key_id=key.id, key=self._open(key))

    async def read(self, text: str) -> Claims:
        """Return what a token says. Raises TokenInvalid."""
        id = jwts.key_id_of(text)
        await self._look(LOOK_MS)
        if all(key.id != id for key in self._keys):
            await self._look(LOOK_AGAIN_MS)  # another core may have made it
        now_us = self._now_us()
        for key in self._keys:
            if key.id == id and key.counts(now_us):
                public = Ed25519PublicKey.from_public_bytes(key.public)
                now_s = now_us // 1_000_000
                return jwts.read(text, key=public, issuer=self._issuer, now_s=now_s)
        raise TokenInvalid()

    async def keep(self) -> None:
        """Make the next key where it is due; the first one is made when it has to sign."""
        await self._look(LOOK_MS)
        if self._keys:
            await self.prepare()

    async def prepare(self) -> None:
        """Make the key that is due, the first one too."""
        await self._look(LOOK_MS)
        if next_begins_us(self._keys, self._now_us()) is not None:
            await self._recorder.write(self._make, by=CORE)
            await self._look(0)

    async def _signer(self) -> SigningKey:
        await self.prepare()
        key = signer(self._keys, self._now_us())
        if key is None:
            raise StoreUnavailable("No signing key has begun: the clock went back.")
        return key

    async def _look(self, age_ms: int) -> None:
        now_ms = self._clock.monotonic_ms()
        if self._looked_ms is not None and now_ms - self._looked_ms < age_ms:
            return
        self._keys, self._issuer = await self._store.read(
            lambda reader: (
                tuple(map(to_key, reader.documents(KIND))),
                f"axisor/{reader.meta('id') or 'core'}",
            )
        )
        self._looked_ms = now_ms

    def _make(self, tx: Transaction, say: Say) -> None:
        now_us = self._now_us()
        records = {record.id: record for record in tx.documents(KIND)}
        keys = [to_key(record) for record in records.values()]
        from_us = next_begins_us(keys, now_us)
        if from_us is None:
            return
        last = max(keys, key=lambda key: key.from_us, default=None)
        made = self._new(after="" if last is None else last.id, from_us=from_us, now_us=now_us)
        tx.put_document(key_document(made), revision=None, keys=unique(made))
        if last is not None:
            ended = structs.replace(last, until_us=from_us + KEPT_US)
            before = records[last.id]
            document = key_document(ended, before=before)
            tx.put_document(document, revision=before.revision, keys=unique(ended))
        say(SigningKeyMade(key=made.id, begin_time=time_of(from_us)))

    def _new(self, *, after: str, from_us: int, now_us: int) -> SigningKey:
        id, raw = self._ids.new(), _seed(self._ids.token())
        private = Ed25519PrivateKey.from_private_bytes(raw)
        return SigningKey(
            id=id,
            public=private.public_key().public_bytes_raw(),
            sealed=self._vault.seal(raw, purpose=PURPOSE, bound=(id,)),
            after=after,
            made_us=now_us,
            from_us=from_us,
        )

    def _open(self, key: SigningKey) -> Ed25519PrivateKey:
        if self._private is None or self._private[0] != key.id:
            raw = self._vault.unseal(key.sealed, purpose=PURPOSE, bound=(key.id,))
            self._private = key.id, Ed25519PrivateKey.from_private_bytes(raw)
        return self._private[1]

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def _seed(token: str) -> bytes:
    """Return the 256 bits of a token as they are."""
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
