"""Each safety rule is worth something: without it, the simulation shows a broken promise."""

from __future__ import annotations

import pytest

from axisor_server.engine.executor import Executor
from tests.simulation import killing, table
from tests.simulation.designs import DESIGNS
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.patches import Patches
from tests.simulation.run import run_seed

SPOT_CHECK = (0, 2, 3, 9)
"""Seeds through which a mutant is watched whose rule has another one behind it: some, out of many,
of which a few notice (seed 1 does without `any-reading-counts`)."""


def _by_name(mutant: Mutant) -> str:
    return mutant.name


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if not m.survives], ids=_by_name)
def test_a_protocol_without_one_of_its_rules_is_caught(mutant: Mutant) -> None:
    kill = killing.hunt(mutant, killing.in_order(mutant), enough=1)

    assert kill.caught, f"{kill.seeds} seeds did not miss this: {mutant.lacks}"
    ((seed, kinds),) = kill.caught.items()
    print(f"seed {seed}: {', '.join(kinds)}")
    assert set(kinds) <= mutant.breaks


def test_every_rule_has_seeds_that_are_known_to_catch_its_removal() -> None:
    wanted = {mutant.name for mutant in MUTANTS if not mutant.survives}

    assert {name for name, seeds in killing.pinned().items() if seeds} >= wanted


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m.survives], ids=_by_name)
def test_a_rule_with_others_behind_it_is_not_missed_at_once(mutant: Mutant) -> None:
    kill = killing.hunt(mutant, SPOT_CHECK)

    assert not kill.caught, f"it is caught after all, by {kill.caught}"


def test_a_mutant_leaves_no_trace() -> None:
    before = run_seed(3).hash
    for mutant in MUTANTS[:3]:
        mutant.live(3)

    assert run_seed(3).hash == before


def test_what_was_replaced_comes_back_even_after_an_error() -> None:
    once = Executor.once

    def broken() -> None:
        with Patches() as patches:
            patches.put(Executor, "once", None)
            patches.put(Executor, "once", 1)
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        broken()

    assert Executor.once is once


def test_enough_rules_are_removed() -> None:
    assert sum(not mutant.survives for mutant in MUTANTS) >= 20


def test_every_common_design_doubles_where_several_replicas_follow_it() -> None:
    for design in DESIGNS:
        doubles = [design.live(seed).doubles for seed in range(12)]

        assert design.replicas == 1 or any(doubles), design.name


def test_a_client_that_repeats_everything_doubles_alone() -> None:
    (design,) = [d for d in DESIGNS if d.replicas == 1 and d.repeats == 4]

    assert any(design.live(seed).doubles for seed in range(12))


def test_the_full_design_has_no_bad_seed() -> None:
    (world,) = [world for name, world, _ in table.PARTS if name.endswith("the full design**")]
    row = table.summed("full", [table.lived(run_seed(s, prepare=world)) for s in range(10)])

    assert (row.seeds, row.bad, row.doubles) == (10, 0, 0)
    assert row.effects > 20
    assert row.markdown().startswith("| full | 10 | 0 | 0 |")
