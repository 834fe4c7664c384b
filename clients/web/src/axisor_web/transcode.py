"""Turns an HTTP request into a message of the contract, and messages into JSON.

The JSON is the mapping of protobuf: lowerCamelCase names, int64 as decimal strings, times as
RFC 3339. Nothing is guessed: a field that is unknown, given twice, or given as what it is not, is
refused before anything is sent to the core.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NoReturn

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from axisor.errors import FieldInvalid
from axisor_web.contract import Method, Route, Variables

MOST_DEPTH = 16
NOTHING_SENT = "Nothing was sent to the core, so nothing changed."

_BOOL = {"true": True, "false": False}


def request_of(
    method: Method,
    route: Route,
    variables: Variables,
    query: Iterable[tuple[str, str]],
    body: bytes,
) -> Message:
    """Return the request that a path, a query and a body say together. Raises FieldInvalid.

    Where the route takes the body, the query must be empty; else there must be no body. The path
    and the body may say the same thing twice, and nothing that differs.
    """
    if route.whole_body:
        given = _body(body)
        if list(query):
            raise refused("This method takes its fields in the body, not in the query.", "query")
    else:
        if body:
            raise refused("This method takes its fields in the query, not in a body.", "body")
        given = _query(method.request.DESCRIPTOR, query)
    request = method.request()
    try:
        json_format.ParseDict(given, request, max_recursion_depth=MOST_DEPTH)
    except json_format.ParseError as error:
        raise refused(_told(error), _field(error)) from error
    for field, value in variables.items():
        _put(request, field, value)
    return request


def json_of(message: Message) -> dict[str, Any]:
    """Return a message as JSON; fields that are not set stand there with their default."""
    return dict(json_format.MessageToDict(message, always_print_fields_with_no_presence=True))


def encoded(value: object) -> bytes:
    """Return JSON as bytes, in one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def parsed(text: bytes | str) -> object:
    """Return what a JSON text says. Raises FieldInvalid, also for a name that is given twice."""
    try:
        return json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise refused(f"This is no JSON: {error}.", "body") from error


def _body(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    given = parsed(body)
    if not isinstance(given, dict):
        raise refused("The body must be a JSON object.", "body")
    return given


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is given twice")
    return found


def _constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _query(descriptor: Any, query: Iterable[tuple[str, str]]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, text in query:
        at, described = given, descriptor
        *way, last = name.split(".")
        for part in way:
            field = _named(described, part, name)
            if field.message_type is None or field.is_repeated:
                raise refused(f"{name} names nothing.", name)
            at, described = at.setdefault(field.json_name, {}), field.message_type
        field = _named(described, last, name)
        if field.is_repeated:
            at.setdefault(field.json_name, []).append(_value(field, text, name))
        elif field.json_name in at:
            raise refused(f"{name} is given twice.", name)
        else:
            at[field.json_name] = _value(field, text, name)
    return given


def _named(descriptor: Any, part: str, name: str) -> FieldDescriptor:
    for field in descriptor.fields:
        if part in (field.json_name, field.name):
            assert isinstance(field, FieldDescriptor), "a message has fields"
            return field
    raise refused(f"{name} is no field of {descriptor.name}.", name)


def _value(field: FieldDescriptor, text: str, name: str) -> object:
    if field.type != FieldDescriptor.TYPE_BOOL:
        return text
    if text not in _BOOL:
        raise refused(f"{name} must be true or false.", name)
    return _BOOL[text]


def _put(request: Message, field: str, value: str) -> None:
    *way, last = field.split(".")
    at = request
    for part in way:
        at = getattr(at, part)
    before = getattr(at, last)
    try:
        parsed_value = value if isinstance(before, str) else int(value)
        if before not in (type(before)(), parsed_value):
            raise refused(f"{field} differs between the path and what was sent.", field)
        setattr(at, last, parsed_value)
    except ValueError:
        raise refused(f"{field} must be a whole number in the path.", field) from None


def _told(error: json_format.ParseError) -> str:
    text = str(error).rstrip(".")
    return f"{text[:300]}."


def _field(error: json_format.ParseError) -> str:
    words = str(error).replace('"', " ").replace("'", " ").split()
    for at, word in enumerate(words):
        if word in {"field", "parse", "named"} and at + 1 < len(words):
            return words[at + 1].strip(".,:")[:100]
    return "body"


def refused(message: str, field: str) -> FieldInvalid:
    return FieldInvalid(message, field=field, money=NOTHING_SENT)
