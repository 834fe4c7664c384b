"""Signing keys: public before they sign, one successor each, and gone when nothing needs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.sessions import SignIns

from axisor.errors import TokenInvalid
from axisor_server.domain.journal import to_us
from axisor_server.domain.signing import AHEAD_US, KEPT_US, KIND, SIGNS_US, signer

DAY = 86_400


@pytest.fixture
async def core() -> AsyncIterator[SignIns]:
    """Open the sessions of one core."""
    made = SignIns()
    await made.store.open()
    yield made
    await made.store.close()


def now_us(core: SignIns) -> int:
    return to_us(core.clock.now())


async def test_a_core_in_which_nobody_signs_in_makes_no_key(core: SignIns):
    await core.signing.keep()

    assert await core.signing.keys() == ()


async def test_the_first_key_signs_at_once(core: SignIns):
    await core.signing.prepare()

    [key] = await core.signing.keys()

    assert key.from_us == now_us(core)
    assert key.until_us is None


async def test_the_next_key_is_public_a_day_or_more_before_it_signs(core: SignIns):
    for _ in range(40):
        before = {key.id for key in await core.signing.keys()}
        await core.signing.prepare()
        for key in await core.signing.keys():
            if before and key.id not in before:
                assert key.from_us - now_us(core) >= AHEAD_US
        await core.clock.advance(DAY)

    keys = await core.signing.keys()

    assert len(keys) == 1
    assert keys[0].after


async def test_each_key_signs_for_thirty_days(core: SignIns):
    signed_by = []
    for _ in range(90):
        await core.signing.prepare()
        key = signer(await core.signing.keys(), now_us(core))
        assert key is not None
        signed_by.append(key.id)
        await core.clock.advance(DAY)

    assert [signed_by.count(id) for id in dict.fromkeys(signed_by)] == [30, 30, 30]


async def test_after_a_long_pause_the_old_key_signs_until_the_next_was_public_for_a_day(
    core: SignIns,
):
    await core.signing.prepare()
    [old] = await core.signing.keys()
    await core.clock.advance(100 * DAY)

    await core.signing.prepare()

    keys = await core.signing.keys()
    assert signer(keys, now_us(core)) == keys[0]
    assert keys[0].id == old.id
    assert keys[1].from_us == now_us(core) + AHEAD_US


async def test_a_key_counts_until_what_it_signed_has_run_out(core: SignIns):
    await core.signing.prepare()
    [key] = await core.signing.keys()
    await core.clock.advance((SIGNS_US - AHEAD_US) // 1_000_000)

    await core.signing.prepare()

    old, _ = await core.signing.keys()
    assert old.id == key.id
    assert old.until_us == key.from_us + SIGNS_US + KEPT_US


async def test_a_token_of_the_old_key_is_read_after_the_next_one_began(core: SignIns):
    await core.signing.prepare()
    await core.clock.advance((SIGNS_US - AHEAD_US) // 1_000_000)
    await core.signing.prepare()
    await core.clock.advance(AHEAD_US // 1_000_000 - 300)
    issued = await core.open()
    [old, new] = await core.signing.keys()
    assert core.clock.now().timestamp() * 1_000_000 < new.from_us

    await core.clock.advance(600)

    signing = signer(await core.signing.keys(), now_us(core))
    assert signing is not None
    assert signing.id == new.id
    assert (await core.verifier.check(issued.access.reveal())).person == "ada"
    assert old.id != new.id


async def test_another_core_reads_what_this_one_signed(core: SignIns):
    other = SignIns(core.store, core.clock, seed=2)
    with pytest.raises(TokenInvalid):
        await other.signing.read("a.b.c")
    issued = await core.open()

    claims = await other.signing.read(issued.access.reveal())

    assert claims.sub == "ada"


async def test_two_cores_that_begin_at_once_agree_on_one_key(core: SignIns):
    others = [SignIns(core.store, core.clock, seed=seed) for seed in range(2, 6)]

    await asyncio.gather(*(one.signing.prepare() for one in (core, *others)))

    stored = await core.store.read(lambda r: r.documents(KIND))
    assert len(stored) == 1


async def test_a_private_key_is_in_the_store_only_sealed(core: SignIns):
    await core.signing.prepare()
    [key] = await core.signing.keys()

    raw = core.vault.unseal(key.sealed, purpose="signing key", bound=(key.id,))

    [record] = await core.store.read(lambda r: r.documents(KIND))
    assert len(raw) == 32
    assert raw not in key.sealed
    assert raw not in record.body
