"""Calls that are prepared by one and confirmed by one: shown first, made once, or not at all."""

from __future__ import annotations

import grpc.aio
import pytest
from tests.server.rpc.proposing import SATS, Desk
from tests.server.rpc.test_people import client, enter, join
from tests.server.rpc.test_tokens import made

from axisor.errors import (
    AccountNotFound,
    ConfirmationNotFound,
    ConfirmationRequired,
    ConfirmationSettled,
    ConfirmationStale,
    FieldInvalid,
    PermissionDenied,
    PositionNotFound,
    ProofInvalid,
    RequestIdReused,
)
from axisor.events import HaltLevel
from axisor.ports import Secret
from axisor.states import ConfirmationState
from axisor.tokens import parse
from axisor.v1 import margin_pb2
from axisor_server.domain.confirmations import Waits
from axisor_server.services.principals import owner
from axisor_server.services.requests import Request

REQUEST = "0d9f3c7e-0000-4000-8000-0000000004{:02d}"


async def test_what_is_prepared_shows_what_it_would_do_and_does_nothing(desk: Desk):
    before = desk.core.margin

    prepared = await desk.owner.confirmations.prepare(desk.account, desk.adding())

    shown = prepared.confirmation
    assert shown.state is ConfirmationState.PENDING
    assert shown.summary == (
        f"Add margin: name accounts/{desk.account}/positions/{desk.core.long}, amount_sats 1,000"
    )
    assert shown.preview is not None
    assert shown.preview.before is not None
    assert shown.preview.after is not None
    assert shown.preview.after.margin == shown.preview.before.margin + SATS
    assert (shown.preparer, shown.danger) == ("owner", "money")
    assert desk.core.margin == before


async def test_its_preparer_commits_it_and_it_happens_once(desk: Desk):
    before = desk.core.margin
    prepared = await desk.owner.confirmations.prepare(desk.account, desk.adding())
    assert prepared.token is not None

    first = await desk.owner.confirmations.commit(
        desk.account, prepared.confirmation.id, prepared.token
    )
    again = await desk.owner.confirmations.commit(
        desk.account, prepared.confirmation.id, prepared.token
    )

    assert isinstance(first.answer, margin_pb2.AddMarginResponse)
    assert first.confirmation.state is again.confirmation.state is ConfirmationState.COMMITTED
    assert first.answer.outcome.intent == again.answer.outcome.intent  # type: ignore[attr-defined]
    assert desk.core.margin == before + SATS
    assert await desk.states() == ["committed"]


async def test_a_bot_that_may_only_propose_makes_no_change_itself(desk: Desk):
    before = desk.core.margin

    with pytest.raises(ConfirmationRequired):
        await desk.adding()(desk.bot)
    with pytest.raises(ConfirmationRequired):
        await desk.bot.margin.add_margin(
            desk.account, desk.core.long, SATS, request_id=REQUEST.format(1)
        )

    assert desk.core.margin == before


async def test_a_bot_that_may_only_propose_sees_what_a_call_would_do(desk: Desk):
    shown = await desk.bot.margin.add_margin(desk.account, desk.core.long, SATS, validate_only=True)

    assert shown.preview.after is not None


async def test_what_a_bot_proposes_its_owner_approves_once(desk: Desk):
    before = desk.core.margin
    prepared = await desk.bot.confirmations.prepare(desk.account, desk.adding())
    id = prepared.confirmation.id
    assert prepared.token is None
    assert prepared.confirmation.commit_until is None

    done = await desk.owner.confirmations.approve(desk.account, id)
    await desk.owner.confirmations.approve(desk.account, id)

    assert done.confirmation.settler == "owner"
    assert done.confirmation.preparer == f"tokens/{parse(desk.bot_token).id}"
    assert desk.core.margin == before + SATS
    commands = await desk.said("CommandReceived")
    assert [(each.principal, each.request_id) for each in commands] == [
        ("owner", done.confirmation.request_id)
    ]


async def test_what_was_refused_is_never_carried_out(desk: Desk):
    before = desk.core.margin
    id = (await desk.bot.confirmations.prepare(desk.account, desk.adding())).confirmation.id

    refused = await desk.owner.confirmations.refuse(desk.account, id, reason="too much")
    with pytest.raises(ConfirmationSettled) as caught:
        await desk.owner.confirmations.approve(desk.account, id)

    assert (refused.state, refused.reason) == (ConfirmationState.REFUSED, "too much")
    assert caught.value.metadata["state"] == "refused"
    assert desk.core.margin == before
    assert await desk.states() == ["refused"]


async def test_whoever_proposed_it_takes_it_back(desk: Desk):
    id = (await desk.bot.confirmations.prepare(desk.account, desk.adding())).confirmation.id

    taken = await desk.bot.confirmations.refuse(desk.account, id)
    with pytest.raises(ConfirmationSettled):
        await desk.owner.confirmations.approve(desk.account, id)

    assert taken.state is ConfirmationState.CANCELED


async def test_nobody_approves_what_they_prepared(desk: Desk):
    id = (await desk.bot.confirmations.prepare(desk.account, desk.adding())).confirmation.id
    own = (await desk.owner.confirmations.prepare(desk.account, desk.adding())).confirmation.id

    with pytest.raises(ConfirmationRequired):
        await desk.bot.confirmations.approve(desk.account, id)
    with pytest.raises(PermissionDenied):
        await desk.owner.confirmations.approve(desk.account, own)
    with pytest.raises(ConfirmationRequired):
        await desk.bot.confirmations.refuse(desk.account, own)


async def test_nobody_commits_what_another_prepared(desk: Desk):
    prepared = await desk.owner.confirmations.prepare(desk.account, desk.adding())
    assert prepared.token is not None
    bot = await desk.bot.confirmations.prepare(desk.account, desk.adding())

    with pytest.raises(PermissionDenied):
        await desk.owner.confirmations.commit(desk.account, bot.confirmation.id, prepared.token)
    other = await desk.owner.confirmations.prepare(desk.account, desk.adding())
    with pytest.raises(ProofInvalid):
        await desk.owner.confirmations.commit(desk.account, other.confirmation.id, prepared.token)


async def test_an_approver_needs_the_right_that_the_call_takes(
    desk: Desk, channel: grpc.aio.Channel
):
    id = (await desk.bot.confirmations.prepare(desk.account, desk.adding())).confirmation.id
    reader = client(desk.core, Secret(await made(channel, "read_only=true", number=1)))

    with pytest.raises(PermissionDenied):
        await reader.confirmations.approve(desk.account, id)
    with pytest.raises(PermissionDenied):
        await reader.confirmations.refuse(desk.account, id)

    assert (await reader.confirmations.get(desk.account, id)).state is ConfirmationState.PENDING
    await reader.close()


async def test_a_token_for_other_methods_approves_nothing_else(
    desk: Desk, channel: grpc.aio.Channel
):
    id = (await desk.bot.confirmations.prepare(desk.account, desk.adding())).confirmation.id
    only = "methods=axisor.v1.ConfirmationService/ApproveConfirmation"
    narrow = client(desk.core, Secret(await made(channel, only, number=1)))

    with pytest.raises(PermissionDenied):
        await narrow.confirmations.approve(desk.account, id)

    await narrow.close()


async def test_a_bot_without_the_right_proposes_nothing(desk: Desk):
    with pytest.raises(PermissionDenied):
        await desk.bot.confirmations.prepare(
            desk.account, lambda calls: calls.accounts.halt(desk.account, HaltLevel.ALL)
        )


async def test_what_would_be_refused_is_not_prepared(desk: Desk):
    with pytest.raises(PositionNotFound):
        await desk.bot.confirmations.prepare(
            desk.account, lambda calls: calls.margin.add_margin(desk.account, "gone", SATS)
        )

    assert (await desk.owner.confirmations.list(desk.account)).items == ()


async def test_a_call_of_another_account_is_not_prepared_here(desk: Desk):
    with pytest.raises(FieldInvalid):
        await desk.owner.confirmations.prepare(
            desk.account, lambda calls: calls.margin.add_margin("other", desk.core.long, SATS)
        )
    with pytest.raises(AccountNotFound):
        await desk.owner.confirmations.prepare(
            "other", lambda calls: calls.margin.add_margin("other", desk.core.long, SATS)
        )


async def test_what_cannot_be_shown_beforehand_is_not_prepared(desk: Desk):
    with pytest.raises(FieldInvalid):
        await desk.owner.confirmations.prepare(desk.account, lambda calls: calls.system.shutdown())
    with pytest.raises(FieldInvalid):
        await desk.owner.confirmations.prepare(
            desk.account, lambda calls: calls.margin.list_positions(desk.account)
        )


async def test_what_was_shown_must_still_hold(desk: Desk):
    before = desk.core.margin
    id = (await desk.bot.confirmations.prepare(desk.account, desk.adding())).confirmation.id
    await desk.adding(50_000)(desk.owner)

    with pytest.raises(ConfirmationStale) as caught:
        await desk.owner.confirmations.approve(desk.account, id)

    assert caught.value.metadata["cause"] == "before.margin_sats"
    assert desk.core.margin == before + 50_000
    assert (await desk.owner.confirmations.get(desk.account, id)).state is ConfirmationState.PENDING


async def test_a_revoked_token_proposes_nothing_any_more(desk: Desk):
    before = desk.core.margin
    id = (await desk.bot.confirmations.prepare(desk.account, desk.adding())).confirmation.id
    await desk.owner.tokens.revoke(parse(desk.bot_token).id)

    with pytest.raises(ConfirmationStale) as caught:
        await desk.owner.confirmations.approve(desk.account, id)

    assert caught.value.metadata["cause"] == "preparer"
    assert desk.core.margin == before


async def test_a_person_with_a_role_on_the_core_alone_proposes_as_long_as_they_hold_it(desk: Desk):
    await join(desk.core, "ada@example.org")
    ada = client(desk.core, (await enter(desk.core, "ada@example.org")).access)
    first = await ada.confirmations.prepare(desk.account, desk.adding())
    second = await ada.confirmations.prepare(desk.account, desk.adding())
    before = desk.core.margin

    await desk.owner.confirmations.approve(desk.account, first.confirmation.id)
    await ada.auth.logout()
    with pytest.raises(ConfirmationStale) as caught:
        await desk.owner.confirmations.approve(desk.account, second.confirmation.id)

    assert caught.value.metadata["cause"] == "preparer"
    assert desk.core.margin == before + SATS
    await ada.close()


async def test_nobody_confirms_what_is_over(desk: Desk):
    before = desk.core.margin
    desk.core.house.confirming.waits = Waits(commit_us=0, approve_us=0)
    own = await desk.owner.confirmations.prepare(desk.account, desk.adding())
    bots = await desk.bot.confirmations.prepare(desk.account, desk.adding())
    assert own.token is not None

    with pytest.raises(ConfirmationSettled):
        await desk.owner.confirmations.commit(desk.account, own.confirmation.id, own.token)
    with pytest.raises(ConfirmationSettled):
        await desk.owner.confirmations.approve(desk.account, bots.confirmation.id)

    listed = await desk.owner.confirmations.list(desk.account)
    assert [each.state for each in listed.items] == [ConfirmationState.EXPIRED] * 2
    assert desk.core.margin == before


async def test_a_preparer_who_is_late_leaves_it_to_others(desk: Desk):
    desk.core.house.confirming.waits = Waits(commit_us=0)
    own = await desk.owner.confirmations.prepare(desk.account, desk.adding())
    assert own.token is not None

    with pytest.raises(ConfirmationSettled):
        await desk.owner.confirmations.commit(desk.account, own.confirmation.id, own.token)

    shown = await desk.owner.confirmations.get(desk.account, own.confirmation.id)
    assert shown.state is ConfirmationState.PENDING


async def test_the_journal_tells_that_time_was_up_once(desk: Desk):
    desk.core.house.confirming.waits = Waits(commit_us=0, approve_us=0)
    await desk.bot.confirmations.prepare(desk.account, desk.adding())

    first = await desk.core.house.confirming.expire()
    second = await desk.core.house.confirming.expire()

    assert (first, second) == (1, 0)
    assert await desk.states() == ["expired"]
    assert [each.principal for each in await desk.said("ConfirmationSettled")] == [""]


async def test_a_word_that_was_cut_short_is_finished_by_its_repeat(desk: Desk):
    """As if the core had died between the word and the call: the word is given, and no more."""
    before = desk.core.margin
    id = (await desk.bot.confirmations.prepare(desk.account, desk.adding())).confirmation.id
    confirming = desk.core.house.confirming
    word = Request(
        method="axisor.v1.ConfirmationService/ApproveConfirmation",
        request_id=REQUEST.format(5),
        digest=b"the word",
        principal="owner",
        caller=owner(),
    )
    found = await confirming.get(desk.account, id)
    await confirming.settle(found, ConfirmationState.COMMITTED, word)
    assert desk.core.margin == before

    for number in (6, 6, 7):
        await desk.owner.confirmations.approve(desk.account, id, request_id=REQUEST.format(number))

    assert desk.core.margin == before + SATS
    assert await desk.states() == ["committed"]


async def test_a_request_that_is_repeated_prepares_one(desk: Desk):
    own = desk.owner.confirmations
    first = await own.prepare(desk.account, desk.adding(), request_id=REQUEST.format(1))
    again = await own.prepare(desk.account, desk.adding(), request_id=REQUEST.format(1))

    with pytest.raises(RequestIdReused):
        await own.prepare(desk.account, desk.adding(SATS + 1), request_id=REQUEST.format(1))

    assert first.confirmation == again.confirmation
    assert first.token is not None
    assert again.token is not None
    assert first.token.reveal() == again.token.reveal()
    assert len((await own.list(desk.account)).items) == 1


async def test_an_id_that_another_method_used_prepares_nothing(desk: Desk):
    used = await desk.owner.system.halt(HaltLevel.RISK, request_id=REQUEST.format(2))
    await desk.owner.margin.add_margin(
        desk.account, desk.core.long, SATS, request_id=REQUEST.format(3)
    )

    for id in (REQUEST.format(2), REQUEST.format(3)):
        with pytest.raises(RequestIdReused):
            await desk.owner.confirmations.prepare(desk.account, desk.adding(), request_id=id)

    assert used is not None
    assert (await desk.owner.confirmations.list(desk.account)).items == ()


async def test_a_run_can_be_proposed_too(desk: Desk, channel: grpc.aio.Channel):
    run = await desk.owner.strategies.create_run(desk.account, "nap")
    rights = "permissions=read,guard"
    bot = client(desk.core, Secret(await made(channel, rights, "propose_only=true", number=1)))

    prepared = await bot.confirmations.prepare(
        desk.account, lambda calls: calls.strategies.start_run(desk.account, run.run.id)
    )
    await desk.owner.confirmations.approve(desk.account, prepared.confirmation.id)

    found = await desk.owner.strategies.get_run(desk.account, run.run.id)
    assert found.state.value == "running"
    assert prepared.confirmation.preview is None
    await bot.close()


async def test_one_that_is_not_there_is_not_found(desk: Desk):
    with pytest.raises(ConfirmationNotFound):
        await desk.owner.confirmations.get(desk.account, "none")


async def test_those_that_wait_are_listed_newest_first(desk: Desk):
    own = desk.owner.confirmations
    first = (await own.prepare(desk.account, desk.adding())).confirmation
    second = (await own.prepare(desk.account, desk.adding())).confirmation
    await own.refuse(desk.account, first.id)

    waiting = await own.list(desk.account, states=[ConfirmationState.PENDING])
    everything = await own.list(desk.account)

    assert [each.id for each in waiting.items] == [second.id]
    assert [each.id for each in everything.items] == [second.id, first.id]


async def test_a_watch_tells_of_each(desk: Desk):
    head = await desk.core.head(f"accounts/{desk.account}")
    id = (await desk.bot.confirmations.prepare(desk.account, desk.adding())).confirmation.id
    await desk.owner.confirmations.refuse(desk.account, id)
    watch = desk.owner.confirmations.watch(desk.account, after=head)

    seen = [type((await anext(watch)).payload).__name__ for _ in range(2)]  # type: ignore[union-attr]

    await watch.aclose()
    assert seen == ["ConfirmationPrepared", "ConfirmationSettled"]
