"""A line to a relay that others wrote, which asks who calls: what one says the other hears."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import nostr_sdk

from axisor.ports import Secret
from axisor_bot.errors import ChatFailed
from axisor_bot.nostr.keys import Identity, Letter
from axisor_bot.nostr.relay import RelayLine
from tests.clients.bot.nostr.salon import ANN, BOT, npub_of, nsec_of
from tests.support.processes import until


async def test_what_one_says_the_other_hears():
    builder = nostr_sdk.LocalRelayBuilder().nip42(
        nostr_sdk.LocalRelayBuilderNip42(mode=nostr_sdk.LocalRelayBuilderNip42Mode.BOTH)
    )
    relay = builder.build()
    await relay.run()
    url, heard = str(await relay.url()), list[Letter | None]()
    ann, bot = (Identity(Secret(nsec_of(each))) for each in (ANN, BOT))

    async def hear(id: str, event: str) -> None:
        heard.append(bot.opened(event))

    def now() -> datetime:
        return datetime.now(UTC)

    async def said() -> bool:
        try:
            await lines[1].say(question)
        except ChatFailed:
            return False  # not let in yet
        return True

    question = ann.written(npub_of(BOT), "/status", now())
    lines = [RelayLine(url, each, hear, now=now, sleep=asyncio.sleep) for each in (bot, ann)]
    tasks = [asyncio.create_task(line.run()) for line in lines]
    try:
        await until(said, "it is let in and says it")
        await until(lambda: heard, "it is heard")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        relay.shutdown()

    [letter] = heard
    assert letter is not None
    assert (letter.sender, letter.text) == (npub_of(ANN), "/status")
