"""`axisor replay`: beside a core that runs, without one, and from a file."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from axisor.model import Mode
from axisor_cli.fail import ExitCode
from axisor_server import cli_replay
from axisor_server.adapters.database import sqlite_store
from axisor_server.domain.journal import Entry, Head
from axisor_server.domain.records import AccountRecord
from axisor_server.services.replay import FileSource, MemorySource, export
from tests.clients.cli.conftest import Axisor
from tests.replay.record import FOLDER
from tests.support.rechain import edited

PLUGIN = ("--plugin", "margin-guard")
ACCOUNT = "0190f5a0-0000-7000-8000-000000000001"


def story(name: str = "flash-crash") -> tuple[Entry, ...]:
    return tuple(FileSource(FOLDER / f"{name}.jsonl.gz").entries())


@contextmanager
def core(directory: Path, entries: tuple[Entry, ...]) -> Iterator[None]:
    """Hold a data directory as a running core does, with one account's journal in it."""
    record = AccountRecord(
        id=ACCOUNT,
        venue="simx",
        network="sim",
        mode=Mode.SIM,
        label="test",
        created_us=0,
        updated_us=0,
    )
    with asyncio.Runner() as runner:
        store = sqlite_store(directory)
        runner.run(store.open())
        runner.run(store.write(lambda tx: tx.put_account(record, revision=None)))
        runner.run(store.write(lambda tx: tx.append(Head(), entries, epoch=None)))
        yield
        runner.run(store.close())


def test_a_journal_is_verified_while_its_core_runs_and_after_it_stopped(
    axisor: Axisor, tmp_path: Path
) -> None:
    words = ("replay", "--verify", "--data-dir", str(tmp_path), *PLUGIN)
    with core(tmp_path, story()):
        running = axisor(*words)
    stopped = axisor(*words)

    assert (running.code, stopped.code) == (ExitCode.OK, ExitCode.OK), running.err
    said = f"accounts/{ACCOUNT}: {len(story())} entries; 3 decisions made again come out the same."
    assert running.out.splitlines() == stopped.out.splitlines() == [said]


def test_a_decision_that_comes_out_otherwise_has_a_code_of_its_own(
    axisor: Axisor, tmp_path: Path
) -> None:
    step = next(e.sequence for e in story() if b'"amount":' in e.payload and e.kind == "StepTaken")

    def less(payload: dict[str, Any]) -> None:
        payload["intents"][0]["amount"] -= 1

    path = tmp_path / "forged.jsonl.gz"
    export(MemorySource(edited(story(), step, less)), path)

    text = axisor("replay", "--verify", "--file", str(path), *PLUGIN)
    data = axisor("replay", "--verify", "--file", str(path), "-o", "json", *PLUGIN)

    assert text.code == data.code == ExitCode.DIVERGED == cli_replay.DIVERGED
    assert f"First difference: StepTaken at {step}" in text.out
    assert "$.intents[0].amount was" in text.out
    assert "[REPLAY_DIVERGED]" in text.err
    found = data.json["histories"][0]["divergence"]
    assert (found["sequence"], found["path"]) == (step, "$.intents[0].amount")
    assert int(found["replayed"]) - int(found["recorded"]) == 1


def test_a_broken_chain_is_told_before_anything_else(axisor: Axisor, tmp_path: Path) -> None:
    with core(tmp_path, story()):
        pass
    with sqlite3.connect(tmp_path / "axisor.db") as database:
        database.execute("UPDATE journal SET time = time + 1 WHERE sequence = 7")
    database.close()
    words = ("replay", "--verify", "--data-dir", str(tmp_path), *PLUGIN)

    text = axisor(*words)
    data = axisor(*words, "-o", "json")

    assert text.code == data.code == ExitCode.CORRUPT == cli_replay.CORRUPT
    assert text.out == ""
    assert "[JOURNAL_CORRUPT]" in text.err
    assert data.json["error"]["metadata"]["sequence"] == "7"


def test_an_export_is_the_history_again(axisor: Axisor, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl.gz"
    with core(tmp_path, story()):
        wrote = axisor("replay", "--export", str(file), "--data-dir", str(tmp_path))

    assert wrote.code == ExitCode.OK, wrote.err
    assert tuple(FileSource(file).entries()) == story()
    assert sorted(p.name for p in tmp_path.glob("history*")) == ["history.jsonl.gz"]
    assert axisor("replay", "--verify", "--file", str(file), *PLUGIN).code == ExitCode.OK


def test_an_account_is_named_by_the_beginning_of_its_id(axisor: Axisor, tmp_path: Path) -> None:
    with core(tmp_path, story()):
        words = ("replay", "--verify", "--data-dir", str(tmp_path), *PLUGIN, "--account")
        assert axisor(*words, ACCOUNT[:6]).code == ExitCode.OK
        assert axisor(*words, "ffff").code == ExitCode.NOT_FOUND


def test_a_later_start_reads_what_is_before_it_and_compares_the_rest(
    axisor: Axisor, tmp_path: Path
) -> None:
    path = FOLDER / "flash-crash.jsonl.gz"
    steps = [e.sequence for e in story() if e.kind == "StepTaken"]

    found = axisor(
        "replay", "--verify", "--file", str(path), "--from", str(steps[1]), "-o", "json", *PLUGIN
    )

    assert found.json["histories"][0]["decisions"] == len(steps) - 1


@pytest.mark.parametrize(
    "words",
    [(), ("--verify", "--file", "f", "--account", "a"), ("--export", "g", "--file", "f")],
)
def test_words_that_contradict_each_other_are_a_mistake(axisor: Axisor, words) -> None:
    assert axisor("replay", *words).code == ExitCode.USAGE


def test_a_directory_without_a_core_is_told(axisor: Axisor, tmp_path: Path) -> None:
    found = axisor("replay", "--verify", "--data-dir", str(tmp_path))

    assert found.code == ExitCode.ERROR
    assert f"There is no database in {tmp_path}." in found.err


def test_a_strategy_that_is_not_enabled_cannot_be_compared(axisor: Axisor) -> None:
    path = FOLDER / "two-strategies.jsonl.gz"

    found = axisor("replay", "--verify", "--file", str(path), *PLUGIN, "-o", "json")

    assert found.code == ExitCode.ERROR
    assert json.loads(found.err)["error"]["reason"] == "STRATEGY_NOT_FOUND"
