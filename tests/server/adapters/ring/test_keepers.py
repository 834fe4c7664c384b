"""Keys in the file, in the environment and under a passphrase: what opens, and what is refused."""

from __future__ import annotations

import base64

import pytest

from axisor.errors import SettingsInvalid
from axisor.ports import Secret
from axisor_server.adapters.ring.keepers import (
    Cost,
    InEnvironment,
    InFile,
    UnderPassphrase,
    take,
)

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
KEY = bytes(range(32))


@pytest.mark.parametrize(
    "text",
    [KEY.hex(), base64.b64encode(KEY).decode(), base64.urlsafe_b64encode(KEY).decode().rstrip("=")],
    ids=["hexadecimal", "base64", "url"],
)
def test_a_key_in_the_environment_is_read_and_its_variable_removed(text: str):
    environment = {"AXISOR_KEK_MAIN": text, "AXISOR_KEK_": "x", "AXISOR_LOG__LEVEL": "info"}

    found = take(environment)

    assert environment == {"AXISOR_KEK_": "x", "AXISOR_LOG__LEVEL": "info"}
    assert InEnvironment(found).open("MAIN") == KEY


@pytest.mark.parametrize("text", ["", "short", KEY.hex()[:-2], "zz" * 32, "A" * 44, "!" * 43])
def test_a_variable_that_holds_no_key_is_refused_without_being_shown(text: str):
    keeper = InEnvironment({"MAIN": Secret(text)})

    with pytest.raises(SettingsInvalid, match="AXISOR_KEK_MAIN") as raised:
        keeper.open("MAIN")

    assert not text or text not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_key_that_was_not_given_is_named():
    with pytest.raises(SettingsInvalid, match="AXISOR_KEK_OTHER"):
        InEnvironment({}).open("OTHER")


@pytest.mark.parametrize("names", [(), ("A", "B")])
def test_the_first_key_of_the_environment_is_one(names: tuple[str, ...]):
    with pytest.raises(SettingsInvalid, match=f"there are {len(names)}"):
        InEnvironment({name: Secret(KEY.hex()) for name in names}).make()


def test_a_key_under_a_passphrase_opens_with_it_alone():
    text, key = UnderPassphrase(Secret("correct horse"), CHEAP).make()

    assert UnderPassphrase(Secret("correct horse"), Cost()).open(text) == key
    assert key.hex() not in text
    with pytest.raises(SettingsInvalid, match="does not open"):
        UnderPassphrase(Secret("wrong horse"), CHEAP).open(text)
    with pytest.raises(SettingsInvalid, match="none was given"):
        UnderPassphrase(None, CHEAP).open(text)


def test_every_changed_digit_of_a_key_under_a_passphrase_is_refused():
    keeper = UnderPassphrase(Secret("correct horse"), CHEAP)
    text, _ = keeper.make()
    start = text.index(":") + 1

    for at in (*range(start, len(text), 7), len(text) - 1):
        if text[at] == ":":
            continue
        changed = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]
        with pytest.raises((SettingsInvalid, ValueError)):
            keeper.open(changed)


def test_two_new_keys_differ_even_under_one_passphrase():
    for keeper in (InFile(), UnderPassphrase(Secret("p"), CHEAP)):
        assert keeper.make() != keeper.make()
