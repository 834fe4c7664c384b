"""The fields of a form, made of the JSON Schema of a configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

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
    def title(self) -> str:
        """Return its name as words, without the unit at its end where that is told beside it."""
        end = next((end for end in _BY_NAME if self.unit and self.name.endswith(end)), "")
        return self.name.removesuffix(end).replace("_", " ")

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
        least=_bound(one, "minimum", "exclusiveMinimum", 1),
        most=_bound(one, "maximum", "exclusiveMaximum", -1),
        parts=_parts(one, whole),
    )


def _bound(schema: Mapping[str, Any], name: str, beyond: str, step: int) -> int | None:
    """Return the last whole number that a bound lets in, None without one."""
    found = schema.get(name)
    if found is None and beyond in schema:
        found = schema[beyond] + step
    return found if isinstance(found, int) else None


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
