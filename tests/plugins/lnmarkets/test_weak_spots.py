"""What an earlier system of this kind did wrong on the line to its venue, and is not done here."""

from __future__ import annotations

import pytest
from tests.plugins.lnmarkets import answers
from tests.plugins.lnmarkets.server import HANG_UP, Script, answer

from axisor.errors import OutcomeUnknown, VenueError, VenueUnavailable
from axisor_lnmarkets.breaker import Rule, State
from axisor_lnmarkets.rest import Rest

ACCOUNT = "GET /v3/account"
ADD = "POST /v3/futures/isolated/trade/add-margin"


async def fail(rest: Rest, times: int) -> None:
    for _ in range(times):
        with pytest.raises(VenueError):
            await rest.account.account()


async def test_weak_spot_19_a_refusal_opens_no_breaker(venue: Script, rest: Rest):
    venue.on(ACCOUNT, answer({"code": "X"}, 400))

    await fail(rest, Rule().failures * 2)

    assert rest.transport.breakers.account.state is State.CLOSED


async def test_weak_spot_19_failures_of_a_dashboard_hold_no_guard_up(venue: Script, rest: Rest):
    venue.on(ACCOUNT, answer(b"", 503))
    await fail(rest, Rule().failures)
    venue.on(ADD, answers.RUNNING)

    with pytest.raises(VenueUnavailable):
        await rest.account.account()
    added = await rest.isolated.add_margin(answers.TRADE_ID, 1)

    assert rest.transport.breakers.account.state is State.OPEN
    assert added.id == answers.TRADE_ID


async def test_weak_spot_20_after_a_failure_the_next_try_is_a_try_and_no_error_of_ours(
    venue: Script, rest: Rest
):
    venue.on(ACCOUNT, HANG_UP)
    await fail(rest, 1)
    venue.on(ACCOUNT, answers.ACCOUNT)

    assert await rest.account.account() is not None


async def test_weak_spot_20_what_changes_anything_is_not_tried_again_by_the_line(
    venue: Script, rest: Rest
):
    venue.on(ADD, HANG_UP)

    with pytest.raises(OutcomeUnknown):
        await rest.isolated.add_margin(answers.TRADE_ID, 1)

    assert len(venue.seen) == 1
