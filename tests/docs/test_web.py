"""The page on HTTP: its commands work against a bridge before a core, and its figures are true."""

from __future__ import annotations

import json
from pathlib import Path

from axisor_web.browser import RETURN
from axisor_web.contract import find
from axisor_web.languages import COOKIE as LANGUAGE
from axisor_web.sessions import BEGUN, COOKIE, CSRF_HEADER, Terms
from axisor_web.sockets import MOST_STREAMS
from tests.docs import pages
from tests.docs.following import Reader, free_port

PAGE, START = "web.md", "quickstart.md"
LISTEN = "127.0.0.1:8421"


class Visitor(Reader):
    """A reader whose bridge listens at a free port."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._bridge = f"127.0.0.1:{free_port()}"

    def text_of(self, page: str, word: str) -> str:
        """Return all blocks of a page for one shell."""
        return super().text_of(page, word).replace(LISTEN, self._bridge)


def test_a_reader_calls_and_watches_over_http(tmp_path: Path) -> None:
    reader = Visitor(tmp_path)

    with reader.background(START, "venue"), reader.background(START, "core"):
        reader.type("\n".join(reader.text_of(START, "you").splitlines()[:2]))
        with reader.background(PAGE, "web"):
            said = reader.type(reader.text_of(PAGE, "you"))

    assert '"mode":"MODE_SIM"' in said
    assert '"level":"HALT_LEVEL_RISK"' in said
    assert "event: events" in said


def test_what_a_socket_is_told_on_the_page_is_what_one_takes() -> None:
    lines = [json.loads(line) for line in pages.only(PAGE, "json", "socket").splitlines()]

    found = find("GET", lines[1]["watch"])
    assert found is not None
    assert found[1].streams
    assert f"up to {MOST_STREAMS} streams" in pages.page(PAGE)


def test_the_names_of_the_page_are_the_real_ones() -> None:
    text = pages.page(PAGE)

    assert COOKIE in text
    assert CSRF_HEADER in text
    assert BEGUN in text
    assert f"http://127.0.0.1:PORT{RETURN}" in text
    assert f"a cookie `{LANGUAGE}`" in text
    assert "within ten minutes" in text
    assert Terms().entry_s == 600
