"""Requests of good form for every method of the contract, made from what the contract says of them.

A field whose form no sample fits fails with a sentence that says so: add a sample.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import StringValue

from axisor_server.rpc.rules import Method
from axisor_server.rpc.validation import check
from buf.validate import validate_pb2

Field: TypeAlias = Any
"""A field of a message; two kinds of Python classes describe one."""

REQUEST_ID = "0d9f3c7e-0000-4000-8000-0000000000f1"
CHILD = "0d9f3c7e-0000-4000-8000-0000000000c1"

Put: TypeAlias = Callable[[str], None]
"""Writes another text into one field of a request."""

OF_ACCOUNT = (
    "accounts/{account}",
    "accounts/{account}/balance",
    "accounts/{account}/positions/cross",
    f"accounts/{{account}}/positions/{CHILD}",
    f"accounts/{{account}}/orders/{CHILD}",
    f"accounts/{{account}}/runs/{CHILD}",
    f"accounts/{{account}}/intents/{CHILD}",
    f"accounts/{{account}}/deadLetters/{CHILD}",
    f"accounts/{{account}}/backtests/{CHILD}",
    f"accounts/{{account}}/members/{CHILD}",
    f"accounts/{{account}}/confirmations/{CHILD}",
    f"accounts/{{account}}/alerts/{CHILD}",
)
"""Names of an account and of what it has."""

SAMPLES = (
    "",
    REQUEST_ID,
    "venues/books",
    "strategies/nap",
    "plugins/sleepy",
    f"people/{CHILD}",
    f"sessions/{CHILD}",
    f"tokens/{CHILD}",
    f"identities/{CHILD}",
    "identityProviders/test",
    f"confirmations/{CHILD}",
    f"channels/{CHILD}",
    "notifiers/discord",
    "IntentSettled",
    "60000",
    "10",
    "1m",
    "nap",
    "nap@example.org",
    "123456",
    "a text that is long enough",
)
PRESET: dict[str, Any] = {
    "request_id": REQUEST_ID,
    "etag": "r999",
    "validate_only": True,
    "page_token": "",
    "config": "{}",
    "settings": "{}",
    "base_url": "http://127.0.0.1:9",
    "network": "sim",
    "client_id": "",
    "margin_mode": 1,
    "email": "nap@example.org",
    "scenario": "gap",
    "role": 1,
    "code": "123456",
}


def fill(method: Method, account: str) -> Message:
    """Return a request of good form about an account. Raises AssertionError where none is known."""
    request = method.request()
    _fill(request, account)
    check(request, method)
    return request


def subject(method: Method, request: Message) -> str:
    """Return the name of what a request is about."""
    found: Any = request
    for part in method.resource:
        found = getattr(found, part)
    return found if isinstance(found, str) else ""


def naming(message: Message, path: str = "") -> Iterator[tuple[str, str, Put]]:
    """Yield the path, the text and a way to change it of every field that names something."""
    for field in message.DESCRIPTOR.fields:
        here = f"{path}.{field.name}".lstrip(".")
        if field.is_repeated:
            continue
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            if message.HasField(field.name):
                yield from naming(getattr(message, field.name), here)
        elif field.type == FieldDescriptor.TYPE_STRING and names(field):
            yield here, getattr(message, field.name), _putter(message, field.name)


def names(field: Field) -> str:
    """Return the form of a field that holds a resource name, empty for any other."""
    form = _pattern(field)
    return form if "/" in form else ""


def _putter(message: Message, name: str) -> Put:
    return lambda text: setattr(message, name, text)


def _pattern(field: Field) -> str:
    options: Any = field.GetOptions()
    return str(options.Extensions[validate_pb2.field].string.pattern)


def _fill(message: Message, account: str) -> None:
    chosen: set[str] = set()
    fields: list[Field] = list(message.DESCRIPTOR.fields)
    for field in fields:
        oneof = field.containing_oneof
        if oneof is not None:
            synthetic = field.has_presence and len(oneof.fields) == 1
            if synthetic or oneof.name in chosen:
                continue
            chosen.add(oneof.name)
        if field.is_repeated:
            continue
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            if field.message_type.full_name.startswith("axisor."):
                _fill(getattr(message, field.name), account)
                getattr(message, field.name).SetInParent()
            elif field.message_type.full_name == "google.protobuf.Any":
                getattr(message, field.name).Pack(StringValue(value="no request"))
            elif field.message_type.full_name == "google.protobuf.FieldMask":
                getattr(message, field.name).paths.append("label")
        else:
            setattr(message, field.name, _value(field, account))


def _value(field: Field, account: str) -> Any:
    if field.name in PRESET:
        return PRESET[field.name]
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text(field, account)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return False
    if field.type == FieldDescriptor.TYPE_BYTES:
        return b"bytes"
    if field.type == FieldDescriptor.TYPE_ENUM:
        return field.enum_type.values[:3][-1].number  # the first may say nothing
    return 1


def _text(field: Field, account: str) -> str:
    form, ours = _pattern(field), [sample.format(account=account) for sample in OF_ACCOUNT]
    if field.name == "leverage":
        return "10"
    if not form:
        return "60000" if field.name.endswith("_usd") else "x"
    found = next((text for text in (*ours, *SAMPLES) if re.search(form, text)), None)
    assert found is not None, f"no sample fits {field.full_name}, which wants {form}"
    return found
