"""What a form says: the texts of a configuration, and the configuration of texts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from axisor.forms.schemas import NONE, Field, shown

_INTEGER = re.compile(r"[+-]?[0-9][0-9_,]*")


class Problem(Struct, frozen=True):
    """What is wrong with a field: a text with a place for its value, to be said or translated."""

    text: str
    value: int | str = ""

    def __str__(self) -> str:
        number = f"{self.value:,}" if isinstance(self.value, int) else self.value
        return self.text.replace("{value}", number)


class _Misfit(ValueError):
    """A text that is no value of its field."""

    def __init__(self, text: str, value: int | str = "") -> None:
        super().__init__(text)
        self.problem = Problem(text, value)


def filled(form: tuple[Field, ...], config: str) -> dict[str, str]:
    """Return what each field of a form shows for a configuration in JSON.

    The fields of entries stand beside the text of the whole, as `overrides.0.match`.
    """
    given = json.loads(config or "{}")
    texts: dict[str, str] = {}
    for field in form:
        texts[field.name] = _text(field, given)
        entries = given.get(field.name) if field.parts else None
        for at, entry in enumerate(entries or ()):
            for part in field.parts:
                texts[f"{field.name}.{at}.{part.name}"] = _text(part, entry, unset="")
    return texts


def _text(field: Field, given: Mapping[str, Any], *, unset: str | None = None) -> str:
    if field.name not in given:
        return field.default if unset is None else unset
    value = given[field.name]
    if value is None and not field.defaulted:
        return NONE
    return shown(value)


def read(form: tuple[Field, ...], texts: Mapping[str, str]) -> tuple[str, dict[str, Problem]]:
    """Return the configuration as JSON, and what is wrong, by field.

    A field with entries is read from theirs where there are any; an entry of which nothing is said
    is none. Only the shape is looked at here; what the values mean is checked by the core.
    """
    config, wrong = _read(form, texts, _left_out)
    return json.dumps(config), wrong


def _read(
    form: tuple[Field, ...], texts: Mapping[str, str], left_out: Callable[[Field], bool]
) -> tuple[dict[str, Any], dict[str, Problem]]:
    config: dict[str, Any] = {}
    wrong: dict[str, Problem] = {}
    for field in form:
        if field.parts and any(name.startswith(f"{field.name}.") for name in texts):
            config[field.name], found = _entries(field, texts)
            wrong |= found
            continue
        text = texts.get(field.name, "").strip()
        if not text and left_out(field):
            continue
        if not text and not field.empty and _must_say(field):
            wrong[field.name] = Problem("must not be empty")
            continue
        try:
            config[field.name] = _value(field, text)
        except _Misfit as misfit:
            wrong[field.name] = misfit.problem
    return config, wrong


def _left_out(field: Field) -> bool:
    """Return whether nothing is said of a field by leaving it empty."""
    return not field.required and (not field.defaulted or (not field.default and not field.empty))


def _must_say(field: Field) -> bool:
    """Return whether nothing is no value of a field: of a text it may be, unless it is required."""
    return field.required if field.kind == "text" else field.kind not in ("list", "json")


def _entries(field: Field, texts: Mapping[str, str]) -> tuple[list[Any], dict[str, Problem]]:
    found: list[Any] = []
    wrong: dict[str, Problem] = {}
    for at in _numbers(field, texts):
        start = f"{field.name}.{at}."
        said = {
            name.removeprefix(start): text for name, text in texts.items() if name.startswith(start)
        }
        if not any(text.strip() for text in said.values()):
            continue
        entry, problems = _read(field.parts, said, lambda part: not part.required)
        found.append(entry)
        wrong |= {f"{start}{name}": problem for name, problem in problems.items()}
    return found, wrong


def _numbers(field: Field, texts: Mapping[str, str]) -> Iterator[int]:
    """Return the numbers of a field's entries, in their order."""
    start = f"{field.name}."
    found = {name[len(start) :].partition(".")[0] for name in texts if name.startswith(start)}
    return iter(sorted(int(each) for each in found if each.isascii() and each.isdigit()))


def _value(field: Field, text: str) -> Any:
    if field.empty and (not text or (text == NONE and not field.defaulted)):
        return None
    match field.kind:
        case "flag":
            return text == "yes"
        case "integer":
            return _integer(field, text)
        case "list":
            return [each.strip() for each in text.split(",") if each.strip()]
        case "json":
            return _json(text)
        case "choice" if text not in field.choices:
            raise _Misfit("is one of {value}", ", ".join(field.choices))
        case "number":
            # As text: the core reads decimals exactly, and a float would not be.
            return text
        case _:
            return text


def _integer(field: Field, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise _Misfit("must be a whole number")
    number = int(text.replace(",", "").replace("_", ""))
    if field.least is not None and number < field.least:
        raise _Misfit("must be at least {value}", field.least)
    if field.most is not None and number > field.most:
        raise _Misfit("must be at most {value}", field.most)
    return number


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else []
    except json.JSONDecodeError as error:
        raise _Misfit("is no JSON: {value}", error.msg) from error
