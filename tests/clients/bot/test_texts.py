"""Every text is there in every language, with the same fields, and none is there in vain."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from axisor.events import CoverageState, HaltLevel, PositionEnd
from axisor.model import Severity
from axisor.wire.records import Fate
from axisor_bot.grammar import FORMS
from axisor_bot.muting import KINDS
from axisor_bot.people import RIGHTS
from axisor_bot.texts import CATALOGUES, USUAL, language_of
from tests.house import sources

FOLDER = sources.ROOT / "clients/bot/src/axisor_bot"
FAMILIES = {
    "help.": [each.name for each in FORMS],
    "fate.": [each.value for each in Fate],
    "cover.": [each.value for each in CoverageState],
    "end.": [each.value for each in PositionEnd],
    "role.": list(RIGHTS),
    "alerts.": ["open", "seen", "over"],
    "button.": ["ack", "add", "close", "end_halt", "pause", "resume", "whatif", "why"],
    "ask.halt_": [each.value for each in HaltLevel],
    "alert.halt_": [each.value for each in HaltLevel if each is not HaltLevel.NONE],
    "alert.": [each.value for each in Severity if each is not Severity.WATCH],
    "wrong.": [],
}
"""Keys that are put together; each of these endings is one that may come."""


def said() -> tuple[set[str], set[str]]:
    """Return the keys that the sources name, and the beginnings of those they put together."""
    whole, begun = set(), set()
    for path in FOLDER.rglob("*.py"):
        if path.parent.name == "texts":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begun.add(str(node.values[0].value))
    return whole, begun


def fields(text: str) -> set[str]:
    """Return the names of the fields of a template."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_a_catalogue_is_complete_and_in_order(language: str):
    usual, texts = CATALOGUES[USUAL], CATALOGUES[language]

    assert set(texts) == set(usual)
    assert {key: fields(text) for key, text in texts.items()} == {
        key: fields(text) for key, text in usual.items()
    }
    assert all(text.strip() for text in texts.values())


def test_every_key_that_is_said_is_there_and_none_is_there_in_vain():
    whole, begun = said()
    families = {f"{head}{end}" for head, ends in FAMILIES.items() for end in ends}
    problems = set(re.findall(r'_Wrong\("(\w+)"\)', (FOLDER / "grammar.py").read_text()))
    families |= {f"wrong.{each}" for each in {*problems, "unknown"}}
    keys = set(CATALOGUES[USUAL])

    assert families <= keys
    assert {head for head in FAMILIES if head in begun} == set(FAMILIES)
    assert keys - families <= whole


@pytest.mark.parametrize(
    ("code", "language"), [("pt", "pt-BR"), ("pt-PT", "pt-BR"), ("en", USUAL), ("", USUAL)]
)
def test_a_language_is_found_for_every_code(code: str, language: str):
    assert language_of(code) == language


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_every_kind_of_alert_is_named_to_who_names_another(language: str):
    assert ", ".join(KINDS) in CATALOGUES[language]["wrong.kind"]


def test_catalogues_are_files_of_texts_alone():
    assert sorted(path.name for path in Path(FOLDER / "texts").glob("*.py")) == [
        "__init__.py",
        "en_us.py",
        "pt_br.py",
    ]
