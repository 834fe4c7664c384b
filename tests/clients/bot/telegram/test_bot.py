"""The bot polls on over refusals and cuts, and ends where going on makes no sense."""

from __future__ import annotations

import pytest

from axisor_bot.errors import AnotherPoller, BotTokenInvalid, HomeInvalid
from tests.clients.bot.botfather import ANN
from tests.clients.bot.parlour import Parlour


async def test_it_waits_as_long_as_it_is_asked_to(idle: Parlour):
    idle.telegram.fail("getUpdates", 429, "Too Many Requests", retry_after=17)

    await idle.start()

    assert 17 in idle.slept


async def test_it_goes_on_after_cuts(idle: Parlour):
    idle.telegram.cut("getMe")
    for _ in range(3):
        idle.telegram.cut("getUpdates")
    await idle.start()

    await idle.pair()

    assert idle.slept == [1, 1, 2, 4]


async def test_it_ends_where_another_polls_for_the_same_bot(idle: Parlour):
    for _ in range(6):
        idle.telegram.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request")
    api, bot = idle.bot()

    with pytest.raises(AnotherPoller) as caught:
        await bot.run()

    assert "each gets half" in str(caught.value)
    assert len(idle.slept) == 5
    await api.aclose()


async def test_a_conflict_that_passes_is_waited_out(idle: Parlour):
    idle.telegram.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request")

    await idle.start()

    await idle.pair()


async def test_it_ends_where_its_token_is_none(idle: Parlour):
    api, bot = idle.bot(token="999:wrong")

    with pytest.raises(BotTokenInvalid) as caught:
        await bot.run()

    assert "999:wrong" not in str(caught.value) + repr(api)
    await api.aclose()


async def test_it_asks_for_what_comes_after_the_last_that_was_handled(at: Parlour):
    await at.pair()
    update = await at.telegram.say(ANN, "/id")
    await at.telegram.handled(update)
    await at.stop()
    at.telegram.offsets.clear()

    await at.start()

    assert at.telegram.offsets == [update + 1]


async def test_a_message_that_cannot_be_answered_is_not_asked_for_for_ever(at: Parlour):
    await at.pair()
    at.telegram.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")

    await at.telegram.handled(await at.telegram.say(ANN, "/id"))

    assert "user 11" in (await at.ask("/id"))["text"]


async def test_a_message_whose_answer_was_cut_is_handled_again(at: Parlour):
    await at.pair()
    at.telegram.cut("sendMessage")

    answer = await at.ask("/id")

    assert "user 11" in answer["text"]


async def test_one_folder_holds_one_bot(idle: Parlour):
    with idle.home.alone(), pytest.raises(HomeInvalid), idle.home.alone():
        pass


async def test_a_poll_that_another_ends_is_begun_again(idle: Parlour):
    await idle.start()
    api, _ = idle.bot()

    assert await api.updates(10_000, 0) == []

    await idle.telegram.until(lambda: len(idle.telegram.offsets) >= 3)
    await api.aclose()
