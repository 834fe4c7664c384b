"""Pairing, questions, and changes that are shown first and made once, against a real core."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from axisor.client import Client
from axisor.events import HaltLevel
from axisor_bot.people import OPERATOR, VIEWER
from axisor_server.domain.confirmations import Waits
from tests.clients.bot.botfather import ANN, BEN, CHATS, EVE, TOKEN
from tests.clients.bot.parlour import CODE, Parlour

SATS = 5_000


async def margin(at: Parlour, id: str = "") -> dict[str, Any]:
    """Have the card shown that adds margin to the long."""
    return await at.ask(f"/margin {(id or at.core.long)[:8]} {SATS}sat")


async def test_whoever_says_the_code_is_paired_and_answered(at: Parlour):
    person = await at.pair()

    answer = await at.ask("/status")

    assert (person.user, person.chat, person.role) == (ANN, CHATS[ANN], OPERATOR)
    assert answer["chat_id"] == CHATS[ANN]
    assert answer["text"].startswith("[SIM] guard OFF")
    assert at.core.long[:8] in answer["text"]
    assert at.home.folder.stat().st_mode & 0o077 == 0
    assert {p.stat().st_mode & 0o077 for p in at.home.folder.rglob("*.json")} == {0}


@pytest.mark.parametrize("said", ["/start 000000", "/start", "/status", "hello", "/start 48291x"])
async def test_a_stranger_gets_no_answer_and_is_noted(
    at: Parlour, said: str, caplog: pytest.LogCaptureFixture
):
    await at.offer()

    await at.telegram.handled(await at.telegram.say(EVE, said))

    assert at.telegram.sent == []
    assert at.home.people() == []
    assert any(str(EVE) in line or "no code" in line for line in caplog.messages)


async def test_a_code_that_was_guessed_at_too_often_is_gone(at: Parlour):
    await at.offer()
    for guess in range(5):
        await at.telegram.say(EVE, f"/start {guess:06d}")

    await at.telegram.handled(await at.telegram.say(ANN, f"/start {CODE}"))

    assert at.home.people() == []


async def test_a_code_counts_once_and_for_five_minutes(at: Parlour):
    await at.pair()
    await at.telegram.handled(await at.telegram.say(BEN, f"/start {CODE}"))
    await at.offer()
    at.ahead = timedelta(minutes=5)

    await at.telegram.handled(await at.telegram.say(BEN, f"/start {CODE}"))

    assert [each.user for each in at.home.people()] == [ANN]


async def test_margin_is_shown_first_and_added_once_however_often_it_is_tapped(at: Parlour):
    await at.pair()
    before = at.core.margin
    card = await margin(at)
    assert "margin" in card["text"]
    assert "Confirm within" in card["text"]
    assert at.core.margin == before

    await at.telegram.tap(ANN, card)
    await at.telegram.tap(ANN, card)
    await at.telegram.until(lambda: len(at.telegram.toasts) == 2)

    assert "answered already" in at.telegram.toasts[-1]["text"]
    assert at.core.margin == before + SATS
    [edit] = at.telegram.edits
    assert edit["message_id"] == card["message_id"]
    assert "confirmed by the venue" in edit["text"]
    commands = await at.journal("CommandReceived")
    assert [each.principal.partition("/")[0] for each in commands] == ["tokens"]


async def test_an_update_that_comes_twice_asks_once(at: Parlour):
    await at.pair()
    card = await margin(at)
    update = await at.telegram.tap(ANN, card)
    await at.telegram.until(lambda: at.telegram.edits)
    await at.telegram.handled(update)
    before = at.core.margin
    await at.stop()

    at.home.keep_offset(0)  # as if nothing had been acknowledged
    at.telegram.offsets.clear()
    sent = len(at.telegram.sent)
    await at.start()
    await at.telegram.handled(update)

    assert at.core.margin == before
    again = [each for each in at.telegram.sent[sent:] if "Confirm within" in each["text"]]
    assert len(again) == 1  # the card is shown again, for the same confirmation
    assert len(await at.journal("ConfirmationPrepared")) == 1
    assert len(await at.journal("CommandReceived")) == 1


async def test_a_card_is_confirmed_after_a_restart(at: Parlour):
    await at.pair()
    before = at.core.margin
    card = await margin(at)
    await at.stop()
    await at.telegram.tap(ANN, card)

    await at.start()
    await at.telegram.until(lambda: at.telegram.edits)

    assert at.core.margin == before + SATS


async def test_a_bot_that_dies_after_the_core_acted_does_not_act_again(at: Parlour):
    await at.pair()
    before = at.core.margin
    card = await margin(at)
    at.telegram.cut("editMessageText")

    await at.tapped(card)

    assert at.core.margin == before + SATS
    assert at.telegram.calls.count("editMessageText") == 2
    assert len(await at.journal("CommandReceived")) == 1


async def test_nothing_is_sent_when_the_time_of_a_card_is_over(at: Parlour):
    await at.pair()
    before = at.core.margin
    card = await margin(at)
    at.ahead = timedelta(seconds=31)

    toast = await at.tapped(card)

    assert "time is over" in toast
    assert at.core.margin == before


async def test_the_core_holds_to_the_time_of_a_card_too(at: Parlour):
    await at.pair()
    before = at.core.margin
    at.core.house.confirming.waits = Waits(commit_us=1)
    at.ahead = -timedelta(seconds=60)  # a bot whose clock is late shows the card all the same
    card = await margin(at)

    await at.tapped(card)

    assert at.core.margin == before
    assert "✗" in at.telegram.edits[-1]["text"]


async def test_a_card_is_taken_back(at: Parlour):
    await at.pair()
    before = at.core.margin
    card = await margin(at)

    assert "Not done" in await at.tapped(card, 1)

    assert at.core.margin == before
    assert [each.state.value for each in await at.journal("ConfirmationSettled")] == ["canceled"]


async def test_a_card_is_only_for_whom_it_was_shown(at: Parlour):
    ann = await at.pair()
    card = await margin(at)
    before = at.core.margin
    ben = await at.pair(BEN)
    at.home.keep_person(ben)
    shared = {**card, "chat_id": ben.chat}

    assert "somebody else" in await at.tapped(shared, user=BEN)

    assert at.core.margin == before
    assert ann.token != ben.token


async def test_a_viewer_reads_and_is_refused_every_change_by_the_core(at: Parlour):
    await at.pair(role=VIEWER)
    before = at.core.margin

    refused = await margin(at)
    helped = await at.ask("/help")

    assert "✗" in refused["text"]
    assert refused["reply_markup"]["inline_keyboard"] == []
    assert at.core.margin == before
    assert "/margin" not in helped["text"]
    assert at.core.long[:8] in (await at.ask("/p"))["text"]


@pytest.mark.parametrize(
    ("line", "word", "level"),
    [("/halt all", "HALT ALL", HaltLevel.ALL), ("/halt flatten", "FLATTEN", HaltLevel.FLATTEN)],
)
async def test_a_halt_of_everything_takes_a_typed_word(
    at: Parlour, line: str, word: str, level: HaltLevel
):
    await at.pair()
    card = await at.ask(line)
    [buttons] = card["reply_markup"]["inline_keyboard"]
    assert [each["text"] for each in buttons] == ["Cancel"]
    assert word in card["text"]

    assert word in (await at.ask("yes"))["text"]
    assert (await at.owner.accounts.get(at.account)).halt is HaltLevel.NONE
    await at.telegram.say(ANN, word)

    assert "Halt the account" in (await at.telegram.saying("✓ done"))["text"]
    assert "HALTED by tokens/" in (await at.telegram.saying("CRIT"))["text"]
    assert (await at.owner.accounts.get(at.account)).halt is level


async def test_a_halt_of_risk_takes_a_tap_and_is_ended_by_another(at: Parlour):
    await at.pair()
    await at.tapped(await at.ask("/halt"))
    halted = (await at.owner.accounts.get(at.account)).halt

    sent = [each for each in at.telegram.sent if "End the halt" in each["text"]]
    assert sent == []
    await at.telegram.say(ANN, "/halt off")
    await at.tapped(await at.telegram.saying("End the halt"))

    assert halted is HaltLevel.RISK
    assert (await at.owner.accounts.get(at.account)).halt is HaltLevel.NONE


async def test_closing_everything_takes_the_count_as_its_word(at: Parlour):
    await at.pair()
    card = await at.ask("/closeall")
    assert "CLOSE 1" in card["text"]

    await at.telegram.say(ANN, "CLOSE 1")
    done = await at.telegram.saying("confirmed by the venue")

    assert "Close all 1" in done["text"]
    assert at.core.sim.state().position(at.core.long) is None


async def test_what_another_proposes_is_approved_by_a_tap(at: Parlour):
    await at.pair()
    before = at.core.margin
    bot = await _agent(at)
    await bot.confirmations.prepare(
        at.account, lambda calls: calls.margin.add_margin(at.account, at.core.long, SATS)
    )

    pushed = await at.telegram.saying("wants: Add margin")
    await at.tapped(pushed)

    assert at.core.margin == before + SATS
    assert "confirmed by the venue" in at.telegram.edits[-1]["text"]
    assert "Nothing waits" in (await at.ask("/approve"))["text"]
    await bot.close()


async def test_what_another_proposes_is_refused_by_a_tap(at: Parlour):
    await at.pair()
    before = at.core.margin
    bot = await _agent(at)
    await bot.confirmations.prepare(
        at.account, lambda calls: calls.margin.add_margin(at.account, at.core.long, SATS)
    )
    pushed = await at.telegram.saying("wants: Add margin")

    await at.tapped(pushed, 1)

    assert at.core.margin == before
    assert "Refused" in at.telegram.edits[-1]["text"]
    await bot.close()


async def test_in_a_group_a_viewer_approves_nothing_and_takes_no_button_away(at: Parlour):
    group = -500
    await at.offer()
    await at.telegram.say(ANN, f"/start {CODE}", chat=group)
    await at.telegram.next(1)
    await at.offer(VIEWER)
    await at.telegram.say(BEN, f"/start {CODE}", chat=group)
    await at.telegram.next(2)
    before = at.core.margin
    bot = await _agent(at)
    await bot.confirmations.prepare(
        at.account, lambda calls: calls.margin.add_margin(at.account, at.core.long, SATS)
    )

    def buttons() -> list[dict[str, Any]]:
        return [each for each in at.telegram.sent if each["reply_markup"]["inline_keyboard"]]

    await at.telegram.say(ANN, "/approve", chat=group)
    await at.telegram.until(buttons)
    assert "✗" in await at.tapped(buttons()[0], user=BEN)
    assert (at.core.margin, at.telegram.edits) == (before, [])

    await at.tapped(buttons()[0], user=ANN)
    assert at.core.margin == before + SATS
    await bot.close()


async def test_who_is_paired_again_holds_the_new_role(at: Parlour):
    await at.pair(role=VIEWER)
    assert "✗" in (await margin(at))["text"]

    await at.pair(role=OPERATOR)

    assert "Confirm within" in (await margin(at))["text"]


async def _agent(at: Parlour) -> Client:
    from tests.server.rpc.test_people import client

    return client(at.core, await at.token(OPERATOR, "propose_only=true"))


async def test_a_malformed_command_is_answered_with_its_form(at: Parlour):
    await at.pair()

    answer = await at.ask(f"/margin {at.core.long[:8]} 60000")

    assert "sats need their unit" in answer["text"]
    assert "/margin ID AMOUNT" in answer["text"]


async def test_in_private_no_amount_is_told(at: Parlour):
    await at.pair(private=True)

    lines = ("/p", f"/p {at.core.long[:8]}", "/status", "/guard", "/whatif -5%", "/daily")
    for line in lines:
        answer = await at.ask(line)
        text = answer["text"]
        assert str(at.core.margin) not in str(answer["reply_markup"])
        assert "sat" not in text.replace("••• sat", ""), text
        assert str(at.core.margin) not in text.replace(",", "")
    card = await margin(at)
    assert f"{SATS:,}" not in card["text"]
    assert "%" in card["text"]


async def test_the_language_is_the_persons_and_can_be_changed(at: Parlour):
    await at.offer()
    await at.telegram.say(ANN, f"/start {CODE}", language_code="pt-br", username="a\x1b[2Jnn")
    assert "pareado como operador" in (await at.telegram.next(1))["text"]

    assert [each.name for each in at.home.people()] == ["a[2Jnn"]

    await at.ask("/lang en")

    assert "guard OFF" in (await at.ask("/s"))["text"]


@pytest.mark.parametrize(
    "line", ["/orders", "/autos", "/daily", "/guard", "/why 1", "/version", "/id", "/help"]
)
async def test_every_question_is_answered(at: Parlour, line: str):
    await at.pair()

    answer = await at.ask(line)

    assert answer["text"]
    assert "✗" not in answer["text"]


async def test_no_secret_is_logged(at: Parlour, caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG", logger="axisor_bot")
    person = await at.pair()
    at.telegram.cut("getUpdates")

    card = await margin(at)
    await at.tapped(card)

    assert TOKEN not in caplog.text
    assert person.token not in caplog.text + repr(person)
