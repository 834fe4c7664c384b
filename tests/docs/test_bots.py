"""The page on bots: its commands are followed, and what it says of them is the code's."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from axisor_bot.agents import server
from axisor_bot.grammar import FORMS, parse
from axisor_bot.granting import DAYS
from axisor_bot.home import Home
from axisor_bot.linking import SIGNED_IN
from axisor_bot.muting import KINDS, LOUD_MUTED
from axisor_bot.nostr.answering import FRESH
from axisor_bot.nostr.contacts import NostrHome
from axisor_bot.people import DIGITS, MINUTES, MOST_TRIES, RIGHTS
from axisor_web.sessions import Terms
from tests.clients.bot.botfather import ANN, TOKEN, telegram_server
from tests.docs import pages
from tests.docs.following import Reader
from tests.support.nostr import relaying

PAGE, START = "bots.md", "quickstart.md"
TOKEN_COMMAND = "axisor bot telegram token"


class Owner(Reader):
    """A reader whose Telegram is one on loopback, and whose core is that of the quickstart."""

    def __init__(self, folder: Path, url: str, relay: str) -> None:
        super().__init__(folder)
        self._environment |= {"AXISOR_DATA_DIR": "./quickstart"}
        self._url, self._relay = url, relay

    def text_of(self, page: str, word: str) -> str:
        """Return all blocks of a page for one shell."""
        text = super().text_of(page, word)
        text = re.sub(r"(bot telegram \w+)", rf"\1 --api-url {self._url}", text)
        text = re.sub(r"wss://\S+", self._relay, text)
        return text.replace(
            "axisor bot telegram token", f"echo {TOKEN} | axisor bot telegram token"
        )


@pytest.mark.timeout(240)  # eight processes, one after the other
async def test_a_reader_pairs_and_asks_and_lets_an_agent_in(tmp_path: Path):
    async with telegram_server() as telegram, relaying() as relay:
        reader = Owner(tmp_path, telegram.url, relay.url)
        with reader.background(START, "venue"), reader.background(START, "core"):
            account = reader.text_of(START, "you").splitlines()[1]
            await asyncio.to_thread(reader.type, account)
            said = await asyncio.to_thread(reader.type, reader.text_of(PAGE, "pair"))
            [code] = re.findall(rf"/start (\d{{{DIGITS}}})", said)
            with reader.background(PAGE, "run"):
                await telegram.say(ANN, f"/start {code}")
                paired = await telegram.saying("paired as operator")
                await telegram.say(ANN, "/status")
                status = await telegram.saying("free 2,000,000 sat")
            allowed = await asyncio.to_thread(reader.type, reader.text_of(PAGE, "nostr"))
            with reader.background(PAGE, "listen"):
                await relay.followed()
            await asyncio.to_thread(reader.type, reader.text_of(PAGE, "agent"))

    assert paired["text"].startswith("[SIM]")
    assert "guard OFF" in status["text"]
    assert "ada may ask about" in allowed
    assert TOKEN not in (tmp_path / "run.log").read_text()


def test_every_command_of_the_bot_is_on_the_page_and_is_one():
    text = pages.page(PAGE)
    rows = re.findall(r"^\| (`/.*?) \|", text, flags=re.MULTILINE)
    lines = re.findall(r"`(/[^`]+)`", " ".join(rows))

    names = {line.split()[0].removeprefix("/") for line in lines}
    assert names - {"p"} == {each.name for each in FORMS}
    for line in lines:
        words = {"ID": "7f3a", "NUMBER": "7", "RUN": "01a2"}
        assert parse(" ".join(words.get(each, each) for each in line.split())) is not None


@pytest.mark.parametrize("role", sorted(RIGHTS))
def test_the_rights_of_a_role_are_the_real_ones(role: str):
    rights = ", ".join(f"`{each}`" for each in RIGHTS[role])

    assert f"| `{role}` | {rights} |" in pages.page(PAGE)


def test_the_figures_are_those_of_the_code():
    text = " ".join(pages.page(PAGE).split())

    assert (DIGITS, MINUTES, MOST_TRIES) == (6, 5, 5)
    assert "six digits" in text
    assert "within five minutes" in text
    assert "five wrong guesses" in text
    assert f"{DAYS} days (`--days`)" in text
    assert " ".join(f"`{each}`" for each in KINDS[:-2]) in text.replace("`, `", "` `")
    assert "`standing` or `unknown`" in text
    assert timedelta(minutes=30) == LOUD_MUTED
    assert "left out for 30 minutes at most" in text
    assert (Terms().link_s, SIGNED_IN) == (120, timedelta(hours=1))
    assert "one session, once, within two minutes" in text
    assert "ends after an hour" in text
    usual = Home.usual({}, Path("~"), "telegram").folder
    assert f"`{usual}`" in text
    assert f"more than {FRESH // timedelta(minutes=1)} minutes old or ahead" in text
    assert f"`{NostrHome.usual({}, Path('~'), 'nostr').folder}`" in text


async def test_every_tool_is_on_the_page():
    made = server.server(lambda: pytest.fail("not called"), "a", now=lambda: pytest.fail("no"))
    text = pages.page(PAGE)

    assert [each.name for each in await made.list_tools() if f"`{each.name}`" not in text] == []
    assert [u for r in await made.list_resources() if f"`{(u := str(r.uri))}`" not in text] == []


def test_what_an_agents_program_is_told_is_a_command_of_ours():
    told = json.loads(pages.only(PAGE, "json", "mcp"))["mcpServers"]["axisor"]

    assert " ".join([told["command"], *told["args"]]) in pages.only(PAGE, "sh", "agent")
