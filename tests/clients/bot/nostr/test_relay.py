"""A line to a relay: what is handed over is known to be there, or that it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus

import pytest

from axisor.ports import Secret
from axisor_bot.errors import ChatRefused, ChatUnreachable, RelayInvalid
from axisor_bot.nostr import relay as lines
from axisor_bot.nostr.keys import Identity
from axisor_bot.nostr.relay import RelayLine, check_relay
from tests.clients.bot.nostr.salon import ANN, BOT, npub_of, nsec_of
from tests.support.nostr import FakeRelay, relaying
from tests.support.nostr_letters import read_by

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
IDENTITY = Identity(Secret(nsec_of(BOT)))


class Called:
    """A line with a relay, and what was heard and slept."""

    def __init__(self, relay: FakeRelay) -> None:
        self.heard: list[str] = []
        self.slept: list[float] = []
        self.line = RelayLine(relay.url, IDENTITY, self._hear, now=lambda: NOON, sleep=self._sleep)

    async def _hear(self, id: str, event: str) -> None:
        self.heard.append(id)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0.01)


@asynccontextmanager
async def calling(relay: FakeRelay) -> AsyncIterator[Called]:
    """Have a line at work."""
    called = Called(relay)
    task = asyncio.create_task(called.line.run())
    try:
        yield called
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_is_handed_over_is_there():
    async with relaying() as relay, calling(relay) as called:
        await relay.followed()

        await called.line.say(IDENTITY.written(npub_of(ANN), "hello", NOON))
        await called.line.say(IDENTITY.written(npub_of(ANN), "again", NOON))

    assert [read_by(ANN, each).text for each in relay.kept] == ["hello", "again"]


async def test_what_is_there_already_is_there():
    async with relaying() as relay, calling(relay) as called:
        await relay.followed()
        relay.refuses = ["duplicate: seen before"]

        await called.line.say(IDENTITY.written(npub_of(ANN), "hello", NOON))


async def test_a_refusal_is_told_without_odd_signs():
    async with relaying() as relay, calling(relay) as called:
        await relay.followed()
        relay.refuses = ["blocked: \x1b[31mno" + "o" * 500]

        with pytest.raises(ChatRefused) as raised:
            await called.line.say(IDENTITY.written(npub_of(ANN), "hello", NOON))

    assert "blocked: [31mno" in raised.value.message
    assert len(raised.value.message) < 200


async def test_a_line_that_breaks_is_no_answer():
    async with relaying() as relay, calling(relay) as called:
        await relay.followed()
        relay.cuts = True

        with pytest.raises(ChatUnreachable):
            await called.line.say(IDENTITY.written(npub_of(ANN), "hello", NOON))


async def test_silence_is_no_answer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lines, "ANSWER_S", 0.2)
    async with relaying() as relay, calling(relay) as called:
        await relay.followed()
        relay.silent = True

        with pytest.raises(ChatUnreachable):
            await called.line.say(IDENTITY.written(npub_of(ANN), "hello", NOON))


async def test_where_there_is_no_line_nothing_is_said():
    async with relaying() as relay:
        called = Called(relay)

        with pytest.raises(ChatUnreachable):
            await called.line.say(IDENTITY.written(npub_of(ANN), "hello", NOON))


async def test_a_relay_that_lets_nobody_in_is_asked_more_and_more_seldom():
    async with relaying() as relay:
        async with calling(relay) as called:
            await relay.followed()
        relay.status = HTTPStatus.FORBIDDEN
        async with calling(relay) as called:
            await relay.called(9)

    assert called.slept[:7] == [1, 2, 4, 8, 16, 32, 60]


@pytest.mark.parametrize(
    "url",
    ["wss://relay.example.org", "wss://[2001:db8::1]:7777/x", "ws://127.0.0.1:7", "ws://localhost"],
)
def test_relays_are_spoken_to_by_tls_or_on_this_machine(url: str):
    assert check_relay(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "relay.example.org",
        "http://relay.example.org",
        "ws://192.168.1.2",
        "wss://a#b",
        "wss://[::1",
    ],
)
def test_nothing_else_is_a_relay(url: str):
    with pytest.raises(RelayInvalid):
        check_relay(url)
