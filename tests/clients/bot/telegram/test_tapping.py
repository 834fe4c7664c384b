"""Buttons that say a command, alerts that are seen and muted, and runs by their names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from axisor.events import HaltLevel, RunState
from axisor_bot.people import OPERATOR, VIEWER
from tests.clients.bot.botfather import ANN, BEN, CHATS, buttons_of
from tests.clients.bot.parlour import CODE, Parlour
from tests.server.rpc import noticing_operations as noticing
from tests.server.rpc.scenes import Scene
from tests.server.rpc.test_people import client

GROUP = -500


def texts(message: dict[str, Any]) -> list[str]:
    """Return what the buttons of a message say."""
    return [each["text"] for each in buttons_of(message)]


async def alerted(at: Parlour) -> str:
    """Let the core have something to tell; return the alert's id."""
    scene = Scene(at.core, at.account)
    try:
        return await noticing.alert(scene)
    finally:
        await scene.close()


async def seen(at: Parlour) -> list[bool]:
    """Return which alerts were seen, by whoever holds the owner token."""
    return [each.acknowledged for each in (await at.owner.notices.list_alerts(at.account)).items]


async def proposed(at: Parlour, heard_by: int = 1) -> None:
    """Have something proposed, and wait until so many were told; what came before is told by then.

    Each person's journal is told in order.
    """
    token = await at.token(OPERATOR, "propose_only=true")
    async with client(at.core, token) as agent:
        await agent.confirmations.prepare(
            at.account, lambda calls: calls.margin.add_margin(at.account, at.core.long, 5_000)
        )
    await at.telegram.until(
        lambda: sum("wants: Add margin" in each["text"] for each in at.telegram.sent) >= heard_by
    )


async def test_a_button_of_a_position_shows_a_card_and_adds_once(at: Parlour):
    await at.pair()
    before = at.core.margin
    shown = await at.ask(f"/p {at.core.long[:8]}")
    assert texts(shown) == ["Add 10 %", "Add 25 %", "Close", "What if -5%"]

    card = await at.press(shown, "Add 25 %")
    assert f"Add {before * 25 // 100:,} sat" in card["text"]
    assert at.core.margin == before
    await at.tapped(card)

    assert at.core.margin == before + before * 25 // 100
    assert len(await at.journal("CommandReceived")) == 1


async def test_a_tap_that_comes_twice_prepares_once(at: Parlour):
    await at.pair()
    shown = await at.ask(f"/p {at.core.long[:8]}")
    await at.press(shown, "Close")
    update = at.telegram.updates[-1]["update_id"]
    await at.telegram.handled(update)
    await at.stop()

    at.home.keep_offset(update - 1)  # as if the tap had not been acknowledged
    at.telegram.offsets.clear()
    await at.start()
    await at.telegram.handled(update)

    assert len(await at.journal("ConfirmationPrepared")) == 1


async def test_positions_lead_to_each_and_its_last_event_is_explained(at: Parlour):
    await at.pair()
    await at.tapped(await at.ask(f"/margin {at.core.long[:8]} 5000sat"))

    listed = await at.ask("/positions")
    shown = await at.press(listed, at.core.long[:8])
    explained = await at.press(shown, "Why")

    assert "entry" in shown["text"]
    assert "add" in explained["text"].lower()
    assert "5,000" in explained["text"]


async def test_a_viewer_is_offered_what_reads_and_taps_in_a_group_with_their_own_token(
    at: Parlour,
):
    for user, role in ((ANN, "operator"), (BEN, VIEWER)):
        await at.offer(role)
        sent = len(at.telegram.sent)
        await at.telegram.say(user, f"/start {CODE}", chat=GROUP)
        await at.telegram.next(sent + 1)
    before = at.core.margin
    sent = len(at.telegram.sent)
    for user in (ANN, BEN):
        await at.telegram.say(user, f"/p {at.core.long[:8]}", chat=GROUP)
    await at.telegram.next(sent + 2)
    of_ann, of_ben = at.telegram.sent[sent : sent + 2]
    assert texts(of_ben) == ["What if -5%"]

    refused = await at.press(of_ann, "Close", user=BEN)
    asked = await at.press(of_ben, "What if -5%", user=BEN)

    assert "✗" in refused["text"]
    assert buttons_of(refused) == []
    assert "without guard" in asked["text"]
    assert at.core.margin == before


async def test_a_stranger_who_taps_gets_nothing(at: Parlour):
    await at.pair()
    shown = await at.ask("/positions")
    sent = len(at.telegram.sent)

    assert await at.tapped(shown, user=BEN) == ""

    assert len(at.telegram.sent) == sent


async def test_what_the_core_tells_is_listed_and_said_to_be_seen_by_a_tap(at: Parlour):
    await at.pair()
    assert "Nothing had to be told" in (await at.ask("/alerts"))["text"]
    id = await alerted(at)

    listed = await at.ask("/alerts")
    assert "CRIT" in listed["text"]
    assert "OPEN" in listed["text"]
    said = await at.press(listed, f"Seen {id[:8]}")

    assert "Seen: 1" in said["text"]
    assert await seen(at) == [True]
    again = await at.ask("/alerts")
    assert "seen" in again["text"]
    assert buttons_of(again) == []
    assert "Seen: 0" in (await at.ask("/ack"))["text"]


async def test_all_that_is_open_or_one_is_said_to_be_seen(at: Parlour):
    await at.pair()
    id = await alerted(at)
    assert "✗" in (await at.ask("/ack ffff"))["text"]
    assert await seen(at) == [False]

    assert "Seen: 1" in (await at.ask("/ack"))["text"]
    assert "Seen: 1" in (await at.ask(f"/ack {id[:4]}"))["text"]

    assert await seen(at) == [True]


async def test_a_viewer_stops_no_repeats_of_whoever_made_the_token(at: Parlour):
    await at.pair(role=VIEWER)
    await alerted(at)

    listed = await at.ask("/alerts")
    refused = await at.ask("/ack")

    assert "CRIT" in listed["text"]
    assert buttons_of(listed) == []
    assert "✗" in refused["text"]
    assert await seen(at) == [False]


async def test_what_is_muted_is_not_told_later_and_the_rest_is(at: Parlour):
    person = await at.pair(role=VIEWER)

    assert "No alerts of the kind halt" in (await at.ask("/mute 2h halt"))["text"]
    await at.telegram.handled(at.telegram.updates[-1]["update_id"])
    await at.stop()
    await at.owner.accounts.halt(at.account, HaltLevel.RISK, reason="unheard")
    await at.start()
    await proposed(at)
    assert "Alerts come here again" in (await at.ask("/mute off"))["text"]
    await at.owner.accounts.resume(at.account, reason="heard")

    await at.telegram.saying("was ended")
    assert not any("unheard" in each["text"] for each in at.telegram.sent)
    found = at.home.person(person.key)
    assert found is not None
    assert found.mutes == ()


async def test_what_is_critical_comes_through_after_half_an_hour(at: Parlour):
    await at.pair()
    await at.ask("/mute 1d halt")
    await at.owner.accounts.halt(at.account, HaltLevel.ALL, reason="too soon")
    await at.owner.accounts.resume(at.account)  # nothing is proposed to an account that is halted
    await proposed(at)

    at.ahead = timedelta(minutes=31)
    await at.owner.accounts.halt(at.account, HaltLevel.RISK, reason="not critical")
    await at.owner.accounts.halt(at.account, HaltLevel.ALL, reason="late enough")

    await at.telegram.saying("late enough")
    said = "".join(each["text"] for each in at.telegram.sent)
    assert "too soon" not in said
    assert "not critical" not in said
    assert "was ended" not in said


async def test_a_mute_is_of_one_person_and_of_nobody_else(at: Parlour):
    await at.pair()
    await at.pair(BEN)
    await at.ask("/mute 30m halt", user=BEN)

    await at.owner.accounts.halt(at.account, HaltLevel.RISK, reason="for ann")
    await proposed(at, heard_by=2)

    told = [each["chat_id"] for each in at.telegram.sent if "for ann" in each["text"]]
    assert told == [CHATS[ANN]]
    assert (await at.owner.notices.rules()).mutes == ()


async def test_a_halt_is_ended_from_its_alert(at: Parlour):
    await at.pair()
    await at.owner.accounts.halt(at.account, HaltLevel.ALL, reason="look")

    await at.tapped(await at.telegram.saying("HALTED"), 1)
    await at.tapped(await at.telegram.saying("End the halt?"))

    assert (await at.owner.accounts.get(at.account)).halt is HaltLevel.NONE


async def _nap(at: Parlour, label: str) -> str:
    made = await at.owner.strategies.create_run(at.account, "nap", config="{}", label=label)
    await at.owner.strategies.start_run(at.account, made.run.id)
    return made.run.id


async def test_a_run_is_paused_and_goes_on_by_its_name(at: Parlour):
    await at.pair()
    run = await _nap(at, "Siesta")

    await at.tapped(await at.ask("/auto siesta off"))
    paused = (await at.owner.strategies.get_run(at.account, run)).state
    await at.tapped(await at.ask("/auto nap on"))

    assert paused is RunState.PAUSED
    assert (await at.owner.strategies.get_run(at.account, run)).state is RunState.RUNNING


async def test_of_two_runs_of_one_name_none_is_guessed(at: Parlour):
    await at.pair()
    first, second = await _nap(at, "one"), await _nap(at, "two")

    refused = await at.ask("/auto nap off")

    assert "2 runs are called `nap`" in refused["text"]
    assert first[:13] in refused["text"]
    assert "Pause nap" in (await at.ask(f"/auto {second} off"))["text"]


@pytest.mark.parametrize(
    "line",
    [
        *("/status", "/positions", "/guard", "/whatif -5%", "/orders", "/autos", "/daily"),
        *("/why 1", "/alerts", "/approve", "/help", "/id", "/version", "/mute 5m"),
    ],
)
async def test_a_viewers_token_is_for_every_question(at: Parlour, line: str):
    await at.pair(role=VIEWER)

    answer = await at.ask(line)

    assert answer["text"]
    assert "✗" not in answer["text"]


async def test_a_viewers_token_may_ask_for_fundings_where_the_venue_has_them(at: Parlour):
    await at.pair(role=VIEWER)

    assert "Fundings of the market are not offered" in (await at.ask("/funding"))["text"]
