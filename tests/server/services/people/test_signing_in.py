"""Signing in, and how guesses are slowed down."""

from __future__ import annotations

import contextlib
import random

import pytest
from tests.support.people import ADA, BOB, CHEAP, OTHER, PASSWORD, People, asked, begin
from tests.support.sessions import HERE, LAPTOP, PHONE

from axisor.errors import (
    EmailUnverified,
    ProofInvalid,
    RateLimited,
    SignInRefused,
)
from axisor.identity import SignInFailed
from axisor_server.adapters.passwords import Profile
from axisor_server.domain.sessions import Device
from axisor_server.services.people.signing_in import Challenge, Entered
from axisor_server.services.principals import Peer, owner

MINUTE, HOUR = 60, 3_600
STRANGER = Device()


async def refused(people: People, email: str, password: str, device: Device = STRANGER) -> str:
    with pytest.raises(SignInRefused) as error:
        await people.login(email, password, device=device)
    return str(error.value)


async def test_the_right_password_lets_in():
    people = await begin()
    ada = await people.join()

    entered = await people.login()

    assert isinstance(entered, Entered)
    assert entered.person == ada
    assert await people.alive(entered.issued)


async def test_an_address_is_compared_whatever_its_case_and_a_password_is_not():
    people = await begin()
    await people.join()

    assert isinstance(await people.login("  ADA@Example.ORG "), Entered)
    await refused(people, ADA, PASSWORD.upper())
    await refused(people, ADA, PASSWORD + " ")


async def test_whatever_is_wrong_is_answered_alike_and_costs_as_much():
    people = await begin()
    await people.join(ADA)
    bob = await people.join(BOB)
    await people.house.administering.disable(bob, request=asked(owner()))
    before = people.passwords.looked_at

    texts = {
        await refused(people, ADA, OTHER),
        await refused(people, "nobody@example.org", OTHER),
        await refused(people, BOB, PASSWORD),
        await refused(people, BOB, OTHER),
    }

    assert len(texts) == 1
    assert people.passwords.looked_at - before == 4
    failures = await people.entries("SignInFailed")
    assert [f.cause for f in failures if isinstance(f, SignInFailed)] == [
        "password",
        "password",
        "disabled",
        "password",
    ]


async def test_a_failed_sign_in_is_journaled_without_address_or_password():
    people = await begin()
    await people.join()

    await refused(people, ADA, OTHER)

    (failed,) = await people.entries("SignInFailed")
    assert ADA not in str(failed)
    assert OTHER not in str(failed)
    assert HERE.address not in str(failed)


async def test_a_password_kept_at_another_price_is_kept_anew():
    cheap = await begin(profile=Profile(memory_kib=32, passes=1, lanes=1))
    ada = await cheap.join()
    people = await begin(
        cheap.store, cheap.clock, seed=2, profile=Profile(memory_kib=64, passes=1, lanes=1)
    )

    assert isinstance(await people.login(), Entered)

    shown = await people.house.administering.show(ada)
    assert "m=64," in shown.person.password
    assert isinstance(await people.login(), Entered)


async def test_who_registered_openly_must_show_that_letters_are_read():
    people = await begin(open=True)
    await people.join(BOB)
    await people.house.registering.register(ADA, PASSWORD, title="", invitation="", peer=HERE)

    with pytest.raises(EmailUnverified):
        await people.login()
    await refused(people, ADA, OTHER)
    await people.house.registering.verify((await people.letters())[-1].proof)

    assert isinstance(await people.login(), Entered)


async def test_a_second_factor_is_asked_for_once_enrolled():
    people = await begin()
    await people.join()
    await people.enrol(ADA, await people.enter())
    await people.wait(MINUTE)

    challenge = await people.login(device=PHONE)

    assert isinstance(challenge, Challenge)
    entered = await people.house.signing_in.answer(
        challenge.text, people.code(), device=PHONE, peer=HERE
    )
    (session,) = [s for s in await people.sessions.of(entered.person) if s.device_name == "phone"]
    assert session.amr == ("pwd", "otp")


async def test_a_code_and_a_challenge_count_once():
    people = await begin()
    await people.join()
    await people.enrol(ADA, await people.enter())
    await people.wait(MINUTE)
    first, second = await people.login(), await people.login()
    assert isinstance(first, Challenge)
    assert isinstance(second, Challenge)
    answer = people.house.signing_in.answer
    code = people.code()

    await answer(first.text, code, device=LAPTOP, peer=HERE)

    with pytest.raises(SignInRefused):
        await answer(second.text, code, device=LAPTOP, peer=HERE)
    with pytest.raises(ProofInvalid):
        await answer(first.text, people.code(), device=LAPTOP, peer=HERE)


async def test_a_recovery_code_stands_in_once():
    people = await begin()
    await people.join()
    codes = await people.enrol(ADA, await people.enter())
    assert len(codes) == 10

    for attempt in range(2):
        challenge = await people.login()
        assert isinstance(challenge, Challenge)
        answer = people.house.signing_in.answer(
            challenge.text, codes[0].lower(), device=LAPTOP, peer=HERE
        )
        if attempt == 0:
            await answer
        else:
            with pytest.raises(SignInRefused):
                await answer
    assert "PersonChanged" in await people.journal()


async def test_five_wrong_codes_end_the_challenge():
    people = await begin()
    await people.join()
    await people.enrol(ADA, await people.enter())
    challenge = await people.login()
    assert isinstance(challenge, Challenge)
    answer = people.house.signing_in.answer

    for _ in range(5):
        with pytest.raises(SignInRefused):
            await answer(challenge.text, "000000", device=STRANGER, peer=HERE)

    await people.wait(4 * MINUTE)
    with pytest.raises(ProofInvalid):
        await answer(challenge.text, people.code(), device=STRANGER, peer=HERE)


async def test_a_challenge_is_over_after_five_minutes():
    people = await begin()
    await people.join()
    await people.enrol(ADA, await people.enter())
    challenge = await people.login()
    assert isinstance(challenge, Challenge)

    await people.wait(5 * MINUTE)

    with pytest.raises(ProofInvalid):
        await people.house.signing_in.answer(
            challenge.text, people.code(), device=LAPTOP, peer=HERE
        )


@pytest.mark.parametrize("text", ["", "ch_", "pr_x_y", "ch_" + "0" * 36 + "_" + "A" * 43, "💥"])
async def test_what_is_no_challenge_is_refused(text: str):
    people = await begin()

    with pytest.raises(ProofInvalid):
        await people.house.signing_in.answer(text, "123456", device=LAPTOP, peer=HERE)


async def test_ten_thousand_guesses_from_a_thousand_addresses_are_few_that_are_looked_at():
    people = await begin()
    await people.join()
    await people.wait(HOUR)
    before = people.passwords.looked_at
    chance, waits = random.Random(20), []

    for guess in range(10_000):
        peer = Peer(address=f"198.51.{chance.randrange(4)}.{chance.randrange(250)}")
        try:
            await people.login(ADA, f"guess number {guess}", device=STRANGER, peer=peer)
        except SignInRefused:
            pass
        except RateLimited as error:
            waits.append(int(error.metadata["retry_after_s"]))
        await people.wait(HOUR / 10_000)

    assert people.passwords.looked_at - before <= 30
    assert waits
    assert max(waits) <= 180


async def test_a_known_device_is_not_slowed_down_by_strangers():
    people = await begin()
    await people.join()
    await people.enrol(ADA, await people.enter(device=LAPTOP))
    await people.wait(HOUR)
    for guess in range(40):
        try:
            found = await people.login(ADA, PASSWORD, device=STRANGER)
            assert isinstance(found, Challenge)
            await people.house.signing_in.answer(
                found.text, f"{guess:06}", device=STRANGER, peer=HERE
            )
        except (SignInRefused, RateLimited):
            continue
    with pytest.raises(RateLimited):
        await people.login(ADA, PASSWORD, device=STRANGER)

    caller = await people.enter(device=LAPTOP)

    assert caller.session


async def test_a_device_is_known_for_its_person_only():
    people = await begin()
    await people.join(ADA)
    await people.join(BOB, password=OTHER)
    await people.login(BOB, OTHER, device=PHONE)
    await people.wait(HOUR)

    for _ in range(5):
        with pytest.raises(SignInRefused):
            await people.login(ADA, "a wrong one", device=PHONE)

    with pytest.raises(RateLimited):
        await people.login(ADA, PASSWORD, device=PHONE)
    assert isinstance(await people.login(BOB, OTHER, device=PHONE), Entered)


async def test_unknown_addresses_are_counted_like_known_ones():
    people = await begin()
    await people.join()
    await people.wait(HOUR)

    async def tries(email: str, address: str) -> int:
        for n in range(50):
            try:
                await people.login(email, OTHER, device=STRANGER, peer=Peer(address=address))
            except SignInRefused:
                continue
            except RateLimited:
                return n
        raise AssertionError("never slowed down")

    assert await tries(ADA, "192.0.2.1") == await tries("nobody@example.org", "192.0.2.2") == 5


async def test_one_address_has_twenty_tries_and_an_ipv6_network_counts_as_one():
    people = await begin()
    outcomes = []
    for n in range(25):
        try:
            peer = Peer(address=f"2001:db8::{n:x}")
            await people.login(f"p{n}@example.org", OTHER, device=STRANGER, peer=peer)
        except SignInRefused:
            outcomes.append("looked at")
        except RateLimited:
            outcomes.append("slowed")

    assert outcomes == ["looked at"] * 20 + ["slowed"] * 5


async def test_another_core_and_a_restart_give_an_attacker_no_more():
    people = await begin()
    await people.join()
    await people.wait(HOUR)
    looked_at = 0
    for seed in range(2, 6):
        core = await begin(people.store, people.clock, seed=seed, profile=CHEAP)
        for n in range(5):
            with contextlib.suppress(SignInRefused, RateLimited):
                await core.login(ADA, f"guess {n}", device=STRANGER)
        looked_at += core.passwords.looked_at

    assert looked_at == 5


async def test_a_refused_guess_writes_nothing():
    people = await begin()
    await people.join()
    for _ in range(5):
        await refused(people, ADA, OTHER)
    before = await people.journal()

    for _ in range(20):
        with pytest.raises(RateLimited):
            await people.login(ADA, OTHER, device=STRANGER)

    assert await people.journal() == before


async def test_stepping_up_takes_password_and_code():
    people = await begin()
    await people.join()
    caller = await people.enter()
    await people.enrol(ADA, caller)
    await people.wait(10 * MINUTE)
    step_up = people.house.signing_in.step_up

    with pytest.raises(SignInRefused):
        await step_up(caller, PASSWORD, "")
    with pytest.raises(SignInRefused):
        await step_up(caller, OTHER, people.code())
    issued = await step_up(caller, PASSWORD, people.code())

    assert issued.refresh is None
    verified = await people.signs.verifier.check(issued.access.reveal())
    assert verified.authenticated_us // 1_000_000 == int(people.clock.now().timestamp())


async def test_guesses_within_a_session_are_slowed_down_too():
    people = await begin()
    await people.join()
    caller = await people.enter()
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await people.house.signing_in.step_up(caller, OTHER, "")

    with pytest.raises(RateLimited):
        await people.house.signing_in.step_up(caller, PASSWORD, "")
