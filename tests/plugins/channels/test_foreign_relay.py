"""A relay that others wrote takes our messages, and lets us in where it asks who we are."""

from __future__ import annotations

from collections.abc import AsyncIterator

import nostr_sdk
import pytest

from axisor_channels import Nostr
from tests.plugins.channels.test_channels import NOTICE
from tests.plugins.channels.test_nostr import target, way


@pytest.fixture(params=[False, True], ids=["open", "asking"])
async def url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    builder = nostr_sdk.LocalRelayBuilder()
    if request.param:
        both = nostr_sdk.LocalRelayBuilderNip42Mode.BOTH
        builder = builder.nip42(nostr_sdk.LocalRelayBuilderNip42(mode=both))
    relay = builder.build()
    await relay.run()
    yield str(await relay.url())
    relay.shutdown()


async def test_it_takes_a_message_and_knows_a_repeat(url: str):
    channel = Nostr()

    first = await channel.send(NOTICE, target(url), way())
    again = await channel.send(NOTICE, target(url), way())

    assert len({first.id, again.id}) == 2
