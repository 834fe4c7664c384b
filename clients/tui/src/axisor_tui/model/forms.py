"""Forms made of the JSON Schema of a configuration, and configurations made of forms."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

_INTEGER = re.compile(r"[+-]?[0-9][0-9_,]*")


class Field(Struct, frozen=True, kw_only=True):
    """One field of a form.

    `kind` is `text`, `number`, `integer`, `flag`, `choice`, `list` or `json`; `empty` says that it
    may be left empty, which means none. `default` is what it holds where nothing is given.
    """

    name: str
    kind: str
    description: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    empty: bool = False
    required: bool = False
    least: int | None = None
    most: int | None = None

    @property
    def label(self) -> str:
        """Return its name as words."""
        return self.name.replace("_", " ")


def fields(schema: str) -> tuple[Field, ...]:
    """Return the fields of a form, in the order of the schema."""
    whole = json.loads(schema or "{}")
    top = _resolved(whole, whole)
    required = set(top.get("required", ()))
    return tuple(
        _field(name, _resolved(each, whole), required=name in required)
        for name, each in top.get("properties", {}).items()
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


def _field(name: str, schema: Mapping[str, Any], *, required: bool) -> Field:
    options = schema.get("anyOf", [schema])
    some = [each for each in options if each.get("type") != "null"]
    one = some[0] if len(some) == 1 else {}
    return Field(
        name=name,
        kind=_kind(one),
        description=str(schema.get("description", "")),
        choices=tuple(map(str, one.get("enum", ()))),
        default=shown(schema["default"]) if "default" in schema else "",
        empty=len(some) < len(options),
        required=required,
        least=one.get("minimum"),
        most=one.get("maximum"),
    )


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
    """Return what each field of a form shows for a configuration in JSON."""
    given = json.loads(config or "{}")
    return {
        field.name: shown(given[field.name]) if field.name in given else field.default
        for field in form
    }


def read(form: tuple[Field, ...], texts: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the configuration as JSON, and what is wrong, by field.

    Only the shape is looked at here; what the values mean is checked by the core.
    """
    config: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in form:
        text = texts.get(field.name, "").strip()
        if not text and not field.empty and field.kind not in ("text", "list", "json"):
            wrong[field.name] = "must not be empty"
            continue
        if not text and (field.default == "" and not field.required and not field.empty):
            continue
        try:
            config[field.name] = _value(field, text)
        except ValueError as error:
            wrong[field.name] = str(error)
    return json.dumps(config), wrong


def _value(field: Field, text: str) -> Any:
    if not text and field.empty:
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
            raise ValueError(f"is one of {', '.join(field.choices)}")
        case "number":
            # As text: the core reads decimals exactly, and a float would not be.
            return text
        case _:
            return text


def _integer(field: Field, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError("must be a whole number")
    number = int(text.replace(",", "").replace("_", ""))
    if field.least is not None and number < field.least:
        raise ValueError(f"must be at least {field.least:,}")
    if field.most is not None and number > field.most:
        raise ValueError(f"must be at most {field.most:,}")
    return number


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else []
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON: {error.msg}") from error
