"""Runs are called when what they wait for comes, and only then."""

from __future__ import annotations

from decimal import Decimal

from axisor.events import NoticeGiven, RunState
from axisor.intents import Intent, Notice, Wake
from axisor.model import Severity, Tick
from axisor.strategy import Config, Memory, Strategy, View
from tests.support.core import STRATEGIES, Bench


class Everywhere(Strategy[Config, Memory]):
    """Waits at bounds that every tick reaches, as a guard does in need."""

    name = "everywhere"

    def on_start(self, view: View) -> list[Intent]:
        return [Wake(below=Decimal(100_000_000), above=Decimal(0))]

    def on_wake(self, tick: Tick, view: View) -> list[Intent]:
        return [Notice(severity=Severity.OK, code="SEEN", text=str(tick.last))]


async def test_a_bound_of_zero_is_reached_by_every_tick(monkeypatch):
    monkeypatch.setitem(STRATEGIES, "everywhere", Everywhere)
    bench = Bench()
    await bench.add_account()
    engine = bench.engine()
    await bench.up(engine)
    run = await bench.run(engine, "everywhere")

    await bench.move("99000")
    await bench.move("101000")

    told = {notice.text for notice in await bench.payloads(NoticeGiven)}
    assert {"99000", "101000"} <= told
    assert engine.status().accounts[0].runs == ((run, RunState.RUNNING),)
    await engine.stop(0)


class Funded(Everywhere):
    """Waits for another funding rate only."""

    name = "funded"

    def on_start(self, view: View) -> list[Intent]:
        return [Wake(on=frozenset({"funding"}))]


async def test_another_funding_rate_wakes_whoever_asked_for_it(monkeypatch):
    monkeypatch.setitem(STRATEGIES, "funded", Funded)
    bench = Bench()
    await bench.add_account()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "funded")
    await bench.move("99000")
    assert await bench.payloads(NoticeGiven) == []

    bench.venue.funding_rate = Decimal("0.0005")
    await bench.move("99000.5")
    await bench.move("99001")

    assert [notice.text for notice in await bench.payloads(NoticeGiven)] == ["99000.5"]
    await engine.stop(0)
