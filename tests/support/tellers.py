"""A store with what tells people at work on it, step by step."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from msgspec.structs import replace

from axisor.events import HaltChanged, HaltLevel, Payload
from axisor.model import Mode
from axisor.notices import NoticeLevel, Way
from axisor.testing.way import MemoryWay
from axisor_channels import Discord
from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.adapters.memory.vault import MemoryVault
from axisor_server.domain.journal import extend
from axisor_server.domain.telling.records import (
    ALERT,
    DELIVERY,
    Alert,
    Channel,
    Delivery,
    Rules,
    channel_document,
    read,
    rules_document,
)
from axisor_server.ports import Store, Transaction
from axisor_server.services.notifying import Pace
from axisor_server.services.telling.sending import PURPOSE
from axisor_server.services.telling.teller import Teller

URL = "https://discord.example.org/api/webhooks/1/canary"
HALT = HaltChanged(level=HaltLevel.RISK, principal="ada")
RESUMED = HaltChanged(level=HaltLevel.NONE, principal="ada")


class Once(Discord):
    """A service to which a repeat does harm: each message rings a bell."""

    name = "bell"
    duplicates_harmless = False


class House:
    """A store with a teller at work, step by step."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = VirtualClock()
        self.vault = MemoryVault()
        self.way = MemoryWay()
        self.teller = self.another("one")

    def another(self, owner: str, way: Way | None = None) -> Teller:
        """Return a teller of another process on the same store."""
        return Teller(
            store=self.store,
            clock=self.clock,
            vault=self.vault,
            notifiers={"discord": Discord(), "bell": Once()},
            way=way or self.way,
            owner=owner,
            pace=Pace(),
            chance=lambda: 0.0,
        )

    async def channel(self, id: str = "c1", *, owner: str = "", **more: Any) -> None:
        """Make a channel."""
        usual: dict[str, Any] = {"notifier": "discord", "label": id, "min_level": NoticeLevel.OK}
        made = Channel(
            id=id,
            tenant="local",
            owner=owner,
            values={},
            secrets=("url",),
            sealed=b"",
            made_us=1,
            changed_us=1,
            **(usual | more),
        )
        plain = json.dumps({"url": f"{URL}-{id}"}).encode()
        made = replace(made, sealed=self.vault.seal(plain, purpose=PURPOSE, bound=made.bound))
        await self.store.write(lambda tx: tx.put_document(channel_document(made), revision=None))

    async def rules(self, **more: Any) -> None:
        """Set how the owner is told."""
        document = rules_document(Rules(owner="", tenant="local", revision=1, **more))
        await self.store.write(lambda tx: tx.put_document(document, revision=None))

    async def write(self, *payloads: Payload, stream: str = "accounts/a") -> None:
        """Journal events, one after the other."""

        def unit(tx: Transaction, payload: Payload) -> None:
            head, now = tx.head(stream), self.clock.now()
            new = extend(head, stream=stream, mode=Mode.SIM, time=now, payloads=[payload])
            tx.append(head, new, epoch=None)

        for payload in payloads:
            await self.store.write(partial(unit, payload=payload))

    async def turn(self, teller: Teller | None = None) -> None:
        """Let a teller read, repeat and send once."""
        teller = teller or self.teller
        await teller.follower.round()
        await teller.keeper.round()
        await teller.sender.round()
        await teller.sender.settle()

    async def deliveries(self) -> list[Delivery]:
        """Return the messages, oldest first."""
        found = await self.store.read(lambda view: view.documents(DELIVERY))
        all = [read(document, Delivery) for document in found]
        return sorted(all, key=lambda each: (each.made_us, each.id))

    async def alerts(self) -> list[Alert]:
        """Return the alerts."""
        found = await self.store.read(lambda view: view.documents(ALERT))
        return [read(document, Alert) for document in found]

    def texts(self) -> list[str]:
        """Return the first lines of what was sent."""
        found = [json.loads(each.body)["content"] for each in self.way.posted]
        return [text.splitlines()[0] for text in found]
