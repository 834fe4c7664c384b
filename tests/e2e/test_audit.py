"""Who did what, searched, exported, proved and verified by others, and a tail that was cut off."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.postgres import postgres_dsn, postgres_server
from tests.support.processes import Core, Done, add_account, axisor, core, simulator, until

__all__ = ["postgres_dsn", "postgres_server"]

VERIFIER = Path(__file__).parents[2] / "examples" / "audit_verifier.py"
OPEN = ("order", "place", "--side", "long", "--qty", "100usd", "--leverage", "5", "--yes")


async def ran(running: Core, *words: str) -> Any:
    """Return what a command of `axisor audit` answers, as JSON."""
    done = await running.cli("audit", *words, "-o", "json")
    assert done.code == 0, (words, done.err)
    return done.json


async def verified(*words: str) -> tuple[int, str]:
    """Run the independent verifier; returns its exit code and what it said last."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, VERIFIER, *words, stdout=-1, stderr=-1
    )
    out, err = await process.communicate()
    said = (out + err).decode().strip().splitlines()
    return process.returncode or 0, said[-1]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def options(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Return what makes a core use a database."""
    if request.param == "sqlite":
        return ()
    return ("--database", request.getfixturevalue("postgres_dsn"))


async def test_a_journal_is_evidence_outside_the_core(tmp_path: Path, options: tuple[str, ...]):
    async with (
        simulator(tmp_path) as sim,
        core(tmp_path, *options, variables={"AXISOR_AUDIT__EVERY": "5"}) as running,
    ):
        async with running.client() as client:
            account = await add_account(client, sim.url)
        done = await running.cli(*OPEN)
        assert done.code == 0, done.err
        for words in (("halt",), ("halt", "resume")):
            assert (await running.cli(*words)).code == 0

        entries = await ran(running, "search")
        who = {entry["kind"]: entry["principal"] for entry in entries}
        assert who["CommandReceived"] == "owner"
        assert "BalanceChanged" not in who
        (of_core, *_) = await ran(running, "search", "--platform", "--by", "owner")
        assert of_core["kind"] == "HaltChanged"
        assert await ran(running, "search", "--by", "people/nobody") == []

        async def covered() -> Any:
            found = await ran(running, "checkpoints")
            return found if found and found[-1]["sequence"] >= entries[0]["sequence"] else None

        await until(covered, "a checkpoint covers what was done")
        key = (await ran(running, "key"))["key"]
        history, proof = tmp_path / "history.jsonl", tmp_path / "proof.json"
        await ran(running, "export", str(history))
        proved = await running.cli("audit", "prove", str(entries[0]["sequence"]))
        proof.write_text(proved.out)
        kept = running.data / "checkpoints.ndjson"
        assert kept.stat().st_mode & 0o077 == 0

        assert await verified(key, str(history), str(kept)) == (0, "it holds")
        assert await verified(key, str(proof)) == (0, "it holds")
        assert await verified(key, *forged(history, "AccountOpened", "AccountClosed")) == (
            1,
            "broken at 1",
        )
        assert (await verified(key, *forged(proof, '"path"', '"path_"')))[0] == 1
        swapped = key.replace("axisor-audit-key:", "axisor-audit-key:AAAA")
        assert (await verified(swapped[:-4], str(proof)))[0] == 1

        found = await ran(running, "verify")
        assert (found["first_bad"], found["entries"] >= entries[0]["sequence"]) == (None, True)
        assert found["checkpoints"] >= 1
        table = tmp_path / "table.csv"
        await ran(running, "export", str(table), "--csv", "--by", "owner")
        assert "CommandReceived" in table.read_text()
        part = await running.cli("audit", "export", str(history), "--by", "owner")
        assert part.code == 2
        shown = await ran(running, "show", str(entries[0]["sequence"]))
        assert shown["kind"] == entries[0]["kind"]

        await running.stop()
        sound = await offline(running, options, kept, key)
        assert sound.code == 0, sound.err
        assert sound.json["journals"][f"accounts/{account}"] >= entries[0]["sequence"]
        if not options:
            await cut_off(running, account, kept, key)


def forged(path: Path, old: str, new: str) -> tuple[str]:
    """Return a copy of a file in which one text is another."""
    copy = path.with_name(f"forged-{path.name}")
    assert old in path.read_text()
    copy.write_text(path.read_text().replace(old, new, 1))
    return (str(copy),)


async def offline(running: Core, options: tuple[str, ...], kept: Path, key: str) -> Done:
    """Verify the database of a core that does not run."""
    words = ("--data-dir", str(running.data), *options)
    return await axisor(
        "db", "verify", *words, "--checkpoints", str(kept), "--key", key, "-o", "json"
    )


async def cut_off(running: Core, account: str, kept: Path, key: str) -> None:
    """Cut the tail of a journal off, with its head and the checkpoints in the database."""
    stream = f"accounts/{account}"
    with sqlite3.connect(running.data / "axisor.db") as database:
        database.execute("DELETE FROM journal WHERE stream = ? AND sequence > 2", (stream,))
        (last,) = database.execute(
            "SELECT hash FROM journal WHERE stream = ? AND sequence = 2", (stream,)
        ).fetchone()
        database.execute(
            "UPDATE journal_head SET sequence = 2, hash = ? WHERE stream = ?", (last, stream)
        )
        database.execute("DELETE FROM documents WHERE kind = 'checkpoints'")
    database.close()

    alone = await axisor("db", "verify", "--data-dir", str(running.data), "-o", "json")
    assert alone.code == 0, alone.err  # nothing in the database tells

    told = await offline(running, (), kept, key)
    assert told.code == 1
    assert json.loads(told.err)["error"]["metadata"]["sequence"] == "3"
