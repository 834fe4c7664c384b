"""One person's whole way through the command line, on either database.

Registered, signed in with a second factor, an account added, a read-only token made, watched with
and revoked, and the audit verified.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pyotp
import pytest
from tests.support.postgres import new_postgres_dsn, postgres_server
from tests.support.processes import (
    COMMAND,
    KEY,
    PASSPHRASE,
    SECRET,
    Core,
    Done,
    core,
    end,
    environment,
    simulator,
    until,
)

__all__ = ["new_postgres_dsn", "postgres_server"]

ADA, PASSWORD = "ada@example.org", "four words do quite well"
ENDS_WITHIN_S = 5.0
SLACK_S = 5.0
"""For a process to say so and to end, on a busy machine."""


@pytest.fixture(autouse=True)
def _a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("AXISOR_PEOPLE__PASSWORDS", "small")


async def said(running: Core, *words: str, stdin: str = "") -> Done:
    """Run a command that must succeed."""
    done = await running.cli(*words, stdin=stdin)
    assert done.code == 0, (words, done.err)
    return done


@asynccontextmanager
async def watching(running: Core, token: Path, log: Path) -> AsyncIterator[Any]:
    """Follow the account with a token until the block ends."""
    words = ("--data-dir", str(running.data), "--token-file", str(token), "watch", "--json")
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *words, stdout=out, stderr=out, env=environment()
        )
        try:
            yield process
        finally:
            await end(process)


async def whole_way(folder: Path, *options: str) -> None:
    """Walk it."""
    async with simulator(folder) as sim, core(folder, *options) as running:
        await said(running, "auth", "register", "--email", ADA, stdin=f"{PASSWORD}\n")
        await said(running, "auth", "login", "--email", ADA, stdin=f"{PASSWORD}\n")
        enrolled = (await said(running, "auth", "totp", "enrol", "-o", "json")).json
        app = pyotp.TOTP(enrolled["secret"])
        typed = f"{app.now()}\n"
        codes = (await said(running, "auth", "totp", "confirm", "-o", "json", stdin=typed)).json
        await said(running, "auth", "logout")
        typed = f"{PASSWORD}\n{codes[0]['code']}\n"
        await said(running, "auth", "login", "--email", ADA, stdin=typed)

        await said(
            running,
            *("account", "add", "--network", "sim", "--url", sim.url, "--label", "mine"),
            stdin=f"{KEY}\n{SECRET}\n{PASSPHRASE}\n",
        )
        file = folder / "reader.token"
        made = ("token", "create", "a reader", "--read-only", "--to", str(file), "-o", "json")
        token = (await said(running, *made)).json
        refused = await running.cli("--token-file", str(file), "halt", "--yes")
        assert refused.code == 3
        assert "PERMISSION_DENIED" in refused.err

        log = folder / "watch.log"
        async with watching(running, file, log) as process:
            await until(lambda: "watching" in log.read_text(), "the token watches")
            await sim.open_long()
            await until(lambda: "PositionChanged" in log.read_text(), "it sees the position")
            await said(running, "token", "revoke", token["id"], "--yes")
            begun = time.monotonic()
            async with asyncio.timeout(ENDS_WITHIN_S + SLACK_S):
                await process.wait()
            assert process.returncode == 3, log.read_text()
            assert time.monotonic() - begun < ENDS_WITHIN_S + SLACK_S

        after = await running.cli("--token-file", str(file), "account", "list")
        assert after.code == 3
        for journal in ((), ("--platform",)):
            verified = (await said(running, "audit", "verify", *journal, "-o", "json")).json
            assert verified["first_bad"] is None
            assert verified["entries"] > 0
        told = (await said(running, "audit", "search", "--platform", "-o", "json")).json
        kinds = {entry["kind"] for entry in told}
        assert {"PersonRegistered", "SessionOpened", "TokenIssued", "TokenRevoked"} <= kinds
        assert ADA not in json.dumps(told)
        written = running.log.read_text()
    for secret in (PASSWORD, SECRET, file.read_text().strip(), enrolled["secret"]):
        assert secret not in written


async def test_the_whole_way_on_sqlite(tmp_path: Path) -> None:
    await whole_way(tmp_path)


@pytest.mark.postgres
@pytest.mark.xdist_group("replicas")
async def test_the_whole_way_on_postgres(
    tmp_path: Path, new_postgres_dsn: Callable[[], str]
) -> None:
    await whole_way(tmp_path, "--database", new_postgres_dsn())
