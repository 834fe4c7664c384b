"""Questions over relays, against a real core: contacts are answered once, nobody else at all."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from axisor.tokens import parse
from axisor_bot.nostr.answering import FRESH
from axisor_bot.texts import CATALOGUES
from tests.clients.bot.nostr.salon import ANN, BOT, EVE, Salon, npub_of, salon
from tests.server.rpc.serving import Served
from tests.support.nostr import FakeRelay
from tests.support.nostr_crypto import public_of
from tests.support.nostr_letters import message, wrapped
from tests.support.processes import until

MINUTE = timedelta(minutes=1)


async def test_a_contact_is_answered_on_every_relay(at: Salon):
    answer = await at.ask("/status")

    assert answer.startswith("[SIM] guard OFF")
    assert at.core.long[:8] in answer
    await at.ask("/id")
    assert at.answers(relay=1)[:1] == [answer]


async def test_every_question_of_a_viewer_is_answered(at: Salon):
    for line in ("/positions", "/guard", "/whatif -5%", "/orders", "/autos", "/approve", "/help"):
        assert (await at.ask(line)).startswith("[SIM] "), line
    assert await at.ask("/id") == f"{npub_of(ANN)} · viewer"
    assert (await at.ask("/version")).startswith("[SIM] axisor ")


@pytest.mark.parametrize("line", ["/close 7f3a", "/margin 7f3a 5000sat", "/halt all", "/pause"])
async def test_nothing_is_changed(at: Salon, line: str):
    before = at.core.margin

    answer = await at.ask(line)

    assert answer == "[SIM] " + CATALOGUES["en-US"]["nostr.reads"]
    assert at.core.margin == before


async def test_there_is_nothing_to_mute(at: Salon):
    assert await at.ask("/mute 30m") == CATALOGUES["en-US"]["nostr.mute"]


async def test_language_and_privacy_are_each_ones_own_and_kept(at: Salon):
    assert await at.ask("/lang pt") == CATALOGUES["pt-BR"]["spoken"]
    assert await at.ask("/private on") == CATALOGUES["pt-BR"]["private.on"]
    await at.noted(2)
    await at.stop()
    await at.start()

    assert "•••" in await at.ask("/status")
    assert await at.ask("/halt") == "[SIM] " + CATALOGUES["pt-BR"]["nostr.reads"]


async def test_what_is_not_understood_is_said_with_how_it_is_written(at: Salon):
    assert "sign" in await at.ask("/whatif 5%")
    assert "is no command" in await at.ask("/nothing")
    assert "No id here begins" in await at.ask("/p 0000")


async def test_a_stranger_gets_no_answer_and_is_noted(at: Salon, caplog: pytest.LogCaptureFixture):
    await at.relays[0].give(at.letter("/status", EVE))
    await at.ask("/id")

    assert at.answers(EVE) == []
    assert any(f"unknown {npub_of(EVE)}" in line for line in caplog.messages)
    assert npub_of(EVE) not in at.files()


async def test_who_was_forgotten_gets_no_answer(at: Salon):
    await at.ask("/id")
    at.home.forget(npub_of(ANN))
    await at.relays[0].give(at.letter("/id"))
    await at.allow(EVE)
    await at.ask("/id", EVE)

    assert len(at.answers()) == 1


@pytest.mark.parametrize("ago", [FRESH + MINUTE, -FRESH - MINUTE], ids=["old", "ahead"])
async def test_what_is_too_old_or_ahead_gets_no_answer(
    at: Salon, ago: timedelta, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    await at.relays[0].give(at.letter("/status", ago=ago))

    assert "viewer" in await at.ask("/id")

    assert len(at.answers()) == 1
    assert any("too old or too new" in line for line in caplog.messages)


async def test_a_message_of_both_relays_is_answered_once(at: Salon):
    letter = at.letter("/version")
    for relay in at.relays:
        await relay.give(letter)
    await at.answered(1)

    await at.ask("/id")

    assert len(at.answers()) == 2


async def test_a_message_in_another_wrapping_or_after_a_restart_is_answered_once(at: Salon):
    rumor = message(public_of(ANN), public_of(BOT), "/version", int(at.now().timestamp()))
    for once in (101, 102):
        await at.relays[0].give(wrapped(ANN, public_of(BOT), rumor, once=once))
    await at.answered(1)
    await at.noted(1)
    await at.stop()
    await at.start()

    await at.ask("/id")

    assert len(at.answers()) == 2
    at.ahead = FRESH * 3
    await at.ask("/id")
    await until(lambda: len(at.home.handled()) == 1, "what is too old is kept no longer")


async def test_what_is_no_message_to_the_bot_is_passed_over(at: Salon):
    forged = message(public_of(ANN), public_of(BOT), "/status", int(at.now().timestamp()))
    reaction = message(public_of(ANN), public_of(BOT), "+", int(at.now().timestamp()), kind=7)
    tampered = at.letter("/status")
    for event in (
        wrapped(EVE, public_of(BOT), forged),
        wrapped(ANN, public_of(BOT), reaction),
        {**tampered, "content": tampered["content"][:-8] + "AAAAAAA="},
        {**at.letter("/status"), "sig": "00" * 64},
        {"id": "x", "kind": 1059, "tags": [["p", public_of(BOT)]], "created_at": 2**40},
        at.letter("hello, how are you?"),
    ):
        await at.relays[0].give(event)

    assert "viewer" in await at.ask("/id")

    assert len(at.answers()) == 1


async def test_an_event_with_the_id_of_another_does_not_silence_it(at: Salon):
    letter = at.letter("/version")
    await at.relays[1].give({**letter, "content": "nothing"})
    await at.ask("/id")

    await at.relays[0].give(letter)

    await at.answered(2)


async def test_a_relay_that_takes_no_answer_does_not_keep_it_from_the_other(at: Salon):
    at.relays[1].refuses = ["blocked: no"]

    assert "viewer" in await at.ask("/id")

    assert at.answers(relay=1) == []


async def test_an_answer_is_tried_again_where_no_relay_takes_it(
    at: Salon, caplog: pytest.LogCaptureFixture
):
    for relay in at.relays:
        relay.refuses = ["rate-limited: slow down"] * 2

    assert "viewer" in await at.ask("/id")
    assert at.slept == [1, 2]

    for relay in at.relays:
        relay.refuses = ["error: full"] * 5
    await at.relays[0].give(at.letter("/version"))
    assert "viewer" in await at.ask("/id")
    assert len(at.answers()) == 2
    assert any("no relay takes an answer" in line for line in caplog.messages)


async def test_a_token_that_counts_no_longer_is_said(at: Salon):
    await at.ask("/status")
    [contact] = at.home.contacts()
    await at.owner.tokens.revoke(parse(contact.token).id)

    assert "✗" in await at.ask("/status")


async def test_relays_that_ask_who_calls_are_shown(core: Served, account: str, tmp_path: Path):
    relays = FakeRelay(challenge="one"), FakeRelay(challenge="two", late=True)
    async with salon(core, account, tmp_path, *relays) as at:
        await at.allow()
        await at.start()

        answer = await at.ask("/status")
        await at.ask("/id")

    assert at.answers(relay=1)[:1] == [answer]


async def test_a_line_that_broke_is_opened_again(at: Salon):
    await at.ask("/id")
    for relay in at.relays:
        calls = relay.calls
        await relay.hang_up()
        await relay.called(calls + 1)
        await relay.followed()

    assert (await at.ask("/status")).startswith("[SIM]")


async def test_what_was_asked_while_the_bot_was_away_is_answered(at: Salon):
    await at.stop()
    await at.relays[0].give(at.letter("/version"))

    await at.start()

    await at.answered(1)


async def test_the_folder_is_private_and_no_repr_shows_a_secret(at: Salon):
    await at.ask("/id")

    assert at.home.folder.stat().st_mode & 0o077 == 0
    paths = [path for path in at.home.folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o077 for path in paths} == {0}
    [contact] = at.home.contacts()
    assert contact.token not in repr(contact)
    assert json.loads(at.files())
