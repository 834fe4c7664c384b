"""Every change of the contract is in a journal once, in the unit of its effect, or says why not.

The methods are those of the descriptors: one that comes has to be added to `operations`, and is
tried from then on. Each is made once as it succeeds, and once by a core that ends within the unit
that holds its entry: then neither the entry nor anything else of it is there.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import Any

import pytest
from tests.server.rpc.operations import OPERATIONS
from tests.server.rpc.scenes import Cut, Scene, Watched
from tests.server.rpc.serving import bearer, creation, serving
from tests.server.rpc.vouched_operations import VOUCHER
from tests.support.postgres import postgres_dsn, postgres_server
from tests.support.processes import until

from axisor.errors import AxisorError
from axisor.v1 import permissions_pb2
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor_server.adapters import tls
from axisor_server.adapters.database import postgres_store
from axisor_server.adapters.memory.store import MemoryStore
from axisor_server.domain.halting import STREAM as PLATFORM
from axisor_server.domain.journal import Entry, to_event
from axisor_server.ports import Reader, Store
from axisor_server.rpc.rules import methods, services

__all__ = ["postgres_dsn", "postgres_server"]

METHODS = methods(services())
CHANGES = {
    path.removeprefix("axisor.v1.")
    for path, method in METHODS.items()
    if not (method.reads or method.converses)
}
"""What changes something by one call. What a runner asks for in its conversation is a step of its
run, journaled as every step is.
"""
AUDITED = sorted(
    f"{service.name}/{method.name}"
    for service in services()
    for method in service.methods
    if method.GetOptions().Extensions[permissions_pb2.rule].audited
)
MADE, ASKED = "ChangeMade", "CommandReceived"
ENTRY = {
    "MarginService": ASKED,
    "OrderService": ASKED,
    "SystemService/Halt": "HaltChanged",
    "SystemService/Resume": "HaltChanged",
    "AuthService/Register": "PersonRegistered",
    "AuthService/Login": "SessionOpened",
    "AuthService/AnswerChallenge": "SessionOpened",
    "AuthService/FinishExternalSignIn": "SessionOpened",
    "AuthService/PollDeviceSignIn": "SessionOpened",
    "AuthService/Logout": "SessionEnded",
    "AuthService/StepUp": "SessionProved",
    "AuthService": "PersonChanged",
    "StrategyService/EnablePlugin": "PluginChanged",
    "StrategyService/DisablePlugin": "PluginChanged",
    "StrategyService/ConfigurePlugin": "PluginChanged",
    "UserService/ChangePlan": "PlanChanged",
    "UserService/ChangeRole": "PlatformRoleChanged",
    "UserService/InviteUser": "PersonInvited",
    "UserService/RevokeSession": "SessionEnded",
    "UserService": "PersonChanged",
    "AccessService/Grant": "AccessGranted",
    "AccessService/Revoke": "AccessRevoked",
    "TokenService/CreateToken": "TokenIssued",
    "TokenService/RevokeToken": "TokenRevoked",
}
"""The kind of entry that says who made a change, by method or service; else `ChangeMade`."""

TWICE = {"OrderService/CancelAllOrders"}
"""Those that are two actions at the venue: isolated orders and those of the cross wallet."""

BY_THE_CORE = {"AccountService/UpdateAccount", "AccountService/ReplaceCredentials"}
"""Those made by any core, whoever leads the account, whose own journal follows."""

OF_NO_CHANGE = ("commands", "leases", "engines", "witnesses")
"""Tables that tell who asked and who is there, and what was seen; no effect of a change."""

BESIDE = {
    "AuthService/AnswerChallenge": ("device", "person", "proof"),
    "AuthService/FinishExternalSignIn": ("proof",),
    "AuthService/PollDeviceSignIn": ("proof",),
    "UserService/LinkIdentity": ("proof",),
}
"""Documents of a unit before: a recovery code is used up with an entry of its own, and what a
sign-in at a provider began with is over before the provider is asked or believed."""

GUESSES = "throttle"
"""Documents that count tries, whatever becomes of them."""

LOOKS_S, WAITS_S = 0.01, 5.0
"""How often it is looked whether a unit was cut, and how long a change may wait after that."""


def kind_of(name: str) -> str:
    return ENTRY.get(name) or ENTRY.get(name.partition("/")[0]) or MADE


def of_change(name: str, entries: Sequence[Entry]) -> list[Entry]:
    """Return those entries that say who made a change."""
    found = [entry for entry in entries if entry.kind == kind_of(name)]
    if kind_of(name) == "HaltChanged" or name in BY_THE_CORE:
        found = [entry for entry in found if entry.stream == PLATFORM]
    if kind_of(name) == MADE:
        payloads: list[Any] = [to_event(entry).payload for entry in found]
        return [
            entry
            for entry, payload in zip(found, payloads, strict=True)
            if payload.method == f"axisor.v1.{name}"
        ]
    return found


def rows(store: Watched, name: str) -> Mapping[str, Mapping[Any, Any]]:
    """Return every row that a change could have made another."""
    tables = vars(store.inner._tables)  # type: ignore[attr-defined]
    found = {
        name: dict(table.rows)
        for name, table in tables.items()
        if hasattr(table, "rows") and name not in OF_NO_CHANGE
    }
    found["documents"] = {
        key: row
        for key, row in found["documents"].items()
        if row.kind not in BESIDE.get(name, ()) and row.kind != GUESSES
    }
    return found


@contextlib.asynccontextmanager
async def scene(
    certificate: tls.Certificate, inner: Store | None = None
) -> AsyncIterator[tuple[Scene, Watched]]:
    """Serve a core with an account, over a store that can end within a unit."""
    store = Watched(inner or MemoryStore())
    async with serving(certificate, store=store, providers=(VOUCHER,)) as core:
        async with core.channel() as channel:
            answer = await AccountServiceStub(channel).CreateAccount(creation(), metadata=bearer())
        await core.house.identity.personal.digest("email", "of nobody")  # makes the key of hashes
        made = Scene(core, answer.account.name)
        try:
            yield made, store
        finally:
            store.cut = lambda entries: False
            await made.close()


async def cut_short(store: Watched, act: Awaitable[Any]) -> None:
    """Make a change whose unit is cut: it fails, or waits for ever for what follows that unit."""
    acting = asyncio.ensure_future(act)
    await until(lambda: store.cuts or acting.done(), "the unit is cut", every_s=LOOKS_S)
    await asyncio.wait({acting}, timeout=WAITS_S)
    acting.cancel()
    with pytest.raises((AxisorError, Cut, asyncio.CancelledError)):
        await acting


def test_every_change_is_tried():
    assert set(OPERATIONS) == CHANGES
    assert set(AUDITED) <= CHANGES
    assert len(AUDITED) >= 50


@pytest.mark.parametrize("name", sorted(OPERATIONS))
async def test_a_change_is_in_a_journal_once_with_who_made_it(
    certificate: tls.Certificate, name: str
):
    async with scene(certificate) as (made, store):
        act = await OPERATIONS[name](made)
        store.units.clear()
        await act()
        found = [of_change(name, unit) for unit in store.units]

    if name not in AUDITED:
        assert [unit for unit in found if unit] == [], "its comment says that no journal has it"
        return
    assert sum(map(len, found)) == (2 if name in TWICE else 1)
    payloads: list[Any] = [to_event(entry).payload for unit in found for entry in unit]
    assert all(payload.principal for payload in payloads)


@pytest.mark.parametrize("name", AUDITED)
async def test_a_change_and_its_entry_are_both_there_or_neither(
    certificate: tls.Certificate, name: str
):
    async with scene(certificate) as (made, store):
        act = await OPERATIONS[name](made)
        before, effects = rows(store, name), len(made.core.sim.effects)
        store.units.clear()
        store.cut = lambda entries: bool(of_change(name, entries))

        await cut_short(store, act())

        assert store.cuts
        assert [unit for unit in store.units if of_change(name, unit)] == []
        assert rows(store, name) == before
        assert len(made.core.sim.effects) == effects, "nothing reached the venue"


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["AccountService/CreateAccount", *sorted(BY_THE_CORE)])
async def test_a_changed_row_is_told_in_its_unit_on_postgres(
    certificate: tls.Certificate, postgres_dsn: str, name: str
):
    def stored(view: Reader) -> list[tuple[Any, bytes | None]]:
        return [(each, view.sealed(each.id)) for each in view.accounts()]

    async with scene(certificate, postgres_store(postgres_dsn)) as (made, store):
        act = await OPERATIONS[name](made)
        before = await store.read(stored)
        store.units.clear()
        store.cut = lambda entries: bool(of_change(name, entries))
        with pytest.raises((AxisorError, Cut)):
            await act()
        neither = await store.read(stored)
        store.cut = lambda entries: False

        await (await OPERATIONS[name](made))()

        assert store.cuts
        assert neither == before
        assert await store.read(stored) != before
        assert sum(len(of_change(name, unit)) for unit in store.units) == 1
