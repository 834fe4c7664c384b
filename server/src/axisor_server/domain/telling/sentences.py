"""Says sentences that the core wrote in English in another language; all others stay as they are.

Journals keep what the core wrote, in the language that it writes in. Here its sentences are known
again by their form, alone or one behind the other, and with what they quote. What plugins and the
venue say is not among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TypeAlias

from axisor_server.domain.telling.sentences_pt import DONE_PT, NAMES_PT, SENTENCES_PT

SENTENCES: Mapping[str, Mapping[str, str]] = {"pt-BR": SENTENCES_PT}
PARTS: Mapping[str, Mapping[str, str]] = {"pt-BR": {**NAMES_PT, **DONE_PT}}
"""What stands within a sentence only."""

HOLES = {
    "n": r"([-+]?[0-9][0-9.,]*(?:[eE][-+]?[0-9]+)?)",
    "w": r"(\S+)",
    "id": r"([0-9a-zA-Z-]{8,})",
    "t": r"(.+)",
}
_HOLE = re.compile(r"\{(\w+)\}")
_END = re.compile(r"(?<=[.;]) ")
MOST = 4_000
"""Letters of a text that is looked at: longer ones are not the core's."""

_SWAPPED = str.maketrans(",.", ".,")
"""How the languages here write numbers that the core wrote in English."""

Forms: TypeAlias = Sequence[tuple[re.Pattern[str], str, Sequence[str]]]
"""What a sentence looks like, how it is said, and which holes it has."""


def translated(text: str, language: str) -> str:
    """Return a text with the core's own sentences in a language, as it was where none is known."""
    if language not in SENTENCES or len(text) > MOST:
        return text
    whole = _known(text, _forms(language), language)
    if whole is not None:
        return whole
    for head, tail in _cuts(text):
        first = _known(head, _forms(language), language)
        if first is not None:
            return f"{first} {translated(tail, language)}"
    cut = next(_cuts(text), None)
    return text if cut is None else f"{cut[0]} {translated(cut[1], language)}"


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    """Yield a text cut in two at the end of each of its sentences."""
    for end in _END.finditer(text):
        yield text[: end.start()], text[end.end() :]


def _known(text: str, forms: Forms, language: str) -> str | None:
    for pattern, other, holes in forms:
        found = pattern.fullmatch(text)
        if found is not None:
            filled = zip(found.groups(), holes, strict=True)
            return other.format(*(_within(each, hole, language) for each, hole in filled))
    return None


def _within(text: str, hole: str, language: str) -> str:
    """Return what a sentence quotes."""
    if hole == "n":
        return text.translate(_SWAPPED)
    part = _known(text, _parts(language), language)
    return translated(text, language) if part is None else part


@cache
def _forms(language: str) -> Forms:
    return _compiled(SENTENCES[language])


@cache
def _parts(language: str) -> Forms:
    return _compiled(PARTS[language])


def _compiled(table: Mapping[str, str]) -> Forms:
    """Return sentences as patterns; what says more by itself is tried first."""
    said = sorted(table, key=lambda form: (form.count("{"), -len(form)))
    return [
        (re.compile(_pattern(form), re.DOTALL), table[form], _HOLE.findall(form)) for form in said
    ]


def _pattern(form: str) -> str:
    parts = _HOLE.split(form)
    return "".join(HOLES[part] if at % 2 else re.escape(part) for at, part in enumerate(parts))
