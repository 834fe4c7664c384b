"""Thousands of lives of the whole platform: nothing twice, nothing missed, nothing guessed.

Two halves run side by side. `AXISOR_SIM_SEEDS` says how many seeds are lived through,
`AXISOR_SIM_BASE` moves it to fresh seeds, and `AXISOR_SIM_JSON` names a folder for the records.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from axisor_server.engine.failpoints import NAMES, OTHERS
from tests.simulation import campaign, shrink
from tests.simulation.faults import KINDS
from tests.simulation.records import Result
from tests.simulation.run import run_seed

SEEDS = int(os.environ.get("AXISOR_SIM_SEEDS", "2000"))
BASE = int(os.environ.get("AXISOR_SIM_BASE", "0"))
JSON = os.environ.get("AXISOR_SIM_JSON", "")
CHUNK = 50
HALVES = 2
STRUCK = NAMES + OTHERS
"""The failpoints of these worlds. Nobody upgrades a run in them; that has a campaign of its own."""
HITS = 100
"""How often every kind of fault and every failpoint strikes in a campaign, at the least."""

WHOLE = 2_000
KILLS_A_SEED = 2.5
AGAIN = (1, 3)
"""Chunks that are lived through twice: 100 seeds, of the half that the same worker has lived."""

RESULTS: dict[int, Result] = {}


def _chunks() -> list[object]:
    firsts = range(BASE, BASE + SEEDS, CHUNK)
    return [
        pytest.param(first, id=f"from {first}", marks=pytest.mark.xdist_group(f"simulation {half}"))
        for half in range(HALVES)
        for first in firsts[half::HALVES]
    ]


@pytest.mark.xdist_group("simulation 0")
@pytest.mark.parametrize(
    "seed", [pytest.param(known.seed, id=str(known.seed)) for known in campaign.regressions()]
)
def test_a_seed_that_once_broke_a_promise_keeps_it_now(seed: int) -> None:
    result = run_seed(seed)

    assert not result.violations, shrink.explain([result])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", _chunks())
def test_every_promise_is_kept(first: int) -> None:
    results = [run_seed(seed) for seed in range(first, min(first + CHUNK, BASE + SEEDS))]
    RESULTS.update({result.seed: result for result in results})
    if JSON:
        Path(JSON, f"simulation-{first}.json").write_bytes(campaign.encode(results))

    assert not any(result.violations for result in results), shrink.explain(results, most=1)


def _half(half: int) -> campaign.Total:
    firsts = range(BASE, BASE + SEEDS, CHUNK)[half::HALVES]
    seeds = [seed for first in firsts for seed in range(first, min(first + CHUNK, BASE + SEEDS))]
    if not all(seed in RESULTS for seed in seeds):
        pytest.skip("The whole half of the campaign must have run before, on the same worker.")
    return campaign.total(RESULTS[seed] for seed in seeds)


@pytest.mark.parametrize(
    "half",
    [
        pytest.param(half, marks=pytest.mark.xdist_group(f"simulation {half}"))
        for half in range(HALVES)
    ],
)
def test_every_fault_and_every_failpoint_struck_often_enough(half: int) -> None:
    if SEEDS < WHOLE:
        pytest.skip(f"It takes a campaign of {WHOLE} seeds: AXISOR_SIM_SEEDS={WHOLE}.")
    found = _half(half)

    hits = {**found.faults, **{f"at {name}": found.failpoints.get(name, 0) for name in STRUCK}}
    rare = {kind: hits.get(kind, 0) for kind in [*KINDS, *(f"at {name}" for name in STRUCK)]}
    assert {kind: count for kind, count in rare.items() if count < HITS / HALVES} == {}
    assert found.sums["kills"] >= KILLS_A_SEED * found.seeds
    assert found.sums["effects"] >= 4 * found.seeds


@pytest.mark.xdist_group("simulation 1")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("chunk", AGAIN)
def test_a_seed_is_the_same_world_in_another_process_with_other_hashes(
    tmp_path: Path, chunk: int
) -> None:
    file = tmp_path / "again.json"
    first = BASE + chunk * CHUNK
    seeds = range(first, first + CHUNK)

    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.simulation"),
            *("--seeds", f"{seeds.start}:{seeds.stop}", "--json", str(file)),
        ],
        env={**os.environ, "PYTHONHASHSEED": str(4242 + chunk)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert file.is_file(), done.stderr
    again = msgspec.json.decode(file.read_bytes(), type=dict[str, msgspec.Raw])
    there = {r.seed: r.hash for r in msgspec.json.decode(again["seeds"], type=list[Result])}
    here = {seed: (RESULTS.get(seed) or run_seed(seed)).hash for seed in seeds}
    assert here == there
