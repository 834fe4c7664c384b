"""The page on tokens: its commands are followed to the end, and its figures are the code's."""

from __future__ import annotations

import json
import re
from pathlib import Path

from axisor.tokens.caveats import NAMES
from axisor.tokens.chains import MOST_CAVEATS
from axisor_server.domain.api_tokens import MOST_TOKENS
from axisor_server.domain.sessions import GRACE_US, MOST_SESSIONS, USUAL
from axisor_server.domain.signing import AHEAD_US, KEPT_US, SIGNS_US
from axisor_server.services.doors import KNOWN_MS
from axisor_server.services.jwts import LEEWAY_S, Claims
from axisor_server.services.verifying import PRESENT_MS
from tests.docs import pages
from tests.docs.following import Reader

PAGE, START = "tokens.md", "quickstart.md"
DAY_US = 86_400_000_000


def at_it(reader: Reader, text: str) -> str:
    """Type commands where the core of the quickstart is the one that is meant."""
    return reader.type(f"export AXISOR_DATA_DIR=./quickstart\n{text}")


def test_a_reader_makes_narrows_and_revokes_a_token(tmp_path: Path):
    reader = Reader(tmp_path)
    with reader.background(START, "venue"), reader.background(START, "core"):
        at_it(reader, "\n".join(reader.text_of(START, "you").splitlines()[1:4]))
        made = at_it(reader, reader.text_of(PAGE, "make"))
        narrowed = at_it(reader, reader.text_of(PAGE, "narrow"))
        at_it(reader, "axisor --token-file glance.token position list")
        refused = at_it(reader, "! axisor --token-file glance.token halt --yes")
        listed = at_it(reader, "axisor token list -o json > listed.json")
        [token] = json.loads((tmp_path / "listed.json").read_text())
        at_it(reader, f"axisor token revoke {token['id'][-12:]} --yes")
        void = at_it(reader, "! axisor --token-file glance.token position list")

    secret = (tmp_path / "bot.token").read_text().strip()
    assert secret not in made + narrowed + listed
    assert "read_only=true" in narrowed
    assert "PERMISSION_DENIED" in refused
    assert "TOKEN_INVALID" in void


def test_the_page_names_every_caveat_and_every_claim():
    page = pages.page(PAGE)

    assert set(re.findall(r"`(\w+)=", page)) >= set(NAMES)
    claims = re.search(r"claims `([a-z_ ]+)`", page)
    assert claims is not None
    assert set(claims[1].split()) == set(Claims.__struct_fields__)


def test_the_figures_are_those_of_the_code():
    page = " ".join(pages.page(PAGE).split())

    assert f"{USUAL.access_us // 60_000_000} minutes" in page
    assert f"ends after {USUAL.idle_us // DAY_US} days without use" in page
    assert f"after {USUAL.absolute_us // DAY_US} days in any case" in page
    assert f"Within {GRACE_US // 1_000_000} seconds" in page
    assert f"a time that is {LEEWAY_S} seconds off" in page
    assert f"sign for {SIGNS_US // DAY_US} days" in page
    assert f"no older than {KNOWN_MS // 1_000} seconds" in page
    assert f"within {PRESENT_MS // 1_000} seconds" in page
    assert f"{MOST_SESSIONS} sign-ins a person" in page
    assert f"{MOST_TOKENS} tokens an owner" in page
    assert f"{MOST_CAVEATS} caveats a token" in page
    assert (AHEAD_US, KEPT_US) == (DAY_US, DAY_US // 24)
