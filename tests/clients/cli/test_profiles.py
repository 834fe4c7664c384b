"""Cores by name: what is kept, what wins, and what is refused."""

from __future__ import annotations

import pytest

from axisor.errors import NotFound, SettingsInvalid
from axisor_cli import profiles
from axisor_cli.profiles import Book, Known
from axisor_cli.session import Options

PIN = "sha256:" + "a" * 64


@pytest.fixture
def book(monkeypatch, tmp_path):
    """Give the file of profiles, in a place of its own, with no core named otherwise."""
    for name in ("AXISOR_DATA_DIR", "AXISOR_CONNECT", "AXISOR_PROFILE", "AXISOR_PIN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "axisor" / "profiles.json"


def test_a_profile_is_added_used_shown_and_forgotten(axisor, book):
    home = ("--connect", "core.lan:8420", "--pin", PIN, "--account", "main")
    assert axisor(*home, "profile", "add", "home", "--use").code == 0
    assert axisor("--data-dir", "/srv/axisor", "profile", "add", "here").code == 0

    rows = {each["name"]: each for each in axisor("profile", "list", "-o", "json").json}
    assert rows["home"]["core"] == "core.lan:8420"
    assert (rows["home"]["used"], rows["here"]["used"]) == (True, False)
    assert rows["home"]["known_by"] == PIN
    assert axisor("profile", "show", "home", "-o", "json").json["account"] == "main"

    assert axisor("profile", "use", "here").code == 0
    assert profiles.read(book).used == "here"
    assert axisor("profile", "remove", "here").code == 0
    assert profiles.read(book) == Book(
        profiles={"home": Known(connect="core.lan:8420", pin=PIN, account="main")}
    )
    assert axisor("profile", "use", "--none").code == 0
    assert book.stat().st_mode & 0o777 == 0o600


def test_no_token_is_kept(axisor, book, tmp_path):
    token = tmp_path / "token"
    token.write_text("very-secret")
    words = ("--connect", "core.lan:1", "--pin", PIN, "--token-file", str(token))

    assert axisor(*words, "profile", "add", "home").code == 0

    assert "very-secret" not in book.read_text()
    assert profiles.read(book).get("home").token_file == str(token)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("profile", "add", "home"), "Nothing says which core"),
        (("--connect", "a:1", "profile", "add", "home"), "Nothing says how a:1 is known"),
        (("--data-dir", "x", "profile", "add", "Not Good"), "is no name of a profile"),
        (("profile", "use"), "Name a profile"),
        (("profile", "use", "a", "--none"), "Name a profile"),
    ],
)
def test_what_says_too_little_is_refused(axisor, book, words, told):
    ran = axisor(*words)

    assert ran.code == 2
    assert told in ran.err
    assert not book.exists()


@pytest.mark.parametrize("words", [("show",), ("remove",), ("use",)])
def test_a_profile_that_is_not_there_is_told_with_those_that_are(axisor, book, words):
    profiles.write(book, Book(profiles={"home": Known(connect="a:1", pin=PIN)}))

    ran = axisor("profile", *words, "away")

    assert ran.code == 5
    assert "home" in ran.err


def test_what_was_said_wins_over_the_profile(book):
    known = Known(connect="a:1", pin=PIN, account="main", expect_mode="live")
    profiles.write(book, Book(used="home", profiles={"home": known}))

    assert Options().chosen().connect == "a:1"
    assert Options().chosen().expect_mode == "live"
    assert Options(account="other").chosen().account == "other"
    assert Options(connect="b:2").chosen() == Options(connect="b:2")
    assert Options(data_dir="/x").chosen().connect is None
    named = Options(connect="b:2", named="home").chosen()
    assert (named.connect, named.pin) == ("b:2", PIN)


def test_a_profile_that_is_named_must_be_there(book):
    with pytest.raises(NotFound):
        Options(named="away").chosen()


def test_without_profiles_nothing_changes(book):
    assert Options().chosen() == Options()


@pytest.mark.parametrize("content", ["", "{", '{"profiles": {"a": {"token": "x"}}}'])
def test_a_file_that_holds_no_profiles_is_refused(book, content):
    book.parent.mkdir(parents=True)
    book.write_text(content)

    with pytest.raises(SettingsInvalid, match="holds no profiles"):
        Options().chosen()


def test_a_broken_file_of_profiles_keeps_no_core_from_starting(axisor, book):
    book.parent.mkdir(parents=True)
    book.write_text("{")

    assert axisor("version").code == 0
    assert axisor("status").code == 2


def test_a_core_is_reached_by_its_profile(core, account, data_dir, book):
    assert core("--data-dir", str(data_dir), "--account", "play", "profile", "add", "a").code == 0

    ran = core("--profile", "a", "account", "show", "play", "-o", "json")

    assert ran.code == 0, ran.err
    assert ran.json["id"] == account
