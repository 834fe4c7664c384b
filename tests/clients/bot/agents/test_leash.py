"""An agent's token is held to proposing before anything is served with it."""

from __future__ import annotations

import pytest

from axisor.errors import ConfirmationRequired
from axisor.ports import Secret
from axisor.tokens import bounds_of, parse
from axisor_bot.agents.leash import narrowed
from axisor_bot.errors import TokenTooWide
from axisor_bot.people import OPERATOR, VIEWER
from tests.clients.bot.parlour import Parlour
from tests.server.rpc.test_people import client


async def test_a_token_that_may_act_is_narrowed_and_the_core_holds_it_to_that(idle: Parlour):
    token = narrowed(Secret(await idle.token(OPERATOR)))

    assert bounds_of(parse(token.reveal()).caveats).propose_only
    async with client(idle.core, token) as agent:
        with pytest.raises(ConfirmationRequired):
            await agent.margin.add_margin(idle.account, idle.core.long, 1_000)
    assert idle.core.sim.effects == []


@pytest.mark.parametrize("more", [(), ("propose_only=true",)], ids=["viewer", "proposer"])
async def test_a_token_that_cannot_act_stays_as_it_is(idle: Parlour, more: tuple[str, ...]):
    token = Secret(await idle.token(OPERATOR if more else VIEWER, *more))

    assert narrowed(token).reveal() == token.reveal()


@pytest.mark.parametrize("text", ["owner-token", "eyJ.x.y", "rt_abc", ""])
def test_what_cannot_be_narrowed_is_refused(text: str):
    with pytest.raises(TokenTooWide) as caught:
        narrowed(Secret(text))

    assert "--propose-only" in str(caught.value)
    assert not text or text not in str(caught.value)
