"""The commands: the bot's key, whom it answers, and the bot as a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from axisor.errors import AxisorError, PersonNotFound, TokenInvalid
from axisor.tokens import bounds_of, parse
from axisor_bot.errors import HomeInvalid, NostrKeyInvalid, RelayInvalid
from axisor_bot.nostr.cli import nostr
from axisor_cli.session import Options
from tests.clients.bot.nostr.salon import ANN, BOT, EVE, Salon, npub_of, nsec_of
from tests.server.rpc.serving import TOKEN as OWNER
from tests.support.processes import COMMAND, end, environment


class Shell:
    """Calls the commands as `axisor` calls them."""

    def __init__(self, at: Salon, folder: Path) -> None:
        self.at = at
        self.owner, self.ca = folder / "owner.token", folder / "core.pem"
        self.owner.write_text(OWNER)
        self.ca.write_bytes(at.core.certificate)
        self.home = ("--home", str(at.home.folder))

    async def call(self, *words: str, stdin: str = "") -> Result:
        """Run a command to its end, beside the loop that serves the core."""
        options = Options(
            connect=f"127.0.0.1:{self.at.core.port}",
            ca=str(self.ca),
            token_file=str(self.owner),
        )
        arguments = [words[0], *self.home, *words[1:]]
        return await asyncio.to_thread(
            CliRunner().invoke, nostr, arguments, obj=options, input=stdin
        )

    async def well(self, *words: str, stdin: str = "") -> str:
        """Run a command that ends well, and return what it wrote."""
        done = await self.call(*words, stdin=stdin)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output


@pytest.fixture
def shell(idle: Salon, tmp_path: Path) -> Shell:
    """Open a shell."""
    return Shell(idle, tmp_path)


async def test_a_key_is_kept_and_its_public_half_is_said(shell: Shell):
    wrote = await shell.well("key", stdin=f"{nsec_of(EVE)}\n")

    assert npub_of(EVE) in wrote
    assert nsec_of(EVE) not in wrote
    assert shell.at.home.key.reveal() == nsec_of(EVE)


async def test_a_new_key_is_nobodys(shell: Shell):
    said = {await shell.well("key", "--new") for _ in range(2)}

    assert len(said) == 2
    assert npub_of(BOT) not in "".join(said)


async def test_who_is_allowed_may_read_one_account_and_no_more(shell: Shell):
    wrote = await shell.well("allow", npub_of(ANN), "--name", "ann", "--private", "--days", "1")

    [contact] = shell.at.home.contacts()
    bounds = bounds_of(parse(contact.token).caveats)
    assert "ann may ask about first (SIM)" in wrote
    assert (contact.npub, contact.private, contact.role) == (npub_of(ANN), True, "viewer")
    assert bounds.accounts == frozenset({shell.at.account})
    assert str(bounds.permissions) == "Permission.READ"
    assert bounds.until_s is not None
    listed = await shell.well("people")
    assert npub_of(ANN) in listed
    assert contact.token not in listed


async def test_who_is_forgotten_holds_no_token_any_more(shell: Shell):
    at = shell.at
    await shell.well("allow", npub_of(ANN), "--name", "ann")
    [contact] = at.home.contacts()

    assert "revoked" in await shell.well("forget", "ann")

    assert at.home.contacts() == []
    async with at.connect(contact) as client:
        with pytest.raises(TokenInvalid):
            await client.accounts.get(at.account)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("forget", "nobody"), PersonNotFound),
        (("allow", "npub1canary"), NostrKeyInvalid),
        (("allow", nsec_of(ANN)), NostrKeyInvalid),
        (("key",), NostrKeyInvalid),
        (("run", "--relay", "https://relay.example.org"), RelayInvalid),
        (("run", "--relay", "ws://relay.example.org"), RelayInvalid),
        (("run", "--relay", "wss://relay.example.org:x"), RelayInvalid),
    ],
)
async def test_what_cannot_be_done_is_said(
    shell: Shell, words: tuple[str, ...], error: type[AxisorError]
):
    done = await shell.call(*words, stdin="nsec1canary\n")

    assert isinstance(done.exception, error)
    assert "canary" not in str(done.exception)


async def test_without_a_key_nobody_is_allowed(shell: Shell):
    (shell.at.home.folder / "key").unlink()

    done = await shell.call("allow", npub_of(ANN))

    assert isinstance(done.exception, HomeInvalid)


async def test_without_the_library_it_says_what_to_install(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "nostr_sdk", None)

    done = await shell.call("people")

    assert done.exit_code == 1
    assert "pip install axisor-bot[nostr]" in done.output


async def test_a_bot_of_its_own_process_answers_and_stops_and_the_core_goes_on(shell: Shell):
    at = shell.at
    await shell.well("allow", npub_of(ANN))
    core = ("--connect", f"127.0.0.1:{at.core.port}", "--ca", str(shell.ca))
    relays = [word for relay in at.relays for word in ("--relay", relay.url)]
    log = shell.ca.with_suffix(".log")

    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *core, "bot", "nostr", "run", *shell.home, *relays,
            stderr=errors, env=environment(),
        )  # fmt: skip
    try:
        await at.relays[0].followed()
        assert "guard OFF" in await at.ask("/status")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        await end(process)

    assert (await at.owner.accounts.get(at.account)).id == at.account
    assert nsec_of(BOT) not in log.read_text()
    assert "the core goes on" in log.read_text()


async def test_one_folder_holds_one_bot(idle: Salon):
    with idle.home.alone(), pytest.raises(HomeInvalid), idle.home.alone():
        pass
