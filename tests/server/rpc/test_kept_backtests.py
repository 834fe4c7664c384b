"""Back-tests that go on by themselves: followed, listed, canceled, bounded, and interrupted."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import aclosing
from datetime import timedelta

import msgspec
import pytest
from tests.server.rpc.serving import TOKEN, Nap, Served
from tests.server.rpc.test_backtests import LONG, Busy
from tests.server.rpc.test_people import client

from axisor.backtest import Sheet
from axisor.client import Client
from axisor.errors import (
    AccountNotFound,
    BacktestCanceled,
    BacktestInterrupted,
    BacktestNotFound,
    FieldInvalid,
    PageTokenInvalid,
    RateLimited,
    StrategyNotFound,
)
from axisor.model import Sats
from axisor.states import BacktestState
from axisor.wire.backtests import Backtest
from axisor_server.domain.journal import to_us
from axisor_server.domain.kept_backtests import (
    KIND,
    SILENT_US,
    Kept,
    as_heard,
    to_document,
    too_many,
)
from axisor_server.ports import Transaction

BALANCE: Sats = 1_000_000


async def report(calls: Client, account: str, id: str, offset: int = 0) -> tuple[bytes, int]:
    """Follow a back-test to its end; return its report, and how often it told how far it is."""
    found, told = b"", 0
    async with aclosing(calls.backtests.follow(account, id, offset=offset)) as items:
        async for item in items:
            found += item.report
            told += bool(item.of)
    return found, told


@pytest.fixture
def owner(core: Served) -> Client:
    return client(core, TOKEN)


@pytest.fixture
def main(account: str) -> str:
    return account.removeprefix("accounts/")


async def test_one_goes_on_by_itself_and_is_followed_more_than_once(
    core: Served, owner: Client, main: str
) -> None:
    request = str(uuid.uuid4())
    made = await owner.backtests.start(
        main, "nap", BALANCE, positions=["long 25x 2500"], scenario="gap", request_id=request
    )
    again = await owner.backtests.start(
        main, "nap", BALANCE, positions=["long 25x 2500"], scenario="gap", request_id=request
    )

    whole, told = await report(owner, main, made.id)
    rest, _ = await report(owner, main, made.id, offset=100)
    done = await owner.backtests.get(main, made.id)

    assert again.id == made.id
    assert made.state is BacktestState.RUNNING
    assert made.market == "gap"
    assert msgspec.json.decode(whole, type=Sheet).market.name.startswith("gap")
    assert rest == whole[100:]
    assert told > 0
    assert done.state is BacktestState.DONE
    assert done.report_bytes == len(whole)
    assert done.ended_at is not None
    assert [each.id for each in (await owner.backtests.list(main)).items] == [made.id]


async def test_what_is_wrong_with_its_market_it_fails_with(
    core: Served, owner: Client, main: str
) -> None:
    made = await owner.backtests.start(main, "nap", BALANCE, scenario="moon")

    with pytest.raises(FieldInvalid):
        await report(owner, main, made.id)

    failed = await owner.backtests.get(main, made.id)
    assert failed.state is BacktestState.FAILED
    assert failed.reason == "FIELD_INVALID"
    assert failed.text


async def test_one_is_canceled_once_and_makes_room(core: Served, owner: Client, main: str) -> None:
    core.engine.strategies = {Nap.name: Nap, Busy.name: Busy}
    made = await owner.backtests.start(main, "busy", BALANCE, scenario=LONG)
    await _under_way(owner, main, made)
    with pytest.raises(RateLimited):
        await owner.backtests.start(main, "nap", BALANCE, scenario="gap")

    canceled = await owner.backtests.cancel(main, made.id)
    again = await owner.backtests.cancel(main, made.id)

    assert canceled.state is BacktestState.CANCELED
    assert again == canceled
    assert canceled.reason == "BACKTEST_CANCELED"
    with pytest.raises(BacktestCanceled):
        await report(owner, main, made.id)
    async with asyncio.timeout(30):
        while True:  # its process is gone a moment later
            try:
                await owner.backtests.start(main, "nap", BALANCE, scenario="gap")
                break
            except RateLimited:
                continue


async def test_a_core_that_ends_says_that_it_interrupted_them(
    core: Served, owner: Client, main: str
) -> None:
    core.engine.strategies = {Busy.name: Busy}
    made = await owner.backtests.start(main, "busy", BALANCE, scenario=LONG)
    await _under_way(owner, main, made)

    await core.house._kept_backtests.aclose()

    found = await owner.backtests.get(main, made.id)
    assert found.state is BacktestState.INTERRUPTED
    assert found.reason == "BACKTEST_INTERRUPTED"
    with pytest.raises(BacktestInterrupted):
        await report(owner, main, made.id)


async def test_one_whose_core_fell_silent_was_interrupted(
    core: Served, owner: Client, main: str
) -> None:
    then = to_us(core.clock.now() - timedelta(minutes=5))
    lost = kept("lost", main, then)
    await core.store.write(lambda tx: tx.put_document(to_document(lost), revision=None))

    found = await owner.backtests.get(main, "lost")

    assert found.state is BacktestState.INTERRUPTED
    with pytest.raises(BacktestInterrupted):
        await report(owner, main, "lost")


async def test_what_is_not_there_is_said(core: Served, owner: Client, main: str) -> None:
    with pytest.raises(BacktestNotFound):
        await owner.backtests.get(main, "none")
    with pytest.raises(BacktestNotFound):
        await owner.backtests.cancel(main, "none")
    with pytest.raises(BacktestNotFound):
        await report(owner, main, "none")
    with pytest.raises(StrategyNotFound):
        await owner.backtests.start(main, "none", BALANCE, scenario="gap")
    with pytest.raises(AccountNotFound):
        await owner.backtests.list("none")
    with pytest.raises(PageTokenInvalid):
        await owner.backtests.list(main, page_token="none")


async def test_one_of_another_account_is_not_found(core: Served, owner: Client, main: str) -> None:
    other = kept("there", "other", to_us(core.clock.now()))
    await core.store.write(lambda tx: tx.put_document(to_document(other), revision=None))

    with pytest.raises(BacktestNotFound):
        await owner.backtests.get(main, "there")


async def test_the_oldest_that_ended_go_where_too_many_are_kept(
    core: Served, owner: Client, main: str
) -> None:
    now_us = to_us(core.clock.now())
    olds = [kept(f"old-{n}", main, now_us - (30 - n) * 120_000_000) for n in range(20)]

    def put(tx: Transaction) -> None:
        for each in olds:
            tx.put_document(to_document(each), revision=None)

    await core.store.write(put)

    made = await owner.backtests.start(main, "nap", BALANCE, scenario="gap")

    found = [each.id for each in (await owner.backtests.list(main)).items]
    assert found == [made.id, *(f"old-{n}" for n in range(19, 0, -1))]
    await report(owner, main, made.id)


def kept(id: str, account: str, at_us: int, **more: object) -> Kept:
    return msgspec.structs.replace(
        Kept(
            id=id,
            account=account,
            strategy="nap",
            market="gap",
            balance=1,
            made_us=at_us,
            heard_us=at_us,
        ),
        **more,
    )


def test_silence_of_a_minute_is_an_interruption_and_less_is_not() -> None:
    running = kept("a", "main", 1_000)

    assert as_heard(running, 1_000 + SILENT_US) == running
    assert as_heard(running, 1_001 + SILENT_US).state is BacktestState.INTERRUPTED


def test_what_runs_never_goes() -> None:
    running = [kept(f"r{n}", "main", n) for n in range(3)]
    ended = [kept(f"e{n}", "main", n, state=BacktestState.DONE) for n in range(3)]

    assert [each.id for each in too_many([*running, *ended], 1)] == ["e0", "e1"]
    assert too_many(running, 0) == []


def test_lists_read_no_reports() -> None:
    assert to_document(kept("a", "main", 1)).kind == KIND


async def _under_way(owner: Client, main: str, made: Backtest) -> None:
    async with aclosing(owner.backtests.follow(main, made.id)) as items:
        async for item in items:
            if item.done:
                return
