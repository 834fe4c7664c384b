"""Reads the lines of a chat as commands, strictly: money has its unit, nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from msgspec import Struct

from axisor.events import HaltLevel
from axisor.model import SATS_PER_BITCOIN, Price, Sats
from axisor_bot import commands
from axisor_bot.commands import Command
from axisor_bot.errors import NotUnderstood
from axisor_bot.muting import KINDS, MOST_MUTED

MOST_LINE = 200
"""A line that is longer is no command."""

LANGUAGES = {"en": "en-US", "en-us": "en-US", "pt": "pt-BR", "pt-br": "pt-BR"}

_AMOUNT = re.compile(r"([0-9]{1,16}(?:\.[0-9]{1,8})?)(ksat|sats?|btc)")
_PRICE = re.compile(r"\$?([0-9]{1,9}(?:\.[0-9]{1,2})?)(?:usd)?")
_MOVE = re.compile(r"([+-][0-9]{1,3}(?:\.[0-9]{1,4})?)%?")
_SHARE = re.compile(r"\+?([1-9][0-9]{0,2})%")
MOST_PAUSED = timedelta(days=1)
"""The longest pause that the core takes."""

_TIME = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_TIMES = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_ID = re.compile(r"[0-9a-z][0-9a-z-]{0,35}")
_SWITCHES = {"on": True, "off": False}

Words = tuple[str, ...]


class Form(Struct, frozen=True, kw_only=True):
    """How one command is written: its name, its short names, its form and an example.

    `changes` says that it is for operators.
    """

    name: str
    read: Callable[[Words], Command]
    form: str = ""
    example: str = ""
    short: Words = ()
    changes: bool = False

    @property
    def written(self) -> str:
        """Return the whole form, such as `/margin ID AMOUNT`."""
        return f"/{self.name} {self.form}".rstrip()


class _Wrong(Exception):
    """A word does not fit; the text is a key of the catalogues."""


def parse(line: str, *, me: str = "") -> Command | None:
    """Return the command in a line, None where the line is for another bot or is no command.

    `me` is the bot's own name, by which `/status@name` says in a group whom it means. Raises
    NotUnderstood, which says how the command is written.
    """
    if not line.startswith("/") or len(line) > MOST_LINE:
        return None
    head, *words = line[1:].split() or [""]
    name, at, whom = head.partition("@")
    if at and whom.lower() != me.lower():
        return None
    form = _BY_NAME.get(name.lower())
    if form is None:
        raise NotUnderstood("unknown", given=f"/{name}")
    try:
        return form.read(tuple(words))
    except _Wrong as wrong:
        raise NotUnderstood(
            str(wrong), form=form.written, example=form.example, given=" ".join(words)
        ) from None


def amount(word: str) -> Sats:
    """Return whole sats out of such as `60000sat`, `60ksat` or `0.0006btc`."""
    found = _AMOUNT.fullmatch(word.replace(",", "").replace("_", "").lower())
    if found is None:
        raise _Wrong("amount")
    scale = {"btc": SATS_PER_BITCOIN, "ksat": 1_000}.get(found[2], 1)
    sats = Decimal(found[1]) * scale
    if sats != sats.to_integral_value() or sats == 0:
        raise _Wrong("amount")
    return int(sats)


def price(word: str) -> Price:
    """Return a price in dollars out of such as `95000`, `$95,000.50` or `95000usd`."""
    found = _PRICE.fullmatch(word.replace(",", "").lower())
    if found is None or not Decimal(found[1]):
        raise _Wrong("price")
    return Price(found[1])


def lasting(word: str, most: timedelta = MOST_MUTED) -> timedelta:
    """Return how long `30m`, `2h` or `1d` is: a minute to a week, or to `most`."""
    found = _TIME.fullmatch(word.lower())
    if found is None or (time := int(found[1]) * _TIMES[found[2]]) > most:
        raise _Wrong("time")
    return time


def form_of(line: str) -> Form | None:
    """Return the form of the command that a line says, None where it says none."""
    name = line.removeprefix("/").partition(" ")[0] if line.startswith("/") else ""
    return _BY_NAME.get(name.lower())


def _none(make: Callable[[], Command]) -> Callable[[Words], Command]:
    def read(words: Words) -> Command:
        if words:
            raise _Wrong("nothing")
        return make()

    return read


def _count(words: Words, least: int, most: int) -> None:
    if not least <= len(words) <= most:
        raise _Wrong("count")


def _id(word: str) -> str:
    if _ID.fullmatch(word.lower()) is None:
        raise _Wrong("id")
    return word.lower()


def _positions(words: Words) -> Command:
    _count(words, 0, 1)
    return commands.Positions(_id(words[0]) if words else "")


def _what_if(words: Words) -> Command:
    _count(words, 1, 3)
    if len(words) == 2:
        raise _Wrong("count")
    wanted = _id(words[1]) if len(words) == 3 else ""
    add = amount(words[2]) if len(words) == 3 else 0
    moved = _MOVE.fullmatch(words[0])
    if moved is not None:
        return commands.WhatIf(move=Decimal(moved[1]) / 100, wanted=wanted, add=add)
    if words[0].endswith("%"):
        raise _Wrong("move")
    return commands.WhatIf(price=price(words[0]), wanted=wanted, add=add)


def _why(words: Words) -> Command:
    _count(words, 1, 1)
    if not re.fullmatch(r"#?[0-9]{1,12}", words[0]):
        raise _Wrong("sequence")
    return commands.WhySo(int(words[0].removeprefix("#")))


def _margin(words: Words) -> Command:
    _count(words, 2, 2)
    share = _SHARE.fullmatch(words[1])
    if share is not None:
        return commands.AddMargin(_id(words[0]), commands.Share(int(share[1])))
    return commands.AddMargin(_id(words[0]), amount(words[1]))


def _close(words: Words) -> Command:
    _count(words, 1, 1)
    return commands.Close(_id(words[0]))


def _acknowledge(words: Words) -> Command:
    _count(words, 0, 1)
    return commands.Acknowledge(_id(words[0]) if words else "")


def _mute(words: Words) -> Command:
    _count(words, 1, 2)
    kind = words[1].lower() if len(words) == 2 else ""
    if kind and kind not in KINDS:
        raise _Wrong("kind")
    return commands.Mute(None if words[0].lower() == "off" else lasting(words[0]), kind)


def _pause(words: Words) -> Command:
    _count(words, 0, 1)
    return commands.PauseGuard(*(lasting(word, MOST_PAUSED) for word in words))


def _exit(make: Callable[[str, Price | None], Command]) -> Callable[[Words], Command]:
    def read(words: Words) -> Command:
        _count(words, 2, 2)
        off = words[1].lower() == "off"
        return make(_id(words[0]), None if off else price(words[1]))

    return read


def _halt(words: Words) -> Command:
    _count(words, 0, 1)
    word = words[0].lower() if words else "risk"
    levels = {each.value: each for each in HaltLevel if each is not HaltLevel.NONE}
    level = HaltLevel.NONE if word == "off" else levels.get(word)
    if level is None:
        raise _Wrong("level")
    return commands.Halt(level)


def _switch(words: Words) -> Command:
    _count(words, 2, 2)
    on = _SWITCHES.get(words[1].lower())
    if on is None:
        raise _Wrong("switch")
    return commands.Switch(_id(words[0]), on)


def _speak(words: Words) -> Command:
    _count(words, 1, 1)
    language = LANGUAGES.get(words[0].lower())
    if language is None:
        raise _Wrong("language")
    return commands.Speak(language)


def _private(words: Words) -> Command:
    _count(words, 1, 1)
    on = _SWITCHES.get(words[0].lower())
    if on is None:
        raise _Wrong("switch")
    return commands.Private(on)


FORMS = (
    Form(name="status", short=("s",), read=_none(commands.Status)),
    Form(name="positions", short=("p",), form="[ID]", example="/p 7f3a", read=_positions),
    Form(name="guard", read=_none(commands.GuardPlan)),
    Form(name="whatif", form="MOVE|PRICE [ID AMOUNT]", example="/whatif -5%", read=_what_if),
    Form(name="orders", read=_none(commands.Orders)),
    Form(name="autos", read=_none(commands.Runs)),
    Form(name="daily", read=_none(commands.Daily)),
    Form(name="funding", read=_none(commands.FundingPaid)),
    Form(name="why", form="NUMBER", example="/why 1850", read=_why),
    Form(name="alerts", read=_none(commands.Alerts)),
    Form(name="ack", form="[ID]", example="/ack 01a2", changes=True, read=_acknowledge),
    Form(name="mute", form="TIME|off [KIND]", example="/mute 30m halt", read=_mute),
    Form(name="approve", read=_none(commands.Approvals)),
    Form(
        name="margin",
        form="ID AMOUNT|PERCENT",
        example="/margin 7f3a 60000sat",
        changes=True,
        read=_margin,
    ),
    Form(name="close", form="ID", example="/close 7f3a", changes=True, read=_close),
    Form(name="closeall", changes=True, read=_none(commands.CloseAll)),
    Form(
        name="stop",
        form="ID PRICE|off",
        example="/stop 7f3a 95000",
        changes=True,
        read=_exit(commands.SetStop),
    ),
    Form(
        name="target",
        form="ID PRICE|off",
        example="/target 7f3a 105000",
        changes=True,
        read=_exit(commands.SetTarget),
    ),
    Form(name="pause", form="[15m]", example="/pause 2h", changes=True, read=_pause),
    Form(name="resume", changes=True, read=_none(commands.ResumeGuard)),
    Form(name="halt", form="[risk|all|flatten|off]", example="/halt all", changes=True, read=_halt),
    Form(name="auto", form="NAME|RUN on|off", example="/auto dca off", changes=True, read=_switch),
    Form(name="link", changes=True, read=_none(commands.Link)),
    Form(name="private", form="on|off", example="/private on", read=_private),
    Form(name="lang", form="en|pt", example="/lang pt", read=_speak),
    Form(name="help", read=_none(commands.Help)),
    Form(name="id", read=_none(commands.Identify)),
    Form(name="version", read=_none(commands.Version)),
)
"""Every command, in the order in which help lists them."""

_BY_NAME = {name: form for form in FORMS for name in (form.name, *form.short)}
