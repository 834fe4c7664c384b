"""Plugins come and go under runs: these end and begin with them, and no other run notices."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec
import pytest
from tests.support.core import ACCOUNT, STREAM, Bench
from tests.support.plugged import Fading, Plugged, PulseMemory, asked, driven
from tests.support.replicas import acting

from axisor.errors import AxisorError, PluginInUse
from axisor.events import RunChanged, RunState
from axisor.model import Leash
from axisor_server.adapters.memory import clock
from axisor_server.domain.enabling import Wish
from axisor_server.domain.records import RunRecord

SECONDS = 40


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Return a bench with an account; its cores end with the test."""
    made = Bench()
    await made.add_account()
    yield made
    for engine in made.engines:
        await made.crash(engine)


async def up(bench: Bench, **how: object) -> Plugged:
    """Start a core as it starts: the record first, then its accounts."""
    core = Plugged(bench, **how)  # type: ignore[arg-type]
    await core.enabling.look(acts=False)
    await bench.up(core.engine)
    await core.enabling.look()
    return core


async def pulsing(core: Plugged) -> str:
    """Enable the plugin and start a run of it."""
    await core.enabling.enable("pulse", start_runs=False, request=asked())
    return await core.bench.run(core.engine, "pulse")


def ticks(run: RunRecord) -> int:
    """Return what a run of the plugin remembers."""
    return msgspec.json.decode(run.memory, type=PulseMemory).ticks


async def test_the_runs_of_a_plugin_end_before_it_goes_and_the_journal_tells_where(
    bench: Bench,
) -> None:
    core = await up(bench)
    run = await pulsing(core)

    with pytest.raises(PluginInUse, match="1 runs have not ended"):
        await core.enabling.disable("pulse", force=False, stop_runs=False, request=asked())
    done = await core.enabling.disable("pulse", force=False, stop_runs=True, request=asked())

    (moved,) = done.runs
    told = [e.payload for e in await bench.events() if e.sequence <= moved.sequence]
    states = [each.state for each in told if isinstance(each, RunChanged) and each.run == run]
    assert (moved.account, moved.run) == (ACCOUNT, run)
    assert states[-2:] == [RunState.STOPPING, RunState.STOPPED]
    assert not done.plugin.enabled
    assert not core.offers("pulse")
    stopped = await core.run(run)
    assert (await core.wish("pulse")).runs == {run: stopped.revision}


async def test_to_check_only_tells_which_runs_would_be_stopped(bench: Bench) -> None:
    core = await up(bench)
    run = await pulsing(core)

    done = await core.enabling.disable(
        "pulse", force=False, stop_runs=True, request=asked(validate_only=True)
    )

    assert [(each.run, each.sequence) for each in done.runs] == [(run, 0)]
    assert await core.state(run) is RunState.RUNNING
    assert done.plugin.enabled


async def test_what_ended_with_a_plugin_begins_with_it_again_where_it_was(bench: Bench) -> None:
    core = await up(bench)
    run = await pulsing(core)
    await bench.move("99990")
    await core.enabling.disable("pulse", force=False, stop_runs=True, request=asked())
    before = ticks(await core.run(run))
    await bench.move("99980")

    done = await core.enabling.enable("pulse", start_runs=True, request=asked("again"))
    repeated = await core.enabling.enable("pulse", start_runs=True, request=asked("again"))
    await bench.move("99970")

    assert [each.run for each in done.runs] == [run]
    assert repeated.runs == done.runs
    assert await core.state(run) is RunState.RUNNING
    assert ticks(await core.run(run)) == before + 1 > 1
    assert (await core.wish("pulse")).runs == {}


async def test_what_ended_with_a_plugin_stays_ended_unless_that_is_asked_for(bench: Bench) -> None:
    core = await up(bench)
    run = await pulsing(core)
    await core.enabling.disable("pulse", force=False, stop_runs=True, request=asked())

    done = await core.enabling.enable("pulse", start_runs=False, request=asked())

    assert done.runs == ()
    assert await core.state(run) is RunState.STOPPED
    assert (await core.wish("pulse")).runs == {}
    await core.engine.run_verb(run, "start", principal="owner")
    assert await core.state(run) is RunState.RUNNING


async def test_a_run_that_somebody_touched_meanwhile_is_left_alone(bench: Bench) -> None:
    core = await up(bench)
    run = await pulsing(core)
    await core.enabling.disable("pulse", force=False, stop_runs=True, request=asked())
    await core.engine.run_verb(run, "configure", label="mine", principal="owner")

    done = await core.enabling.enable("pulse", start_runs=True, request=asked())

    assert done.runs == ()
    assert await core.state(run) is RunState.STOPPED


async def test_a_paused_run_ends_with_its_plugin_and_does_not_begin_with_it(bench: Bench) -> None:
    core = await up(bench)
    run = await pulsing(core)
    await core.engine.run_verb(run, "pause", principal="owner")
    await core.enabling.disable("pulse", force=False, stop_runs=True, request=asked())

    done = await core.enabling.enable("pulse", start_runs=True, request=asked())

    assert done.runs == ()
    assert await core.state(run) is RunState.STOPPED


async def test_a_run_that_failed_for_want_of_its_plugin_begins_once_that_is_there(
    bench: Bench,
) -> None:
    first = await up(bench, pulse=True)
    run = await bench.run(first.engine, "pulse")
    await bench.move("99990")
    await bench.crash(first.engine)
    await bench.clock.advance(60)
    core = await up(bench)
    failed = await core.run(run)

    done = await driven(bench, core.enabling.enable("pulse", start_runs=True, request=asked()))
    await bench.move("99980")

    assert failed.state is RunState.FAILED
    assert [each.run for each in done.runs] == [run]
    now = await core.run(run)
    assert now.state is RunState.RUNNING
    assert ticks(now) == ticks(failed) + 1


async def test_a_run_does_not_begin_while_nobody_offers_its_strategy(bench: Bench) -> None:
    core = await up(bench)
    run = await pulsing(core)
    await core.enabling.disable("pulse", force=False, stop_runs=True, request=asked())

    with pytest.raises(AxisorError, match="No enabled plugin offers the strategy pulse"):
        await core.engine.run_verb(run, "start", principal="owner")

    assert await core.state(run) is RunState.STOPPED


async def test_what_a_core_was_killed_over_the_next_one_finishes(bench: Bench) -> None:
    first = await up(bench, pulse=True)
    run = await bench.run(first.engine, "pulse")
    await first.record("pulse", Wish(enabled=False, runs={run: 0}))
    await bench.crash(first.engine)
    await bench.clock.advance(60)

    core = Plugged(bench, pulse=True)
    await core.enabling.look(acts=False)
    offered = core.offers("pulse")
    await bench.up(core.engine)
    before = await core.state(run)
    await core.enabling.look()

    assert (offered, before) == (True, RunState.RUNNING)
    assert (core.offers("pulse"), await core.state(run)) == (False, RunState.STOPPED)
    assert (await core.wish("pulse")).runs == {run: (await core.run(run)).revision}
    assert not [event for event in await bench.kinds() if event == "NoticeGiven"]


async def test_every_core_of_a_database_follows(bench: Bench) -> None:
    leader = await up(bench, owner="leader")
    run = await pulsing(leader)
    other = await up(bench, owner="other")
    assert other.offers("pulse")

    done = await driven(
        bench,
        other.enabling.disable("pulse", force=False, stop_runs=True, request=asked()),
    )
    await driven(bench, leader.enabling.look())
    gone = (leader.offers("pulse"), other.offers("pulse"), await leader.state(run))
    await driven(bench, other.enabling.enable("pulse", start_runs=True, request=asked()))
    waits = await other.wish("pulse")
    await driven(bench, leader.enabling.look())

    assert [each.run for each in done.runs] == [run]
    assert gone == (False, False, RunState.STOPPED)
    assert set(waits.runs) == {run}  # its leader did not have the plugin yet
    assert leader.offers("pulse")
    assert await leader.state(run) is RunState.RUNNING


@pytest.mark.parametrize("units", range(9))
async def test_whichever_unit_the_database_refuses_all_of_a_change_is_done_or_nothing(
    units: int,
) -> None:
    bench = Bench()
    store = bench.store = Fading(bench.database_us)
    await bench.add_account()
    core = await up(bench)
    run = await pulsing(core)
    for wanted in (False, True):
        work = (
            core.enabling.enable("pulse", start_runs=True, request=asked())
            if wanted
            else core.enabling.disable("pulse", force=False, stop_runs=True, request=asked())
        )
        store.left = units
        with suppress(AxisorError):
            await driven(bench, work)
        store.left = None
        for _ in range(40):
            await bench.clock.advance(1)
            await driven(bench, core.enabling.look())

        is_on = (await core.wish("pulse")).enabled is not False
        assert core.offers("pulse") == is_on
        assert await core.state(run) is (RunState.RUNNING if is_on else RunState.STOPPED)
        if units == 8:
            assert is_on == wanted
    await bench.crash(core.engine)


async def test_a_venue_that_comes_has_its_accounts_served_and_stays_while_they_stand(
    bench: Bench,
) -> None:
    core = await up(bench, venue=False)
    before = acting(core.engine)

    await core.enabling.enable("door", start_runs=False, request=asked())
    await bench.clock.advance(1)
    with pytest.raises(PluginInUse, match="1 accounts stand on venues"):
        await core.enabling.disable("door", force=True, stop_runs=True, request=asked())

    assert (before, acting(core.engine)) == (set(), {ACCOUNT})


async def test_a_venue_whose_prices_are_read_stays_and_one_that_nobody_reads_goes(
    bench: Bench,
) -> None:
    core = await up(bench, venue=False)
    await core.enabling.enable("door", start_runs=False, request=asked())
    await bench.clock.advance(1)
    await core.engine.close_account(ACCOUNT)

    with pytest.raises(PluginInUse, match="are read here"):
        await core.enabling.disable("door", force=False, stop_runs=False, request=asked())
    fresh = await up(bench, owner="core-2", venue=False)
    done = await fresh.enabling.disable("door", force=False, stop_runs=False, request=asked())

    assert not done.plugin.enabled
    assert not fresh.offers("simx")


async def lived(seed: int, *, changes: bool) -> list[tuple[str, int, bytes]]:
    """Return what a bystander's journal tells after a life in which plugins came and went, or not.

    It remembers a digest of all that it is shown, and acts on it.
    """
    chance = random.Random(seed)
    bench = Bench()
    await bench.add_account()
    core = await up(bench)
    bench.long()
    bystander = await bench.run(core.engine, "mirror")
    at = sorted(chance.sample(range(SECONDS), 5))
    others: list[str] = []
    for second in range(SECONDS):
        if changes and second in at:
            await change(core, at.index(second), others)
        await bench.move(str(100_000 + chance.randrange(-400, 400) // 2), chance.choice((0.2, 0.7)))
    entries = await bench.store.read(lambda view: view.entries(STREAM, after=0, limit=100_000))
    await bench.crash(core.engine)
    marks = [bystander.encode(), b"PositionChanged", b"BalanceChanged", b"OrderChanged"]
    return [
        (entry.kind, entry.time_us, entry.payload)
        for entry in entries
        if any(mark in entry.payload or mark == entry.kind.encode() for mark in marks)
    ]


async def change(core: Plugged, turn: int, runs: list[str]) -> None:
    """Change plugins: one comes, breaks off, goes with its run and comes again."""
    enabling = core.enabling
    match turn:
        case 0:
            runs.append(await pulsing_at_once(core))
        case 1:
            with pytest.raises(AxisorError):
                await enabling.enable("broken", start_runs=True, request=asked())
        case 2:
            await enabling.disable("pulse", force=False, stop_runs=True, request=asked())
            assert await core.state(runs[0]) is RunState.STOPPED
        case 3:
            await enabling.enable("pulse", start_runs=True, request=asked())
            assert await core.state(runs[0]) is RunState.RUNNING
        case 4:
            await enabling.look()


async def pulsing_at_once(core: Plugged) -> str:
    """Enable the plugin and start a run of it, without letting time pass."""
    await core.enabling.enable("pulse", start_runs=False, request=asked())
    run = await core.engine.create_run(
        ACCOUNT, strategy="pulse", config=b"{}", leash=Leash(), label="", principal="owner"
    )
    await core.engine.run_verb(run.id, "start", principal="owner")
    return run.id


@pytest.mark.parametrize("seed", range(8))
async def test_no_other_run_decides_a_byte_otherwise(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Time moves on when nobody has anything left to do, and not after so many turns of the loop.
    monkeypatch.setattr(clock, "SETTLE", 10_000)
    alone = await lived(seed, changes=False)
    beside = await lived(seed, changes=True)

    assert beside == alone
    assert sum(kind == "IntentPlanned" for kind, _, _ in alone) > 3
