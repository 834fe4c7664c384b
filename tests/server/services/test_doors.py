"""What is known of people is old at most for moments, and never older than a change made here."""

from __future__ import annotations

import asyncio

from axisor.model import Permission
from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.services.doors import KNOWN_MS, Holders
from axisor_server.services.principals import Principal


class People:
    """Says what a person holds, when a test lets it."""

    def __init__(self) -> None:
        self.rights = Permission.READ
        self.asked = 0
        self.free = asyncio.Event()
        self.free.set()

    async def who_is(self, person: str) -> Principal | None:
        """Return the person as they were when the question came."""
        self.asked += 1
        held = self.rights
        await self.free.wait()
        return Principal(name=person, person=person, platform=held, accounts={})


async def held(holders: Holders) -> Permission:
    """Return what the one person holds."""
    found = await holders.holder("ann")
    assert found is not None
    return found.platform


async def test_rights_are_looked_up_again_after_two_seconds():
    people, clock = People(), VirtualClock()
    holders = Holders(people.who_is, clock)
    await held(holders)

    await clock.advance(KNOWN_MS / 1000 - 0.1)
    await held(holders)
    assert people.asked == 1
    await clock.advance(0.2)
    await held(holders)
    assert people.asked == 2


async def test_a_change_made_here_is_seen_by_the_next_call():
    people = People()
    holders = Holders(people.who_is, VirtualClock())
    await held(holders)

    people.rights = Permission.NONE
    holders.forget()

    assert await held(holders) == Permission.NONE


async def test_a_question_from_before_a_change_is_not_remembered():
    people = People()
    holders = Holders(people.who_is, VirtualClock())
    people.free.clear()
    asked = asyncio.ensure_future(held(holders))
    await asyncio.sleep(0)

    people.rights = Permission.NONE
    holders.forget()
    people.free.set()

    assert await asked == Permission.READ
    assert await held(holders) == Permission.NONE
