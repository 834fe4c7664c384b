"""What a role's token may do is what its commands take: less is too little, more is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from axisor.client import Client
from axisor.errors import PermissionDenied
from axisor.events import HaltLevel
from axisor_bot.people import OPERATOR, RIGHTS, VIEWER
from tests.clients.bot.parlour import Parlour
from tests.server.rpc.test_people import client

NEEDED = {
    "read": ("/status",),
    "adjust_margin": ("/margin {long} 5000sat", "/stop {long} 40000", "/target {long} 90000"),
    "trade": ("/close {long}", "/closeall"),
    "guard": ("/auto nap off",),
    "operate": ("/halt", "/halt all", "/halt flatten", "/halt off"),
}
"""The commands that take each right of an operator's token."""


@pytest.mark.parametrize("right", sorted(set(NEEDED) - {"read"}))
async def test_without_a_right_its_commands_are_refused_and_no_others(at: Parlour, right: str):
    made = await at.owner.strategies.create_run(at.account, "nap", config="{}")
    await at.owner.strategies.start_run(at.account, made.run.id)
    kept = ",".join(each for each in RIGHTS[OPERATOR] if each != right)
    token = await at.token(OPERATOR, f"permissions={kept}")
    at.home.keep_person(replace(await at.pair(), token=token))

    refused = set()
    for line in (line for lines in NEEDED.values() for line in lines):
        if "✗" in (await at.ask(line.format(long=at.core.long[:8])))["text"]:
            refused.add(line)

    assert refused == set(NEEDED[right])


def test_no_right_is_given_that_no_command_takes():
    assert set(RIGHTS[OPERATOR]) == set(NEEDED)
    assert RIGHTS[VIEWER] == ("read",)


BEYOND: dict[str, Callable[[Client], Awaitable[Any]]] = {
    "halt the core": lambda of: of.system.halt(HaltLevel.RISK, reason="x"),
    "end a halt of the core": lambda of: of.system.resume(),
    "read its settings": lambda of: of.system.settings(),
    "end it": lambda of: of.system.shutdown(reason="x"),
    "list tokens": lambda of: of.tokens.list(),
    "make a channel": lambda of: of.notices.create_channel("discord", "x", secrets={}),
}


@pytest.mark.parametrize("what", sorted(BEYOND))
async def test_an_operators_token_does_nothing_with_the_core_as_a_whole(idle: Parlour, what: str):
    async with client(idle.core, await idle.token(OPERATOR)) as operator:
        with pytest.raises(PermissionDenied):
            await BEYOND[what](operator)


async def test_a_viewers_token_changes_nothing_that_reading_would_let_it(idle: Parlour):
    async with client(idle.core, await idle.token(VIEWER)) as viewer:
        with pytest.raises(PermissionDenied):
            await viewer.notices.mute(idle.account, 30)
