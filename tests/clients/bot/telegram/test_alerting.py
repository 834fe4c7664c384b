"""Alerts are pushed as things happen, and none is lost where the bot ends in between."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio
import pytest

from axisor.events import HaltLevel, RunState
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor_bot.people import VIEWER
from axisor_margin_guard import MarginGuard
from axisor_server.adapters import tls
from tests.clients.bot.botfather import ANN, buttons_of
from tests.clients.bot.parlour import Parlour, parlour
from tests.server.rpc.serving import Served, account, bearer, creation, serving

__all__ = ["account"]

RULE = {"trigger": "5", "target": "8", "budget_position": 500_000}


@pytest.fixture
async def core(certificate: tls.Certificate) -> AsyncIterator[Served]:
    """Serve a core with the guard."""
    async with serving(certificate, strategies=(MarginGuard,)) as served:
        yield served


async def guarded(at: Parlour) -> str:
    """Arm a guard; returns its run."""
    made = await at.owner.strategies.create_run(
        at.account, "margin-guard", config=json.dumps(RULE), label="guard"
    )
    await at.owner.strategies.start_run(at.account, made.run.id)
    return made.run.id


async def test_what_the_guard_did_is_told_with_its_figures(at: Parlour):
    await at.pair()
    await guarded(at)

    at.core.sim.move("58000")
    told = await at.telegram.saying("margin-guard added")

    first, second, *_ = told["text"].splitlines()
    assert first.startswith("[SIM] ACTED  margin-guard added")
    assert first.endswith(f"sat to {at.core.long[:8]}")
    assert second.startswith("distance 2.6")
    assert "→ 8" in second
    await at.telegram.say(ANN, "/status")
    assert "ARMED" in (await at.telegram.saying("protected 1/1"))["text"]


async def test_the_guard_is_paused_and_goes_on_by_buttons(at: Parlour):
    await at.pair()
    run = await guarded(at)
    at.core.sim.move("58000")
    acted = await at.telegram.saying("margin-guard added")

    await at.tapped(acted, 1)
    await at.tapped(await at.telegram.saying("Pause the guard"))
    off = await at.telegram.saying("The guard is off")
    paused = (await at.owner.strategies.get_run(at.account, run)).state
    await at.tapped(off, 1)
    await at.tapped(await at.telegram.saying("Let margin-guard go on"))

    assert [each["text"] for each in buttons_of(acted)] == ["Why", "Pause"]
    assert paused is RunState.PAUSED
    assert (await at.owner.strategies.get_run(at.account, run)).state is RunState.RUNNING
    assert [each["text"] for each in buttons_of(await at.ask("/guard"))] == ["Pause"]


async def test_a_viewer_is_told_and_may_ask_why(at: Parlour):
    await at.pair(role=VIEWER)
    await guarded(at)

    at.core.sim.move("58000")
    acted = await at.telegram.saying("margin-guard added")

    assert [each["text"] for each in buttons_of(acted)] == ["Why"]
    await at.tapped(acted)
    assert "margin" in (await at.telegram.saying("rule"))["text"]


async def test_the_guard_acts_without_any_bot(at: Parlour):
    await at.pair()
    await guarded(at)
    before = at.core.margin
    await at.stop()

    at.core.sim.move("58000")
    await at.start()

    await at.telegram.saying("margin-guard added")
    assert at.core.margin > before
    settled = await at.journal("IntentSettled")
    assert [each.state.value for each in settled] == ["confirmed"]


async def test_a_liquidation_is_told(at: Parlour):
    await at.pair(role=VIEWER)

    at.core.sim.move("50000")
    told = await at.telegram.saying("LIQUIDATED")

    assert told["text"].startswith("[SIM] LOST")


async def test_what_happened_while_the_bot_was_away_is_told_once(at: Parlour):
    person = await at.pair()
    await at.owner.accounts.halt(at.account, HaltLevel.RISK, reason="first")
    await at.told(person)
    await at.stop()
    for turn in range(3):
        await at.owner.accounts.resume(at.account)
        await at.owner.accounts.halt(at.account, HaltLevel.RISK, reason=f"away {turn}")

    await at.start()
    await at.told(person)
    await at.stop()
    await at.start()
    await at.owner.accounts.resume(at.account, reason="over")
    await at.telegram.until(
        lambda: sum("was ended" in each["text"] for each in at.telegram.sent) == 4
    )

    halts = [each["text"] for each in at.telegram.sent if "Halted by" in each["text"]]
    assert [each.splitlines()[0].rpartition(". ")[2] for each in halts] == [
        "first",
        "away 0",
        "away 1",
        "away 2",
    ]


async def test_an_alert_that_did_not_get_out_before_the_end_is_told_after_it(at: Parlour):
    await at.pair()
    at.telegram.cut("sendMessage")
    at.telegram.fail("sendMessage", 429, "Too Many Requests: retry after 3", retry_after=3)
    calls = len(at.telegram.calls)

    await at.owner.accounts.halt(at.account, HaltLevel.RISK, reason="unheard")
    await at.telegram.saying("unheard")

    assert at.telegram.calls[calls:].count("sendMessage") == 3
    assert 3 in at.slept
    assert sum("unheard" in each["text"] for each in at.telegram.sent) == 1


async def test_a_bot_that_dies_between_the_event_and_the_message_tells_it_later(at: Parlour):
    person = await at.pair()
    await at.owner.accounts.halt(at.account, HaltLevel.RISK, reason="before")
    await at.told(person)
    told = at.home.cursor(person.key)
    assert told is not None
    await at.stop()
    await at.owner.accounts.halt(at.account, HaltLevel.ALL, reason="after")

    assert at.home.cursor(person.key) == told
    await at.start()

    assert (await at.telegram.saying("after"))["chat_id"] == person.chat


async def test_a_chat_that_refuses_the_bot_keeps_nothing_from_the_others(at: Parlour):
    await at.pair()
    at.telegram.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")

    await at.owner.accounts.halt(at.account, HaltLevel.RISK, reason="blocked")
    await at.owner.accounts.resume(at.account, reason="next")

    await at.telegram.saying("was ended")
    assert not any("blocked" in each["text"] for each in at.telegram.sent)


async def test_who_lost_the_token_is_told_nothing_more(at: Parlour):
    person = await at.pair()
    page = await at.owner.tokens.list()

    await at.owner.tokens.revoke(page.items[0].id)

    assert "Pair it again" in (await at.telegram.saying("CRIT"))["text"]
    await at.owner.accounts.halt(at.account, HaltLevel.RISK, reason="secret")
    assert "✗" in (await at.ask("/status"))["text"]
    assert not any("secret" in each["text"] for each in at.telegram.sent)
    assert person.user == ANN


async def test_two_accounts_never_meet(
    core: Served, account: str, channel: grpc.aio.Channel, tmp_path: Path
):
    other = await AccountServiceStub(channel).CreateAccount(
        creation(label="second", request_id="0d9f3c7e-0000-4000-8000-0000000000aa"),
        metadata=bearer(),
    )
    async with parlour(core, account, tmp_path) as at:
        await at.start()
        await at.pair()

        await at.owner.accounts.halt(other.account.name, HaltLevel.RISK, reason="not yours")
        await at.owner.accounts.halt(at.account, HaltLevel.RISK, reason="yours")

        await at.telegram.saying("yours")
        assert not any("not yours" in each["text"] for each in at.telegram.sent)
