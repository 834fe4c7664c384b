"""A bot's files are private, whole, and say so where they cannot be used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from axisor.model import Mode
from axisor.ports import Secret
from axisor_bot.cards import Card, Step
from axisor_bot.errors import HomeInvalid
from axisor_bot.home import MOST_CARDS, Home
from axisor_bot.people import MOST_TRIES, Pairing, Person, digest

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ANN = Person(
    chat=5, user=6, name="ann", role="viewer", account="a", mode=Mode.SIM, token="at_canary"
)


def pairing(code: str, **more: object) -> Pairing:
    """Return a pairing that waits for a code."""
    fields: dict[str, object] = {
        "salt": "s",
        "digest": digest("s", code),
        "until": NOW + timedelta(minutes=5),
        "role": "viewer",
        "account": "a",
        "mode": Mode.SIM,
        "token": "at_canary",
    }
    return Pairing(**{**fields, **more})  # type: ignore[arg-type]


def card(key: str, until: datetime = NOW + timedelta(seconds=30)) -> Card:
    """Return a card."""
    return Card(key=key, person="5.6", title="t", steps=(Step("c", "canary"),), until=until)


def test_what_was_kept_is_there_again(tmp_path: Path):
    home = Home(tmp_path / "bot")
    assert (home.offset, home.cursor("5.6"), home.people()) == (0, None, [])

    home.keep_token(Secret("123:abc"))
    home.keep_offset(9)
    home.keep_person(ANN)
    home.keep_cursor("5.6", 77)

    again = Home(tmp_path / "bot")
    assert again.token.reveal() == "123:abc"
    assert (again.offset, again.cursor("5.6"), again.people()) == (9, 77, [ANN])
    modes = {path.stat().st_mode & 0o777 for path in home.folder.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert not list(home.folder.rglob("*.new"))


def test_who_is_forgotten_leaves_nothing(tmp_path: Path):
    home = Home(tmp_path)
    home.keep_person(ANN)
    home.keep_cursor(ANN.key, 1)

    home.forget(ANN.key)

    assert home.person(ANN.key) is None
    assert "canary" not in "".join(p.read_text() for p in tmp_path.rglob("*") if p.is_file())


def test_a_code_is_taken_once(tmp_path: Path):
    home = Home(tmp_path)
    home.add_pairing("one", pairing("111111"))
    home.add_pairing("two", pairing("222222"))

    assert home.take_pairing("222222", NOW) is not None
    assert home.take_pairing("222222", NOW) is None
    assert home.take_pairing("111111", NOW) is not None


def test_a_code_is_gone_after_too_many_misses_or_too_long(tmp_path: Path):
    home = Home(tmp_path)
    home.add_pairing("one", pairing("111111"))
    for _ in range(MOST_TRIES):
        assert home.take_pairing("000000", NOW) is None
    assert home.take_pairing("111111", NOW) is None

    home.add_pairing("two", pairing("111111"))
    assert home.open_pairings(NOW)
    assert home.take_pairing("111111", NOW + timedelta(minutes=5)) is None
    assert not list((tmp_path / "pairings").glob("*"))


def test_cards_are_kept_as_long_as_they_wait(tmp_path: Path):
    home = Home(tmp_path)
    home.keep_cards({"a": card("a"), "b": card("b", until=NOW)})

    assert list(home.cards(NOW)) == ["a"]


def test_there_are_only_so_many_cards(tmp_path: Path):
    home = Home(tmp_path)
    home.keep_cards({str(n): card(str(n)) for n in range(MOST_CARDS + 5)})

    found = home.cards(NOW)

    assert len(found) == MOST_CARDS
    assert "0" not in found


@pytest.mark.parametrize("name", ["offset.json", "people/5.6.json", "told/5.6.json"])
def test_a_file_that_is_broken_is_named(tmp_path: Path, name: str):
    home = Home(tmp_path)
    home.keep_person(ANN)
    home.keep_cursor(ANN.key, 1)
    home.keep_offset(1)
    (tmp_path / name).write_text("{")

    with pytest.raises(HomeInvalid) as caught:
        _ = (home.offset, home.people(), home.cursor(ANN.key))

    assert name.rpartition("/")[2] in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "\n", "ü"])
def test_a_folder_without_a_token_says_how_to_give_one(tmp_path: Path, content: str):
    (tmp_path / "token").write_text(content)

    with pytest.raises(HomeInvalid) as caught:
        _ = Home(tmp_path).token

    assert "axisor bot telegram token" in str(caught.value)


def test_no_repr_shows_a_secret():
    shown = repr((ANN, pairing("111111"), card("a")))

    assert "canary" not in shown
    assert digest("s", "111111") not in shown
