"""The console's settings: read from TOML, the usual ones without a file, refused where wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from axisor.errors import SettingsInvalid
from axisor_tui.model.money import Unit
from axisor_tui.settings import Settings, default_path, load, parse


def test_without_a_file_the_usual_ones_hold(tmp_path):
    assert load(tmp_path / "none.toml") == Settings()


def test_a_file_that_was_named_must_be_there(tmp_path):
    with pytest.raises(SettingsInvalid, match=r"none\.toml"):
        load(tmp_path / "none.toml", must_exist=True)


def test_a_file_is_read(tmp_path):
    path = tmp_path / "console.toml"
    path.write_text('[console]\ntheme = "mono"\nunit = "USD"\nread_only = true\n')

    found = load(path)

    assert (found.theme, found.unit, found.read_only) == ("mono", Unit.USD, True)


@pytest.mark.parametrize("text", ['"overview.close" = "C"', 'overview.close = "C"'])
def test_an_id_may_be_quoted_or_not(text):
    assert parse(f"[console.keymap]\n{text}").keymap == {"overview.close": "C"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[console", "not TOML"),
        ('[console]\ncolour = "red"', "colour"),
        ('[console]\ntheme = "pink"', "pink"),
        ('[console]\nunit = "btc"', "btc"),
        ('[console]\nread_only = "yes"', "read_only"),
        ("[console]\nkeymap = 3", "no table"),
        ('[console.keymap]\n"overview.close" = 3', "no text"),
        ('[console.keymap]\n"overview.close" = "m"', "both"),
    ],
)
def test_what_is_wrong_is_named(text, named):
    with pytest.raises(SettingsInvalid, match=named):
        parse(text)


def test_the_file_is_looked_for_among_the_persons_own():
    assert default_path({}, Path("/h")) == Path("/h/.config/axisor/console.toml")
    assert default_path({"XDG_CONFIG_HOME": "/x"}, Path("/h")) == Path("/x/axisor/console.toml")
