"""Forms made of the JSON Schema of a configuration, and configurations made of forms.

What a form looks like is its client's; which fields it has, what they hold and what is wrong with
them is the same in each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

_INTEGER = re.compile(r"[+-]?[0-9][0-9_,]*")
_PLACE = re.compile(r" - at `\$\.?([^`]*)`")
_BY_NAME = {
    "_s": "seconds",
    "_min": "minutes",
    "_usd": "dollars",
    "_sats": "sats",
    "_percent": "percent",
}
_BY_WORD = {
    "sats": re.compile(r"\bsats\b", re.IGNORECASE),
    "percent": re.compile(r"\bpercent\b", re.IGNORECASE),
    "dollars": re.compile(r"\bdollars\b", re.IGNORECASE),
    "minutes": re.compile(r"\bminutes\b", re.IGNORECASE),
    "seconds": re.compile(r"\bseconds\b", re.IGNORECASE),
}
_PRICE = re.compile(r"\bprice\b", re.IGNORECASE)
NONE = "none"
"""What is written for no value where leaving a field empty means something else."""


class Field(Struct, frozen=True, kw_only=True):
    """One field of a form.

    `kind` is `text`, `number`, `integer`, `flag`, `choice`, `list` or `json`; `empty` says that it
    may be none, which an empty field is, or the word `none` where it has no default. `default` is
    what it holds where nothing is given. `parts` are the fields of each entry where it is a list of
    objects, whose kind is `json` for who shows it as one text.
    """

    name: str
    kind: str
    description: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    defaulted: bool = False
    empty: bool = False
    required: bool = False
    least: int | None = None
    most: int | None = None
    parts: tuple[Field, ...] = ()

    @property
    def label(self) -> str:
        """Return its name as words."""
        return self.name.replace("_", " ")

    @property
    def unit(self) -> str:
        """Return what it counts: `sats`, `percent`, `dollars`, `minutes`, `seconds`, or nothing.

        It is what the name ends with, else the one of these words that the description has; a price
        is in dollars.
        """
        if self.kind not in ("text", "number", "integer"):
            return ""
        for end, unit in _BY_NAME.items():
            if self.name.endswith(end):
                return unit
        found = [unit for unit, word in _BY_WORD.items() if word.search(self.description)]
        if not found and _PRICE.search(self.description):
            return "dollars"
        return found[0] if len(found) == 1 else ""


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


def fields(schema: str) -> tuple[Field, ...]:
    """Return the fields of a form, in the order of the schema."""
    whole = json.loads(schema or "{}")
    return _fields(_resolved(whole, whole), whole)


def _fields(shape: Mapping[str, Any], whole: Mapping[str, Any]) -> tuple[Field, ...]:
    required = set(shape.get("required", ()))
    return tuple(
        _field(name, _resolved(each, whole), whole, required=name in required)
        for name, each in shape.get("properties", {}).items()
    )


def _resolved(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema with its reference followed; what stands beside the reference wins."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Any = whole
    for part in str(reference).removeprefix("#/").split("/"):
        found = found[part]
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {**_resolved(found, whole), **beside}


def _field(
    name: str, schema: Mapping[str, Any], whole: Mapping[str, Any], *, required: bool
) -> Field:
    options = schema.get("anyOf", [schema])
    some = [each for each in options if each.get("type") != "null"]
    one = some[0] if len(some) == 1 else {}
    return Field(
        name=name,
        kind=_kind(one),
        description=str(schema.get("description", "")),
        choices=tuple(map(str, one.get("enum", one.get("items", {}).get("enum", ())))),
        default=shown(schema["default"]) if "default" in schema else "",
        defaulted="default" in schema,
        empty=len(some) < len(options),
        required=required,
        least=one.get("minimum"),
        most=one.get("maximum"),
        parts=_parts(one, whole),
    )


def _parts(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> tuple[Field, ...]:
    items = _resolved(schema.get("items", {}), whole)
    plain = items.get("type") == "object" and _kind(schema) == "json"
    found = _fields(items, whole) if plain else ()
    return found if all(not each.parts for each in found) else ()


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "choice"
    items = schema.get("items", {})
    match schema.get("type"):
        case "boolean":
            return "flag"
        case "integer":
            return "integer"
        case "number":
            return "number"
        case "string":
            return "text"
        case "array" if items.get("type") == "string" or "enum" in items:
            return "list"
        case _:
            return "json"


def shown(value: Any) -> str:
    """Return a value of a configuration as a form shows it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() if all(isinstance(each, str) for each in value):
            return ", ".join(value)
        case list() | dict():
            return json.dumps(value)
        case _:
            return str(value)


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


class Changed(Struct, frozen=True):
    """A field that two configurations hold differently, as a form shows it."""

    field: Field
    before: str
    after: str


def changes(form: tuple[Field, ...], before: str, after: str) -> tuple[Changed, ...]:
    """Return the fields that differ between two configurations, in the order of the form."""
    old, new = filled(form, before), filled(form, after)
    return tuple(
        Changed(field, old[field.name], new[field.name])
        for field in form
        if old[field.name] != new[field.name]
    )


def place_of(error: object) -> dict[str, str]:
    """Return what msgspec's error says of the place, as metadata: `field`, such as `rules.0.at`."""
    found = _PLACE.search(str(error))
    if found is None or not found[1]:
        return {}
    return {"field": re.sub(r"\[([0-9]+)\]", r".\1", found[1])}


def blamed(form: tuple[Field, ...], error: str, field: str = "") -> str:
    """Return the field of a form that an error of the core is about, empty where none is.

    `field` is what the error itself names; else it is the first that its sentence speaks of.
    """
    known = {each.name for each in form}
    if field.partition(".")[0] in known:
        return field
    spoken = [
        (found.start(), -len(word), each.name)
        for each in form
        for word in (each.name, each.label)
        if (found := re.search(rf"\b{re.escape(word)}\b", error)) is not None
    ]
    return min(spoken)[2] if spoken else ""
