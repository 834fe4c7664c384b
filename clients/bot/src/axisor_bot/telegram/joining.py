"""Makes somebody known who said the code that waits for them."""

from __future__ import annotations

from datetime import datetime

from axisor_bot.home import Home
from axisor_bot.people import DIGITS, Person
from axisor_bot.telegram.updates import Chat, User
from axisor_bot.texts import language_of

MOST_NAME = 64


def joined(home: Home, chat: Chat, user: User, code: str, now: datetime) -> Person | None:
    """Return who somebody is from now on by a code, None where it fits none or a bot says it.

    The code is used up, and a miss counts against all that wait. Nobody is kept here. Raises
    HomeInvalid.
    """
    if len(code) != DIGITS or not code.isascii() or not code.isdigit() or user.is_bot:
        return None
    pairing = home.take_pairing(code, now)
    if pairing is None:
        return None
    return Person(
        chat=chat.id,
        user=user.id,
        name=_name(user),
        role=pairing.role,
        account=pairing.account,
        mode=pairing.mode,
        token=pairing.token,
        language=language_of(user.language_code),
        private=pairing.private,
    )


def _name(user: User) -> str:
    """Return what somebody calls themselves, fit for a terminal."""
    said = user.username or user.first_name
    return "".join(each for each in said if each.isprintable())[:MOST_NAME]
