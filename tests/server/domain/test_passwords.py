"""Which passwords are accepted."""

from __future__ import annotations

import pytest

from axisor.errors import PasswordRefused
from axisor_server.domain.passwords import check_password

COMMON = {"password", "qwerty123456", "letmein", "iloveyou"}
ABOUT = ("maria.keller@example.org", "Maria Keller")


def check(password: str) -> None:
    check_password(password, about=ABOUT, is_common=COMMON.__contains__)


def cause(password: str) -> str:
    with pytest.raises(PasswordRefused) as refused:
        check(password)
    assert password not in str(refused.value)
    return refused.value.metadata["cause"]


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "tr0ub4dor&3x",
        "пароль-из-двенадцати",
        "🦊🐙🦉🐢🐝🐞🦋🐌🐜🕷🦂🦟",
        "x" * 63 + "y" * 65,
    ],
)
def test_a_long_password_of_any_characters_is_accepted(password: str):
    check(password)


@pytest.mark.parametrize(("password", "why"), [("short-11-ch", "length"), ("a1" * 65, "length")])
def test_a_password_too_short_or_too_long_is_refused(password: str, why: str):
    assert cause(password) == why


@pytest.mark.parametrize(
    "password",
    [
        "qwerty123456",
        "QWERTY123456",
        "password1234",
        "!!!Password2026!!!",
        "passwordpassword",
        "letmeinletmein",
        "aaaaaaaaaaaaaa",
        "abcabcabcabc",
        "121212121212",
    ],
)
def test_a_common_password_is_refused_decorated_or_repeated(password: str):
    assert cause(password) == "common"


@pytest.mark.parametrize(
    "password",
    ["maria.keller99", "KELLERkeller12", "axisor-lnmarkets", "Bitcoin-Satoshi!", "example-Maria-1"],
)
def test_words_that_anybody_would_try_do_not_count(password: str):
    assert cause(password) == "context"


def test_such_a_word_in_a_password_that_is_long_without_it_is_accepted():
    check("my bitcoin lives under the old oak tree")


def test_a_password_is_judged_as_it_is_and_not_trimmed():
    check("  ten chars ")
    assert cause(" ten chars ") == "length"
