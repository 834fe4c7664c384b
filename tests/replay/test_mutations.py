"""One changed byte is a broken chain; where the chain was mended, the first decision that differs.

Seeds are in the names of the tests.
"""

from __future__ import annotations

import json
import random
from functools import cache

import pytest

from axisor.errors import HistoryInvalid, JournalCorrupt
from axisor_server.domain.journal import Entry
from axisor_server.services.replay import (
    FileSource,
    MemorySource,
    Verdict,
    chain,
    export,
    replay,
)
from tests.replay.record import FOLDER
from tests.replay.scenarios import ALL, STORIES
from tests.support.core import Bench
from tests.support.histories import entries as stored
from tests.support.histories import live_through
from tests.support.rechain import Path, alter, edited, leaves, rechained

FLIPS = 300
EDITS = 150
STEP_EDITS = 40

DECIDED = {
    "StepTaken": {"run", "step", "intents", "memory", "wake"},
    "IntentPlanned": {"intent", "action", "target", "run", "step", "amount"},
    "IntentReviewRefused": {"run", "step", "action", "reviewer"},
}
"""Fields that a decision sets. What it was shown is not among them."""


@cache
def history(name: str) -> tuple[Entry, ...]:
    return tuple(FileSource(FOLDER / f"{name}.jsonl.gz").entries())


def verdict(entries: tuple[Entry, ...]) -> Verdict:
    chain(MemorySource(entries))
    return replay(entries, ALL)


@pytest.mark.parametrize("name", STORIES)
def test_a_flipped_byte_is_reported_at_its_entry(name, tmp_path):
    whole = tmp_path / "whole.jsonl"
    export(MemorySource(history(name)), whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    chance = random.Random(f"flips of {name}")
    flipped = tmp_path / "flipped.jsonl"
    for _ in range(FLIPS):
        number = chance.randrange(1, len(lines))
        line = bytearray(lines[number])
        place = chance.randrange(len(line))
        line[place] ^= 1 << chance.randrange(8)
        if line.lower() == lines[number].lower():
            continue  # a hash in capitals is the same hash
        flipped.write_bytes(b"".join((*lines[:number], bytes(line), *lines[number + 1 :])))

        with pytest.raises(JournalCorrupt) as caught:
            chain(FileSource(flipped))

        assert caught.value.metadata["sequence"] == str(number), (number, place)


@pytest.mark.parametrize("name", STORIES)
def test_a_changed_decision_is_reported_at_its_sequence_though_the_chain_was_mended(name):
    entries = history(name)
    chance = random.Random(f"edits of {name}")
    places = [
        (entry.sequence, path)
        for entry in entries
        for path in leaves(json.loads(entry.payload))
        if path[0] in DECIDED.get(entry.kind, ()) and b'"run":""' not in entry.payload
    ]
    for sequence, path in chance.sample(places, min(EDITS, len(places))):
        found = _forged(entries, sequence, path)

        assert found == sequence, (sequence, path)


@pytest.mark.parametrize("kind", ["BalanceChanged", "PositionChanged", "StepTaken"])
def test_what_was_shown_otherwise_is_reported_when_it_is_next_looked_at(kind):
    entries = history("mixed")
    mirror = _run_of(entries, "mirror")
    chance = random.Random(f"inputs of {kind}")
    shown = {"StepTaken": {"cause", "saw"}}.get(kind)
    reported = 0
    for entry in entries:
        payload = json.loads(entry.payload)
        if entry.kind != kind or (shown and payload.get("run") != mirror):
            continue
        paths = [p for p in leaves(payload) if shown is None or p[0] in shown]
        path = chance.choice([p for p in paths if p[-1] not in ("is", "asked", "halt")])
        found = _forged(entries, entry.sequence, path)
        assert found is None or found >= entry.sequence, (entry.sequence, path)
        if shown:
            assert found == entry.sequence, (entry.sequence, path)
        reported += found is not None
    assert reported > 0


@pytest.mark.parametrize("seed", [3, 7, 11, 20, 29])
async def test_any_change_of_a_step_is_reported_there_whether_its_decision_hung_on_it_or_not(seed):
    entries = await _lived(seed)
    chance = random.Random(f"steps of {seed}")
    steps = {e.sequence: json.loads(e.payload) for e in entries if e.kind == "StepTaken"}
    places = [(number, path) for number, payload in steps.items() for path in leaves(payload)]
    chosen = chance.sample(places, min(STEP_EDITS, len(places)))
    # What once went unseen: why the core was hindered, the halts, and the count of lately asked.
    unseen = ("causes", "halt", "platform", "asked", "age_ms")
    chosen += [next(p for p in places if word in p[1]) for word in unseen if _has(places, word)]
    for sequence, path in chosen:
        found = _forged(entries, sequence, path)
        assert found == sequence, (seed, sequence, path)
    print(f"seed {seed}: {len(chosen)} changes in {len(steps)} steps")


async def test_a_step_whose_seal_was_taken_off_is_reported():
    entries = await _lived(7)
    steps = [e for e in entries if e.kind == "StepTaken"]
    for taken in (steps[1], steps[-1]):
        forged = edited(entries, taken.sequence, lambda payload: payload.pop("seal"))

        found = verdict(forged).divergence

        assert found is not None
        assert found.sequence == taken.sequence
        assert "sealed" in found.note


def test_steps_of_cores_that_sealed_none_are_no_difference():
    assert not any(b'"seal"' in e.payload for e in history("mixed"))
    assert verdict(history("mixed")).divergence is None


def test_a_decision_taken_out_is_missed_where_it_was():
    entries = history("flash-crash")
    planned = next(e.sequence for e in entries if e.kind == "IntentPlanned")
    without = rechained(e for e in entries if e.sequence != planned)

    found = verdict(without).divergence

    assert found is not None
    assert found.sequence == planned


def test_a_decision_put_in_is_found_where_it_is():
    entries = history("flash-crash")
    planned = next(e for e in entries if e.kind == "IntentPlanned")
    twice = rechained((*entries[: planned.sequence], planned, *entries[planned.sequence :]))

    found = verdict(twice).divergence

    assert found is not None
    assert (found.sequence, found.kind) == (planned.sequence + 1, "IntentPlanned")
    assert found.note == "No step before it asks for this."


def test_an_outcome_of_what_was_never_sent_is_found():
    entries = history("flash-crash")
    sent = next(e.sequence for e in entries if e.kind == "IntentSent")
    without = rechained(e for e in entries if e.sequence != sent)

    found = verdict(without).divergence

    assert found is not None
    assert (found.sequence, found.kind) == (sent, "IntentSettled")
    assert "is planned and cannot become confirmed" in found.note


def test_a_journal_cut_within_a_decision_misses_its_end():
    entries = history("flash-crash")
    planned = next(e.sequence for e in entries if e.kind == "IntentPlanned")

    found = verdict(entries[: planned - 1]).divergence

    assert found is not None
    assert (found.sequence, found.kind, found.recorded) == (planned, "IntentPlanned", "")


def test_a_cut_file_is_a_broken_chain_at_the_first_entry_that_is_missing(tmp_path):
    path = tmp_path / "cut.jsonl"
    export(MemorySource(history("flash-crash")), path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-3]))

    with pytest.raises(JournalCorrupt) as caught:
        chain(FileSource(path))

    assert caught.value.metadata["sequence"] == str(len(lines) - 3)


@pytest.mark.parametrize(
    "text",
    [b"", b"\n", b"no history\n", b'{"history":99,"stream":"s","sequence":0,"hash":""}\n'],
)
def test_a_file_that_is_no_history_is_refused(tmp_path, text):
    path = tmp_path / "none.jsonl"
    path.write_bytes(text)

    with pytest.raises(HistoryInvalid):
        FileSource(path)


async def _lived(seed: int) -> tuple[Entry, ...]:
    """Return the history of a bench on which runs without sense lived through a seed."""
    bench = Bench(strategies=ALL)
    await bench.add_account()
    await live_through(bench, seed, turns=4)
    return tuple(await stored(bench))


def _has(places: list[tuple[int, Path]], word: str) -> bool:
    return any(word in path for _, path in places)


def _forged(entries: tuple[Entry, ...], sequence: int, path: Path) -> int | None:
    """Return where the replay of a forged journal finds fault, None where it finds none."""
    forged = edited(entries, sequence, lambda payload: alter(payload, path))
    try:
        found = verdict(forged).divergence
    except JournalCorrupt as error:
        return int(error.metadata["sequence"])
    return None if found is None else found.sequence


def _run_of(entries: tuple[Entry, ...], strategy: str) -> str:
    payloads = (json.loads(e.payload) for e in entries if e.kind == "RunChanged")
    return str(next(p["run"] for p in payloads if p["strategy"] == strategy))
