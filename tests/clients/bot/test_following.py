"""A core that is silent is told of, and so are events that it keeps no longer."""

from __future__ import annotations

from datetime import timedelta

from axisor.events import HaltLevel
from axisor_bot.conversation import Conversation
from axisor_bot.following import Follower
from tests.clients.bot.parlour import Parlour


async def test_a_core_that_is_silent_for_a_minute_is_told_of_once(at: Parlour):
    await at.pair()

    at.hurry = timedelta(seconds=61)
    await at.core.server.stop(0)
    told = await at.telegram.saying("does not answer this bot")

    assert told["text"].startswith("[SIM] CRIT")
    assert "stops at the venue still stand" in told["text"]


async def test_a_silence_that_was_muted_is_told_once_what_is_critical_may_be_told(at: Parlour):
    await at.pair()
    await at.ask("/mute 1d core")

    at.hurry = timedelta(minutes=5)
    await at.core.server.stop(0)

    await at.telegram.saying("does not answer this bot")
    assert at.ahead >= timedelta(minutes=30)


async def test_it_begins_with_the_present_and_goes_on_from_where_it_was(idle: Parlour):
    await idle.start()
    person = await idle.pair()
    await idle.stop()
    for turn in range(3):
        await idle.owner.accounts.halt(idle.account, HaltLevel.RISK, reason=f"turn {turn}")
        await idle.owner.accounts.resume(idle.account)

    async with idle.connect(person) as client:
        follower = Follower(lambda: Conversation(person, client, idle.now), client, idle.now)
        said, last = [], idle.home.cursor(person.key)
        stream = follower.follow(last)
        async for told in stream:
            assert last is not None
            assert told.sequence == last + 1
            last = told.sequence
            if told.reply is not None:
                said.append(told.reply.text.splitlines()[0])
            if len(said) == 8:
                break
        await stream.aclose()

    assert [line.rpartition(" ")[2] for line in said if "Halted" in line] == ["0", "1", "2"]
