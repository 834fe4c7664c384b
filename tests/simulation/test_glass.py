"""Without their database cores do little, only what is absolute, and write it down before."""

from __future__ import annotations

from msgspec import Raw
from msgspec.structs import replace

from axisor.intents import AddMargin, ClosePosition
from axisor_server.domain.emergency import Left
from axisor_server.domain.intent import encode_action
from tests.simulation import shrink, variants
from tests.simulation.glass import Done, judge
from tests.simulation.run import run_seed
from tests.simulation.world import World

SEEDS = (13, 15, 19)
"""Worlds in which the database is away while a position is in danger."""

CLOSE = Left(
    id="deed",
    account="account",
    run="run",
    target="positions/p",
    kind="ClosePosition",
    action=Raw(encode_action(ClosePosition(position="p"))),
    epoch=1,
    at_us=0,
    signed_us=0,
    fence_us=0,
)


def test_rescues_without_the_database_break_no_promise() -> None:
    worlds: list[World] = []

    def prepare(world: World) -> None:
        variants.outages(world)
        worlds.append(world)

    results = [run_seed(seed, prepare=prepare) for seed in SEEDS]

    print(f"seeds {SEEDS}")
    assert not any(result.violations for result in results), shrink.explain(results, most=1)
    deeds = [done.deed for world in worlds for done in world.disks.done]
    assert deeds
    left = {request.intent for world in worlds for request in world.exchange.requests}
    assert left & {deed.id for deed in deeds}


def test_a_deed_done_twice_in_one_outage_is_seen() -> None:
    once = Done(1.0, "core-1", 0, CLOSE)

    assert list(judge([once, replace(once, outage=1), replace(once, disk="core-2")])) == []
    assert [kind for kind, _ in judge([once, replace(once, at=2.0)])] == ["glass"]


def test_a_deed_that_adds_is_seen() -> None:
    action = Raw(encode_action(AddMargin(position="p", amount=1)))
    added = replace(CLOSE, kind="AddMargin", action=action)

    assert [kind for kind, _ in judge([Done(1.0, "core-1", 0, added)])] == ["glass"]
