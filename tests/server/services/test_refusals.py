"""Refused calls on record: one entry for each kind a minute, never many, never in the way."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.sessions import HERE, SignIns, refresh_of

from axisor.errors import (
    AccountNotFound,
    AxisorError,
    PermissionDenied,
    RateLimited,
    StepUpRequired,
    StoreUnavailable,
    TokenInvalid,
    Unauthenticated,
)
from axisor.identity import CallsRefused
from axisor.model import Permission
from axisor_server.domain.halting import STREAM
from axisor_server.domain.journal import Head, to_event, verify
from axisor_server.services.principals import Peer, Principal, owner
from axisor_server.services.refusals import (
    MOST_A_DAY,
    MOST_ENTRIES,
    MOST_KINDS,
    Refusals,
    claimed_by,
)

ADA = Principal(name="people/ada", person="ada", platform=Permission.READ)
METHOD = "axisor.v1.MarginService/AddMargin"


class Bench:
    """What counts refusals, over a store that may be away."""

    def __init__(self) -> None:
        self.signs = SignIns()
        self.away = False
        self.refusals = Refusals(self.signs.recorder, self.signs.clock, self.place_of)

    async def place_of(self, address: str) -> str:
        """Return what an address is journaled as, or fail as the store would."""
        if self.away:
            raise StoreUnavailable()
        return f"hash of {address}"

    async def told(self) -> list[CallsRefused]:
        """Return what is in the journal, its chain verified."""
        entries = await self.signs.store.read(
            lambda view: view.entries(STREAM, after=0, limit=10_000)
        )
        verify(Head(), entries)
        found = [to_event(entry).payload for entry in entries]
        return [each for each in found if isinstance(each, CallsRefused)]


@pytest.fixture
async def bench() -> Bench:
    made = Bench()
    await made.signs.store.open()
    return made


async def test_what_is_alike_is_one_entry_with_a_count(bench: Bench):
    for _ in range(1_000):
        bench.refusals.note(PermissionDenied(), METHOD, HERE, principal=ADA, subject="a")
    bench.refusals.note(StepUpRequired(), METHOD, HERE, principal=ADA)
    assert await bench.told() == [], "nobody waits for it to be written"

    await bench.refusals.flush()
    await bench.refusals.flush()

    assert await bench.told() == [
        CallsRefused(
            method=METHOD,
            cause="PERMISSION_DENIED",
            refused_count=1_000,
            subject="a",
            place=f"hash of {HERE.address}",
            principal="people/ada",
        ),
        CallsRefused(
            method=METHOD,
            cause="STEP_UP_REQUIRED",
            refused_count=1,
            place=f"hash of {HERE.address}",
            principal="people/ada",
        ),
    ]


async def test_it_is_written_once_a_minute(bench: Bench):
    task = asyncio.ensure_future(bench.refusals.run())
    await bench.signs.clock.advance(1)
    bench.refusals.note(PermissionDenied(), METHOD, HERE, principal=ADA)
    await bench.signs.clock.advance(58)
    before = await bench.told()
    await bench.signs.clock.advance(2)
    task.cancel()

    assert (before, [each.refused_count for each in await bench.told()]) == ([], [1])


@pytest.mark.parametrize("error", [RateLimited(), Unauthenticated()])
async def test_what_nobody_could_be_named_for_is_not_kept(bench: Bench, error: AxisorError):
    bench.refusals.note(error, METHOD, HERE)

    await bench.refusals.flush()

    assert await bench.told() == []


async def test_a_flood_is_a_few_entries_and_hides_no_known_caller(bench: Bench):
    for number in range(MOST_KINDS * 3):
        bench.refusals.note(
            TokenInvalid(), f"made.up/Method{number}", Peer(f"192.0.2.{number % 256}")
        )
    # They may come last: known callers are written first, as long as there is room for a kind.
    bench.refusals.note(AccountNotFound(), METHOD, HERE, principal=ADA)

    await bench.refusals.flush()

    told = await bench.told()
    assert len(told) <= MOST_ENTRIES + 1
    assert sum(each.refused_count for each in told) == MOST_KINDS * 3 + 1
    assert told[-1].cause == "OTHERS"
    assert told[-1].method == ""


async def test_a_known_caller_comes_before_strangers(bench: Bench):
    for number in range(MOST_ENTRIES * 2):
        for _ in range(3):
            bench.refusals.note(TokenInvalid(), f"made.up/Method{number}", HERE)
    bench.refusals.note(PermissionDenied(), METHOD, HERE, principal=ADA)

    await bench.refusals.flush()

    told = await bench.told()
    assert (told[0].principal, told[0].cause) == ("people/ada", "PERMISSION_DENIED")


async def test_a_day_has_so_many_entries_and_then_one_a_minute(bench: Bench):
    minutes = MOST_A_DAY // MOST_ENTRIES + 10
    for _ in range(minutes):
        for number in range(MOST_ENTRIES):
            bench.refusals.note(TokenInvalid(), f"made.up/Method{number}", HERE)
        await bench.refusals.flush()

    told = await bench.told()
    assert len(told) <= MOST_A_DAY + 10
    assert sum(each.refused_count for each in told) == minutes * MOST_ENTRIES


async def test_what_could_not_be_written_is_written_later(bench: Bench):
    bench.away = True
    bench.refusals.note(PermissionDenied(), METHOD, HERE, principal=ADA)
    with pytest.raises(StoreUnavailable):
        await bench.refusals.flush()
    bench.refusals.note(PermissionDenied(), METHOD, HERE, principal=ADA)
    bench.away = False

    await bench.refusals.flush()

    assert [each.refused_count for each in await bench.told()] == [2]


async def test_a_token_says_whose_it_is_and_is_not_believed(bench: Bench):
    issued = await bench.signs.open()
    access = issued.access.reveal()
    program = await bench.signs.token(owner())

    assert claimed_by(access) == "people/ada"
    assert claimed_by(access[:-20] + "A" * 20) == "people/ada"
    assert claimed_by(program) == f"tokens/{program.split('_', 1)[1].split('.')[0]}"
    for odd in ("", "at_", "eyJ.e.x", refresh_of(issued), "eyJ" + "a" * 10_000, "owner"):
        assert claimed_by(odd) == ""
