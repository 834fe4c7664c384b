"""The page on the console: its settings are good ones, its screens and keys are those there are."""

from __future__ import annotations

import re

import pytest

from axisor.errors import SettingsInvalid
from axisor_tui import keymap, settings
from axisor_tui.themes import THEMES
from tests.docs import pages

PAGE = "console.md"


def test_the_settings_of_the_page_are_taken():
    text = pages.only(PAGE, "toml", "console")

    found = settings.parse(text)

    assert found.theme == "deutan"
    assert found.keymap == {"everywhere.halt": "f12", "overview.close": "C,f4"}


def test_the_page_names_every_screen_and_theme():
    text = pages.page(PAGE)

    for name, key in keymap.NUMBERS.items():
        assert re.search(rf"^\| {key} \| {keymap.SCREENS[name]} \|", text, re.MULTILINE)
    assert all(f"`{theme}`" in text for theme in THEMES)


def test_the_page_names_every_action_by_its_id():
    text = pages.page(PAGE)

    assert [each.id for each in keymap.ACTIONS if f"`{each.id}`" not in text] == []


def test_a_clash_is_refused_as_the_page_says():
    with pytest.raises(SettingsInvalid, match=r"everywhere\.unit.*overview\.close"):
        settings.parse('[console.keymap]\n"overview.close" = "u"')
