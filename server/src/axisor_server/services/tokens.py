"""Tokens for programs: made by somebody for less than they may themselves, listed, and revoked."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from msgspec import Struct

from axisor.errors import (
    AccountNotFound,
    FieldInvalid,
    PermissionDenied,
    TokenInvalid,
    TokenNotFound,
)
from axisor.identity import TokenIssued, TokenRevoked
from axisor.model import Permission
from axisor.ports import Clock, Secret
from axisor.tokens import ApiToken, bounds_of, caveat, mint, parse, proves
from axisor_server.domain.api_tokens import KIND, MOST_TOKENS, TokenRecord, to_document, to_token
from axisor_server.domain.journal import to_us
from axisor_server.ports import Ids, Sealer, Store, Transaction
from axisor_server.services.principals import Principal
from axisor_server.services.recording import Recorder, Say
from axisor_server.services.remembered import Remembered
from axisor_server.services.requests import Once, Request
from axisor_server.services.signing import Signing

PURPOSE = "token root key"
MOST_LABEL = 64

KNOWN_MS = 2_000
"""How old what is known of a token may be: another core may have revoked it."""


class _Known(Struct, frozen=True):
    """A token that is there, with its key in clear; None where there is none."""

    record: TokenRecord | None = None
    root: bytes = b""

    def __repr__(self) -> str:
        return "_Known(…)"


class _Made(Struct, frozen=True):
    id: str


class Tokens:
    """The tokens for programs."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        vault: Sealer,
        recorder: Recorder,
        *,
        signing: Signing,
        once: Once,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._vault = vault
        self._recorder = recorder
        self._signing = signing
        self._once = once
        self._known: Remembered[_Known] = Remembered(clock, KNOWN_MS)

    async def create(
        self, by: Principal, *, label: str, caveats: Sequence[str], request: Request
    ) -> tuple[TokenRecord, Secret]:
        """Make a token for a caller, narrowed by caveats, once per request id.

        A repeat returns the same token. Raises PermissionDenied for a caller that holds a token
        itself, AccountNotFound for an account that the caller does not see, and FieldInvalid.
        """
        _by_somebody(by)
        if len(label) > MOST_LABEL:
            raise FieldInvalid(f"A label has {MOST_LABEL} characters at most.", field="label")
        for id in sorted(bounds_of(caveats).accounts or ()):
            if not by.sees(id):
                raise AccountNotFound(f"There is no account `{id}`.", account=id)
        first = (
            caveat("tenant", by.tenant),
            caveat("audience", await self._signing.issuer()),
        )
        told = (*first, *caveats)

        async def make(id: str) -> _Made:
            record = self._new(id, by, label, told)
            await self._recorder.write(lambda tx, say: _add(tx, say, record), by=by)
            return _Made(id)

        made = await self._once.perform(request, _Made, make)
        known = await self._find(made.id)
        if known.record is None:
            raise TokenNotFound("The token that this request made was revoked.", token=made.id)
        return known.record, Secret(mint(made.id, known.root, known.record.caveats).text())

    async def of(self, by: Principal) -> list[TokenRecord]:
        """Return a caller's own tokens that have not ended, the oldest first."""
        _by_somebody(by)
        found = await self._store.read(lambda reader: reader.documents(KIND, owner=by.person))
        now_us = self._now_us()
        return [token for token in map(to_token, found) if not _over(token, now_us)]

    async def get(self, by: Principal, id: str) -> TokenRecord:
        """Return a caller's own token. Raises TokenNotFound, for another's too."""
        _by_somebody(by)
        found = await self._store.read(lambda reader: reader.document(KIND, id))
        token = None if found is None else to_token(found)
        if token is None or token.owner != by.person or _over(token, self._now_us()):
            raise TokenNotFound(token=id)
        return token

    async def revoke(self, by: Principal, id: str, *, request: Request) -> None:
        """Revoke a token, and every one made of it. Raises TokenNotFound, for another's too.

        It is void here at once, and in other cores within two seconds.
        """
        _by_somebody(by)

        async def end(_: str) -> _Made:
            await self.get(by, id)
            await self._recorder.write(lambda tx, say: _remove(tx, say, id, by.person), by=by)
            return _Made(id)

        await self._once.perform(request, _Made, end)
        self._known.drop(id)

    def revoke_in(self, tx: Transaction, say: Say, person: str) -> int:
        """Revoke all tokens of a person within a unit of the caller's, such as one that bars it."""
        found = tx.documents(KIND, owner=person)
        for document in found:
            tx.delete_document(KIND, document.id)
            say(TokenRevoked(token=f"tokens/{document.id}", owner=owner_of(person)))
        return len(found)

    def forget(self) -> None:
        """Read tokens anew from now on, after a unit with `revoke_in`."""
        self._known.clear()

    async def check(self, text: str) -> tuple[ApiToken, TokenRecord]:
        """Return a token that is proved, with its record. Raises TokenInvalid."""
        token = parse(text)
        known = await self._find(token.id)
        if known.record is None or not proves(token, known.root):
            raise TokenInvalid(fix="Ask its owner for another: axisor token create.")
        return token, known.record

    async def there(self, id: str) -> bool:
        """Return whether a token has not been revoked, as of two seconds ago or later."""
        return (await self._find(id)).record is not None

    async def _find(self, id: str) -> _Known:
        known = self._known.get(id)
        if known is None:
            found = await self._store.read(lambda reader: reader.document(KIND, id))
            known = _Known()
            if found is not None:
                record = to_token(found)
                root = self._vault.unseal(record.sealed, purpose=PURPOSE, bound=_bound(record))
                known = _Known(record, root)
            self._known.put(id, known)
        if known.record is not None and _over(known.record, self._now_us()):
            return _Known()
        return known

    def _new(self, id: str, by: Principal, label: str, caveats: tuple[str, ...]) -> TokenRecord:
        text = self._ids.token()
        root = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        mint(id, root, caveats)  # whatever does not fit is refused before it is written
        until_s = bounds_of(caveats).until_s
        return TokenRecord(
            id=id,
            tenant=by.tenant,
            owner=by.person,
            label=label,
            caveats=caveats,
            sealed=self._vault.seal(root, purpose=PURPOSE, bound=(id, by.tenant, by.person)),
            made_us=self._now_us(),
            until_us=None if until_s is None else until_s * 1_000_000,
        )

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def _add(tx: Transaction, say: Say, record: TokenRecord) -> None:
    if tx.document(KIND, record.id) is not None:
        return  # an earlier try of the same request wrote it
    if len(tx.documents(KIND, owner=record.owner)) >= MOST_TOKENS:
        raise FieldInvalid(
            f"One owner has {MOST_TOKENS} tokens at most.", fix="Revoke one that is not used."
        )
    tx.put_document(to_document(record), revision=None)
    told = " ".join(record.caveats)
    say(TokenIssued(token=f"tokens/{record.id}", owner=owner_of(record.owner), caveats=told))


def _remove(tx: Transaction, say: Say, id: str, owner: str) -> None:
    if tx.delete_document(KIND, id):
        say(TokenRevoked(token=f"tokens/{id}", owner=owner_of(owner)))


def _by_somebody(by: Principal) -> None:
    if by.token:
        raise PermissionDenied(
            "A token neither makes nor manages tokens.",
            fix="Narrow the one you have: axisor token attenuate. Or sign in.",
            permission=Permission.MANAGE_SECRETS.name,
        )


def _bound(record: TokenRecord) -> tuple[str, str, str]:
    return record.id, record.tenant, record.owner


def _over(token: TokenRecord, now_us: int) -> bool:
    return token.until_us is not None and now_us >= token.until_us


def owner_of(person: str) -> str:
    """Return how the owner of a token is named."""
    return f"people/{person}" if person else "owner"
