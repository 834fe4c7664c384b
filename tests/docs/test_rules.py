"""The schemas of openapi.json demand of fields what a core demands of them, no more and no less."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

import protovalidate
import pytest
from docs import contract, rest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from jsonschema import Draft202012Validator, FormatChecker

from axisor_web.contract import methods

DOCUMENT: dict[str, Any] = json.loads(rest.openapi(contract.described()))
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
REQUESTS = sorted({method.request for method in methods()}, key=lambda kind: kind.__name__)
TEXTS = (
    "",
    "x",
    "xy",
    "moon",
    "7",
    "Position",
    "accounts/main",
    "accounts/main/runs/0-1",
    "strategies/dca",
    "plugins/limits",
    "0190f5a0-0000-7000-8000-00000000beef",
    *("x" * size for size in (32, 33, 64, 65, 80, 81, 128, 256, 257, 1_025, 65_537)),
)
NUMBERS = (-1, 0, 1, 2, 100, 101, 1_000_000, 1_000_001)
Field: TypeAlias = Any
"""A field of a message; two kinds of Python classes describe one."""

SAMPLES: dict[int, tuple[Any, ...]] = {
    FieldDescriptorProto.TYPE_STRING: TEXTS,
    FieldDescriptorProto.TYPE_INT32: NUMBERS,
    FieldDescriptorProto.TYPE_INT64: NUMBERS,
    FieldDescriptorProto.TYPE_BYTES: (b"", b"x", b"xyz"),
    FieldDescriptorProto.TYPE_BOOL: (False, True),
}
NEEDS_MORE = {"uri"}
"""Formats that the validator of schemas here does not look at."""


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """Return what looks at values by a schema of the document."""
    return Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]}, format_checker=FormatChecker()
    )


def samples(field: Field) -> Iterator[Any]:
    """Return values of a field, some that it takes and some that it does not."""
    if field.type == FieldDescriptorProto.TYPE_ENUM:
        values: tuple[Any, ...] = tuple(each.number for each in field.enum_type.values)
    else:
        values = SAMPLES.get(field.type, ())
    if field.is_repeated:
        yield []
        yield from ([each] for each in values)
        yield list(values[-1:]) * 101
    else:
        yield from values


def refused(message: Message, name: str) -> bool:
    """Return whether a core refuses a message for a field."""
    paths = [each.proto.field for each in protovalidate.collect_violations(message)]
    return any(path and path.elements[0].field_name == name for path in paths)


def as_json(message: Message, field: Field) -> Any:
    """Return the value of a field as it goes over HTTP."""
    told = MessageToDict(message, always_print_fields_with_no_presence=True)
    return told[field.json_name]


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.__name__)
def test_a_value_fits_its_schema_where_a_core_takes_it_and_nowhere_else(kind: type[Message]):
    properties = SCHEMAS[kind.__name__]["properties"]
    wrong: list[str] = []
    for field in kind.DESCRIPTOR.fields:
        schema = properties[field.json_name]
        if NEEDS_MORE & {each.get("format") for each in (schema, *schema.get("anyOf", ()))}:
            continue
        judge = validator(schema)
        for value in () if field.message_type else samples(field):
            message = kind(**{field.name: value})
            fits = judge.is_valid(as_json(message, field))
            if fits == refused(message, field.name):
                wrong.append(f"{field.name} {value!r:.60}: {'fits' if fits else 'does not fit'}")

    assert wrong == []


def test_what_a_request_must_have_is_required_but_for_what_its_path_gives():
    assert SCHEMAS["ConfigureRunRequest"]["required"] == ["requestId", "etag", "updateMask"]
    assert "required" not in SCHEMAS["Account"]


def test_a_query_says_which_of_its_values_must_be_there():
    asked = DOCUMENT["paths"]["/v1/accounts/{account}/market/candles"]["get"]["parameters"]

    assert [each["name"] for each in asked if each["required"]] == ["account", "range"]


def test_one_of_several_is_demanded_where_the_contract_does():
    schema = validator(SCHEMAS["WatchBacktestRequest"])
    given = {"strategy": "strategies/dca", "balanceSats": "1"}

    assert schema.is_valid(given | {"scenario": "flash-crash"})
    assert not schema.is_valid(given)
    assert not schema.is_valid(given | {"scenario": "flash-crash", "candles": "eHk="})


def test_what_the_core_alone_says_is_read_only():
    assert SCHEMAS["Run"]["properties"]["state"]["readOnly"]
    assert "readOnly" not in SCHEMAS["CreateRunRequest"]["properties"]["label"]


def test_a_rule_over_several_fields_stands_as_a_sentence():
    assert SCHEMAS["UpdateAccountRequest"]["x-axisor-rules"] == ["name at least one field"]
