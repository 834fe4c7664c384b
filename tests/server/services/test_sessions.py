"""Sign-ins: opened, refreshed once each, ended, and ended for all when a token was copied."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.sessions import LAPTOP, PHONE, SignIns, refresh_of

from axisor.errors import SessionOver, TokenInvalid
from axisor_server.domain.sessions import GRACE_US, MOST_SESSIONS, REFRESH, Device
from axisor_server.services.sessions import signed_in

ADA = signed_in("ada")
MINUTE, HOUR, DAY = 60, 3_600, 86_400


@pytest.fixture
async def core() -> AsyncIterator[SignIns]:
    """Open the sessions of one core."""
    made = SignIns()
    await made.store.open()
    yield made
    await made.store.close()


async def test_a_sign_in_gives_a_token_that_stands_for_the_person(core: SignIns):
    issued = await core.open()

    verified = await core.verifier.check(issued.access.reveal())

    assert (verified.person, verified.session) == ("ada", issued.session)
    assert verified.amr == ("pwd",)
    assert (issued.access_until - core.clock.now()).total_seconds() == 15 * MINUTE
    assert await core.journal() == ["SessionOpened", "SigningKeyMade"]


async def test_an_access_token_runs_out(core: SignIns):
    issued = await core.open()
    await core.clock.advance(15 * MINUTE + 29)
    assert (await core.verifier.check(issued.access.reveal())).person == "ada"

    await core.clock.advance(1)

    with pytest.raises(TokenInvalid):
        await core.verifier.check(issued.access.reveal())


async def test_a_refresh_token_gives_the_next_one(core: SignIns):
    first = await core.open()

    second = await core.sessions.refresh(refresh_of(first), LAPTOP)
    third = await core.sessions.refresh(refresh_of(second), LAPTOP)

    assert first.session == second.session == third.session
    assert len({refresh_of(one) for one in (first, second, third)}) == 3
    assert (await core.verifier.check(third.access.reveal())).person == "ada"


async def test_a_refresh_token_never_works_as_an_access_token(core: SignIns):
    issued = await core.open()

    with pytest.raises(TokenInvalid):
        await core.verifier.check(refresh_of(issued))


async def test_an_access_token_never_works_as_a_refresh_token(core: SignIns):
    issued = await core.open()

    with pytest.raises(TokenInvalid):
        await core.sessions.refresh(issued.access.reveal(), LAPTOP)


async def test_a_refresh_token_that_comes_again_ends_the_session(core: SignIns):
    first = await core.open()
    second = await core.sessions.refresh(refresh_of(first), LAPTOP)
    await core.clock.advance(GRACE_US / 1_000_000 + 1)

    with pytest.raises(SessionOver, match="used before"):
        await core.sessions.refresh(refresh_of(first), LAPTOP)

    with pytest.raises(SessionOver):
        await core.sessions.refresh(refresh_of(second), LAPTOP)
    with pytest.raises(SessionOver):
        await core.verifier.check(second.access.reveal())
    assert (await core.journal())[-2:] == ["RefreshReused", "SessionEnded"]


async def test_a_lost_answer_is_repeated_once_to_the_same_device(core: SignIns):
    first = await core.open()
    second = await core.sessions.refresh(refresh_of(first), LAPTOP)

    again = await core.sessions.refresh(refresh_of(first), LAPTOP)

    assert refresh_of(again) == refresh_of(second)
    with pytest.raises(TokenInvalid, match="just exchanged"):
        await core.sessions.refresh(refresh_of(first), LAPTOP)
    assert (await core.sessions.refresh(refresh_of(again), LAPTOP)).refresh is not None


async def test_a_lost_answer_is_not_repeated_once_its_token_was_used(core: SignIns):
    first = await core.open()
    second = await core.sessions.refresh(refresh_of(first), LAPTOP)
    await core.sessions.refresh(refresh_of(second), LAPTOP)

    with pytest.raises(SessionOver):
        await core.sessions.refresh(refresh_of(first), LAPTOP)

    assert await core.sessions.of("ada") == []


async def test_a_lost_answer_is_not_repeated_to_a_client_without_a_device_key(core: SignIns):
    nameless = Device()
    first = await core.open(device=nameless)
    await core.sessions.refresh(refresh_of(first), nameless)

    with pytest.raises(SessionOver):
        await core.sessions.refresh(refresh_of(first), nameless)


async def test_a_refresh_token_from_another_device_ends_the_session(core: SignIns):
    first = await core.open()

    with pytest.raises(SessionOver):
        await core.sessions.refresh(refresh_of(first), PHONE)

    assert (await core.journal())[-2:] == ["RefreshReused", "SessionEnded"]


async def test_a_guessed_secret_ends_nothing(core: SignIns):
    first = await core.open()
    id = refresh_of(first).split("_")[1]

    with pytest.raises(TokenInvalid):
        await core.sessions.refresh(f"rt_{id}_guess", LAPTOP)

    assert await core.sessions.refresh(refresh_of(first), LAPTOP)


@pytest.mark.parametrize(
    "text", ["", "rt_", "rt__", "rt_x", "at_1.2.3", "rt_" + "x" * 65 + "_y", "rt_a_" + "y" * 300]
)
async def test_what_is_no_refresh_token_is_refused(core: SignIns, text: str):
    with pytest.raises(TokenInvalid):
        await core.sessions.refresh(text, LAPTOP)


async def test_a_session_that_is_not_used_for_a_week_is_over(core: SignIns):
    first = await core.open()
    await core.clock.advance(7 * DAY)

    with pytest.raises(SessionOver):
        await core.sessions.refresh(refresh_of(first), LAPTOP)

    assert await core.sessions.of("ada") == []


async def test_a_session_ends_after_a_month_however_much_it_is_used(core: SignIns):
    issued = await core.open()
    for _ in range(9):
        await core.clock.advance(3 * DAY)
        issued = await core.sessions.refresh(refresh_of(issued), LAPTOP)
    await core.clock.advance(3 * DAY)

    with pytest.raises(SessionOver):
        await core.sessions.refresh(refresh_of(issued), LAPTOP)


async def test_the_last_access_token_does_not_outlive_its_session(core: SignIns):
    issued = await core.open()
    for _ in range(5):
        await core.clock.advance(5 * DAY)
        issued = await core.sessions.refresh(refresh_of(issued), LAPTOP)
    await core.clock.advance(5 * DAY - 60)

    last = await core.sessions.refresh(refresh_of(issued), LAPTOP)

    assert (last.access_until - core.clock.now()).total_seconds() == 60


async def test_fifty_refreshes_at_once_give_one_successor(core: SignIns):
    first = await core.open()
    text = refresh_of(first)

    answers = await asyncio.gather(
        *(core.sessions.refresh(text, LAPTOP) for _ in range(50)), return_exceptions=True
    )

    successors = {refresh_of(one) for one in answers if not isinstance(one, BaseException)}
    refused = [one for one in answers if isinstance(one, BaseException)]
    stored = await core.store.read(lambda r: r.documents(REFRESH, about=first.session))
    assert len(successors) == 1
    assert len(refused) == 48
    assert {type(one) for one in refused} == {TokenInvalid}
    assert len(stored) == 2
    assert await core.sessions.refresh(successors.pop(), LAPTOP)


async def test_fifty_refreshes_at_once_without_a_device_key_give_one_successor_and_end(
    core: SignIns,
):
    nameless = Device()
    first = await core.open(device=nameless)

    answers = await asyncio.gather(
        *(core.sessions.refresh(refresh_of(first), nameless) for _ in range(50)),
        return_exceptions=True,
    )

    given = [one for one in answers if not isinstance(one, BaseException)]
    assert len(given) == 1
    with pytest.raises(SessionOver):
        await core.sessions.refresh(refresh_of(given[0]), nameless)


async def test_a_revoked_session_is_over_here_at_once(core: SignIns):
    issued = await core.open()
    await core.verifier.check(issued.access.reveal())

    assert await core.sessions.revoke(issued.session, by=ADA)

    with pytest.raises(SessionOver):
        await core.verifier.check(issued.access.reveal())
    with pytest.raises(SessionOver):
        await core.sessions.refresh(refresh_of(issued), LAPTOP)
    assert not await core.sessions.revoke(issued.session, by=ADA)


async def test_a_revoked_session_is_over_in_other_cores_within_two_seconds(core: SignIns):
    other = SignIns(core.store, core.clock, seed=2)
    issued = await core.open()
    await other.verifier.check(issued.access.reveal())
    await core.sessions.revoke(issued.session, by=ADA)

    await core.clock.advance(2)

    with pytest.raises(SessionOver):
        await other.verifier.check(issued.access.reveal())


async def test_all_sessions_but_one_end_and_that_one_must_refresh(core: SignIns):
    kept, lost = await core.open(), await core.open(device=PHONE)

    assert await core.sessions.revoke_all("ada", kept.session, by=ADA) == 1

    with pytest.raises(SessionOver):
        await core.verifier.check(lost.access.reveal())
    with pytest.raises(SessionOver):
        await core.verifier.check(kept.access.reveal())
    fresh = await core.sessions.refresh(refresh_of(kept), LAPTOP)
    assert await core.verifier.check(fresh.access.reveal())


async def test_the_sessions_of_others_stay(core: SignIns):
    await core.open()
    other = await core.open("grace")

    await core.sessions.revoke_all("ada", by=ADA)

    assert [one.id for one in await core.sessions.of("grace")] == [other.session]


async def test_sessions_are_listed_with_their_device_and_where_they_came_from(core: SignIns):
    older = await core.open()
    await core.clock.advance(1)
    newer = await core.open(device=PHONE)

    found = await core.sessions.of("ada")

    assert [one.id for one in found] == [newer.session, older.session]
    assert [one.device_name for one in found] == ["phone", "laptop"]
    assert [core.sessions.address(one) for one in found] == ["203.0.113.7"] * 2


async def test_a_person_has_so_many_sessions_and_no_more(core: SignIns):
    first = await core.open()
    for _ in range(MOST_SESSIONS):
        await core.clock.advance(1)
        await core.open()

    found = await core.sessions.of("ada")

    assert len(found) == MOST_SESSIONS
    assert first.session not in {one.id for one in found}


async def test_a_step_up_says_when_the_person_last_proved_who_it_is(core: SignIns):
    issued = await core.open()
    await core.clock.advance(HOUR)

    stepped = await core.sessions.step_up(issued.session, ("otp",))

    verified = await core.verifier.check(stepped.access.reveal())
    assert verified.amr == ("pwd", "otp")
    assert verified.authenticated_us == int(core.clock.now().timestamp()) * 1_000_000
    assert stepped.refresh is None


async def test_an_ended_session_cannot_step_up(core: SignIns):
    issued = await core.open()
    await core.sessions.revoke(issued.session, by=ADA)

    with pytest.raises(SessionOver):
        await core.sessions.step_up(issued.session, ("otp",))


async def test_what_has_run_out_is_forgotten(core: SignIns):
    first = await core.open()
    await core.sessions.refresh(refresh_of(first), LAPTOP)
    await core.clock.advance(8 * DAY)

    await core.sessions.keep()

    assert list(await core.store.read(lambda r: r.documents(REFRESH))) == []


async def test_no_secret_is_in_the_store_in_clear(core: SignIns):
    first = await core.open()
    second = await core.sessions.refresh(refresh_of(first), LAPTOP)
    secrets = [refresh_of(one).split("_", 2)[2] for one in (first, second)]

    kinds = ("session", "refresh_token", "signing_key")
    bodies = await core.store.read(
        lambda r: b"".join(record.body for kind in kinds for record in r.documents(kind))
    )

    for secret in (*secrets, LAPTOP.key, "203.0.113.7", first.access.reveal()):
        assert secret.encode() not in bodies
