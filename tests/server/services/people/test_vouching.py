"""Sign-ins at providers: begun here, carried there, and redeemed once."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.server.services.people.vouched import BACK, CONFIGURED, Place, place
from tests.support.provider import BOB, browse
from tests.support.sessions import HERE

from axisor.errors import (
    FieldInvalid,
    IdentityRefused,
    ProofInvalid,
    ProviderUnavailable,
    RateLimited,
    VaultSealBroken,
)
from axisor.identity import SignInFailed
from axisor_server.domain.identities import Vouched, asked, is_own_redirect
from axisor_server.domain.proofs import KIND as PROOF
from axisor_server.domain.proofs import Purpose
from axisor_server.ports import Transaction
from axisor_server.services.people.proofs import Proofs
from axisor_server.services.people.vouching import Waits

__all__ = ["place"]


async def causes(place: Place) -> list[str]:
    """Return why sign-ins failed, as journaled."""
    found = await place.people.entries("SignInFailed")
    return [each.cause for each in found if isinstance(each, SignInFailed)]


async def test_who_comes_back_is_who_went_there(place: Place):
    found = await place.vouched(BOB)

    assert (found.subject, found.email, found.issuer) == (BOB.subject, BOB.email, place.there.url)


async def test_github_vouches_too(place: Place):
    found = await place.vouched(BOB, "hub")

    assert (found.subject, found.email) == ("4712", BOB.email)


async def test_a_handle_and_its_state_count_once(place: Place):
    begun, back = await place.begin()
    said = {"state": back.state, "code": back.code, "issuer": back.issuer}
    await place.vouching.finish(begun.handle, **said, peer=HERE)
    before = place.there.asked["/token"]

    with pytest.raises(ProofInvalid):
        await place.vouching.finish(begun.handle, **said, peer=HERE)

    assert place.there.asked["/token"] == before


async def test_a_code_that_was_redeemed_is_refused_with_any_other_handle(place: Place):
    begun, back = await place.begin()
    await place.vouching.finish(
        begun.handle, state=back.state, code=back.code, issuer=back.issuer, peer=HERE
    )
    other, returned = await place.begin()

    with pytest.raises(IdentityRefused):
        await place.vouching.finish(
            other.handle, state=returned.state, code=back.code, issuer=back.issuer, peer=HERE
        )
    assert await causes(place) == ["provider: invalid_grant"]


async def test_a_code_that_was_put_upon_somebody_is_refused(place: Place):
    mine, _ = await place.begin()
    theirs, stolen = await place.begin()

    # A browser that is made to bring another's code and state comes back to nothing.
    with pytest.raises(IdentityRefused) as error:
        await place.vouching.finish(
            mine.handle, state=stolen.state, code=stolen.code, issuer=stolen.issuer, peer=HERE
        )
    assert error.value.metadata["cause"] == "state"
    # And a code without the verifier of its own sign-in is worth nothing either.
    state = asked(theirs.handle, BACK).state
    again, _ = await place.begin()
    with pytest.raises(IdentityRefused):
        await place.vouching.finish(
            again.handle, state=state, code=stolen.code, issuer=stolen.issuer, peer=HERE
        )


async def test_a_wrong_state_ends_the_sign_in(place: Place):
    begun, back = await place.begin()
    for state in ("wrong", back.state):
        with pytest.raises((IdentityRefused, ProofInvalid)):
            await place.vouching.finish(
                begun.handle, state=state, code=back.code, issuer=back.issuer, peer=HERE
            )
    assert place.there.asked["/token"] == 0


async def test_whoever_takes_longer_than_ten_minutes_begins_again(place: Place):
    begun, back = await place.begin()
    await place.people.wait(600)

    with pytest.raises(ProofInvalid):
        await place.vouching.finish(
            begun.handle, state=back.state, code=back.code, issuer=back.issuer, peer=HERE
        )


async def test_nothing_that_is_kept_of_a_sign_in_finishes_it(place: Place):
    begun, _ = await place.begin()
    device = await place.vouching.begin_device("test", peer=HERE)
    ask = asked(begun.handle, BACK)

    kept = await place.people.store.read(lambda view: view.documents(PROOF))

    bodies = b"".join(each.body for each in kept)
    assert len(kept) == 2
    for secret in (begun.handle, ask.state, ask.nonce, ask.verifier, device.handle):
        assert secret.encode() not in bodies
        assert secret[-43:].encode() not in bodies
    assert device.code.secret.encode() not in bodies


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example.org/",
        "http://localhost:9/",
        "http://127.0.0.1/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:9/?next=https://evil.example.org",
        "http://127.0.0.1:9/#x",
        "http://127.0.0.1:9@evil.example.org/",
        "http://evil@127.0.0.1:9/",
        "http://127.0.0.1:9\\@evil.example.org/",
        "http://127.0.0.1.evil.example.org:9/",
        "https://127.0.0.1:9/",
        "javascript:alert(1)",
        "//evil.example.org:9/",
        CONFIGURED + "/further",
        CONFIGURED + "?x",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:9/" + "x" * 300,
        "http://127.0.0.1:9/\r\nX: y",
        "",
    ],
)
async def test_no_browser_is_sent_anywhere_else(place: Place, redirect: str):
    with pytest.raises(FieldInvalid):
        await place.vouching.begin("test", redirect, peer=HERE)
    assert place.there.asked.total() == 0


@pytest.mark.parametrize("redirect", [BACK, "http://[::1]:9/", "http://127.0.0.1:65535/a/b"])
def test_ones_own_machine_is_where_a_browser_may_come_back(redirect: str):
    assert is_own_redirect(redirect)


async def test_a_browser_may_come_back_where_the_settings_say(place: Place):
    begun = await place.vouching.begin("test", CONFIGURED, peer=HERE)

    assert "redirect_uri=https%3A%2F%2Faxisor.example.org%2Fback" in begun.uri


async def test_nobody_else_vouches_for_people(place: Place):
    with pytest.raises(FieldInvalid):
        await place.vouching.begin("other", BACK, peer=HERE)
    assert [each.name for each in place.vouching.providers] == ["hub", "test"]


async def test_beginnings_are_counted_as_sign_ins_are(place: Place):
    for _ in range(10):
        await place.vouching.begin("test", BACK, peer=HERE)
        await place.vouching.begin_device("test", peer=HERE)

    with pytest.raises(RateLimited):
        await place.vouching.begin("test", BACK, peer=HERE)
    with pytest.raises(RateLimited):
        await place.vouching.begin_device("test", peer=HERE)


async def test_a_person_who_refuses_at_the_provider_has_no_code(place: Place):
    place.there.consents = None
    _, back = await place.begin()

    assert (back.error, back.code) == ("access_denied", "")


async def test_a_refusal_is_journaled_without_any_address(place: Place):
    place.there.consents = msgspec.structs.replace(BOB, verified=False)

    with pytest.raises(IdentityRefused):
        await place.vouched()

    (failed,) = await place.people.entries("SignInFailed")
    assert BOB.email not in str(failed)
    assert HERE.address not in str(failed)
    assert await causes(place) == ["provider: email"]


async def test_an_outage_is_no_failed_sign_in_and_ends_the_handle_all_the_same(place: Place):
    begun, back = await place.begin()
    place.there.clients.clear()

    with pytest.raises(ProviderUnavailable):
        await place.vouching.finish(
            begun.handle, state=back.state, code=back.code, issuer=back.issuer, peer=HERE
        )

    assert await causes(place) == []
    with pytest.raises(ProofInvalid):
        await place.vouching.finish(
            begun.handle, state=back.state, code=back.code, issuer=back.issuer, peer=HERE
        )


async def test_a_device_is_waited_for_at_the_providers_own_pace(place: Place):
    begun = await place.vouching.begin_device("test", peer=HERE)
    assert await place.vouching.poll(begun.handle, peer=HERE) == Waits(5)
    assert place.there.asked["/token"] == 0  # too soon: nobody was asked

    await place.people.wait(5)
    assert await place.vouching.poll(begun.handle, peer=HERE) == Waits(5)
    assert await place.vouching.poll(begun.handle, peer=HERE) == Waits(5)
    assert place.there.asked["/token"] == 1

    place.there.devices[begun.code.secret] = "slow_down"
    await place.people.wait(5)
    assert await place.vouching.poll(begun.handle, peer=HERE) == Waits(10)
    await place.people.wait(9)
    assert await place.vouching.poll(begun.handle, peer=HERE) == Waits(10)
    assert place.there.asked["/token"] == 2

    place.there.approve(begun.code.typed, BOB)
    await place.people.wait(1)
    found = await place.vouching.poll(begun.handle, peer=HERE)
    assert isinstance(found, Vouched)
    assert found.subject == BOB.subject
    with pytest.raises(ProofInvalid):
        await place.vouching.poll(begun.handle, peer=HERE)


async def test_what_is_kept_of_a_device_opens_under_its_own_handle_alone(place: Place):
    mine = await place.vouching.begin_device("test", peer=HERE)
    theirs = await place.vouching.begin_device("test", peer=HERE)
    place.there.approve(theirs.code.typed, BOB)
    await place.people.wait(5)

    def exchange(tx: Transaction) -> None:
        one, other = (view.look(tx, each.handle, Purpose.DEVICE) for each in (mine, theirs))
        assert other[1].pending is not None
        stolen = msgspec.structs.replace(one[1], pending=other[1].pending)
        view.keep(tx, one[0], stolen)

    view = Proofs(clock=place.people.clock, ids=place.people.signs.ids)
    await place.people.store.write(exchange)

    with pytest.raises(VaultSealBroken):
        await place.vouching.poll(mine.handle, peer=HERE)


async def test_of_several_who_bring_the_same_code_one_gets_in(place: Place):
    begun, back = await place.begin()
    finish = [
        place.vouching.finish(
            begun.handle, state=back.state, code=back.code, issuer=back.issuer, peer=HERE
        )
        for _ in range(5)
    ]

    found = await asyncio.gather(*finish, return_exceptions=True)

    assert sum(isinstance(each, Vouched) for each in found) == 1
    assert all(isinstance(each, (Vouched, ProofInvalid)) for each in found)
    assert place.there.asked["/token"] == 1


async def test_of_several_who_ask_about_a_device_at_once_one_is_let_in(place: Place):
    begun = await place.vouching.begin_device("test", peer=HERE)
    place.there.approve(begun.code.typed, BOB)
    await place.people.wait(5)

    polls = [place.vouching.poll(begun.handle, peer=HERE) for _ in range(5)]
    found = await asyncio.gather(*polls, return_exceptions=True)

    assert sum(isinstance(each, Vouched) for each in found) == 1
    assert place.there.asked["/token"] == 1


async def test_a_device_that_was_refused_is_over(place: Place):
    begun = await place.vouching.begin_device("test", peer=HERE)
    place.there.devices[begun.code.secret] = "access_denied"
    await place.people.wait(5)

    with pytest.raises(IdentityRefused):
        await place.vouching.poll(begun.handle, peer=HERE)
    with pytest.raises(ProofInvalid):
        await place.vouching.poll(begun.handle, peer=HERE)
    assert await causes(place) == ["provider: access_denied"]


async def test_a_provider_that_falls_silent_does_not_end_a_device(place: Place):
    begun = await place.vouching.begin_device("test", peer=HERE)
    secret, place.there.clients = dict(place.there.clients), {}
    await place.people.wait(5)
    with pytest.raises(ProviderUnavailable):
        await place.vouching.poll(begun.handle, peer=HERE)

    place.there.clients = secret
    place.there.approve(begun.code.typed, BOB)
    await place.people.wait(5)

    assert isinstance(await place.vouching.poll(begun.handle, peer=HERE), Vouched)


async def test_handles_of_the_two_ways_are_not_exchanged(place: Place):
    begun, back = await place.begin()
    device = await place.vouching.begin_device("test", peer=HERE)

    with pytest.raises(ProofInvalid):
        await place.vouching.poll(begun.handle, peer=HERE)
    with pytest.raises(ProofInvalid):
        await place.vouching.finish(
            device.handle, state=back.state, code=back.code, issuer=back.issuer, peer=HERE
        )


async def test_devices_are_for_providers_that_allow_them(place: Place):
    with pytest.raises(FieldInvalid):
        await place.vouching.begin_device("hub", peer=HERE)


async def test_the_browser_carries_nothing_by_which_the_sign_in_is_finished(place: Place):
    begun, back = await place.begin()

    assert begun.handle[-43:] not in begun.uri
    assert begun.handle not in repr(begun)
    assert (await browse(begun.uri)).state == back.state
