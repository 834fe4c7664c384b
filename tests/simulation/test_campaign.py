"""Seeds of the whole platform in virtual time: nothing twice, nothing missed, nothing guessed."""

from __future__ import annotations

import pytest

from tests.simulation.run import run_seed

SEEDS = 100
CHUNK = 50


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_promise_holds_in_every_seed(first: int) -> None:
    broken = [
        f"seed {seed}: {violation.kind}: {violation.detail}"
        for seed in range(first, first + CHUNK)
        for violation in run_seed(seed).violations
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("seed", range(5))
def test_the_same_seed_is_the_same_world(seed: int) -> None:
    assert run_seed(seed).hash == run_seed(seed).hash
