"""Which passwords are accepted: long ones, exactly as received, that are not easily guessed.

There are no rules about kinds of characters. Refused is what an attacker tries first: common
passwords, with decoration at their ends or repeated, and words about this person and this product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from axisor.errors import PasswordRefused

SHORTEST = 12
LONGEST = 128

CONTEXT = ("axisor", "lnmarkets", "lightning", "bitcoin", "satoshi")
"""Words that anybody expects in a password for this."""

LONG_WORD = 4
"""A shorter word about a person is found in too many good passwords."""

SHORT_UNIT = 5
"""A password that repeats no more characters than that is as good as they are."""


def check_password(
    password: str, *, about: Sequence[str], is_common: Callable[[str], bool]
) -> None:
    """Raise PasswordRefused where a password is too short, too long or easily guessed.

    `about` are words of the person, such as the e-mail address; `is_common` knows the passwords
    that are tried first, in lower case.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordRefused(
            f"A password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}.",
            cause="length",
        )
    if _is_common(password.lower(), is_common):
        raise PasswordRefused("This password is one of those that are tried first.", cause="common")
    left = password.lower()
    for word in _words(about):
        left = left.replace(word, "")
    if len(left) < SHORTEST and len(left) < len(password):
        raise PasswordRefused(
            "Without the words that anybody would try for you, this password is too short.",
            cause="context",
        )


def _is_common(text: str, is_common: Callable[[str], bool]) -> bool:
    unit = _unit(text)
    if len(unit) <= SHORT_UNIT:
        return True
    core = unit.strip("0123456789!?.,;:-_+*#@$%&/()=\"' ")
    return any(is_common(each) for each in {text, unit, core} if each)


def _unit(text: str) -> str:
    """Return what a text repeats: `abcabc` is `abc`, and most texts are themselves."""
    return text[: (text + text).find(text, 1)]


def _words(about: Sequence[str]) -> list[str]:
    found = {*CONTEXT}
    for text in about:
        found |= {
            part
            for part in "".join(c if c.isalnum() else " " for c in text.lower()).split()
            if len(part) >= LONG_WORD
        }
    return sorted(found, key=len, reverse=True)
