"""The calls of the Bot API: what is sent, what is cut, and what each refusal becomes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from axisor.ports import Secret
from axisor_bot.cards import Button
from axisor_bot.errors import (
    AnotherPoller,
    BotTokenInvalid,
    ChatBusy,
    ChatFailed,
    ChatRefused,
    ChatUnreachable,
)
from axisor_bot.telegram.api import MOST_TEXT, TelegramApi
from tests.clients.bot.botfather import NAME, TOKEN, Telegram, telegram_server


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    """Serve a Telegram."""
    async with telegram_server() as served:
        yield served


@pytest.fixture
async def api(telegram: Telegram) -> AsyncIterator[TelegramApi]:
    """Call it."""
    made = TelegramApi(Secret(TOKEN), base=telegram.url)
    yield made
    await made.aclose()


async def test_it_knows_itself_and_shows_no_token(api: TelegramApi):
    assert (await api.me()).username == NAME
    assert TOKEN not in repr(api)


async def test_a_message_has_its_buttons_and_no_preview(api: TelegramApi, telegram: Telegram):
    await api.send(5, "hello", (Button("Confirm", "do:1"), Button("Cancel", "drop:1")))

    [sent] = telegram.sent
    [row] = sent["reply_markup"]["inline_keyboard"]
    assert [(each["text"], each["callback_data"]) for each in row] == [
        ("Confirm", "do:1"),
        ("Cancel", "drop:1"),
    ]
    assert sent["link_preview_options"] == {"is_disabled": True}
    assert "parse_mode" not in sent


async def test_many_buttons_stand_in_rows(api: TelegramApi, telegram: Telegram):
    await api.send(5, "hello", tuple(Button(str(n), f"ask:/why {n}") for n in range(6)))

    rows = telegram.sent[0]["reply_markup"]["inline_keyboard"]
    assert [[each["text"] for each in row] for row in rows] == [["0", "1", "2", "3"], ["4", "5"]]


async def test_a_long_text_is_cut(api: TelegramApi, telegram: Telegram):
    await api.send(5, "x" * 10_000)
    await api.toast("tap", f"{'y' * 500}\nmore")

    assert len(telegram.sent[0]["text"]) == MOST_TEXT
    assert telegram.sent[0]["text"].endswith("…")
    assert len(telegram.toasts[0]["text"]) < 200


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, ChatRefused),
        (401, BotTokenInvalid),
        (403, ChatRefused),
        (404, BotTokenInvalid),
        (409, AnotherPoller),
        (429, ChatBusy),
        (500, ChatUnreachable),
    ],
)
async def test_a_refusal_becomes_its_error(
    api: TelegramApi, telegram: Telegram, code: int, error: type[ChatFailed]
):
    telegram.fail("sendMessage", code, "said so", retry_after=4)

    with pytest.raises(error) as caught:
        await api.send(5, "hello")

    assert TOKEN not in str(caught.value)
    if isinstance(caught.value, ChatBusy):
        assert caught.value.wait_s == 4


async def test_what_is_no_answer_and_nobody_at_all_are_unreachable(
    api: TelegramApi, telegram: Telegram
):
    telegram.cut("getMe")
    nowhere = TelegramApi(Secret(TOKEN), base="http://127.0.0.1:1")

    for each in (api, nowhere):
        with pytest.raises(ChatUnreachable) as caught:
            await each.me()
        assert TOKEN not in str(caught.value)
        assert caught.value.__cause__ is None
    await nowhere.aclose()


async def test_an_edit_that_changes_nothing_is_well(api: TelegramApi, telegram: Telegram):
    telegram.fail("editMessageText", 400, "Bad Request: message is not modified: x")
    telegram.fail("answerCallbackQuery", 400, "Bad Request: query is too old and invalid")

    await api.edit(5, 1, "same")
    await api.toast("tap")

    telegram.fail("editMessageText", 400, "Bad Request: message to edit not found")
    with pytest.raises(ChatRefused):
        await api.edit(5, 1, "other")
