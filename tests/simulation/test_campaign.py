"""Thousands of lives of the whole platform: nothing twice, nothing missed, nothing guessed.

`AXISOR_SIM_SEEDS` says how many seeds are lived through, `AXISOR_SIM_BASE` moves it to fresh seeds,
and `AXISOR_SIM_JSON` names a folder for the records. Whatever worker lives through a chunk, its
record is there for the tests that look at all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
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
LAST = BASE + SEEDS
CHUNK = 25
"""Few enough for the last one to keep nobody waiting."""

HALF, HALVES = 50, 2
"""So many seeds belong to one half of the campaign, then as many to the other."""
STRUCK = NAMES + OTHERS
"""The failpoints of these worlds. Nobody upgrades a run in them; that has a campaign of its own."""
HITS = 100
"""How often every kind of fault and every failpoint strikes in a campaign, at the least."""

WHOLE = 2_000
KILLS_A_SEED = 2.5
AGAIN = (50, 150)
"""From where 50 seeds are lived through twice."""

OTHERS_S = 1_500
"""How long others may take to end the chunks that they have begun, when there are no more."""


class Records:
    """What worlds came to, for every worker of one run of the tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def _file(self, first: int) -> Path:
        return self._folder / f"simulation-{first}.json"

    def keep(self, first: int, results: list[Result]) -> None:
        """Keep the results of a chunk."""
        draft = self._file(first).with_suffix(f".{os.getpid()}")
        draft.write_bytes(msgspec.json.encode(results))
        draft.rename(self._file(first))

    def have(self, seed: int) -> bool:
        """Return whether the chunk of a seed has been lived through."""
        return self._file(_chunk(seed)).exists()

    def of(self, seeds: Sequence[int]) -> dict[int, Result]:
        """Return the results of seeds whose chunks have been lived through."""
        kept: dict[int, Result] = {}
        for first in sorted({_chunk(seed) for seed in seeds}):
            results = msgspec.json.decode(self._file(first).read_bytes(), type=list[Result])
            kept |= {result.seed: result for result in results}
        return {seed: kept[seed] for seed in seeds}


def _chunk(seed: int) -> int:
    """Return the first seed of a seed's chunk."""
    return seed - (seed - BASE) % CHUNK


@pytest.fixture
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """Keep the records of worlds where every worker finds them."""
    own = tmp_path_factory.getbasetemp()
    return Records((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "simulation")


@pytest.mark.parametrize(
    "seed", [pytest.param(known.seed, id=str(known.seed)) for known in campaign.regressions()]
)
def test_a_seed_that_once_broke_a_promise_keeps_it_now(seed: int) -> None:
    result = run_seed(seed)

    assert not result.violations, shrink.explain([result])


@pytest.mark.parametrize(
    "first", [pytest.param(first, id=f"from {first}") for first in range(BASE, LAST, CHUNK)]
)
def test_every_promise_is_kept(first: int, records: Records) -> None:
    results = [run_seed(seed) for seed in range(first, min(first + CHUNK, LAST))]
    records.keep(first, results)
    if JSON:
        Path(JSON, f"simulation-{first}.json").write_bytes(campaign.encode(results))

    assert not any(result.violations for result in results), shrink.explain(results, most=1)


def _chosen(session: pytest.Session) -> bool:
    """Return whether every chunk is lived through in this run."""
    name = test_every_promise_is_kept.__name__
    chunks = [item for item in session.items if getattr(item, "originalname", "") == name]
    return len(chunks) == len(range(BASE, LAST, CHUNK))


def _wait_for(seeds: list[int], records: Records) -> None:
    """Wait until the chunks that other workers have begun are over."""
    late = time.monotonic() + OTHERS_S
    while missing := [seed for seed in seeds if not records.have(seed)]:
        assert time.monotonic() < late, f"nobody ended the chunks of {missing}"
        time.sleep(0.2)


@pytest.mark.parametrize("half", range(HALVES))
def test_every_fault_and_every_failpoint_struck_often_enough(
    half: int, records: Records, request: pytest.FixtureRequest
) -> None:
    if SEEDS < WHOLE:
        pytest.skip(f"It takes a campaign of {WHOLE} seeds: AXISOR_SIM_SEEDS={WHOLE}.")
    if not _chosen(request.session):
        pytest.skip("The whole campaign must have run before.")
    seeds = [seed for seed in range(BASE, LAST) if (seed - BASE) // HALF % HALVES == half]
    _wait_for(seeds, records)
    found = campaign.total(records.of(seeds).values())

    hits = {**found.faults, **{f"at {name}": found.failpoints.get(name, 0) for name in STRUCK}}
    rare = {kind: hits.get(kind, 0) for kind in [*KINDS, *(f"at {name}" for name in STRUCK)]}
    assert {kind: count for kind, count in rare.items() if count < HITS / HALVES} == {}
    assert found.sums["kills"] >= KILLS_A_SEED * found.seeds
    assert found.sums["effects"] >= 4 * found.seeds


@pytest.mark.parametrize("first", AGAIN)
def test_a_seed_is_the_same_world_in_another_process_with_other_hashes(
    tmp_path: Path, first: int, records: Records
) -> None:
    file = tmp_path / "again.json"
    seeds = range(BASE + first, BASE + first + 50)

    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.simulation"),
            *("--seeds", f"{seeds.start}:{seeds.stop}", "--json", str(file)),
        ],
        env={**os.environ, "PYTHONHASHSEED": str(4242 + first)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert file.is_file(), done.stderr
    again = msgspec.json.decode(file.read_bytes(), type=dict[str, msgspec.Raw])
    there = {r.seed: r.hash for r in msgspec.json.decode(again["seeds"], type=list[Result])}
    lived = records.of([seed for seed in seeds if records.have(seed)])
    here = {seed: (lived.get(seed) or run_seed(seed)).hash for seed in seeds}
    assert here == there
