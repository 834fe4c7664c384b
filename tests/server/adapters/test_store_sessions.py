"""Sign-ins on every store: of many refreshes at once one is made, whichever cores they reach."""

from __future__ import annotations

import asyncio

from tests.support.sessions import LAPTOP, SignIns, refresh_of

from axisor.errors import SessionOver, TokenInvalid
from axisor_server.domain.sessions import REFRESH, Device
from axisor_server.ports import Store
from axisor_server.services.sessions import signed_in


async def test_fifty_refreshes_at_once_give_one_successor(store: Store):
    core = SignIns(store)
    cores = [core, *(SignIns(store, core.clock, seed=seed) for seed in range(2, 6))]
    first = await core.open()

    answers = await asyncio.gather(
        *(cores[n % 5].sessions.refresh(refresh_of(first), LAPTOP) for n in range(50)),
        return_exceptions=True,
    )

    successors = {refresh_of(one) for one in answers if not isinstance(one, BaseException)}
    refused = {type(one) for one in answers if isinstance(one, BaseException)}
    stored = await store.read(lambda r: r.documents(REFRESH, about=first.session))
    assert len(successors) == 1
    assert refused == {TokenInvalid}
    assert len(stored) == 2
    assert await core.sessions.refresh(successors.pop(), LAPTOP)


async def test_a_copied_token_ends_the_session_whichever_core_sees_it(store: Store):
    core = SignIns(store)
    other = SignIns(store, core.clock, seed=2)
    nameless = Device()
    first = await core.open(device=nameless)

    answers = await asyncio.gather(
        core.sessions.refresh(refresh_of(first), nameless),
        other.sessions.refresh(refresh_of(first), nameless),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in answers) == ["Issued", "SessionOver"]
    assert await core.sessions.of("ada") == []


async def test_a_sign_in_that_ends_while_it_refreshes_is_over(store: Store):
    core = SignIns(store)
    other = SignIns(store, core.clock, seed=2)
    first = await core.open()

    answer, _ = await asyncio.gather(
        core.sessions.refresh(refresh_of(first), LAPTOP),
        other.sessions.revoke(first.session, by=signed_in("ada")),
        return_exceptions=True,
    )

    if not isinstance(answer, BaseException):
        core.verifier.forget()
        for attempt in (
            core.verifier.check(answer.access.reveal()),
            core.sessions.refresh(refresh_of(answer), LAPTOP),
        ):
            assert isinstance(
                (await asyncio.gather(attempt, return_exceptions=True))[0], SessionOver
            )
    else:
        assert isinstance(answer, SessionOver)
