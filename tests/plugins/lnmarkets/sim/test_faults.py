"""Faults on demand: what took effect, what the caller saw, and how often."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from tests.plugins.lnmarkets.sim.kit import Trader

from axisor.errors import SettingsInvalid
from axisor_lnmarkets.sim.faults import FaultBook, parse_mode

ADD = "/futures/isolated/trade/add-margin"


def margin(trader: Trader, id_: str) -> int:
    return trader.sim.world.account.isolated.get(id_).margin


async def put(trader: Trader, operation: str, mode: str, times: int | None = 1) -> None:
    body = {"operation": operation, "mode": mode, "times": times}
    answer = await trader.control("POST", "faults", body)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("mode", "margin_after"), [("lose-response", 150_000), ("lose-request", 100_000)]
)
async def test_a_lost_request_has_no_effect_and_a_lost_response_has(
    trader: Trader, mode: str, margin_after: int
):
    id_ = (await trader.long())["id"]
    await put(trader, "add-margin", mode)

    with pytest.raises(httpx.RemoteProtocolError):
        await trader.send("POST", ADD, {"id": id_, "amount": 50_000})

    assert margin(trader, id_) == margin_after
    again = await trader.ok("POST", ADD, {"id": id_, "amount": 1})
    assert again["margin"] == margin_after + 1


@pytest.mark.parametrize(
    ("mode", "margin_after"), [("status:502", 100_000), ("status-after:502", 150_000)]
)
async def test_a_gateway_error_may_hide_an_effect(trader: Trader, mode: str, margin_after: int):
    id_ = (await trader.long())["id"]
    await put(trader, "add-margin", mode)

    answer = await trader.send("POST", ADD, {"id": id_, "amount": 50_000})

    assert answer.status_code == 502
    assert not answer.headers["content-type"].startswith("application/json")
    assert margin(trader, id_) == margin_after


async def test_the_engine_can_be_away(trader: Trader):
    await put(trader, "account", "status:503")

    answer = await trader.send("GET", "/account")

    assert answer.json()["code"] == "SERVICE_UNAVAILABLE"


async def test_a_late_request_takes_effect_later_even_if_nobody_waits(trader: Trader):
    id_ = (await trader.long())["id"]
    await put(trader, "add-margin", "late:5s")

    call = asyncio.create_task(trader.send("POST", ADD, {"id": id_, "amount": 50_000}))
    await trader.clock.until_asleep(5)
    call.cancel()
    before = margin(trader, id_)
    trader.clock.move(5)
    while margin(trader, id_) == before:
        await asyncio.sleep(0)

    assert (before, margin(trader, id_)) == (100_000, 150_000)


async def test_a_late_request_is_answered_if_the_caller_still_waits(trader: Trader):
    id_ = (await trader.long())["id"]
    await put(trader, "add-margin", "late:5s")

    call = asyncio.create_task(trader.send("POST", ADD, {"id": id_, "amount": 50_000}))
    await trader.clock.until_asleep(5)
    trader.clock.move(5)

    assert (await call).json()["margin"] == 150_000


async def test_a_request_later_than_its_signature_allows_is_refused(trader: Trader):
    id_ = (await trader.long())["id"]
    await put(trader, "add-margin", "late:45s")

    call = asyncio.create_task(trader.send("POST", ADD, {"id": id_, "amount": 50_000}))
    await trader.clock.until_asleep(45)
    trader.clock.move(45)

    assert (await call).status_code == 401
    assert margin(trader, id_) == 100_000


async def test_stale_reads_show_what_was_true_a_while_ago(trader: Trader):
    id_ = (await trader.long())["id"]
    await put(trader, "read", "stale:2s", times=None)
    trader.clock.move(1)
    await trader.ok("POST", ADD, {"id": id_, "amount": 50_000})

    at_once = await trader.ok("GET", "/futures/isolated/trades/running")
    trader.clock.move(2)
    later = await trader.ok("GET", "/futures/isolated/trades/running")

    assert [at_once[0]["margin"], later[0]["margin"]] == [100_000, 150_000]
    assert margin(trader, id_) == 150_000


async def test_a_fault_counts_down_and_only_meets_its_operation(trader: Trader):
    await put(trader, "account", "status:500", times=2)

    other = await trader.send("GET", "/futures/cross/position")
    statuses = [(await trader.send("GET", "/account")).status_code for _ in range(3)]

    assert other.status_code == 200
    assert statuses == [500, 500, 200]
    assert (await trader.control("GET", "faults")).json() == {"faults": []}


async def test_a_request_that_is_not_let_in_uses_no_fault_up(trader: Trader):
    await put(trader, "account", "status:500")

    stranger = await trader.http.get("/v3/account")
    known = await trader.send("GET", "/account")

    assert (stranger.status_code, known.status_code) == (401, 500)


async def test_faults_can_be_lifted(trader: Trader):
    await put(trader, "account", "status:500", times=None)
    await put(trader, "read", "lose-request", times=None)

    one = await trader.control("DELETE", "faults?operation=read")
    rest = await trader.control("DELETE", "faults")

    assert (one.json(), rest.json()) == ({"cleared": 1}, {"cleared": 1})
    assert (await trader.send("GET", "/account")).status_code == 200


@pytest.mark.parametrize(
    "text", ["", "vanish", "late", "late:5", "late:2h", "status", "status:200", "lose-request:1"]
)
def test_a_mode_that_means_nothing_is_refused(text: str):
    with pytest.raises(SettingsInvalid):
        parse_mode(text)


def test_an_unknown_operation_is_refused():
    with pytest.raises(SettingsInvalid, match="not an operation"):
        FaultBook(frozenset({"close"})).add("clos", parse_mode("lose-request"), times=1)
