"""Signing in by a provider through the command line: real processes, a real browser's steps."""

from __future__ import annotations

import asyncio
import json
import re
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.support.processes import COMMAND, PATIENCE_S, Core, Done, core, end, environment
from tests.support.provider import ADA, BOB, CLIENT, SECRET, Provider, provider

from axisor_server.adapters.system import SystemClock

URI = re.compile(r"http://127\.0\.0\.1:\d+/\S*authorize\?\S+")
TYPED = re.compile(r"and type (\S+)")


@pytest.fixture(autouse=True)
def _a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


class Terminal:
    """An `axisor` command that waits for somebody to do something elsewhere."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._said = ""

    async def said(self, form: re.Pattern[str]) -> re.Match[str]:
        """Wait until it writes something to standard error, and return that."""
        assert self._process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            while (found := form.search(self._said)) is None:
                line = await self._process.stderr.readline()
                assert line, self._said
                self._said += line.decode()
        return found

    async def done(self) -> Done:
        """Wait for its end."""
        async with asyncio.timeout(PATIENCE_S):
            out, err = await self._process.communicate()
        return Done(self._process.returncode or 0, out.decode(), self._said + err.decode())


@asynccontextmanager
async def terminal(running: Core, *words: str) -> AsyncIterator[Terminal]:
    """Run a command for as long as this is open."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *("--data-dir", str(running.data), *words),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=environment(),
    )
    try:
        yield Terminal(process)
    finally:
        await end(process)


async def browse(uri: str, *before: str) -> httpx.Response:
    """Go to the provider and back to the terminal, after calls of others at the same port."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as browser:
        there = await browser.get(uri)
        back = there.headers["location"]
        for path in before:
            stranger = await browser.get(str(httpx.URL(back).join(path)))
            assert stranger.status_code == 404
        return await browser.get(back)


@asynccontextmanager
async def believing(folder: Path, there: Provider) -> AsyncIterator[Core]:
    """Run a core that believes the provider, its secret in a private file."""
    secret = folder / "client.secret"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    begins = "AXISOR_PEOPLE__PROVIDERS__"
    variables = {
        "AXISOR_PEOPLE__PASSWORDS": "small",
        f"{begins}TEST__ISSUER": there.url,
        f"{begins}TEST__CLIENT_ID": CLIENT,
        f"{begins}TEST__CLIENT_SECRET_FILE": str(secret),
        f"{begins}TEST__DEVICE": "true",
        f"{begins}HUB__KIND": "github",
        f"{begins}HUB__ISSUER": f"{there.url}/",
        f"{begins}HUB__CLIENT_ID": CLIENT,
        "AXISOR_CLIENT_SECRET_HUB": SECRET,
    }
    async with core(folder, variables=variables) as running:
        yield running


async def said(running: Core, *words: str) -> Done:
    """Run a command that must succeed."""
    done = await running.cli(*words)
    assert done.code == 0, (words, done.err)
    return done


async def test_the_owner_comes_links_another_identity_and_comes_by_that(tmp_path: Path) -> None:
    async with provider(SystemClock()) as there, believing(tmp_path, there) as running:
        listed = (await said(running, "auth", "providers", "-o", "json")).json
        assert [(each["name"], each["devices"]) for each in listed] == [
            ("hub", False),
            ("test", True),
        ]

        register = ("auth", "register", "--email", "ada@example.org", "--with", "test")
        async with terminal(running, *register) as shown:
            uri = (await shown.said(URI))[0]
            state = httpx.URL(uri).params["state"]
            arrived = await browse(
                uri, "/", "/back?code=x", "/back?code=x&state=guessed", f"/other?state={state}"
            )
            assert arrived.status_code == 200
            done = await shown.done()
        assert done.code == 0, done.err
        me = (await said(running, "auth", "status", "-o", "json")).json
        assert (me["acts_as"], me["role"], me["email_verified"]) == (
            "ada@example.org",
            "owner",
            True,
        )

        async with terminal(running, "user", "identities", "link", "hub", "-o", "json") as shown:
            await browse((await shown.said(URI))[0])
            linked = json.loads((await shown.done()).out)
        assert linked["provider"] == "hub"
        own = (await said(running, "user", "identities", "list", "-o", "json")).json
        assert [each["provider"] for each in own] == ["test", "hub"]
        await said(running, "user", "identities", "unlink", own[0]["id"], "--yes")
        last = await running.cli("user", "identities", "unlink", own[1]["id"], "--yes")
        assert "PERSON_STATE_INVALID" in last.err

        await said(running, "auth", "logout")
        async with terminal(running, "auth", "login", "--with", "hub") as shown:
            await browse((await shown.said(URI))[0])
            assert (await shown.done()).code == 0
        assert (await said(running, "auth", "status", "-o", "json")).json["role"] == "owner"

        async with running.client() as owner:
            settings = str(await owner.system.settings())
        assert "client.secret" in settings  # where it is, not what
        log, written = running.log.read_text(), b""
        for path in running.data.glob("*.db*"):
            written += path.read_bytes()
    for secret in (SECRET, ADA.email.lower(), ADA.subject, state):
        assert secret not in log
        assert secret.encode() not in written
        assert secret not in settings


async def test_a_terminal_without_a_browser_signs_in_by_another_device(tmp_path: Path) -> None:
    async with provider(SystemClock()) as there, believing(tmp_path, there) as running:
        register = ("auth", "register", "--email", BOB.email, "--with", "test", "--no-browser")
        async with terminal(running, *register) as shown:
            there.approve((await shown.said(TYPED))[1], BOB)
            done = await shown.done()

        assert done.code == 0, done.err
        me = (await said(running, "auth", "status", "-o", "json")).json
        assert (me["acts_as"], me["role"]) == (BOB.email, "owner")


async def test_what_goes_wrong_says_what_to_do(tmp_path: Path) -> None:
    async with provider(SystemClock()) as there, believing(tmp_path, there) as running:
        async with terminal(running, "auth", "login", "--with", "test") as shown:
            there.consents = None
            await browse((await shown.said(URI))[0])
            refused = await shown.done()
        assert refused.code == 3
        assert "IDENTITY_REFUSED" in refused.err

        there.consents = ADA
        async with terminal(running, "auth", "login", "--with", "test") as shown:
            await browse((await shown.said(URI))[0])
            closed = await shown.done()
        assert "REGISTRATION_CLOSED" in closed.err
        assert "FIELD_INVALID" in (await running.cli("auth", "login", "--with", "nobody")).err
        assert (await running.cli("auth", "login", "--no-browser")).code == 2
