"""The commands: the bot's token, codes, who was paired, and the bot as a process of its own."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from axisor.errors import AxisorError, PersonNotFound, TokenInvalid
from axisor.tokens import bounds_of, parse
from axisor_bot.errors import BotTokenInvalid, HomeInvalid
from axisor_bot.people import OPERATOR, VIEWER
from axisor_bot.telegram.cli import telegram
from axisor_cli.session import Options
from tests.clients.bot.botfather import ANN, BEN, NAME, TOKEN
from tests.clients.bot.parlour import Parlour
from tests.server.rpc.serving import TOKEN as OWNER
from tests.support.processes import COMMAND, end, environment


class Shell:
    """Calls the commands as `axisor` calls them."""

    def __init__(self, at: Parlour, folder: Path) -> None:
        self.at = at
        self.owner, self.ca = folder / "owner.token", folder / "core.pem"
        self.owner.write_text(OWNER)
        self.ca.write_bytes(at.core.certificate)
        self.where = ("--home", str(at.home.folder), "--api-url", at.telegram.url)

    async def call(self, *words: str, stdin: str = "") -> Result:
        """Run a command to its end, beside the loop that serves the core."""
        options = Options(
            connect=f"127.0.0.1:{self.at.core.port}",
            ca=str(self.ca),
            token_file=str(self.owner),
        )
        arguments = [words[0], *self.where, *words[1:]]
        return await asyncio.to_thread(
            CliRunner().invoke, telegram, arguments, obj=options, input=stdin
        )

    async def well(self, *words: str, stdin: str = "") -> str:
        """Run a command that ends well, and return what it wrote."""
        done = await self.call(*words, stdin=stdin)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    async def code(self, *words: str) -> str:
        """Make a code."""
        found = re.search(r"/start (\d{6})", await self.well("pair", *words))
        assert found is not None
        return found[1]


@pytest.fixture
async def shell(idle: Parlour, tmp_path: Path) -> Shell:
    """Open a shell with the bot's token kept."""
    opened = Shell(idle, tmp_path)
    await opened.well("token", stdin=f"{TOKEN}\n")
    return opened


async def test_the_first_is_an_operator_and_others_are_viewers_unless_said(shell: Shell):
    at = shell.at
    await at.start()
    for user, words in ((ANN, ()), (BEN, ()), (BEN, ("--role", OPERATOR))):
        sent = len(at.telegram.sent)
        await at.telegram.say(user, f"/start {await shell.code(*words)}")
        await at.telegram.next(sent + 1)
        if user == BEN and not words:
            assert {each.user: each.role for each in at.home.people()} == {
                ANN: OPERATOR,
                BEN: VIEWER,
            }

    assert {each.role for each in at.home.people()} == {OPERATOR}
    listed = await shell.well("people")
    assert all(each.key in listed and each.token not in listed for each in at.home.people())


async def test_a_token_may_do_what_the_role_needs_on_one_account_and_no_more(shell: Shell):
    at = shell.at
    await at.start()
    code = await shell.code("--role", VIEWER, "--days", "1", "--max-sats-per-day", "7")
    await at.telegram.say(ANN, f"/start {code}")
    await at.telegram.next(1)

    [person] = at.home.people()
    bounds = bounds_of(parse(person.token).caveats)

    assert bounds.accounts == frozenset({at.account})
    assert str(bounds.permissions) == "Permission.READ"
    assert bounds.sats_per_day == 7
    assert bounds.until_s is not None


async def test_what_it_prints_is_a_code_and_a_link(shell: Shell):
    wrote = await shell.well("pair")

    code = re.findall(r"\d{6}", wrote)[0]
    assert f"https://t.me/{NAME}?start={code}" in wrote
    assert "operator of first (SIM)" in wrote
    assert code not in shell.at.files()


async def test_who_is_forgotten_holds_no_token_any_more(shell: Shell):
    at = shell.at
    await at.start()
    person = await at.pair()
    await at.stop()

    assert "revoked" in await shell.well("forget", person.key)

    assert at.home.people() == []
    async with at.connect(person) as client:
        with pytest.raises(TokenInvalid):
            await client.accounts.get(at.account)


@pytest.mark.parametrize(
    ("words", "error"),
    [(("forget", "nobody"), PersonNotFound), (("pair",), HomeInvalid)],
    ids=["nobody", "no token"],
)
async def test_what_cannot_be_done_is_said(
    idle: Parlour, tmp_path: Path, words: tuple[str, ...], error: type[AxisorError]
):
    done = await Shell(idle, tmp_path).call(*words)

    assert isinstance(done.exception, error)


async def test_a_token_that_telegram_does_not_know_is_not_kept(idle: Parlour, tmp_path: Path):
    done = await Shell(idle, tmp_path).call("token", stdin="1:wrong\n")

    assert isinstance(done.exception, BotTokenInvalid)
    assert not (idle.home.folder / "token").exists()


async def test_a_bot_of_its_own_process_answers_and_stops_and_the_core_goes_on(shell: Shell):
    at = shell.at
    await at.start()
    await at.pair()
    await at.stop()
    at.telegram.offsets.clear()
    core = ("--connect", f"127.0.0.1:{at.core.port}", "--ca", str(shell.ca))
    log = shell.ca.with_suffix(".log")

    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *core, "bot", "telegram", "run", *shell.where,
            stderr=errors, env=environment(),
        )  # fmt: skip
    try:
        await at.telegram.until(lambda: at.telegram.offsets)
        assert "guard OFF" in (await at.ask("/status"))["text"]
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        await end(process)

    assert (await at.owner.accounts.get(at.account)).id == at.account
    assert TOKEN not in log.read_text()
    assert "the core goes on" in log.read_text()
