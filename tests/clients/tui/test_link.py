"""The link to a core over real gRPC: what arrives, what is lost, and what comes back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import grpc
import pytest

from axisor.client import Client
from axisor.errors import AccountNotFound, PermissionDenied
from axisor.testing.stub import stub_server
from axisor.v1 import (
    accounts_pb2,
    confirmations_pb2,
    events_pb2,
    guard_pb2,
    market_pb2,
    notifications_pb2,
    resources_pb2,
    types_pb2,
)
from axisor_tui.app import Console
from axisor_tui.desk import Desk
from axisor_tui.link import NEW_ACCOUNT_S, Link, feed
from axisor_tui.model.messages import (
    AlertSeen,
    AlertsLost,
    AlertsSeen,
    GuardSeen,
    Linked,
    LinkLost,
    Message,
    NoAccountYet,
    PriceSeen,
    Remembered,
    Snapped,
    Waiting,
)
from tests.clients.tui.support import play

EVENTS = "/axisor.v1.EventService/WatchEvents"
TICKS = "/axisor.v1.MarketService/WatchTicks"
PLAN = "/axisor.v1.GuardService/GetPlan"
FLOOR = "/axisor.v1.GuardService/GetFloor"
COVERAGE = "/axisor.v1.GuardService/ListCoverage"
HISTORY = "/axisor.v1.EventService/ListEvents"
ALERTS = "/axisor.v1.NotificationService/WatchAlerts"
LISTED = "/axisor.v1.NotificationService/ListAlerts"
RULES = "/axisor.v1.NotificationService/GetNotificationRules"
PENDING = "/axisor.v1.ConfirmationService/ListConfirmations"
ACCOUNTS = "/axisor.v1.AccountService/ListAccounts"


def account(id: str = "acc", label: str = "main") -> resources_pb2.Account:
    return resources_pb2.Account(
        name=f"accounts/{id}",
        label=label,
        venue="venues/lnmarkets",
        network="sim",
        mode=types_pb2.MODE_SIM,
    )


async def whole(request: Any, context: Any) -> Any:
    yield events_pb2.WatchEventsResponse(snapshot=events_pb2.Snapshot(account=account()))
    await asyncio.Event().wait()


async def quiet(request: Any, context: Any) -> Any:
    await asyncio.Event().wait()
    yield market_pb2.WatchTicksResponse()


async def no_alerts(request: Any, context: Any) -> Any:
    await asyncio.Event().wait()
    yield notifications_pb2.WatchAlertsResponse()


async def listed(request: Any, context: Any) -> Any:
    return notifications_pb2.ListAlertsResponse()


async def rules(request: Any, context: Any) -> Any:
    return notifications_pb2.GetNotificationRulesResponse()


NO_ALERTS = {ALERTS: no_alerts, LISTED: listed, RULES: rules}


async def quiet_events(request: Any, context: Any) -> Any:
    await asyncio.Event().wait()
    yield events_pb2.WatchEventsResponse()


async def history(request: Any, context: Any) -> Any:
    return events_pb2.ListEventsResponse()


async def pending(request: Any, context: Any) -> Any:
    return confirmations_pb2.ListConfirmationsResponse()


def forecast() -> dict[str, Any]:
    async def plan(request: Any, context: Any) -> Any:
        return guard_pb2.GetPlanResponse()

    async def floor(request: Any, context: Any) -> Any:
        return guard_pb2.GetFloorResponse()

    async def coverage(request: Any, context: Any) -> Any:
        return guard_pb2.ListCoverageResponse()

    return {PLAN: plan, FLOOR: floor, COVERAGE: coverage}


async def fed(answers: dict[str, Any], enough: Any, *, seconds: float = 20) -> list[Message]:
    """Feed from a core with these answers until there is enough; return what came."""
    came: list[Message] = []
    done = asyncio.Event()

    def emit(message: Message) -> None:
        came.append(message)
        if enough(came):
            done.set()

    async with (
        stub_server(NO_ALERTS | answers) as address,
        Client.connect(address, plaintext=True, sleep=no_wait) as client,
    ):
        task = asyncio.create_task(feed(Desk(client, "acc"), emit, clock=lambda: 7))
        async with asyncio.timeout(seconds):
            await done.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return came


async def no_wait(_: float) -> None:
    return None


def kinds(came: list[Message]) -> list[type]:
    return [type(each) for each in came]


async def test_the_state_and_the_forecast_arrive():
    came = await fed(
        {EVENTS: whole, TICKS: quiet, **forecast()}, lambda came: GuardSeen in kinds(came)
    )

    assert [each for each in kinds(came) if each is not AlertsSeen][:2] == [Linked, Snapped]


async def test_the_past_and_what_waits_for_a_word_are_asked_for():
    answers = {EVENTS: whole, TICKS: quiet, HISTORY: history, PENDING: pending, **forecast()}

    came = await fed(answers, lambda came: {Remembered, Waiting} <= set(kinds(came)))

    (past,) = [each for each in came if isinstance(each, Remembered)]
    assert not past.more


async def test_without_a_forecast_the_state_arrives_all_the_same():
    came = await fed({EVENTS: whole, TICKS: quiet}, lambda came: Snapped in kinds(came))

    assert GuardSeen not in kinds(came)


async def test_a_core_that_breaks_off_is_heard_again():
    calls = 0

    async def breaking(request: Any, context: Any) -> Any:
        nonlocal calls
        calls += 1
        yield events_pb2.WatchEventsResponse(snapshot=events_pb2.Snapshot(account=account()))
        if calls > 1:
            await asyncio.Event().wait()

    came = await fed(
        {EVENTS: breaking, TICKS: quiet},
        lambda came: LinkLost in kinds(came) and kinds(came)[-1] in (Linked, Snapped),
    )

    assert kinds(came).index(LinkLost) > kinds(came).index(Snapped)
    assert PriceSeen not in kinds(came)


def near() -> notifications_pb2.Alert:
    return notifications_pb2.Alert(
        name="accounts/acc/alerts/a1",
        level=notifications_pb2.NOTICE_LEVEL_CRIT,
        kind="near",
        mode=types_pb2.MODE_SIM,
        open=True,
    )


async def test_alerts_are_listed_followed_and_listed_again_after_a_cut():
    asked: list[str] = []

    async def followed(request: Any, context: Any) -> Any:
        asked.append("watch")
        if len(asked) == 1:
            yield notifications_pb2.WatchAlertsResponse(alert=near())
            await context.abort(grpc.StatusCode.UNAVAILABLE, "cut")
        yield notifications_pb2.WatchAlertsResponse(heartbeat=types_pb2.Heartbeat())
        await asyncio.Event().wait()

    async def all_of_them(request: Any, context: Any) -> Any:
        return notifications_pb2.ListAlertsResponse(alerts=[near()])

    async def mine(request: Any, context: Any) -> Any:
        mutes = [
            notifications_pb2.Mute(account=f"accounts/{id}", kind="key") for id in ("acc", "b")
        ]
        told = notifications_pb2.NotificationRules(mutes=mutes)
        return notifications_pb2.GetNotificationRulesResponse(rules=told)

    answers = {EVENTS: whole, TICKS: quiet, ALERTS: followed, LISTED: all_of_them, RULES: mine}
    came = await fed(
        answers,
        lambda came: (
            AlertsLost in kinds(came) and AlertsSeen in kinds(came)[kinds(came).index(AlertsLost) :]
        ),
    )

    seen = {(each.alert.id, each.alert.kind) for each in came if isinstance(each, AlertSeen)}
    assert seen == {("a1", "near")}
    last = next(each for each in reversed(came) if isinstance(each, AlertsSeen))
    assert [each.id for each in last.alerts] == ["a1"]
    assert [each.account for each in last.mutes] == ["acc"]


async def test_an_alert_that_comes_while_the_list_is_made_is_not_lost():
    told = asyncio.Event()

    async def followed(request: Any, context: Any) -> Any:
        yield notifications_pb2.WatchAlertsResponse(alert=near())
        await asyncio.Event().wait()

    async def late(request: Any, context: Any) -> Any:
        await told.wait()
        return notifications_pb2.ListAlertsResponse()

    def enough(came: list[Message]) -> bool:
        if AlertSeen in kinds(came):
            told.set()
        return AlertsSeen in kinds(came) and kinds(came)[-1] is AlertSeen

    answers = {EVENTS: quiet_events, TICKS: quiet, ALERTS: followed, LISTED: late}
    came = await fed(answers, enough)

    state = play(*came)
    assert [each.id for each in state.unseen] == ["a1"]


async def test_where_alerts_are_refused_the_rest_goes_on():
    async def refused(request: Any, context: Any) -> Any:
        if context is not None:
            raise PermissionDenied("No alerts for this token.")
        yield

    answers = {EVENTS: whole, TICKS: quiet, ALERTS: refused, **forecast()}
    came = await fed(answers, lambda came: {AlertsLost, GuardSeen} <= set(kinds(came)))

    problems = {each.problem for each in came if isinstance(each, AlertsLost)}
    assert "No alerts for this token." in problems


async def test_what_the_core_refuses_for_good_ends_the_console():
    async def refused(request: Any, context: Any) -> Any:
        if context is not None:
            raise PermissionDenied("This token may not read.")
        yield

    answers = {EVENTS: refused, TICKS: quiet, **listing(account())}
    async with stub_server(answers) as address:
        link = Link(lambda: Client.connect(address, plaintext=True), None, clock=lambda: 0)
        app = Console(link)
        async with app.run_test():
            async with asyncio.timeout(60):
                while app.failure is None:
                    await asyncio.sleep(0)

    assert isinstance(app.failure, PermissionDenied)
    assert app.return_code == 1


def listing(*accounts: resources_pb2.Account) -> dict[str, Any]:
    async def answer(request: Any, context: Any) -> Any:
        return accounts_pb2.ListAccountsResponse(accounts=accounts)

    return {ACCOUNTS: answer}


async def test_the_first_account_of_a_core_is_waited_for():
    there: list[resources_pb2.Account] = []
    waits: list[float] = []
    came: list[Message] = []

    async def answer(request: Any, context: Any) -> Any:
        return accounts_pb2.ListAccountsResponse(accounts=there)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            there.append(account())

    answers = {EVENTS: whole, TICKS: quiet, ACCOUNTS: answer, **NO_ALERTS, **forecast()}
    snapped = asyncio.Event()

    def emit(message: Message) -> None:
        came.append(message)
        if isinstance(message, Snapped):
            snapped.set()

    async with stub_server(answers) as address:
        link = Link(
            lambda: Client.connect(address, plaintext=True), None, clock=lambda: 0, sleep=sleep
        )
        task = asyncio.create_task(link.run(emit))
        async with asyncio.timeout(20):
            await snapped.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    assert came[:2] == [NoAccountYet(address), NoAccountYet(address)]
    assert waits == [NEW_ACCOUNT_S, NEW_ACCOUNT_S]


async def test_an_account_that_a_core_with_accounts_lacks_is_not_waited_for():
    async with stub_server(listing(account())) as address:
        link = Link(lambda: Client.connect(address, plaintext=True), "other", clock=lambda: 0)
        with pytest.raises(AccountNotFound, match="other"):
            await link.run(lambda message: None)


@pytest.mark.parametrize(
    ("wanted", "id"),
    [("aaa1", "aaa1"), ("main", "aaa1"), ("spare", "aaa2"), ("sp", "aaa2"), ("aaa2", "aaa2")],
)
async def test_an_account_is_chosen_by_what_people_call_it(wanted, id):
    both = listing(account("aaa1", "main"), account("aaa2", "spare"))
    async with stub_server(both) as address, Client.connect(address, plaintext=True) as client:
        assert (await client.accounts.choose(wanted)).id == id


@pytest.mark.parametrize("wanted", [None, "aaa", "nobody", ""])
async def test_no_account_is_guessed(wanted):
    both = listing(account("aaa1", "main"), account("aaa2", "spare"))
    async with stub_server(both) as address, Client.connect(address, plaintext=True) as client:
        with pytest.raises(AccountNotFound, match=r"main \(aaa1\), spare \(aaa2\)"):
            await client.accounts.choose(wanted)


async def test_the_only_account_needs_no_name():
    one = listing(account("aaa1", "main"))
    async with stub_server(one) as address, Client.connect(address, plaintext=True) as client:
        assert (await client.accounts.choose(None)).id == "aaa1"
