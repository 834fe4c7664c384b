"""Clients whose contract is generated from a list have everything on it that it needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROTO = ROOT / "proto"
IMPORT = re.compile(r'^import (?:public )?"([^"]+)\.proto";', re.MULTILINE)
LISTS = {"cpp": "MESSAGES", "java": "FILES"}
BROUGHT = "google/protobuf/"
"""What every protobuf runtime has compiled."""


def listed(language: str) -> set[str]:
    text = (ROOT / f"examples/client-{language}/Makefile").read_text().replace("\\\n", " ")
    found = re.search(rf"^{LISTS[language]} := (.*)$", text, re.MULTILINE)
    assert found is not None
    return set(found[1].split())


@pytest.mark.parametrize("language", LISTS)
def test_what_a_listed_file_imports_is_listed(language: str) -> None:
    names = listed(language)
    assert len(names) > 10

    imported = {
        name for each in names for name in IMPORT.findall((PROTO / f"{each}.proto").read_text())
    }

    assert {name for name in imported if not name.startswith(BROUGHT)} <= names
