"""Puts what is told into words of a language, with numbers written as that language does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import partial

from axisor.notices import Notice
from axisor_server.domain.journal import from_us
from axisor_server.domain.telling.catalogue import DOINGS, FRAMES, LANGUAGES, WORDS, Words
from axisor_server.domain.telling.happening import Told
from axisor_server.domain.telling.sentences import translated

USUAL = LANGUAGES[0]
LONGEST = 300
"""Letters of one line; what the venue or a plugin says may be longer and is cut."""

_SWAPPED = str.maketrans(",.", ".,")
_SIGNS = re.compile(r"\s+")


def say(told: Told, language: str = USUAL, **more: str) -> Notice:
    """Return what is told in a language; one that is not known is English.

    `more` names further entries of the catalogue, each with the count in it: `flapping="3"`.
    """
    title, effect, next_step = _words(told, language if language in LANGUAGES else USUAL, more)
    return Notice(
        id=told.id,
        episode=f"{told.account}/{told.episode}",
        level=told.level,
        kind=told.kind,
        mode=told.mode,
        account=told.account,
        position=told.position,
        title=title,
        effect=effect,
        next_step=next_step,
        time=from_us(told.time_us),
    )


def added(notice_step: str, language: str, code: str, count: int) -> str:
    """Return what to do next with a line of the catalogue behind it."""
    known = language if language in LANGUAGES else USUAL
    line = _filled(WORDS[known][code][2], {f"{_counts(code)}_count": str(count)}, known)
    return f"{notice_step} {line}".strip()


def _counts(code: str) -> str:
    return {"more": "more", "flapping": "times"}.get(code, code)


def _words(told: Told, language: str, more: Mapping[str, str]) -> Words:
    frame, _, rest = told.code.partition(".")
    figures = dict(told.figures)
    figures["text"] = translated(figures.get("text", ""), language)
    if told.code in WORDS[language]:
        words = WORDS[language][told.code]
    else:
        words = FRAMES[language][frame]
        figures["doing"] = _filled(DOINGS[language][rest], figures, language)
    title, effect, next_step = (_filled(part, figures, language) for part in words)
    for code, count in more.items():
        next_step = added(next_step, language, code, int(count))
    return title, effect, next_step


def _filled(template: str, figures: Mapping[str, str], language: str) -> str:
    shown = _Shown(figures, language)
    text = _SIGNS.sub(" ", template.format_map(shown)).strip()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


class _Shown(dict[str, str]):
    """Figures as they are written; one that is missing is a question mark, words are nothing."""

    def __init__(self, figures: Mapping[str, str], language: str) -> None:
        super().__init__()
        self._figures = figures
        self._language = language

    def __missing__(self, key: str) -> str:
        text = self._figures.get(key, "")
        _, _, unit = key.rpartition("_")
        write = _UNITS.get(unit)
        if write is None:
            return text
        try:
            return write(Decimal(text), self._language, text.startswith("+"))
        except InvalidOperation:
            return "?"


def _number(value: Decimal, language: str, signed: bool, *, after: str = "") -> str:
    if value == value.to_integral_value():
        value = value.quantize(Decimal(1))
    text = f"{value:+,f}" if signed else f"{value:,f}"
    if language == "pt-BR":
        text = text.translate(_SWAPPED)
    return text + after


def _span(minutes: Decimal, language: str, signed: bool) -> str:
    hours, rest = divmod(int(minutes), 60)
    return f"{hours} h" if hours and not rest else f"{int(minutes)} min"


def _moment(time_us: Decimal, language: str, signed: bool) -> str:
    return f"{from_us(int(time_us)):%H:%M} UTC"


_UNITS: Mapping[str, Callable[[Decimal, str, bool], str]] = {
    "sat": partial(_number, after=" sat"),
    "usd": _number,
    "pct": partial(_number, after=" %"),
    "count": _number,
    "min": _span,
    "at": _moment,
}
