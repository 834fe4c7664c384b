"""What an earlier system of this kind did wrong about people, and is not done here."""

from __future__ import annotations

import pytest
from tests.support.people import ADA, OTHER, PASSWORD, begin
from tests.support.sessions import HERE, LAPTOP, SignIns, refresh_of

from axisor.errors import AxisorError, SessionOver, StoreUnavailable, TokenInvalid
from axisor_server.services.people.throttle import Throttle, of_sign_in


async def test_weak_spot_12_a_refresh_token_counts_once_and_never_as_an_access_token():
    signs = SignIns()
    await signs.store.open()
    issued = await signs.open()
    old = refresh_of(issued)
    newer = await signs.sessions.refresh(old, LAPTOP)

    with pytest.raises(TokenInvalid):
        await signs.verifier.check(refresh_of(newer))
    await signs.clock.advance(60)
    with pytest.raises(SessionOver):
        await signs.sessions.refresh(old, LAPTOP)
    with pytest.raises(SessionOver):  # a copy was used: whoever holds the other is out too
        await signs.sessions.refresh(refresh_of(newer), LAPTOP)


async def test_weak_spot_13_what_a_letter_says_is_256_bits_and_lies_apart_from_the_password():
    people = await begin()
    await people.join()
    proofs = set()
    for _ in range(5):
        await people.house.changing.request_reset(ADA, peer=HERE)
        proofs.add((await people.letters())[-1].proof)

    assert len(proofs) == 5
    assert all(len(proof.split("_", 2)[2]) == 43 for proof in proofs)
    for proof in proofs:
        with pytest.raises(AxisorError):
            await people.login(ADA, proof)


async def test_weak_spot_14_nothing_shows_a_part_of_a_secret():
    people = await begin()
    await people.join()
    caller = await people.enter()
    await people.enrol(ADA, caller)
    challenge = await people.login(device=LAPTOP)

    for secret in (challenge.text, people.code()):  # type: ignore[union-attr]
        assert secret[-8:] not in repr(challenge)
        assert secret[-8:] not in str(challenge)


async def test_weak_spot_16_without_the_database_nobody_guesses_unslowed():
    people = await begin()
    await people.join()

    class Away:
        async def read(self, unit: object) -> None:
            raise StoreUnavailable()

        async def write(self, unit: object) -> None:
            raise StoreUnavailable()

    throttle = Throttle(Away(), people.clock)  # type: ignore[arg-type]

    with pytest.raises(StoreUnavailable):
        await throttle.take(of_sign_in("somebody", "somewhere", ""))


async def test_weak_spot_22_a_password_is_kept_as_a_slow_hash_with_a_salt_and_nowhere_in_clear():
    people = await begin()
    ada = await people.join()
    await people.house.changing.change(PASSWORD, OTHER, caller=await people.enter())

    kept = (await people.house.administering.show(ada)).person.password

    assert kept.startswith("$argon2id$")
    for kind in ("person", "proof", "letter", "session", "device", "throttle"):
        for record in await people.store.read(lambda view, k=kind: view.documents(k)):  # type: ignore[misc]
            assert PASSWORD.encode() not in record.body
            assert OTHER.encode() not in record.body
