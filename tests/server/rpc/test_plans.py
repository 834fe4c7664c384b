"""Plans through the wire: what bounds a person, whatever they call with, and what never does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import grpc
import grpc.aio
import pytest
from tests.server.rpc.serving import TOKEN, Nap, NapConfig, Served, bearer, serving
from tests.server.rpc.test_people import client, enter, join
from tests.server.rpc.test_sharing import Person

from axisor.client import Client
from axisor.errors import PermissionDenied, PlanLimit, PlanNotFound, StepUpRequired
from axisor.events import HaltLevel, RunState
from axisor.model import Permission, PlatformRole, Role, Side
from axisor.strategy import Memory, Strategy
from axisor.v1 import events_pb2
from axisor.v1.events_pb2_grpc import EventServiceStub
from axisor.wire.status import from_call, retry_after
from axisor_server.adapters import tls
from axisor_server.adapters.limiters import LocalLimiter
from axisor_server.adapters.memory import VirtualClock
from axisor_server.domain.plans import Catalogue, Plan
from axisor_server.domain.rates import a_minute
from axisor_server.limits import rates_of
from axisor_server.rpc.rules import Method, methods, services
from axisor_server.services.limiting import Limits
from axisor_server.settings import Settings

FREE = Plan(name="free", calls=a_minute(80), streams=1, accounts=1, runs=1, trade=False)
CATALOGUE = Catalogue(plans={"free": FREE, "more": Plan(name="more", accounts=2)})

LIMIT = PlanLimit.reason


class Rush(Strategy[NapConfig, Memory]):
    """Trades, and protects nothing."""

    name = "rush"
    permissions = Permission.TRADE


class Shop(Person):
    """Ben, who is on the plan `free`, at a core of which Ada is the owner."""

    def __init__(self, core: Served, name: str, calls: Client, ada: Client, token: str) -> None:
        super().__init__(name, calls)
        self.core, self.ada, self.token = core, ada, token

    async def until_refused(self) -> tuple[int, PlanLimit]:
        """Return how many readings are let through, and how the next is refused."""
        for turn in range(100):
            try:
                await self.calls.users.me()
            except PlanLimit as error:
                return turn, error
        raise AssertionError("nothing was refused")


@asynccontextmanager
async def shop(certificate: tls.Certificate) -> AsyncIterator[Shop]:
    """Serve a core with plans, in a time that stands still."""
    limits = Limits(LocalLimiter(VirtualClock()), rates_of(Settings()))
    async with serving(certificate, calls=limits, plans=CATALOGUE, strategies=(Nap, Rush)) as core:
        await join(core)
        await join(core, "ben@example.org")
        ada, ben = await enter(core), await enter(core, "ben@example.org")
        async with client(core, ada.access) as admin, client(core, ben.access) as calls:
            after = await admin.users.change_plan(ben.person, "free")
            assert after.plan == "free"
            yield Shop(core, ben.person, calls, admin, ben.access.reveal())


async def test_calls_are_counted_together_whatever_a_person_calls_with(
    certificate: tls.Certificate,
):
    async with shop(certificate) as ben:
        _, bot_token = await ben.calls.tokens.create("bot", ["read_only=true"])
        async with client(ben.core, bot_token) as bot:
            await bot.accounts.list()

            let_in, refused = await ben.until_refused()

            assert let_in == 80 // 4 - 2
            assert refused.metadata["limit"] == "calls"
            assert (refused.metadata["plan"], refused.metadata["most"]) == ("free", "80")
            wait = retry_after(refused)
            assert wait is not None
            assert wait.total_seconds() == 0.75
            with pytest.raises(PlanLimit):
                await bot.accounts.list()
        await ben.ada.users.me()  # nobody else is kept waiting


async def test_what_lowers_a_risk_is_not_refused_for_a_plan_that_is_used_up(
    certificate: tls.Certificate,
):
    async with shop(certificate) as ben:
        account = await ben.add("mine")
        await ben.until_refused()

        await ben.calls.margin.add_margin(account, ben.core.long, 500)
        await ben.calls.margin.close_position(account, ben.core.long)
        halted = await ben.calls.accounts.halt(account, HaltLevel.RISK)
        await ben.calls.orders.cancel_all(account)

        assert halted.account.halt is HaltLevel.RISK
        with pytest.raises(PlanLimit):
            await ben.calls.users.me()


async def test_a_person_has_so_many_streams_open_by_whichever_token(certificate: tls.Certificate):
    async with shop(certificate) as ben, ben.core.channel() as channel:
        account = await ben.add("mine")
        bot = (await ben.calls.tokens.create("bot", ["read_only=true"]))[1].reveal()
        watch = EventServiceStub(channel).WatchEvents
        asked = events_pb2.WatchEventsRequest(parent=f"accounts/{account}")
        first = watch(asked, metadata=bearer(ben.token))
        await first.read()

        second = watch(asked, metadata=bearer(bot))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await second.read()

        error = from_call(refused.value)
        assert isinstance(error, PlanLimit)
        assert error.metadata["limit"] == "streams"
        first.cancel()
        async with asyncio.timeout(60):
            while ben.core.house.hub.watchers:
                await asyncio.sleep(0)
        await watch(asked, metadata=bearer(bot)).read()


async def test_a_person_adds_so_many_accounts_and_is_given_no_more(certificate: tls.Certificate):
    async with shop(certificate) as ben:
        first = await ben.add("first")
        with pytest.raises(PlanLimit) as refused:
            await ben.add("second")
        assert refused.value.metadata["limit"] == "accounts"
        assert "Guards that run go on" in str(refused.value)
        async with client(ben.core, TOKEN) as owner:
            theirs = await Person("owner", owner).add("theirs")
            with pytest.raises(PlanLimit):
                await owner.access.grant(theirs, ben.id, Role.OWNER)
            await owner.access.grant(theirs, ben.id, Role.OPERATOR)
            await owner.access.grant(first, ben.id, Role.OWNER)  # it is theirs already

        await ben.ada.users.change_plan(ben.id, "more")
        await ben.add("second")

        assert await ben.labels() == ["first", "second", "theirs"]


async def test_an_account_that_is_removed_makes_room_for_another(certificate: tls.Certificate):
    async with shop(certificate) as ben:
        first = await ben.calls.accounts.get(await ben.add("first"))

        await ben.calls.accounts.delete(first.id, etag=first.etag)
        await ben.add("second")

        assert await ben.labels() == ["second"]


async def test_two_accounts_at_once_are_not_both_the_last_one(certificate: tls.Certificate):
    async with shop(certificate) as ben:
        done = await asyncio.gather(*(ben.add(label) for label in "abcd"), return_exceptions=True)

        assert sum(isinstance(each, str) for each in done) == 1
        assert sum(isinstance(each, PlanLimit) for each in done) == 3


async def test_so_many_runs_of_an_owner_run_whoever_starts_them(certificate: tls.Certificate):
    async with shop(certificate) as ben:
        account = await ben.add("mine")
        calls = ben.calls.strategies
        one = (await calls.create_run(account, "nap", config="{}")).run
        two = (await calls.create_run(account, "nap", config="{}")).run
        id = "0d9f3c7e-0000-4000-8000-0000000000f1"
        first = await calls.start_run(account, one.id, request_id=id)

        for by in (ben.calls, ben.ada):
            with pytest.raises(PlanLimit) as refused:
                await by.strategies.start_run(account, two.id)
            assert refused.value.metadata["limit"] == "runs"
        with pytest.raises(PlanLimit):
            await calls.start_run(account, two.id, validate_only=True)
        await calls.pause_run(account, one.id)
        await calls.start_run(account, two.id)
        with pytest.raises(PlanLimit):
            await calls.resume_run(account, one.id)

        assert (await calls.start_run(account, one.id, request_id=id)).run == first.run
        assert (await calls.get_run(account, two.id)).state is RunState.RUNNING


async def test_a_run_that_goes_on_by_itself_keeps_its_room(certificate: tls.Certificate):
    async with shop(certificate) as ben:
        account = await ben.add("mine")
        calls = ben.calls.strategies
        one = (await calls.create_run(account, "nap", config="{}")).run
        two = (await calls.create_run(account, "nap", config="{}")).run
        await calls.start_run(account, one.id)

        await calls.pause_run(account, one.id, pause_for=timedelta(minutes=15))

        with pytest.raises(PlanLimit):
            await calls.start_run(account, two.id)


async def test_of_several_owners_one_with_room_is_enough(certificate: tls.Certificate):
    async with shop(certificate) as ben:
        account = await ben.add("mine")
        calls = ben.calls.strategies
        runs = [(await calls.create_run(account, "nap", config="{}")).run for _ in range(2)]
        await calls.start_run(account, runs[0].id)
        ada = (await ben.ada.users.me()).name.removeprefix("people/")

        await ben.calls.access.grant(account, ada, Role.OWNER)
        await calls.start_run(account, runs[1].id)

        assert (await calls.get_run(account, runs[1].id)).state is RunState.RUNNING


async def test_two_starts_at_once_are_not_both_the_last_one(certificate: tls.Certificate):
    async with shop(certificate) as ben:
        account = await ben.add("mine")
        calls = ben.calls.strategies
        runs = [(await calls.create_run(account, "nap", config="{}")).run for _ in range(4)]

        done = await asyncio.gather(
            *(calls.start_run(account, run.id) for run in runs), return_exceptions=True
        )

        assert sum(isinstance(each, PlanLimit) for each in done) == 3


async def test_a_run_goes_on_when_a_plan_lets_nothing_begin(certificate: tls.Certificate):
    async with shop(certificate) as ben:
        account = await ben.add("mine")
        calls = ben.calls.strategies
        await ben.ada.users.change_plan(ben.id, "")
        runs = [(await calls.create_run(account, "nap", config="{}")).run for _ in range(2)]
        for run in runs:
            await calls.start_run(account, run.id)

        await ben.ada.users.change_plan(ben.id, "free")

        states = [(await calls.get_run(account, run.id)).state for run in runs]
        assert states == [RunState.RUNNING, RunState.RUNNING]


async def test_a_plan_without_trade_takes_on_no_risk_and_still_leaves_it(
    certificate: tls.Certificate,
):
    async with shop(certificate) as ben:
        account = await ben.add("mine")
        run = (await ben.calls.strategies.create_run(account, "rush", config="{}")).run

        with pytest.raises(PlanLimit) as refused:
            await ben.calls.orders.place(account, Side.BUY, quantity=100, leverage=10)
        assert refused.value.metadata["limit"] == "trade"
        with pytest.raises(PlanLimit):
            await ben.calls.strategies.start_run(account, run.id)
        await ben.calls.margin.close_position(account, ben.core.long)
        await ben.ada.orders.place(account, Side.BUY, quantity=100, leverage=10)


async def test_only_administrators_with_a_fresh_proof_change_plans(certificate: tls.Certificate):
    async with shop(certificate) as ben:
        with pytest.raises(PermissionDenied):
            await ben.calls.users.change_plan(ben.id, "more")
        with pytest.raises(PlanNotFound):
            await ben.ada.users.change_plan(ben.id, "gold")
        ben.core.guests.people["old"] = ("zoe", PlatformRole.ADMIN, 0)
        async with client(ben.core, "old") as old:
            with pytest.raises(StepUpRequired):
                await old.users.change_plan(ben.id, "more")

        assert (await ben.calls.users.me()).plan == "free"


PROTECTING = {
    "AccountService": {"HaltAccount", "ReplaceCredentials"},
    "MarginService": {
        "AddMargin",
        "ClosePart",
        "ClosePosition",
        "DepositCross",
        "SetStopLoss",
        "SetTakeProfit",
    },
    "OrderService": {"CancelAllOrders", "CancelOrder"},
    "StrategyService": {"PauseRun", "StopRun"},
    "SystemService": {"Halt"},
    "ConfirmationService": {
        "ApproveConfirmation",
        "CommitConfirmation",
        "PrepareConfirmation",
        "RefuseConfirmation",
    },
    "AuthService": {"Logout", "StepUp"},
    "UserService": {"ChangePassword", "RevokeSession"},
    "AccessService": {"Revoke"},
    "TokenService": {"RevokeToken"},
}
"""What no plan refuses: it lowers what can be lost, or ends what a thief may hold."""


async def test_a_plan_that_is_used_up_refuses_every_method_but_those_that_protect(
    certificate: tls.Certificate,
):
    known = [each for each in methods(services()).values() if not each.anonymous]
    async with shop(certificate) as ben, ben.core.channel() as channel:
        await ben.until_refused()

        refused = {each.path for each in known if await reason(channel, each, ben.token) == LIMIT}

    let_in = {
        f"axisor.v1.{service}/{name}" for service, names in PROTECTING.items() for name in names
    }
    assert {each.path for each in known} - refused == let_in
    assert let_in == {each.path for each in known if each.protects}


async def reason(channel: grpc.aio.Channel, method: Method, token: str) -> str:
    """Return why an empty call of a method is refused."""
    call: Any = channel.unary_stream if method.streams else channel.unary_unary
    made = call(f"/{method.path}")(b"", metadata=bearer(token))
    try:
        await (made.read() if method.streams else made)
    except grpc.aio.AioRpcError as error:
        return from_call(error).reason
    return ""
