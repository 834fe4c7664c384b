"""Runs one seed from its first boot to its judgement."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Iterable

from tests.simulation import chaos, checkers, clients
from tests.simulation.exchange import effects_of
from tests.simulation.loop import Deadlock, Stuck
from tests.simulation.records import Result
from tests.simulation.world import World

HORIZON_S = 300.0
CONVERGE_S = 60.0
"""How long a healed world may take to settle everything."""


class _Complaints(logging.Handler):
    """Hears what the core logs as a failure of its own."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record with a traceback, or of a broken feed, as a broken promise."""
        if record.exc_info or record.getMessage().startswith("feed "):
            error = record.exc_info[1] if record.exc_info else None
            self._world.accuse("internal-error", f"{record.getMessage()}: {_root(error)!r}")


def _root(error: BaseException | None) -> BaseException | None:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def run_seed(
    seed: int,
    *,
    horizon_s: float = HORIZON_S,
    only: Iterable[str] | None = None,
    without: Iterable[str] = (),
    trace: list[str] | None = None,
    prepare: Callable[[World], None] | None = None,
) -> Result:
    """Live through one seed and return its record. `prepare` may change the world before it runs.

    The same arguments give the same record, hash included, in any process.
    """
    world = World(seed, only=only, without=without)
    world.trace = trace
    if prepare is not None:
        prepare(world)
    logger = logging.getLogger("axisor_server")
    handler = _Complaints(world)
    logbook = logging.getLogger("axisor.logbook")
    before = (logger.level, logger.propagate, logbook.level)
    logbook.setLevel(logging.CRITICAL)
    logger.addHandler(handler)
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    collecting = gc.isenabled()
    if horizon_s <= HORIZON_S:
        gc.disable()  # a short world's garbage can wait for its end
    try:
        watchers = clients.Clients(world)
        converged = world.loop.run_until_complete(_live(world, watchers, horizon_s))
        return _judge(world, watchers, horizon_s, converged)
    except (Deadlock, Stuck) as stuck:
        world.accuse("stuck-loop", repr(stuck))
        return _judge(world, None, horizon_s, None)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]
        logbook.setLevel(before[2])
        world.close()
        if collecting:
            gc.enable()


async def _live(world: World, watchers: clients.Clients, horizon_s: float) -> float | None:
    world.setup()
    for number in range(world.plan.replicas):
        world.boot(f"core-{number + 1}")
    await asyncio.sleep(2)
    chaos.begin(world)
    watchers.begin()
    await asyncio.sleep(horizon_s - 2)
    chaos.heal(world)
    watchers.rest()
    for second in range(round(CONVERGE_S)):
        await asyncio.sleep(1)
        if second >= 2 and not checkers.unsettled(world, watchers):
            return float(second + 1)
    return None


def _judge(
    world: World, watchers: clients.Clients | None, horizon_s: float, converged: float | None
) -> Result:
    checkers.check(world, watchers, horizon_s, converged)
    exchange = world.exchange
    ends = [e.end for e in exchange.endings]
    return Result(
        seed=world.seed,
        hash=world.hash,
        seconds=world.loop.time(),
        converged_s=converged,
        steps=world.loop.steps,
        accounts=len(world.plan.accounts),
        positions=sum(len(a.positions) for a in world.plan.accounts),
        replicas=world.plan.replicas,
        effects=len(effects_of(exchange.requests)),
        requests=len(exchange.requests),
        intents=world.database.connection.execute("SELECT count(*) FROM intents").fetchone()[0],
        commands=0 if watchers is None else watchers.commands,
        kills=world.kills,
        pauses=world.pauses,
        liquidated=ends.count("liquidated"),
        stopped=ends.count("stopped"),
        closed=ends.count("closed"),
        conflated=world.conflated,
        events=len(world.journal),
        faults=dict(sorted(world.faults.hits.items())),
        failpoints=dict(sorted(world.failpoint_hits.items())),
        dwell=world.risk.dwell,
        violations=world.violations,
    )
