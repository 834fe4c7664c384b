"""Every method of the contract can be called, with a valid request, a token and a deadline."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import protovalidate
import pytest
from google.protobuf.message_factory import GetMessageClass

from axisor.client import Client
from axisor.events import CoverageState, HaltLevel, IntentState, RunState
from axisor.model import Leash, MarginMode, Mode, OrderState, Side
from axisor.ports import Credentials, Secret
from axisor.states import ConfirmationState
from axisor.testing.stub import methods, stub_server
from axisor.v1 import margin_pb2
from tests.sdk.identity_calls import IDENTITY_CALLS
from tests.sdk.notice_calls import NOTICE_CALLS

TOKEN = "owner-token-that-nobody-sees"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
SEED = 7
PRICE = Decimal("90000.5")


def credentials() -> Credentials:
    return Credentials(Secret("key"), Secret("secret"), Secret("passphrase"))


async def first(items: Any) -> Any:
    async with aclosing(items):
        async for item in items:
            return item
    raise AssertionError("the watch gave nothing")


Called = Callable[[Client], Awaitable[Any]]
CALLS: dict[str, Called] = {
    "AccountService/GetAccount": lambda c: c.accounts.get("main"),
    "AccountService/ListAccounts": lambda c: c.accounts.list(page_size=2, page_token="t"),
    "AccountService/CreateAccount": lambda c: c.accounts.create(
        venue="lnmarkets",
        network="signet",
        mode=Mode.SHADOW,
        label="Main",
        credentials=credentials(),
    ),
    "AccountService/UpdateAccount": lambda c: c.accounts.update(
        "main", label="New", near_percent=Decimal("5.5"), critical_percent=Decimal(0), etag="e"
    ),
    "AccountService/DeleteAccount": lambda c: c.accounts.delete("main"),
    "AccountService/ReplaceCredentials": lambda c: c.accounts.replace_credentials(
        "main", credentials()
    ),
    "AccountService/TestCredentials": lambda c: c.accounts.test_credentials("main"),
    "AccountService/GetBalance": lambda c: c.accounts.balance("main"),
    "AccountService/ReconcileAccount": lambda c: c.accounts.reconcile("main"),
    "AccountService/HaltAccount": lambda c: c.accounts.halt("main", HaltLevel.RISK),
    "AccountService/ResumeAccount": lambda c: c.accounts.resume("main", not_after=NOW),
    "AccountService/WatchAccount": lambda c: first(c.accounts.watch("main")),
    "MarginService/ListPositions": lambda c: c.margin.list_positions(
        "main", margin_mode=MarginMode.CROSS
    ),
    "MarginService/GetPosition": lambda c: c.margin.get_position("main", "p1"),
    "MarginService/AddMargin": lambda c: c.margin.add_margin("main", "p1", 5_000),
    "MarginService/CashIn": lambda c: c.margin.cash_in("main", "p1", 5_000, validate_only=True),
    "MarginService/ClosePosition": lambda c: c.margin.close_position("main", "p1"),
    "MarginService/SetStopLoss": lambda c: c.margin.set_stop_loss("main", "p1", PRICE),
    "MarginService/SetTakeProfit": lambda c: c.margin.set_take_profit("main", "p1", None),
    "MarginService/DepositCross": lambda c: c.margin.deposit_cross("main", 5_000),
    "MarginService/WithdrawCross": lambda c: c.margin.withdraw_cross("main", 5_000),
    "MarginService/SetCrossLeverage": lambda c: c.margin.set_cross_leverage("main", 10),
    "MarginService/ClosePart": lambda c: c.margin.close_part("main", 100),
    "MarginService/WhatIf": lambda c: c.margin.what_if("main", move=Decimal("-0.05")),
    "MarginService/WatchMargin": lambda c: first(c.margin.watch("main")),
    "OrderService/PlaceOrder": lambda c: c.orders.place(
        "main", Side.BUY, quantity=100, leverage=10, stoploss=PRICE
    ),
    "OrderService/GetOrder": lambda c: c.orders.get("main", "o1"),
    "OrderService/ListOrders": lambda c: c.orders.list("main", states=[OrderState.OPEN]),
    "OrderService/CancelOrder": lambda c: c.orders.cancel("main", "o1"),
    "OrderService/CancelAllOrders": lambda c: c.orders.cancel_all("main"),
    "OrderService/WatchOrders": lambda c: first(c.orders.watch("main", after=0)),
    "MarketService/GetTicker": lambda c: c.market.ticker("main"),
    "MarketService/ListCandles": lambda c: c.market.list_candles("main", "1m", start=NOW),
    "MarketService/ListFundingSettlements": lambda c: c.market.list_funding_settlements("main"),
    "MarketService/WatchTicks": lambda c: first(c.market.watch_ticks("main")),
    "EventService/WatchEvents": lambda c: first(c.events.watch("main", kinds=["IntentSettled"])),
    "EventService/ListEvents": lambda c: c.events.list("main", after=3, newest_first=True),
    "EventService/GetEvent": lambda c: c.events.get("main", 3),
    "EventService/VerifyJournal": lambda c: c.events.verify("main"),
    "SimulatorService/MovePrice": lambda c: c.simulator.move_price(
        "main", Decimal("-0.06"), over_s=8
    ),
    "StrategyService/ListStrategies": lambda c: c.strategies.list(),
    "StrategyService/GetStrategy": lambda c: c.strategies.get("margin-guard"),
    "StrategyService/ListRuns": lambda c: c.strategies.list_runs(
        "main", strategy="margin-guard", states=[RunState.RUNNING]
    ),
    "StrategyService/GetRun": lambda c: c.strategies.get_run("main", "r1"),
    "StrategyService/CreateRun": lambda c: c.strategies.create_run(
        "main", "margin-guard", config="{}", leash=Leash(day_spend=9)
    ),
    "StrategyService/ConfigureRun": lambda c: c.strategies.configure_run(
        "main", "r1", etag="e", label="New"
    ),
    "StrategyService/StartRun": lambda c: c.strategies.start_run("main", "r1"),
    "StrategyService/PauseRun": lambda c: c.strategies.pause_run(
        "main", "r1", pause_for=timedelta(minutes=15), reason="lunch"
    ),
    "StrategyService/ResumeRun": lambda c: c.strategies.resume_run("main", "r1"),
    "StrategyService/StopRun": lambda c: c.strategies.stop_run("main", "r1"),
    "StrategyService/StartUpgrade": lambda c: c.strategies.start_upgrade(
        "main", "r1", version="1.1", equal_steps=20, probation_steps=0
    ),
    "StrategyService/EnablePlugin": lambda c: c.strategies.enable_plugin(
        "nap", start_runs=True, in_core=True, not_after=NOW
    ),
    "StrategyService/DisablePlugin": lambda c: c.strategies.disable_plugin(
        "nap", force=True, stop_runs=True
    ),
    "StrategyService/GetPluginSettings": lambda c: c.strategies.get_plugin_settings("nap"),
    "StrategyService/ConfigurePlugin": lambda c: c.strategies.configure_plugin("nap", "{}"),
    "StrategyService/GetUpgrade": lambda c: c.strategies.get_upgrade("main", "r1"),
    "StrategyService/CommitUpgrade": lambda c: c.strategies.commit_upgrade("main", "r1"),
    "StrategyService/CancelUpgrade": lambda c: c.strategies.cancel_upgrade("main", "r1"),
    "StrategyService/ListRunSteps": lambda c: c.strategies.list_run_steps("main", "r1"),
    "StrategyService/ListPlugins": lambda c: c.strategies.list_plugins(),
    "StrategyService/WatchRuns": lambda c: first(c.strategies.watch_runs("main")),
    "GuardService/GetPlan": lambda c: c.guard.plan("main", run="r1", side=Side.BUY),
    "GuardService/GetFloor": lambda c: c.guard.floor("main", extra_budgets=[5_000]),
    "GuardService/ListCoverage": lambda c: c.guard.list_coverage(
        "main", states=[CoverageState.SHORTFALL]
    ),
    "GuardService/Explain": lambda c: c.guard.explain("main", sequence=3),
    "GuardService/WatchGuard": lambda c: first(c.guard.watch("main")),
    "BacktestService/WatchBacktest": lambda c: first(
        c.backtests.watch("main", "margin-guard", 1_000, positions=["long 25x 10"], scenario="gap")
    ),
    "BacktestService/StartBacktest": lambda c: c.backtests.start(
        "main", "margin-guard", 1_000, positions=["long 25x 10"], scenario="gap"
    ),
    "BacktestService/GetBacktest": lambda c: c.backtests.get("main", "b1"),
    "BacktestService/ListBacktests": lambda c: c.backtests.list("main", page_size=2),
    "BacktestService/CancelBacktest": lambda c: c.backtests.cancel("main", "b1"),
    "BacktestService/WatchStartedBacktest": lambda c: first(
        c.backtests.follow("main", "b1", offset=5)
    ),
    "PerformanceService/GetPerformance": lambda c: c.performance.get("main", start=NOW, end=NOW),
    "DeadLetterService/ListDeadLetters": lambda c: c.dead_letters.list("main", page_size=2),
    "DeadLetterService/GetDeadLetter": lambda c: c.dead_letters.get("main", "i1"),
    "DeadLetterService/SettleDeadLetter": lambda c: c.dead_letters.settle(
        "main", "i1", IntentState.CONFIRMED, note="seen at the venue"
    ),
    "DeadLetterService/DropDeadLetter": lambda c: c.dead_letters.drop(
        "main", "i1", note="nobody knows", force=True, not_after=NOW
    ),
    "ConfirmationService/PrepareConfirmation": lambda c: c.confirmations.prepare(
        "main", lambda calls: calls.margin.add_margin("main", "p1", 5_000)
    ),
    "ConfirmationService/CommitConfirmation": lambda c: c.confirmations.commit(
        "main", "c1", Secret("t")
    ),
    "ConfirmationService/ApproveConfirmation": lambda c: c.confirmations.approve("main", "c1"),
    "ConfirmationService/RefuseConfirmation": lambda c: c.confirmations.refuse(
        "main", "c1", reason="too much"
    ),
    "ConfirmationService/GetConfirmation": lambda c: c.confirmations.get("main", "c1"),
    "ConfirmationService/ListConfirmations": lambda c: c.confirmations.list(
        "main", states=[ConfirmationState.PENDING], page_size=2
    ),
    "ConfirmationService/WatchConfirmations": lambda c: first(c.confirmations.watch("main")),
    "SystemService/GetStatus": lambda c: c.system.status(),
    "SystemService/GetSettings": lambda c: c.system.settings(),
    "SystemService/ListVenues": lambda c: c.system.list_venues(),
    "SystemService/Halt": lambda c: c.system.halt(HaltLevel.RISK, reason="storm", not_after=NOW),
    "SystemService/Resume": lambda c: c.system.resume(validate_only=True),
    "SystemService/Shutdown": lambda c: c.system.shutdown(drain=timedelta(seconds=5)),
    **IDENTITY_CALLS,
    **NOTICE_CALLS,
}


def test_every_method_of_the_contract_can_be_called() -> None:
    assert {f"/axisor.v1.{name}" for name in CALLS} == set(methods())


def filled(response: Any) -> Any:
    """Set what a core always sends, so that decimals and times can be read."""
    for field in response.DESCRIPTOR.fields:
        if field.name in ("position", "order", "tick", "event") and field.message_type:
            held = getattr(response, field.name)
            for name in ("entry_price_usd", "leverage", "price_usd", "last_price_usd"):
                if name in held.DESCRIPTOR.fields_by_name:
                    setattr(held, name, "1")
            held.SetInParent()
        elif field.name == "response":
            response.response.Pack(margin_pb2.AddMarginResponse())
        elif field.full_name == "axisor.v1.MovePriceResponse.price_usd":
            response.price_usd = "1"
        elif field.name == "snapshot":
            response.snapshot.sequence = 1
        elif field.name == "events" and "snapshot" not in response.DESCRIPTOR.fields_by_name:
            response.events.add(sequence=1).event_time.FromDatetime(NOW)
    return response


@pytest.mark.parametrize("name", sorted(CALLS))
async def test_a_call_sends_a_valid_request_with_token_and_deadline(name: str) -> None:
    path = f"/axisor.v1.{name}"
    method = methods()[path]
    seen: list[Any] = []

    def note(request: Any, context: Any) -> Any:
        seen.append((request, dict(context.invocation_metadata()), context.time_remaining()))
        return filled(GetMessageClass(method.output_type)())

    async def unary(request: Any, context: Any) -> Any:
        return note(request, context)

    async def stream(request: Any, context: Any) -> Any:
        yield note(request, context)
        await asyncio.Event().wait()

    answer = stream if method.server_streaming else unary
    chance = random.Random(SEED)
    async with (
        stub_server({path: answer}) as address,
        Client.connect(address, plaintext=True, token=TOKEN, chance=chance) as client,
    ):
        await CALLS[name](client)

    request, metadata, remaining = seen[0]
    protovalidate.validate(request)
    assert metadata["authorization"] == f"Bearer {TOKEN}"
    assert method.server_streaming or 0 < remaining <= 301
