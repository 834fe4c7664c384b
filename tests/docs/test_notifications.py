"""The page on notifications: its commands are followed, and its figures are the code's."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import axisor_channels
from axisor.notices import NoticeLevel, Notifier
from axisor_channels.webhook import key_of, signature
from axisor_server.choices import Outbound
from axisor_server.domain.telling import episodes, pacing, routing
from axisor_server.domain.telling.records import ALERT_KEPT_US, DAY_US
from axisor_server.settings import Settings
from tests.docs import pages
from tests.docs.following import Reader, free_port
from tests.plugins.channels.nostr import NSEC, opened_by_them
from tests.support.nostr import relaying

PAGE, START = "notifications.md", "quickstart.md"
PORT = "8477"
KINDS: tuple[Notifier, ...] = tuple(
    getattr(axisor_channels, name)() for name in axisor_channels.__all__
)


class Here(Reader):
    """A reader whose receiver is at a free port."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = str(free_port())

    def text_of(self, page: str, word: str) -> str:
        """Return the blocks for one shell, at the free port."""
        return super().text_of(page, word).replace(PORT, self.port)


async def test_a_reader_is_told_by_a_webhook_and_over_nostr(tmp_path: Path):
    reader = Here(tmp_path)
    receiver = pages.only(PAGE, "python", "receiver").replace(PORT, reader.port)
    (tmp_path / "receiver.py").write_text(receiver)
    at_it = "export AXISOR_DATA_DIR=./quickstart\n"
    account = "\n".join(reader.text_of(START, "you").splitlines()[1:2])
    async with relaying() as relay:
        with (
            reader.background(START, "venue"),
            reader.background(PAGE, "core"),
            reader.background(PAGE, "receiver"),
        ):
            reader.type(at_it + account)
            said = reader.type(at_it + reader.text_of(PAGE, "make"))
            ruled = reader.type(at_it + reader.text_of(PAGE, "rules"))
            reader.type(f"{at_it}axisor notify log -o json > log.json")
            inbox = re.sub(r"wss://.*(?=\")", relay.url, reader.text_of(PAGE, "nostr"))
            told = f"{at_it}echo {NSEC} | {inbox}\naxisor notify test inbox"
            await asyncio.to_thread(reader.type, told)
        (gift,) = relay.kept

    (sent,) = json.loads((tmp_path / "log.json").read_text())
    assert (sent["state"], sent["attempts"]) == ("sent", 1)
    assert said.count("whsec_") == 1, "the shell shows what was typed, and nobody else"
    assert "America/Sao_Paulo" in ruled
    assert opened_by_them(gift).text.startswith("INFO ")


def receiver() -> Any:
    module = ModuleType("receiver")
    exec(compile(pages.only(PAGE, "python", "receiver"), PAGE, "exec"), vars(module))
    return module


@pytest.mark.parametrize(
    ("age_s", "body", "ours"), [(0, b"{}", True), (301, b"{}", False), (0, b"[]", False)]
)
def test_the_receiver_of_the_page_knows_what_is_ours(age_s: int, body: bytes, ours: bool):
    key = key_of("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    assert key is not None
    now = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    stamp = str(now - age_s)
    headers = {
        "webhook-id": "i",
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,other {signature(key, 'i', stamp, b'{}')}",
    }

    assert receiver().is_ours(headers, body, now) is ours


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_table_names_every_kind_with_its_fields(kind: Notifier):
    fields = " ".join(f"`{each.name}`" for each in kind.fields if not each.secret)
    secrets = " ".join(f"`{each.name}`" for each in kind.fields if each.secret)
    cells = (f"`{kind.name}`", fields, secrets, str(kind.per_minute))

    row = "| " + " | ".join(cells) + " |"

    assert row.replace("|  |", "| |") in pages.page(PAGE)


def test_every_level_is_explained():
    told = re.findall(r"^\| `([A-Z]+)` \|", pages.page(PAGE), flags=re.MULTILINE)

    assert told == [level.name for level in NoticeLevel]


def test_the_figures_are_those_of_the_code():
    page = " ".join(pages.page(PAGE).split())

    assert f"told {episodes.MOST_TIMES} times within an hour" in page
    assert episodes.FLAPPING_US == DAY_US // 24
    assert f"in the last {ALERT_KEPT_US // DAY_US} days" in page
    assert f"for {routing.LOUD_MUTED_US // routing.MINUTE_US} minutes at most" in page
    first, most = pacing.FIRST_WAIT_US // 1_000_000, pacing.MOST_WAIT_US // pacing.MINUTE_US
    assert f"after {first} s, doubling up to {most} minutes" in page
    assert f"given up after {pacing.GIVEN_UP_US // pacing.MINUTE_US // 60} hours" in page
    assert f"After {pacing.OPEN_AFTER} failures in a row" in page
    assert Settings().outbound == Outbound()
