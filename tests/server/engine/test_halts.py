"""All accounts are halted at once, on every core, whatever else is broken."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from axisor.errors import Halted, StoreUnavailable
from axisor.events import HaltChanged, HaltLevel, IntentState
from axisor.intents import AddMargin, ClosePosition, OpenPosition
from axisor.model import Side
from axisor_server.domain.halting import KEY, STREAM, decode_halt
from axisor_server.domain.journal import Head, to_event, verify
from axisor_server.ports import Reader
from tests.support.core import ACCOUNT, Bench

OPEN = OpenPosition(side=Side.BUY, leverage=Decimal(25), quantity=100)


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


async def platform_levels(bench: Bench) -> list[HaltLevel]:
    entries = await bench.store.read(lambda r: r.entries(STREAM, after=0, limit=100))
    verify(Head(), entries)
    payloads = [to_event(entry).payload for entry in entries]
    return [payload.level for payload in payloads if isinstance(payload, HaltChanged)]


def on_record(reader: Reader) -> HaltLevel:
    return decode_halt(reader.meta(KEY)).level


async def test_a_halt_of_all_is_on_record_journaled_and_obeyed(bench):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)

    halt = await engine.halt_all(HaltLevel.RISK, principal="owner", reason="storm")
    risky = await bench.command(engine, OPEN)
    safe = await bench.command(engine, AddMargin(position=position, amount=1_000))

    assert halt.level is HaltLevel.RISK
    assert isinstance(risky, Halted)
    assert not isinstance(safe, Exception)
    assert await bench.store.read(on_record) is HaltLevel.RISK
    assert await platform_levels(bench) == [HaltLevel.RISK]
    told = await bench.payloads(HaltChanged)
    assert [(t.level, t.platform, t.reason) for t in told] == [(HaltLevel.RISK, True, "storm")]
    await engine.stop(1)


async def test_a_halt_of_all_survives_a_restart_and_is_told_once(bench):
    engine = bench.engine()
    await bench.up(engine)
    await engine.halt_all(HaltLevel.ALL, principal="owner")
    await bench.crash(engine)

    again = bench.engine()
    await bench.up(again)
    refused = await bench.command(again, OPEN)

    assert isinstance(refused, Halted)
    assert again.status().halt.level is HaltLevel.ALL
    assert len(await bench.payloads(HaltChanged)) == 1
    await again.stop(1)


async def test_a_resume_frees_the_accounts_and_leaves_their_own_halts(bench):
    engine = bench.engine()
    await bench.up(engine)
    await engine.halt(ACCOUNT, HaltLevel.RISK, principal="owner")
    await engine.halt_all(HaltLevel.ALL, principal="owner")

    await engine.resume_all(principal="owner")
    refused = await bench.command(engine, OPEN)
    await engine.halt(ACCOUNT, HaltLevel.NONE, principal="owner")
    opened = await bench.command(engine, OPEN)

    assert isinstance(refused, Halted)
    assert refused.metadata["level"] == "risk"
    assert not isinstance(opened, Exception)
    assert await platform_levels(bench) == [HaltLevel.ALL, HaltLevel.NONE]
    await engine.stop(1)


async def test_a_weaker_halt_does_not_loosen_a_stronger_one(bench):
    engine = bench.engine()
    await bench.up(engine)
    await engine.halt_all(HaltLevel.ALL, principal="owner")

    engine.demand_halt(HaltLevel.RISK, principal="signal")
    await bench.clock.advance(5)

    assert engine.status().halt.level is HaltLevel.ALL
    assert await platform_levels(bench) == [HaltLevel.ALL]
    await engine.stop(1)


async def test_a_halt_on_one_core_is_in_force_on_another_within_one_renewal(bench):
    first, second = bench.engine(owner="core-1"), bench.engine(owner="core-2")
    await bench.up(first)
    starting = asyncio.ensure_future(second.start())
    await bench.clock.advance(2)
    await starting

    await second.halt_all(HaltLevel.ALL, principal="owner")
    await bench.clock.advance(1.6)

    assert first.status().halt.level is HaltLevel.ALL
    told = await bench.payloads(HaltChanged)
    assert [t.level for t in told] == [HaltLevel.ALL]
    await first.stop(1)
    await second.stop(1)


async def test_a_hint_makes_another_core_look_at_once(bench):
    first, second = bench.engine(owner="core-1"), bench.engine(owner="core-2")
    await bench.up(first)
    starting = asyncio.ensure_future(second.start())
    await bench.clock.advance(2)
    await starting
    await second.halt_all(HaltLevel.ALL, principal="owner")

    first.platform.look()
    await bench.clock.advance(0.01)

    assert first.status().halt.level is HaltLevel.ALL
    await first.stop(1)
    await second.stop(1)


async def test_nothing_is_stamped_once_a_halt_is_on_record_heard_of_or_not(bench):
    bench.long()
    engine = bench.engine(failpoint="planned")
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    await bench.move("98100", seconds=0.1)  # planned, and held before its stamp
    other = bench.engine(owner="core-2")
    starting = asyncio.ensure_future(other.start())
    await bench.clock.advance(0.1)
    await other.halt_all(HaltLevel.ALL, principal="owner")

    actor = engine._roster.actor(ACCOUNT)
    planned = next(iter(actor.core.book.open.values()))
    order = await actor.effects.mark_sent(planned.id)

    assert order is None
    assert bench.venue.sent == []
    settled = await bench.settled()
    assert [(s.state, s.reason) for s in settled] == [(IntentState.REFUSED, "HALTED")]
    starting.cancel()
    await bench.crash(engine)
    await bench.crash(other)


async def test_what_was_planned_before_a_halt_and_not_sent_is_dropped(bench):
    bench.long()
    engine = bench.engine(failpoint="planned")
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    await bench.move("98100", seconds=0.1)

    await engine.halt_all(HaltLevel.ALL, principal="owner")
    await bench.clock.advance(1)

    assert bench.venue.sent == []
    assert [s.state for s in await bench.settled()] == [IntentState.CANCELED]
    await bench.crash(engine)


async def test_a_guard_goes_on_while_only_risk_is_halted(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    await engine.halt_all(HaltLevel.RISK, principal="owner")

    await bench.move("98100")

    assert [type(a) for a in bench.venue.effects] == [AddMargin]
    await engine.stop(1)


async def test_flatten_closes_every_account(bench):
    bench.long()
    bench.long()
    engine = bench.engine()
    await bench.up(engine)

    await engine.halt_all(HaltLevel.FLATTEN, principal="owner")
    await bench.clock.advance(3)

    assert [type(a) for a in bench.venue.effects] == [ClosePosition] * 2
    assert engine.view(ACCOUNT).positions == ()
    await engine.stop(1)


async def test_flatten_goes_on_asking_while_the_venue_is_away_and_closes_once(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    bench.venue.down = True
    await engine.halt_all(HaltLevel.FLATTEN, principal="owner")
    await bench.clock.advance(20)
    assert bench.venue.effects == []

    bench.venue.down = False
    await bench.clock.advance(80)

    assert [type(a) for a in bench.venue.effects] == [ClosePosition]
    assert len(bench.venue.sent) <= 4
    await engine.stop(1)


async def test_an_account_halted_wholly_by_its_owner_is_not_flattened(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await engine.halt(ACCOUNT, HaltLevel.ALL, principal="owner")

    await engine.halt_all(HaltLevel.FLATTEN, principal="owner")
    await bench.clock.advance(60)

    assert bench.venue.sent == []
    await engine.stop(1)


async def test_a_halt_is_obeyed_before_the_store_takes_it_and_written_when_it_does(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "greedy")
    await bench.store.close()

    with pytest.raises(StoreUnavailable):
        await engine.halt_all(HaltLevel.ALL, principal="owner")
    status = engine.status()
    assert (status.halt.level, status.halt_durable) == (HaltLevel.ALL, False)
    await bench.store.open()
    await bench.clock.advance(2)

    assert await bench.store.read(on_record) is HaltLevel.ALL
    assert engine.status().halt_durable
    await bench.move("99000")
    assert bench.venue.sent == []
    await engine.stop(1)


async def test_a_halt_works_while_the_venue_is_down(bench):
    engine = bench.engine()
    await bench.up(engine)
    bench.venue.down = True

    halt = await engine.halt_all(HaltLevel.ALL, principal="owner")

    assert halt.level is HaltLevel.ALL
    assert [t.platform for t in await bench.payloads(HaltChanged)] == [True]
    await engine.stop(1)
