"""A database full of sealed records, and whether every one of them still opens where it lies."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from axisor.model import Mode
from axisor.ports import Credentials, Secret
from axisor_server.domain.records import AccountRecord, DocumentRecord
from axisor_server.engine.keys import open_key, seal_key
from axisor_server.ports import Reader, Store, Transaction, Vault
from axisor_server.services.personal import Personal

ACCOUNTS = tuple(f"account-{n}" for n in range(4))
PEOPLE = tuple(f"people/{n}" for n in range(3))
SECRETS = tuple(f"signing/{n}" for n in range(3))
EMAIL = "canary@example.org"


class Sealed:
    """Accounts with keys, persons with e-mails, and documents that hold secrets in their JSON."""

    def __init__(self, store: Store, vault: Vault, clock: Any) -> None:
        self.store = store
        self.personal = Personal(store=store, vault=vault, clock=clock)
        self.digest = ""

    async def fill(self, vault: Vault) -> None:
        """Store all of it, sealed with a vault."""
        self.digest = await self.personal.digest("email", EMAIL)
        await self.store.write(lambda tx: self._fill(tx, vault))

    def _fill(self, tx: Transaction, vault: Vault) -> None:
        for id in ACCOUNTS:
            tx.put_account(account(id), revision=None)
            key = Credentials(Secret(id), Secret("canary-secret"), Secret("canary-pass"))
            tx.put_sealed(id, seal_key(vault, key, account=id, network="signet"))
        for id in PEOPLE:
            self.personal.begin(tx, id)
            email = self.personal.seal(tx, id, EMAIL, field="email")
            tx.put_document(_document("person", id, {"email": email}), revision=None)
        for id in SECRETS:
            sealed = vault.seal(b"canary-key", purpose="signing key", bound=(id,))
            body = {"keys": [{"private": sealed, "note": "n" * 200}], "uses": 3}
            tx.put_document(_document("signing", id, body), revision=None, keys=(f"key/{id}",))

    async def check(self, vault: Vault) -> None:
        """Open every record where it lies with a vault."""
        await self.store.read(lambda view: self._check(view, vault))

    def _check(self, view: Reader, vault: Vault) -> None:
        personal = Personal(store=self.store, vault=vault, clock=None)  # type: ignore[arg-type]
        for id in ACCOUNTS:
            sealed = view.sealed(id)
            assert sealed is not None
            key = open_key(vault, sealed, account=id, network="signet")
            assert (key.key.reveal(), key.secret.reveal()) == (id, "canary-secret")
        for id in PEOPLE:
            email = base64.b64decode(_body(view, "person", id)["email"])
            assert personal.unseal(view, id, email, field="email") == EMAIL
        for id in SECRETS:
            body = _body(view, "signing", id)
            private = base64.b64decode(body["keys"][0]["private"])
            assert vault.unseal(private, purpose="signing key", bound=(id,)) == b"canary-key"
            assert (body["keys"][0]["note"], body["uses"]) == ("n" * 200, 3)
            assert view.document_by("signing", f"key/{id}") is not None


def account(id: str) -> AccountRecord:
    """Return an account."""
    return AccountRecord(
        id=id,
        venue="simx",
        network="signet",
        mode=Mode.SHADOW,
        label=id,
        created_us=1,
        updated_us=1,
    )


def _document(kind: str, id: str, body: Any) -> DocumentRecord:
    return DocumentRecord(
        kind=kind, id=id, body=msgspec.json.encode(body), created_us=1, updated_us=1
    )


def _body(view: Reader, kind: str, id: str) -> Any:
    document = view.document(kind, id)
    assert document is not None
    return msgspec.json.decode(document.body)
