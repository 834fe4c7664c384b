"""Passwords are known by their hashes, by nothing else, and at the price that was set."""

from __future__ import annotations

import asyncio

import pytest

from axisor_server.adapters.passwords import (
    SMALL,
    STANDARD,
    ArgonPasswords,
    Profile,
    is_common,
)

CHEAP = Profile(memory_kib=64, passes=1, lanes=1)
CHEAPER = Profile(memory_kib=32, passes=1, lanes=1)


async def test_a_password_is_known_again_and_no_other_is():
    passwords = ArgonPasswords(CHEAP)
    kept = await passwords.hash("correct horse")

    assert kept.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert "correct" not in kept
    assert await passwords.verify(kept, "correct horse")
    for other in ("correct horse ", "Correct horse", "correct  horse", ""):
        assert not await passwords.verify(kept, other)


async def test_a_password_is_taken_exactly_as_it_came():
    passwords = ArgonPasswords(CHEAP)
    composed, decomposed = "caf\u00e9 caf\u00e9 caf\u00e9", "cafe\u0301 cafe\u0301 cafe\u0301"
    kept = await passwords.hash(composed)

    assert await passwords.verify(kept, composed)
    assert not await passwords.verify(kept, decomposed)
    assert await passwords.verify(await passwords.hash("\udc80 half a pair"), "\udc80 half a pair")


async def test_the_same_password_is_kept_differently_each_time():
    passwords = ArgonPasswords(CHEAP)

    assert await passwords.hash("correct horse") != await passwords.hash("correct horse")


@pytest.mark.parametrize("kept", ["", "$argon2id$", "plain text", "$argon2id$v=19$m=64,t=1,p=1$"])
async def test_nothing_fits_what_was_not_kept(kept: str):
    passwords = ArgonPasswords(CHEAP)

    assert not await passwords.verify(kept, kept)
    assert not await passwords.verify(kept, "")


async def test_a_hash_of_another_price_is_stale_and_still_good():
    kept = await ArgonPasswords(CHEAPER).hash("correct horse")
    passwords = ArgonPasswords(CHEAP)

    assert passwords.stale(kept)
    assert await passwords.verify(kept, "correct horse")
    assert not passwords.stale(await passwords.hash("correct horse"))


def test_the_prices_are_those_of_the_standard_and_never_less_than_recommended():
    assert (STANDARD.memory_kib, STANDARD.passes, STANDARD.lanes) == (65_536, 3, 4)
    assert (SMALL.memory_kib, SMALL.passes, SMALL.lanes) == (19_456, 2, 1)


async def test_two_are_hashed_at_once_and_the_others_wait():
    passwords = ArgonPasswords(CHEAP, at_once=2)

    kept = await asyncio.gather(*(passwords.hash(f"correct horse {n}") for n in range(8)))

    assert len(set(kept)) == 8


def test_passwords_found_most_often_are_common():
    assert is_common("password")
    assert is_common("qwerty123456")
    assert not is_common("correct horse battery staple")
