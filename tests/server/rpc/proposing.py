"""An account whose owner and whose bot, which may only propose, both speak to the core."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
from tests.server.rpc.serving import TOKEN, Served
from tests.server.rpc.test_people import client
from tests.server.rpc.test_tokens import made

from axisor.client import Client
from axisor.ports import Secret
from axisor_server.domain.journal import decode_payload

SATS = 1_000


class Desk:
    """An account, its owner, and a bot that may only propose."""

    def __init__(self, core: Served, account: str, owner: Client, bot: Client, token: str) -> None:
        self.core = core
        self.account = account.removeprefix("accounts/")
        self.owner = owner
        self.bot = bot
        self.bot_token = token

    def adding(self, sats: int = SATS) -> Any:
        """Return the call that adds margin to the long."""
        return lambda calls: calls.margin.add_margin(self.account, self.core.long, sats)

    async def said(self, *kinds: str) -> list[Any]:
        """Return what the journal says of some kinds, oldest first."""
        entries = await self.core.store.read(
            lambda view: view.entries(f"accounts/{self.account}", after=0, limit=1_000)
        )
        return [decode_payload(each.payload) for each in entries if each.kind in kinds]

    async def states(self) -> list[str]:
        """Return how confirmations were settled, as the journal tells."""
        return [each.state.value for each in await self.said("ConfirmationSettled")]


@pytest.fixture
async def desk(core: Served, channel: grpc.aio.Channel, account: str) -> AsyncIterator[Desk]:
    """Open the desk: two clients of one core."""
    token = await made(channel, "permissions=read,adjust_margin", "propose_only=true")
    owner, bot = client(core, Secret(TOKEN)), client(core, Secret(token))
    yield Desk(core, account, owner, bot, token)
    await owner.close()
    await bot.close()
