"""Write the OpenAPI description of the bridge from the contract and the comments in it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

from docs import rules
from docs.contract import ENUMS, FIELDS, MESSAGES, METHODS, NESTED, PACKAGE, SERVICES, Trail
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

Json: TypeAlias = dict[str, Any]
Bound: TypeAlias = Mapping[str, Collection[str]]
"""The fields that the paths of a request give, by its type."""

_F = FieldDescriptorProto
_VARIABLE = re.compile(r"\{([a-z_.]+)(?:=([^}]*))?\}")
_SINGULAR = {"people": "person", "identities": "identity", "strategies": "strategy"}
_VERBS = ("get", "put", "post", "delete", "patch")
_SIXTY_FOUR = {_F.TYPE_INT64, _F.TYPE_UINT64, _F.TYPE_SINT64, _F.TYPE_FIXED64, _F.TYPE_SFIXED64}
_KNOWN: dict[str, Json] = {
    ".google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    ".google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
    ".google.protobuf.FieldMask": {"type": "string"},
    ".google.protobuf.Any": {"type": "object", "additionalProperties": True},
}
_STATUS: Json = {
    "type": "object",
    "description": "google.rpc.Status: what happened, and in its ErrorInfo a stable reason, what "
    "it means for the money (`means`) and what to do (`todo`).",
    "properties": {
        "code": {"type": "integer"},
        "status": {"type": "string"},
        "message": {"type": "string"},
        "details": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
    },
    "required": ["code", "status", "message"],
}


def openapi(described: FileDescriptorSet) -> str:
    """Return the description as JSON: a path for each route, a schema for each message."""
    ours = [file for file in described.file if file.package == "axisor.v1"]
    files = sorted(ours, key=lambda file: file.name)
    schemas: Json = {"Status": _STATUS}
    bound = _bound(files)
    for file in files:
        schemas |= dict(_schemas(file, bound))
    found = {
        "openapi": "3.1.0",
        "info": {
            "title": "Axisor",
            "version": "v1",
            "description": "Every method of axisor.v1 over HTTP. int64, and so every amount of "
            "sats, is a decimal string. Prices and rates are decimal strings.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": _paths(files),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


# ---------------------------------------------------------------- paths


def _paths(files: list[FileDescriptorProto]) -> Json:
    messages = {f"{PACKAGE}{m.name}": m for file in files for m in file.message_type}
    paths: Json = {}
    for file in files:
        said = _comments(file)
        for at, service in enumerate(file.service):
            for index, method in enumerate(service.method):
                text = said.get((SERVICES, at, METHODS, index), "")
                for verb, template, whole in _routes(method):
                    path, parameters = _path(template)
                    operation = _operation(service.name, method, text)
                    request = messages[method.input_type]
                    if whole:
                        operation["requestBody"] = _body(method.input_type)
                    else:
                        parameters += list(_query(request, _taken(template), messages))
                    operation["parameters"] = parameters
                    paths.setdefault(path, {})[verb] = operation
    _distinct(paths)
    return dict(sorted(paths.items()))


def _distinct(paths: Json) -> None:
    """Give each operation an id of its own, also where a method has two routes."""
    seen: set[str] = set()
    for path in sorted(paths):
        for verb in sorted(paths[path]):
            operation = paths[path][verb]
            id, number = operation["operationId"], 1
            while (name := id if number == 1 else f"{id}{number}") in seen:
                number += 1
            operation["operationId"] = name
            seen.add(name)


def _routes(method: MethodDescriptorProto) -> Iterator[tuple[str, str, bool]]:
    from google.api import annotations_pb2

    rule = method.options.Extensions[annotations_pb2.http]
    for one in (rule, *rule.additional_bindings):
        verb = one.WhichOneof("pattern")
        if verb in _VERBS:
            yield verb, getattr(one, verb), rule.body == "*"


def _taken(template: str) -> set[str]:
    return {found[1] for found in _VARIABLE.finditer(template)}


def _path(template: str) -> tuple[str, list[Json]]:
    """Return a template as OpenAPI writes it, each `*` a variable named by its collection."""
    parameters: list[Json] = []

    def spread(found: re.Match[str]) -> str:
        shape = found[2]
        if shape is None:
            parameters.append(_in_path(found[1], {"type": "string", "pattern": "^[0-9]+$"}))
            return "{" + found[1] + "}"
        parts: list[str] = []
        for part in shape.split("/"):
            if part != "*":
                parts.append(part)
                continue
            name = _SINGULAR.get(parts[-1], parts[-1].removesuffix("s"))
            top = len(parts) == 1
            pattern = "^[a-z0-9-]{1,64}$" if top else "^[A-Za-z0-9_-]{1,64}$"
            parameters.append(_in_path(name, {"type": "string", "pattern": pattern}))
            parts.append("{" + name + "}")
        return "/".join(parts)

    return _VARIABLE.sub(spread, template), parameters


def _in_path(name: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _operation(service: str, method: MethodDescriptorProto, text: str) -> Json:
    from axisor.v1 import permissions_pb2, types_pb2

    rule = method.options.Extensions[permissions_pb2.rule]
    right = permissions_pb2.Permission.Name(rule.permission).removeprefix("PERMISSION_")
    danger = types_pb2.Danger.Name(rule.danger).removeprefix("DANGER_").lower()
    answer = _ref(method.output_type)
    content = (
        {
            "text/event-stream": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        }
        if method.server_streaming
        else {"application/json": {"schema": answer}}
    )
    found: Json = {
        "operationId": f"{service}.{method.name}",
        "tags": [service],
        "summary": text.split(". ", maxsplit=1)[0].rstrip(".") + "." if text else method.name,
        "description": text,
        "x-axisor-right": "" if rule.anonymous else right,
        "x-axisor-danger": danger,
        "responses": {
            "200": {"description": "It was done.", "content": content},
            "default": {
                "description": "It was refused, or failed.",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Status"}}
                },
            },
        },
    }
    if rule.anonymous:
        found["security"] = []
    return found


def _body(type_name: str) -> Json:
    return {"required": True, "content": {"application/json": {"schema": _ref(type_name)}}}


def _query(
    message: DescriptorProto, taken: set[str], messages: dict[str, DescriptorProto]
) -> Iterator[Json]:
    for field in message.field:
        if field.name in taken or field.type_name in messages:
            continue
        yield {
            "name": field.json_name,
            "in": "query",
            "required": rules.required_of(field),
            "schema": _field(field, message),
        }


# ---------------------------------------------------------------- schemas


def _bound(files: list[FileDescriptorProto]) -> Bound:
    """Return which fields of each message the paths of requests give, so that bodies need not."""
    messages = {f"{PACKAGE}{m.name}": m for file in files for m in file.message_type}
    found: dict[str, set[str]] = {}
    for method in (m for file in files for service in file.service for m in service.method):
        for path in {path for _, template, _ in _routes(method) for path in _taken(template)}:
            *way, name = path.split(".")
            at = method.input_type
            for part in way:
                at = next(field.type_name for field in messages[at].field if field.name == part)
            found.setdefault(at, set()).add(name)
    return found


def _schemas(file: FileDescriptorProto, bound: Bound) -> Iterator[tuple[str, Json]]:
    said = _comments(file)
    for at, message in enumerate(file.message_type):
        yield from _message(message, message.name, (MESSAGES, at), said, bound)
    for at, enum in enumerate(file.enum_type):
        yield enum.name, _enum(enum, said.get((ENUMS, at), ""))


def _message(
    message: DescriptorProto, name: str, trail: Trail, said: dict[Trail, str], bound: Bound
) -> Iterator[tuple[str, Json]]:
    if message.options.map_entry:
        return
    properties: Json = {}
    for at, field in enumerate(message.field):
        shape = _field(field, message)
        text = said.get((*trail, FIELDS, at), "")
        if "$ref" in shape:
            shape["allOf"] = [{"$ref": shape.pop("$ref")}]
        properties[field.json_name] = shape | ({"description": text} if text else {})
    yield (
        name,
        {
            "type": "object",
            "description": said.get(trail, ""),
            "properties": properties,
            "additionalProperties": False,
            **rules.of_message(message, bound.get(f"{PACKAGE}{name}", ())),
        },
    )
    for at, inner in enumerate(message.nested_type):
        yield from _message(inner, f"{name}.{inner.name}", (*trail, NESTED, at), said, bound)
    for enum in message.enum_type:
        yield f"{name}.{enum.name}", _enum(enum, "")


def _enum(enum: EnumDescriptorProto, text: str) -> Json:
    return {
        "type": "string",
        "description": text,
        "enum": [value.name for value in enum.value],
    }


def _field(field: FieldDescriptorProto, holder: DescriptorProto) -> Json:
    return rules.of_field(field, _shape(field, holder))


def _shape(field: FieldDescriptorProto, holder: DescriptorProto) -> Json:
    for inner in holder.nested_type:
        if inner.options.map_entry and field.type_name.endswith(f".{inner.name}"):
            return {"type": "object", "additionalProperties": _single(inner.field[1])}
    if field.label == _F.LABEL_REPEATED:
        return {"type": "array", "items": _single(field)}
    return _single(field)


def _single(field: FieldDescriptorProto) -> Json:
    if field.type_name:
        return _KNOWN.get(field.type_name) or _ref(field.type_name)
    if field.type in _SIXTY_FOUR:
        return {"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,19}$"}
    if field.type == _F.TYPE_BOOL:
        return {"type": "boolean"}
    if field.type == _F.TYPE_BYTES:
        return {"type": "string", "contentEncoding": "base64"}
    if field.type == _F.TYPE_STRING:
        return {"type": "string"}
    if field.type in {_F.TYPE_DOUBLE, _F.TYPE_FLOAT}:
        return {"type": "number"}
    return {"type": "integer", "format": "int32"}


def _ref(type_name: str) -> Json:
    return {"$ref": f"#/components/schemas/{type_name.removeprefix(PACKAGE)}"}


def _comments(file: FileDescriptorProto) -> dict[Trail, str]:
    return {
        tuple(place.path): " ".join(place.leading_comments.split())
        for place in file.source_code_info.location
        if place.leading_comments
    }
