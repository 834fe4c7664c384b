"""What waits for quiet hours, what is repeated, and what comes every day."""

from __future__ import annotations

import json

import pytest
from tests.support.records import account
from tests.support.tellers import HALT, URL, House

from axisor.events import NoticeGiven
from axisor.model import Severity
from axisor.notices import NoticeLevel
from axisor_server.adapters.memory.clock import START
from axisor_server.adapters.memory.store import MemoryStore
from axisor_server.domain.journal import to_us
from axisor_server.domain.telling.records import (
    Escalation,
    Mute,
    Quiet,
)


@pytest.fixture
async def memory() -> House:
    store = MemoryStore(lambda: to_us(START))
    await store.open()
    made = House(store)
    await made.teller.follower.round()
    return made


async def test_quiet_hours_hold_back_what_is_not_loud(memory: House):
    await memory.channel()
    await memory.rules(quiet=Quiet(23 * 60, 60), language="pt-BR")
    await memory.write(HALT, NoticeGiven(severity=Severity.WARN, code="W", text="a warning"))

    await memory.turn()
    assert memory.texts() == ["CRIT [SIM] Novos riscos foram bloqueados por ada"]
    await memory.clock.advance(3_600)
    await memory.turn()

    assert memory.texts()[1] == "WARN [SIM] a warning"


async def test_what_is_muted_is_an_alert_and_no_message(memory: House):
    await memory.channel()
    now_us = to_us(memory.clock.now())
    await memory.rules(mutes=(Mute(account="a", from_us=now_us, until_us=now_us + 60_000_000),))

    await memory.write(HALT)
    await memory.turn()

    assert await memory.deliveries() == []
    assert [alert.over for alert in await memory.alerts()] == [False]


async def test_what_nobody_has_seen_is_repeated_to_the_channel_that_is_named(memory: House):
    await memory.channel("c1")
    await memory.channel("c2", min_level=NoticeLevel.LOST)
    await memory.rules(escalation=Escalation(after_minutes=5, times=2, channels=("c2",)))
    await memory.write(HALT)

    for _ in range(5):
        await memory.turn()
        await memory.clock.advance(300)

    urls = [each.url.removeprefix(URL) for each in memory.way.posted]
    assert urls == ["-c1?wait=true", "-c2?wait=true", "-c2?wait=true"]
    assert "axisor alert ack" in json.loads(memory.way.posted[1].body)["content"]


async def test_the_daily_all_clear_comes_once_and_counts(memory: House):
    await memory.channel()
    await memory.rules(daily=0)
    await memory.store.write(lambda tx: tx.put_account(account(), revision=None))

    for _ in range(3):
        await memory.turn()

    (text,) = memory.texts()
    assert text.startswith("OK ")
    assert text.endswith("Daily all-clear - protected 0/0")
