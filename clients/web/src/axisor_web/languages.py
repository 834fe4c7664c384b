"""The languages of pages: texts, and numbers and times as their readers write them.

English is what pages are written in; other languages are catalogues (`locale/pt_BR.po`), read when
the bridge starts. Sats are integers, prices and shares are Decimals; a float is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from pathlib import Path

from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from starlette.requests import HTTPConnection

from axisor_web.messages import filled

HERE = Path(__file__).parent / "locale"
ENGLISH = "en-US"
COOKIE = "lang"
EXACT = 64
"""Digits that are kept where a number is written: more than any sum of sats has."""

_WISH = re.compile(r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)(?:\s*;\s*q\s*=\s*([01](?:\.\d{1,3})?))?")


def marked(message: str) -> str:
    """Return a text as it is: it is translated where it is shown, `language.text(message)`."""
    return message


class Language:
    """One language: `tag` is its name in HTML, such as `pt-BR`."""

    def __init__(self, tag: str, catalogue: Mapping[str, str] | None = None) -> None:
        """Take the texts of a language by the English ones; what lacks is said in English."""
        self.tag = tag
        self._locale = Locale.parse(tag, sep="-")
        self._catalogue = catalogue or {}

    def text(self, message: str, **values: object) -> str:
        """Return a text with its values; numbers among them are written as `number` does.

        Raises KeyError where a value is not given that the text has a place for.
        """
        shown = {name: self._shown(value) for name, value in values.items()}
        return filled(self._catalogue.get(message, message), shown)

    def known(self, message: str) -> str:
        """Return a text of a plugin's or the core's, in this language where it is known here."""
        return self._catalogue.get(message, message)

    def number(
        self, number: int | Decimal, *, places: int | None = None, signed: bool = False
    ) -> str:
        """Return a number with its groups; with so many places, or as many as it needs.

        `signed` puts a plus before one that is above nothing. Raises TypeError for a float.
        """
        digits = "#,##0" + _places(_needed(number) if places is None else places)
        return self._written(number, digits, signed=signed)

    def percent(self, share: Decimal, *, places: int = 1, signed: bool = False) -> str:
        """Return a share of one in hundredths: 0.027 is 2.7%. Raises TypeError for a float."""
        return self._written(share, "#,##0" + _places(places) + "%", signed=signed)

    def time(self, moment: datetime) -> str:
        """Return a time with its date, in UTC. The moment says its zone."""
        assert moment.tzinfo is not None, "a time without a zone is none"
        there = moment.astimezone(UTC)
        return format_datetime(there, "medium", locale=self._locale) + " UTC"

    def ago(self, age: timedelta) -> str:
        """Return how long something is past: `3 minutes ago`."""
        return format_timedelta(-age, add_direction=True, locale=self._locale)

    def chosen(self, messages: Iterable[str]) -> dict[str, str]:
        """Return some texts by the English ones, for scripts; what lacks is left out."""
        known = self._catalogue
        return {message: known[message] for message in sorted(messages) if message in known}

    def _shown(self, value: object) -> str:
        if isinstance(value, int | Decimal | float) and not isinstance(value, bool):
            return self.number(value)  # type: ignore[arg-type]
        return str(value)

    def _written(self, number: int | Decimal, digits: str, *, signed: bool) -> str:
        if isinstance(number, float):
            raise TypeError("Amounts are integers and prices are Decimals, never floats.")
        pattern = f"+{digits};-{digits}" if signed and number != 0 else digits
        with localcontext(prec=EXACT):
            return format_decimal(number, pattern, locale=self._locale)


class Languages:
    """The languages that pages can be read in."""

    def __init__(self, folder: Path = HERE) -> None:
        """Read the catalogues of a folder. Raises OSError or PoFileError."""
        found = [Language(ENGLISH)]
        found += [Language(_tag(path), catalogue(path)) for path in sorted(folder.glob("*.po"))]
        self._by_tag = {language.tag.lower(): language for language in found}

    @property
    def tags(self) -> tuple[str, ...]:
        """Return the names of the languages, English first."""
        return tuple(language.tag for language in self._by_tag.values())

    def named(self, tag: str) -> Language | None:
        """Return the language of a tag, or one of the same tongue; None where there is none."""
        wanted = tag.lower()
        if wanted in self._by_tag:
            return self._by_tag[wanted]
        tongue = wanted.partition("-")[0]
        return next(
            (each for key, each in self._by_tag.items() if key.partition("-")[0] == tongue), None
        )

    def of(self, request: HTTPConnection) -> Language:
        """Return the language of a reader: their choice, what their browser asks for, English."""
        chosen = self._by_tag.get(request.cookies.get(COOKIE, "").lower())
        if chosen is not None:
            return chosen
        for tag in _wishes(request.headers.get("accept-language", "")):
            found = self.named(tag)
            if found is not None:
                return found
        return self._by_tag[ENGLISH.lower()]


def catalogue(path: Path) -> dict[str, str]:
    """Return the texts of a catalogue by the English ones, without those nobody confirmed."""
    with path.open("rb") as file:
        read = read_po(file, abort_invalid=True)
    return {
        str(message.id): str(message.string)
        for message in read
        if message.id and message.string and not message.fuzzy
    }


def _tag(path: Path) -> str:
    return path.stem.replace("_", "-")


def _places(places: int) -> str:
    return "." + "0" * places if places else ""


def _needed(number: int | Decimal) -> int:
    """Return how many places a number has, without zeros at its end."""
    if not isinstance(number, Decimal):
        return 0
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "a number is shown, not an infinity"
    return max(0, -exponent)


def _wishes(header: str) -> list[str]:
    """Return the tags of an `accept-language`, best first."""
    found = [_WISH.fullmatch(part.strip()) for part in header[:1_000].split(",")]
    weighed = [(match[1], Decimal(match[2] or "1")) for match in found if match is not None]
    weighed.sort(key=lambda wish: -wish[1])
    return [tag for tag, weight in weighed if weight > 0]
