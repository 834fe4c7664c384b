"""Without its store a core does little: a nearer stop, a close agreed to, once, told afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from axisor.events import HaltLevel, IntentPlanned, IntentSent, IntentState, NoticeGiven
from axisor.intents import AddMargin, ClosePosition, Intent, SetStop, Wake
from axisor.model import Mode, Permission, Price, Tick
from axisor.strategy import Config, Memory, Strategy, View
from axisor_margin_guard import MarginGuard
from tests.support.core import ACCOUNT, Bench

CLOSES = b'{"on_ambiguous": "close", "native_stop": "off", "trigger": "2", "critical": "1.9"}'
STOPS = b'{"native_stop": "on"}'


class HastyConfig(Config, frozen=True):
    """What to ask for in an outage."""

    stop: Price | None = None


class Hasty(Strategy[HastyConfig, Memory]):
    """Wants to add at each tick, and asks for everything in an outage."""

    name = "hasty"
    permissions = Permission.GUARD

    def on_wake(self, tick: Tick, view: View) -> list[Intent]:
        """Ask for margin."""
        return [AddMargin(position=p.id, amount=10_000) for p in view.positions]

    def on_start(self, view: View) -> list[Intent]:
        """Wait for a fall."""
        return [Wake(below=Decimal(99_500))]

    def on_outage(self, view: View) -> list[Intent]:
        """Ask for margin and for a stop."""
        found: list[Intent] = [AddMargin(position=p.id, amount=10_000) for p in view.positions]
        stop = self.config.stop
        return [*found, *(SetStop(position=p.id, price=stop) for p in view.positions)]


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


def core(bench, **more: Any):
    usual: dict[str, Any] = {"strategies": (MarginGuard, Hasty), "shared": False}
    return bench.engine(**(usual | more))


async def deeds(bench):
    return [type(d).__name__ for d in await bench.emergency.deeds(ACCOUNT)]


async def guarded(bench, config, **more):
    position = bench.long()
    engine = core(bench, **more)
    await bench.up(engine)
    await bench.run(engine, "margin-guard", config)
    return position, engine


async def test_a_close_that_was_agreed_to_is_done_once_and_taken_over(bench):
    _, engine = await guarded(bench, CLOSES)
    await bench.store.close()

    await bench.move("97900", seconds=1)
    await bench.move("97890", seconds=1)
    assert [type(a) for a in bench.venue.effects] == [ClosePosition]
    assert await deeds(bench) == ["Left", "Ended"]
    await bench.store.open()
    await bench.clock.advance(10)

    assert [type(a) for a in bench.venue.sent] == [ClosePosition]
    assert bench.emergency.data == b""
    assert len(bench.emergency.retired) == 1
    planned = await bench.payloads(IntentPlanned)
    assert [p.principal for p in planned] == ["break-glass"]
    assert [s.state for s in await bench.settled()] == [IntentState.CONFIRMED]
    told = [n for n in await bench.payloads(NoticeGiven) if n.code == "BREAK_GLASS"]
    assert [(n.severity.value, n.data["outcome"]) for n in told] == [("crit", "confirmed")]
    assert engine.view(ACCOUNT).positions == ()
    assert engine.status().accounts[0].acting
    await engine.stop(1)


async def test_without_agreement_nothing_is_closed_and_nothing_is_ever_added(bench):
    _, engine = await guarded(bench, b'{"native_stop": "off"}')
    await bench.store.close()

    await bench.move("97000", seconds=3)

    assert bench.venue.sent == []
    await bench.store.open()
    await bench.clock.advance(3)
    await bench.move("96990", seconds=3)
    assert [type(a) for a in bench.venue.effects] == [AddMargin]
    await engine.stop(1)


async def test_a_lacking_stop_is_set_and_known_as_the_guards_own_afterwards(bench):
    position, engine = await guarded(bench, STOPS)
    await bench.clock.advance(3)
    stop = engine.view(ACCOUNT).positions[0].stoploss
    bench.venue.account.isolated.set_stoploss(
        bench.clock.now(), bench.venue.exchange.quote, position, Decimal(0)
    )
    await engine.reconcile(ACCOUNT)
    await bench.store.close()

    await bench.move("98100", seconds=2)
    assert [type(a) for a in bench.venue.sent][-1] is SetStop
    sent = len(bench.venue.sent)
    await bench.store.open()
    await bench.clock.advance(10)
    await bench.move("98090", seconds=10)

    kinds = [type(a) for a in bench.venue.effects][sent - 1 :]
    assert kinds == [SetStop, AddMargin, SetStop]
    assert stop is not None
    held = engine.view(ACCOUNT).positions[0].stoploss
    assert held is not None
    assert held < stop
    await engine.stop(1)


async def test_a_stop_already_nearer_is_never_loosened(bench):
    position = bench.long()
    near = Decimal(99_000)
    bench.venue.account.isolated.set_stoploss(
        bench.clock.now(), bench.venue.exchange.quote, position, near
    )
    engine = core(bench)
    await bench.up(engine)
    await bench.run(engine, "hasty", msgspec.json.encode({"stop": "97000"}))
    await bench.store.close()

    await bench.move("99400", seconds=3)

    assert bench.venue.sent == []
    assert await deeds(bench) == []
    await bench.crash(engine)


async def test_what_could_happen_twice_waits_and_what_is_absolute_is_done(bench):
    bench.long()
    engine = core(bench)
    await bench.up(engine)
    await bench.run(engine, "hasty", msgspec.json.encode({"stop": "97000"}))
    await bench.store.close()

    for price in ("99400", "99390", "99380"):
        await bench.move(price, seconds=2)

    assert [type(a) for a in bench.venue.sent] == [SetStop]
    await bench.crash(engine)


@pytest.mark.parametrize("fault", ["lose-response", "lose-request"])
async def test_a_lost_answer_is_read_about_once_the_store_is_back(bench, fault):
    _, engine = await guarded(bench, CLOSES)
    bench.venue.faults = [fault]
    await bench.store.close()

    await bench.move("97900", seconds=8)
    await bench.store.open()
    await bench.clock.advance(60)

    states = [s.state.value for s in await bench.settled()]
    expected = "confirmed" if fault == "lose-response" else "not_applied"
    assert states[:2] == ["unknown", expected]
    await engine.stop(1)


@pytest.mark.parametrize("moment", ["left", "ended"])
async def test_a_core_that_dies_in_the_outage_loses_nothing_of_it(bench, moment):
    _, first = await guarded(bench, CLOSES)
    if moment == "left":
        bench.venue.faults = ["slow"]
    await bench.store.close()
    await bench.move("97900", seconds=1)
    await bench.crash(first)
    assert await deeds(bench) == (["Left"] if moment == "left" else ["Left", "Ended"])
    await bench.store.open()

    second = core(bench)
    await bench.up(second)
    await bench.clock.advance(60)

    assert [type(a) for a in bench.venue.effects] == ([] if moment == "left" else [ClosePosition])
    states = [s.state.value for s in await bench.settled()]
    assert states[0] == ("unknown" if moment == "left" else "confirmed")
    assert await deeds(bench) == []
    await second.stop(1)


async def test_a_log_that_was_taken_and_not_put_away_is_taken_once(bench):
    _, engine = await guarded(bench, CLOSES)
    await bench.store.close()
    await bench.move("97900", seconds=1)
    kept = bench.emergency.data
    await bench.store.open()
    await bench.clock.advance(10)
    await bench.crash(engine)
    count = len(await bench.payloads(IntentSent))
    bench.emergency.data = kept  # as if the core had died between the commit and the retiring

    second = core(bench)
    await bench.up(second)

    assert len(await bench.payloads(IntentSent)) == count
    assert await deeds(bench) == []
    await second.stop(1)


async def test_a_second_process_in_the_same_outage_does_not_close_again(bench):
    _, engine = await guarded(bench, CLOSES)
    bench.venue.faults = ["lose-request"]
    await bench.store.close()
    await bench.move("97900", seconds=6)
    engine._roster.actors[ACCOUNT].glass.begin()

    await bench.move("97890", seconds=6)

    assert len(bench.venue.sent) == 1
    await bench.crash(engine)


async def test_what_cannot_be_written_down_first_does_not_leave(bench):
    _, engine = await guarded(bench, CLOSES)
    bench.emergency.fails = True
    await bench.store.close()

    await bench.move("97900", seconds=3)

    assert bench.venue.sent == []
    await bench.crash(engine)


async def test_a_halt_and_a_stale_price_forbid_it(bench):
    _, engine = await guarded(bench, CLOSES)
    await engine.halt(ACCOUNT, HaltLevel.ALL, principal="owner")
    await bench.store.close()

    await bench.move("97900", seconds=3)

    assert bench.venue.sent == []
    await bench.crash(engine)


async def test_without_a_lease_nothing_is_done(bench):
    _, engine = await guarded(bench, CLOSES, shared=True)
    await bench.store.close()
    await bench.clock.advance(6)

    await bench.move("97900", seconds=3)

    assert bench.venue.sent == []
    await bench.crash(engine)


async def test_within_its_lease_a_replica_may_act_too(bench):
    _, engine = await guarded(bench, CLOSES, shared=True)
    await bench.store.close()

    await bench.move("97900", seconds=1)

    assert [type(a) for a in bench.venue.effects] == [ClosePosition]
    await bench.crash(engine)


async def test_readings_go_on_in_an_outage_and_are_used(bench):
    position, engine = await guarded(bench, CLOSES)
    await bench.store.close()
    bench.venue.account.isolated.add_margin(bench.clock.now(), position, 200_000)
    await bench.clock.advance(61)

    await bench.move("97900", seconds=2)

    assert bench.venue.sent == []  # what was read says that the position is safe
    await bench.store.open()
    await bench.clock.advance(5)
    assert engine.view(ACCOUNT).positions[0].margin == 300_000
    await engine.stop(1)


async def test_a_shadow_account_sends_nothing_in_an_outage_either():
    bench = Bench()
    await bench.add_account(mode=Mode.SHADOW, network="mainnet")
    _, engine = await guarded(bench, CLOSES)
    await bench.store.close()

    await bench.move("97900", seconds=3)

    assert bench.venue.sent == []
    await bench.crash(engine)
