"""Leases, fences and shares on every store: they go by the database's clock alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support import records
from tests.support.postgres import DatabaseClock
from tests.support.records import appending, notice

from axisor_server.ports import Conflict, Store, Transaction


async def claim(store: Store, owner: str, *, ttl: int = 10) -> int | None:
    return await store.write(lambda t: t.claim_lease("a", owner=owner, ttl_us=ttl))


async def test_renewing_keeps_the_epoch_and_any_other_taking_raises_it(
    store: Store, database_clock: DatabaseClock
):
    assert await claim(store, "one") == 1
    database_clock.set(5)
    assert await claim(store, "one") == 1
    database_clock.set(14)
    assert await claim(store, "two") is None
    database_clock.set(15)
    assert await claim(store, "two") == 2
    database_clock.set(40)
    assert await claim(store, "two") == 3


async def test_a_lease_ends_by_the_database_s_clock_alone(
    store: Store, database_clock: DatabaseClock
):
    database_clock.set(1_000)

    await claim(store, "one", ttl=50)

    lease = await store.read(lambda r: r.lease("a"))
    assert lease is not None
    assert lease.until_us == 1_050
    assert await store.read(lambda r: r.live_leases()) == (lease,)
    database_clock.set(1_050)
    assert await store.read(lambda r: r.live_leases()) == ()


async def test_a_released_lease_is_taken_at_once_with_a_higher_epoch(store: Store):
    await claim(store, "one")

    await store.write(lambda t: t.release_lease("a", owner="one", epoch=1))

    assert await claim(store, "two") == 2


async def test_only_its_holder_releases_a_lease(store: Store):
    await claim(store, "one")

    await store.write(lambda t: t.release_lease("a", owner="two", epoch=1))
    await store.write(lambda t: t.release_lease("a", owner="one", epoch=7))

    lease = await store.read(lambda r: r.lease("a"))
    assert lease is not None
    assert (lease.owner, lease.until_us) == ("one", 10)


async def test_the_holder_of_the_lease_appends(store: Store):
    epoch = await claim(store, "one")

    first = await store.write(appending(notice(), epoch=epoch))
    second = await store.write(appending(notice(), epoch=epoch))

    assert (first.sequence, second.sequence) == (1, 2)


async def test_a_stale_epoch_cannot_append(store: Store, database_clock: DatabaseClock):
    old = await claim(store, "one")
    await store.write(appending(notice(), epoch=old))
    database_clock.set(11)
    await claim(store, "two")

    with pytest.raises(Conflict, match="Epoch 1 of accounts/a is over"):
        await store.write(appending(notice(), epoch=old))

    assert (await store.read(lambda r: r.head("accounts/a"))).sequence == 1


async def test_a_lease_is_held_until_its_time_is_over(store: Store, database_clock: DatabaseClock):
    epoch = await claim(store, "one")
    assert epoch is not None
    database_clock.set(9)
    assert await store.write(lambda t: t.hold_lease("a", epoch=epoch)) == 1

    database_clock.set(10)

    with pytest.raises(Conflict, match="Epoch 1 of a is over"):
        await store.write(lambda t: t.hold_lease("a", epoch=epoch))


async def test_a_lease_of_another_epoch_is_not_held(store: Store):
    await claim(store, "one")

    for epoch in (0, 2):
        with pytest.raises(Conflict):
            await store.write(lambda t, e=epoch: t.hold_lease("a", epoch=e))  # type: ignore[misc]
    with pytest.raises(Conflict):
        await store.write(lambda t: t.hold_lease("nobody's", epoch=1))


# ---------------------------------------------------------------- sharing accounts


async def add_accounts(store: Store, *ids: str) -> None:
    def unit(transaction: Transaction) -> None:
        for created, id in enumerate(ids):
            transaction.put_account(records.account(id, created_us=created), revision=None)

    await store.write(unit)


def taking(owner: str, *ids: str) -> Callable[[Transaction], tuple[str, int] | None]:
    return lambda t: t.claim_next(ids, owner=owner, ttl_us=10)


async def test_free_accounts_are_taken_one_by_one_oldest_first(store: Store):
    await add_accounts(store, "z", "y", "x")

    assert await store.write(taking("one", "x", "y", "z")) == ("z", 1)
    assert await store.write(taking("two", "x", "y", "z")) == ("y", 1)
    assert await store.write(taking("two", "z", "y")) == ("y", 2)
    assert await store.write(taking("one", "x", "y")) == ("x", 1)
    assert await store.write(taking("three", "x", "y", "z")) is None


async def test_only_accounts_that_exist_and_are_asked_for_are_taken(store: Store):
    await add_accounts(store, "a")

    assert await store.write(taking("one")) is None
    assert await store.write(taking("one", "b")) is None
    assert await store.write(taking("one", *map(str, range(200)), "a")) == ("a", 1)


async def test_what_its_own_former_self_left_is_taken_with_a_new_epoch(
    store: Store, database_clock: DatabaseClock
):
    await add_accounts(store, "a")
    await claim(store, "one", ttl=1_000)

    assert await store.write(taking("two", "a")) is None
    assert await store.write(taking("one", "a")) == ("a", 2)
    database_clock.set(500)
    assert await store.write(taking("two", "a")) == ("a", 3)


async def test_an_engine_is_alive_for_as_long_as_it_beat(
    store: Store, database_clock: DatabaseClock
):
    def beat(owner: str, *, ttl: int, room: int, now: int) -> Callable[[Transaction], None]:
        return lambda t: t.beat(owner, ttl_us=ttl, room=room, now_us=now)

    await store.write(beat("late", ttl=10, room=1, now=70))
    await store.write(beat("early", ttl=30, room=2, now=50))
    await store.write(beat("late", ttl=20, room=3, now=99))
    found = await store.read(lambda r: r.live_engines())
    told = [(engine.owner, engine.started_us, engine.room) for engine in found]
    assert told == [("early", 50, 2), ("late", 70, 3)]

    database_clock.set(20)

    assert [e.owner for e in await store.read(lambda r: r.live_engines())] == ["early"]
    await store.write(lambda t: t.leave("early"))
    assert await store.read(lambda r: r.live_engines()) == ()


async def test_engines_silent_for_a_day_are_forgotten(store: Store, database_clock: DatabaseClock):
    await store.write(lambda t: t.beat("gone", ttl_us=5, room=0, now_us=1))
    database_clock.set(86_400_000_006)
    await store.write(lambda t: t.beat("here", ttl_us=5, room=0, now_us=2))

    database_clock.set(0)  # a clock set back shows what is still stored

    assert [e.owner for e in await store.read(lambda r: r.live_engines())] == ["here"]


async def test_nobody_starts_a_fenced_journal_without_a_lease(store: Store):
    with pytest.raises(Conflict, match="is over"):
        await store.write(appending(notice(), epoch=1))
