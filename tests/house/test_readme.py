"""What the README tells people to type exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.house import sources

FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\s*(?:\$ )?(?:\S+=\S+ )*(?:\S*/)?(axisor|make)(?: +([a-z][a-z-]*))?")


def typed(page: str) -> list[tuple[str, str]]:
    """Give the program and first word of each `axisor` or `make` line in a page's code blocks."""
    lines = [line for block in FENCE.findall(page) for line in block.splitlines()]
    matches = [found for line in lines if (found := COMMAND.match(line))]
    return [(found[1], found[2]) for found in matches if found[2]]


TYPED = sorted(
    {*typed(sources.text(Path("README.md"))), *typed(sources.text(Path("CONTRIBUTING.md")))}
)
OFFERED = sorted(sources.offered_commands().items())


def test_the_readme_tells_people_to_type_something() -> None:
    assert ("make", "demo") in TYPED


@pytest.mark.parametrize(("program", "word"), TYPED)
def test_what_people_are_told_to_type_exists(program: str, word: str) -> None:
    known = sources.make_targets() if program == "make" else set(sources.offered_commands())
    assert word in known


@pytest.mark.parametrize(("name", "target"), OFFERED)
def test_an_offered_command_can_be_loaded(name: str, target: str) -> None:
    module, attribute = target.split(":")
    assert hasattr(importlib.import_module(module), attribute)
