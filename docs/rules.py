"""What the contract demands of fields, as JSON Schema: lengths, patterns, ranges, what is required.

Its rules are those of `buf.validate` that a core holds requests to. What no schema can say, a rule
over several fields, stands as its sentence in `x-axisor-rules`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from google.api import field_behavior_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    OneofDescriptorProto,
)

from buf.validate import validate_pb2

Json: TypeAlias = dict[str, Any]

_INT64 = {
    ("gte", 0): "^[0-9]{1,19}$",
    ("gte", 1): "^0*[1-9][0-9]{0,18}$",
    ("gt", 0): "^0*[1-9][0-9]{0,18}$",
}
"""An int64 is a text of digits, so its bounds are patterns; these are the ones that there are."""


def behaves(field: FieldDescriptorProto, behavior: str) -> bool:
    """Return whether a field is, say, `REQUIRED` or `OUTPUT_ONLY`."""
    wanted = field_behavior_pb2.FieldBehavior.Value(behavior)
    return wanted in field.options.Extensions[field_behavior_pb2.field_behavior]


def required_of(field: FieldDescriptorProto) -> bool:
    """Return whether a request must have a field."""
    return behaves(field, "REQUIRED") or field.options.Extensions[validate_pb2.field].required


def of_field(field: FieldDescriptorProto, shape: Json) -> Json:
    """Return the shape of a field with what its rules demand."""
    rules = field.options.Extensions[validate_pb2.field]
    kind = rules.WhichOneof("type")
    if kind == "repeated":
        items = shape["items"] | _single(rules.repeated.items)
        shape = shape | {"items": items} | _sizes(rules.repeated, "Items")
    elif kind == "map":
        shape = shape | _sizes(rules.map, "Properties")
    else:
        shape = shape | _single(rules)
    if rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE:
        assert kind == "string", f"{field.name} may be left out, and is no text"
        shape = {"anyOf": [{"type": "string", "maxLength": 0}, shape]}
    return shape | _direction(field)


def of_message(message: DescriptorProto, bound: Iterable[str] = ()) -> Json:
    """Return what a message demands of its fields together; those bound by a path are not in it."""
    required = [
        field.json_name for field in message.field if required_of(field) and field.name not in bound
    ]
    said = [each.message for each in message.options.Extensions[validate_pb2.message].cel]
    choices = [
        {"required": [field.json_name]}
        for at, oneof in enumerate(message.oneof_decl)
        if _demanded(oneof)
        for field in message.field
        if field.HasField("oneof_index") and field.oneof_index == at
    ]
    return (
        ({"required": required} if required else {})
        | ({"oneOf": choices} if choices else {})
        | ({"x-axisor-rules": said} if said else {})
    )


def _demanded(oneof: OneofDescriptorProto) -> bool:
    return oneof.options.Extensions[validate_pb2.oneof].required


def _direction(field: FieldDescriptorProto) -> Json:
    if behaves(field, "OUTPUT_ONLY"):
        return {"readOnly": True}
    return {"writeOnly": True} if behaves(field, "INPUT_ONLY") else {}


def _single(rules: validate_pb2.FieldRules) -> Json:
    """Return what is demanded of one value."""
    match rules.WhichOneof("type"):
        case "string":
            return _text(rules.string)
        case "bytes":
            return _bytes(rules.bytes)
        case "int32":
            return _number(rules.int32)
        case "int64":
            return {"pattern": _int64(rules.int64)}
        case "bool" if rules.bool.HasField("const"):
            return {"const": rules.bool.const}
        case "enum" if 0 in rules.enum.not_in:
            # The name of nothing is the first of each enum, by the rules of the contract.
            return {"not": {"pattern": "_UNSPECIFIED$"}}
        case _:
            return {}


def _text(rules: validate_pb2.StringRules) -> Json:
    found: Json = {}
    if rules.pattern:
        found["pattern"] = rules.pattern
    if rules.uuid or rules.uri:
        found["format"] = "uuid" if rules.uuid else "uri"
    if rules.HasField("max_len") or rules.HasField("max_bytes"):
        # No text has more characters than bytes.
        found["maxLength"] = rules.max_len if rules.HasField("max_len") else rules.max_bytes
    if rules.HasField("min_len"):
        found["minLength"] = rules.min_len
    return found


def _bytes(rules: validate_pb2.BytesRules) -> Json:
    """Return the lengths of bytes, which go in Base64: four characters for each three, padded."""
    found: Json = {}
    if rules.HasField("max_len"):
        found["maxLength"] = -(-rules.max_len // 3) * 4
    if rules.HasField("min_len"):
        found["minLength"] = -(-rules.min_len * 4 // 3)
    return found


def _number(rules: validate_pb2.Int32Rules) -> Json:
    names = {"gte": "minimum", "lte": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
    return {name: getattr(rules, rule) for rule, name in names.items() if rules.HasField(rule)}  # type: ignore[arg-type]


def _int64(rules: validate_pb2.Int64Rules) -> str:
    bounds = [(field.name, value) for field, value in rules.ListFields()]
    assert len(bounds) == 1, f"no pattern says {bounds}"
    return _INT64[bounds[0]]


def _sizes(rules: Any, of: str) -> Json:
    few, many = ("min_items", "max_items") if of == "Items" else ("min_pairs", "max_pairs")
    return {
        f"{name}{of}": getattr(rules, rule)
        for rule, name in ((few, "min"), (many, "max"))
        if rules.HasField(rule)
    }
