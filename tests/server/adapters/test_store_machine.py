"""Random operations on the store in memory and on SQLite give equal answers and equal rows."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec import structs
from tests.support import records
from tests.support.records import appending, notice

from axisor.errors import AxisorError
from axisor.events import IntentState
from axisor_server.adapters.database import sqlite_store
from axisor_server.adapters.memory import MemoryStore
from axisor_server.domain.journal import Head, verify
from axisor_server.ports import Reader, Transaction

accounts = st.sampled_from(["a", "b"])
ids = st.sampled_from(["1", "2", "3"])
small = st.integers(0, 4)
states = st.sampled_from(IntentState)


class Undone(Exception):
    """Raised by a unit that changed its mind."""


class Stores(RuleBasedStateMachine):
    """Does each thing to both stores and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="axisor-machine-"))
        self.loop = asyncio.new_event_loop()
        self.now_us = 0
        self.stores = (
            MemoryStore(lambda: self.now_us),
            sqlite_store(self.directory, lambda: self.now_us),
        )
        for store in self.stores:
            self.loop.run_until_complete(store.open())

    def teardown(self) -> None:
        for store in self.stores:
            self.loop.run_until_complete(store.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        shutil.rmtree(self.directory)

    def same(self, unit: Callable[[Transaction], object]) -> None:
        answers: list[object] = []
        for store in self.stores:
            try:
                answers.append(self.loop.run_until_complete(store.write(unit)))
            except (AxisorError, Undone) as error:
                answers.append((type(error), str(error)))
        assert answers[0] == answers[1]

    @rule(
        account=accounts, epoch=st.none() | small, texts=st.lists(st.text(max_size=3), max_size=3)
    )
    def append(self, account: str, epoch: int | None, texts: list[str]) -> None:
        payloads = map(notice, texts)
        self.same(appending(*payloads, stream=f"accounts/{account}", epoch=epoch))

    @rule(account=accounts, sequence=small)
    def append_at(self, account: str, sequence: int) -> None:
        head = Head(sequence, bytes(32))
        new = records.entries(head, notice(), stream=f"accounts/{account}")
        self.same(lambda t: t.append(head, new, epoch=None))

    @rule(us=small)
    def pass_time(self, us: int) -> None:
        self.now_us += us

    @rule(account=accounts, owner=ids, length=small)
    def claim(self, account: str, owner: str, length: int) -> None:
        self.same(lambda t: t.claim_lease(account, owner=owner, ttl_us=length))

    @rule(some=st.lists(accounts, max_size=2), owner=ids, length=small)
    def claim_next(self, some: list[str], owner: str, length: int) -> None:
        self.same(lambda t: t.claim_next(some, owner=owner, ttl_us=length))

    @rule(account=accounts, epoch=small)
    def hold(self, account: str, epoch: int) -> None:
        self.same(lambda t: t.hold_lease(account, epoch=epoch))

    @rule(owner=ids, length=small, room=small, at=small)
    def beat(self, owner: str, length: int, room: int, at: int) -> None:
        self.same(lambda t: t.beat(owner, ttl_us=length, room=room, now_us=at))

    @rule(owner=ids)
    def leave(self, owner: str) -> None:
        self.same(lambda t: t.leave(owner))

    @rule(account=accounts, owner=ids, epoch=small)
    def release(self, account: str, owner: str, epoch: int) -> None:
        self.same(lambda t: t.release_lease(account, owner=owner, epoch=epoch))

    @rule(id=ids, account=accounts, place=ids, additive=st.booleans(), state=states, at=small)
    def add_intent(
        self, id: str, account: str, place: str, additive: bool, state: IntentState, at: int
    ) -> None:
        record = records.intent(
            id, account=account, target=place, additive=additive, state=state, created_us=at
        )
        self.same(lambda t: t.add_intent(record))

    @rule(id=ids, expect=states, state=states)
    def move_intent(self, id: str, expect: IntentState, state: IntentState) -> None:
        def unit(transaction: Transaction) -> bool | None:
            present = transaction.intent(id)
            if present is None:
                return None
            return transaction.move_intent(structs.replace(present, state=state), expect=expect)

        self.same(unit)

    @rule(id=ids, account=accounts, step=small, revision=st.none() | small, new=small)
    def put_run(self, id: str, account: str, step: int, revision: int | None, new: int) -> None:
        record = records.run(id, account=account, step=step, revision=new)
        self.same(lambda t: t.put_run(record, revision=revision))

    @rule(id=ids, step=small)
    def save_step(self, id: str, step: int) -> None:
        self.same(lambda t: t.save_step(id, step=step, memory=b"m", wake=b"w", now_us=step))

    @rule(id=ids, account=accounts, at=small)
    def add_command(self, id: str, account: str, at: int) -> None:
        self.same(lambda t: t.add_command(records.command(id, account=account, created_us=at)))

    @rule(id=ids, at=small)
    def answer_command(self, id: str, at: int) -> None:
        self.same(lambda t: t.answer_command("local", id, answer=b"yes", now_us=at))

    @rule(before=small)
    def forget_commands(self, before: int) -> None:
        self.same(lambda t: t.forget_commands(answered_before_us=before))

    @rule(id=accounts, revision=st.none() | small, new=small)
    def put_account(self, id: str, revision: int | None, new: int) -> None:
        record = records.account(id, revision=new)
        self.same(lambda t: t.put_account(record, revision=revision))

    @rule(id=accounts, sealed=st.binary(max_size=3))
    def put_sealed(self, id: str, sealed: bytes) -> None:
        self.same(lambda t: t.put_sealed(id, sealed))

    @rule(id=accounts)
    def delete_account(self, id: str) -> None:
        self.same(lambda t: t.delete_account(id))

    @rule(account=accounts, place=ids, counter=small)
    def raise_witness(self, account: str, place: str, counter: int) -> None:
        self.same(lambda t: t.raise_witness(account, place, counter=counter, now_us=1))

    @rule(account=accounts, id=ids)
    def change_and_undo(self, account: str, id: str) -> None:
        def unit(transaction: Transaction) -> None:
            appending(notice("undone"), stream=f"accounts/{account}")(transaction)
            transaction.add_intent(records.intent(f"undone {id}", account=account, target=id))
            transaction.claim_lease(account, owner=id, ttl_us=100)
            transaction.delete_account(account)
            transaction.forget_commands(answered_before_us=100)
            raise Undone(id)

        self.same(unit)

    @invariant()
    def both_hold_the_same(self) -> None:
        seen = [self.loop.run_until_complete(store.read(everything)) for store in self.stores]
        assert seen[0] == seen[1]


def everything(reader: Reader) -> list[object]:
    """Return all a reader can tell, checking the chains on the way."""
    found: list[object] = [reader.accounts(), reader.runs()]
    found += [reader.live_leases(), reader.live_engines()]
    for account in ("a", "b"):
        stream = f"accounts/{account}"
        entries = reader.entries(stream, after=0, limit=1000)
        assert verify(Head(), entries) == reader.head(stream)
        newest = reader.entries_before(stream, before=3, kinds=("NoticeGiven",), limit=2)
        found += [entries, newest, reader.sealed(account), reader.lease(account)]
        found += [reader.open_intents(account), reader.open_commands(account)]
        found += [reader.recent_intents(account, since_us=1, limit=2), reader.runs(account)]
        found += [reader.witness(account, target) for target in ("1", "2", "3")]
    return found


Stores.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestStores = Stores.TestCase
