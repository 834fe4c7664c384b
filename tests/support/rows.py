"""One of everything a database holds, for two accounts and two people, and every way to read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from axisor.events import NoticeGiven
from axisor.model import Mode, Severity
from axisor_server.domain.journal import Head, extend, from_us
from axisor_server.domain.records import DocumentRecord
from axisor_server.ports import Reader, Transaction
from tests.support.records import account, command, intent, run


def fill(tx: Transaction) -> None:
    """Write one of everything for two accounts and two people."""
    for id, person in (("mine", "ann"), ("theirs", "ben")):
        tx.put_account(account(id), revision=None)
        tx.put_sealed(id, b"sealed")
        tx.put_meta(f"rights/{id}", "{}")
        tx.add_intent(intent(f"i-{id}", account=id))
        tx.put_run(run(f"r-{id}", account=id), revision=None)
        tx.add_command(command(f"c-{id}", account=id))
        asked = command(f"o-{id}", account="")
        tx.add_command(replace(asked, principal=f"people/{person}"))
        tx.raise_witness(id, "t", counter=1, now_us=1)
        tx.claim_lease(id, owner="core", ttl_us=10**9)
        for kind, doc_owner, about in (("own", person, ""), ("about", "", f"accounts/{id}")):
            record = DocumentRecord(
                kind=kind,
                id=id,
                owner=doc_owner,
                about=about,
                body=b"{}",
                created_us=1,
                updated_us=1,
            )
            tx.put_document(record, revision=None, keys=[f"key-{id}"])
        _tell(tx, f"accounts/{id}")
    house = DocumentRecord(kind="house", id="h", body=b"{}", created_us=1, updated_us=1)
    tx.put_document(house, revision=None)
    _tell(tx, "platform")


def _tell(tx: Transaction, stream: str) -> None:
    notice = NoticeGiven(severity=Severity.OK, code="n", text="")
    entries = extend(Head(), stream=stream, mode=Mode.SIM, time=from_us(1), payloads=[notice])
    tx.append(Head(), entries, epoch=None)


READS: dict[str, Callable[[Reader, str], Any]] = {
    "head": lambda view, id: view.head(f"accounts/{id}").sequence,
    "sequences": lambda view, id: view.sequences().get(f"accounts/{id}"),
    "entries": lambda view, id: view.entries(f"accounts/{id}", after=0, limit=9),
    "entries before": lambda view, id: view.entries_before(
        f"accounts/{id}", before=None, kinds=(), limit=9
    ),
    "accounts": lambda view, id: [each for each in view.accounts() if each.id == id],
    "account": lambda view, id: view.account(id),
    "sealed": lambda view, id: view.sealed(id),
    "intent": lambda view, id: view.intent(f"i-{id}"),
    "open intents": lambda view, id: view.open_intents(id),
    "recent intents": lambda view, id: view.recent_intents(id, since_us=0, limit=9),
    "runs": lambda view, id: view.runs(id),
    "all runs": lambda view, id: [each for each in view.runs() if each.account == id],
    "run": lambda view, id: view.run(f"r-{id}"),
    "command": lambda view, id: view.command("local", f"c-{id}"),
    "own command": lambda view, id: view.command("local", f"o-{id}"),
    "open commands": lambda view, id: view.open_commands(id),
    "waiting": lambda view, id: [each for each in view.waiting_accounts() if each == id],
    "lease": lambda view, id: view.lease(id),
    "leases": lambda view, id: [each for each in view.live_leases() if each.account == id],
    "witness": lambda view, id: view.witness(id, "t"),
    "witnesses": lambda view, id: view.witnesses(id),
    "own document": lambda view, id: view.document("own", id),
    "document about": lambda view, id: view.document("about", id),
    "document by": lambda view, id: view.document_by("own", f"key-{id}"),
    "documents": lambda view, id: [each for each in view.documents("own") if each.id == id],
    "documents after": lambda view, id: [
        each
        for each in view.documents_after("", "", limit=99)
        if (each.kind, each.id) == ("own", id)
    ],
    "meta": lambda view, id: view.meta(f"rights/{id}"),
}
"""Every read there is, of what is somebody's."""
