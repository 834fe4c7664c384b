"""A recorded day is decided again to the same bytes, wherever and however it is run."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from axisor.errors import JournalCorrupt
from axisor_server.domain.journal import Entry
from axisor_server.services.replay import FileSource, MemorySource, chain, replay
from tests.replay.again import STRATEGIES
from tests.replay.day import candles, made_prints, real_prints, record_day
from tests.support.interpreters import interpreter, packages, run_module
from tests.support.rechain import edited

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("day")]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the history of a day: of real minutes where they are here, else of made ones."""
    path = tmp_path_factory.mktemp("day") / "day.jsonl.gz"
    file = candles()
    prices = made_prints() if file is None else real_prints(file)
    asyncio.run(record_day(prices, path))
    return path


@pytest.fixture(scope="module")
def journal(day: Path) -> tuple[Entry, ...]:
    """Return the entries of the day."""
    return tuple(FileSource(day).entries())


@pytest.fixture(scope="module")
def here(day: Path) -> dict[str, Any]:
    """Return what this process finds of the day."""
    source = FileSource(day)
    entries = chain(source)
    verdict = replay(source.entries(), STRATEGIES)
    assert verdict.divergence is None
    return {"entries": entries, "decisions": verdict.decisions, "digest": verdict.digest}


def test_the_day_is_full_of_decisions(journal, here):
    kinds = [entry.kind for entry in journal]

    assert here["decisions"] > 5_000
    assert kinds.count("IntentPlanned") > 50
    assert kinds.count("FundingPaid") >= 3


@pytest.mark.parametrize(
    ("version", "seed"), [("3.11", "1"), ("3.11", "4294967295"), ("3.12", "2"), ("3.13", "3")]
)
def test_another_process_decides_the_day_again_to_the_same_bytes(day, here, request, version, seed):
    python = interpreter(version)
    also = packages(version, request.config.cache.mkdir("decisions"))

    told = run_module(python, "tests.replay.again", str(day), also=also, PYTHONHASHSEED=seed)

    found = json.loads(told)
    assert found["python"].startswith(version)
    assert found["hash"] != hash("the same text")
    assert found["heavy"] == []
    assert found["divergence"] is None
    assert {key: found[key] for key in here} == here


@pytest.mark.parametrize("seed", range(12))
def test_one_changed_byte_of_the_day_is_reported_at_the_first_decision_that_differs(journal, seed):
    chance = random.Random(seed)
    marker = b'\\"seen\\":'
    step = chance.choice([e for e in journal if e.kind == "StepTaken" and marker in e.payload])
    place = chance.randrange(64)

    def edit(payload: dict[str, Any]) -> None:
        memory = json.loads(payload["memory"])
        seen = memory["seen"]
        memory["seen"] = seen[:place] + ("1" if seen[place] == "0" else "0") + seen[place + 1 :]
        payload["memory"] = json.dumps(memory, separators=(",", ":"))

    forged = edited(journal, step.sequence, edit)
    broken = (*journal[: step.sequence - 1], *forged[step.sequence - 1 : step.sequence])
    broken += journal[step.sequence :]

    found = replay(forged, STRATEGIES).divergence
    with pytest.raises(JournalCorrupt) as caught:
        chain(MemorySource(broken))

    assert found is not None
    assert (found.sequence, found.path) == (step.sequence, "$.memory")
    assert int(caught.value.metadata["sequence"]) in (step.sequence, step.sequence + 1)
