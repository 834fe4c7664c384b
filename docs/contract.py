"""Write the reference of the contract from the proto files and the comments in them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
PACKAGE = ".axisor.v1."
Trail: TypeAlias = tuple[int, ...]

# Field numbers of descriptor.proto, which say where a comment belongs.
MESSAGES, ENUMS, SERVICES = 4, 5, 6
FIELDS, NESTED, METHODS, VALUES = 2, 3, 2, 2


def reference(note: str) -> str:
    """Return the page: services with their methods first, then messages and enums."""
    ours = [file for file in described().file if file.package == "axisor.v1"]
    files = sorted(ours, key=lambda file: file.name)
    parts = [
        "# The contract, `axisor.v1`",
        note,
        "Every service and message, with the comments of `proto/axisor/v1`. A call carries\n"
        "`authorization: Bearer TOKEN`; the answer's header `axisor-mode` states the account's\n"
        "mode. What a failure means is in [errors.md](errors.md).",
        "# Services",
        *(part for file in files for part in _services(file)),
        "# Messages",
        *(part for file in files for part in _messages(file)),
    ]
    return "\n\n".join(parts) + "\n"


def described() -> FileDescriptorSet:
    """Return the contract as protoc reads it, with comments."""
    import grpc_tools
    from google.api import annotations_pb2  # noqa: F401

    # Known before the set is parsed, so that rules and routes are read as such.
    from axisor.v1 import permissions_pb2  # noqa: F401
    from buf.validate import validate_pb2  # noqa: F401

    well_known = Path(grpc_tools.__file__).parent / "_proto"
    names = sorted(str(path.relative_to(PROTO)) for path in (PROTO / "axisor").glob("*/*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "set"
        command = [
            *(sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={PROTO}"),
            *(f"--proto_path={well_known}", "--include_source_info"),
            *(f"--descriptor_set_out={target}", *names),
        ]
        subprocess.run(command, check=True, timeout=120)
        return FileDescriptorSet.FromString(target.read_bytes())


def _comments(file: FileDescriptorProto) -> dict[Trail, str]:
    return {
        tuple(place.path): " ".join(place.leading_comments.split())
        for place in file.source_code_info.location
        if place.leading_comments
    }


def _services(file: FileDescriptorProto) -> Iterator[str]:
    said = _comments(file)
    for at, service in enumerate(file.service):
        trail = (SERVICES, at)
        yield f"## {service.name}"
        yield said.get(trail, "")
        yield from _methods(service, trail, said)


def _methods(
    service: ServiceDescriptorProto, trail: Trail, said: dict[Trail, str]
) -> Iterator[str]:
    for at, method in enumerate(service.method):
        takes, gives = _link(method.input_type), _link(method.output_type)
        stream = "stream of " if method.server_streaming else ""
        yield f"### {service.name}.{method.name}"
        yield said.get((*trail, METHODS, at), "")
        yield f"{takes} → {stream}{gives}. {_rule(method)}"
        if routes := _routes(method):
            yield f"Over HTTP: {routes}."


def _rule(method: MethodDescriptorProto) -> str:
    from axisor.v1 import permissions_pb2, types_pb2

    rule = method.options.Extensions[permissions_pb2.rule]
    right = permissions_pb2.Permission.Name(rule.permission).removeprefix("PERMISSION_")
    harm = types_pb2.Danger.Name(rule.danger).removeprefix("DANGER_").lower()
    more = ", journaled" if rule.audited else ""
    more += ", refused by no plan" if rule.protects else ""
    return f"Right `{right}`, danger `{harm}`{more}."


def _routes(method: MethodDescriptorProto) -> str:
    from google.api import annotations_pb2

    rule = method.options.Extensions[annotations_pb2.http]
    found = [(one.WhichOneof("pattern"), one) for one in (rule, *rule.additional_bindings)]
    return ", ".join(f"`{verb.upper()} {getattr(one, verb)}`" for verb, one in found if verb)


def _messages(file: FileDescriptorProto) -> Iterator[str]:
    said = _comments(file)
    for at, message in enumerate(file.message_type):
        yield from _message(message, message.name, (MESSAGES, at), said)
    for at, enum in enumerate(file.enum_type):
        yield from _enum(enum, enum.name, (ENUMS, at), said)


def _message(
    message: DescriptorProto, name: str, trail: Trail, said: dict[Trail, str]
) -> Iterator[str]:
    if message.options.map_entry:
        return
    yield f"## {name}"
    yield said.get(trail, "")
    words = [_cell(said.get((*trail, FIELDS, at), "")) for at in range(len(message.field))]
    rows = [
        f"| `{field.name}` | {_type(field, message)} | {text} |"
        for field, text in zip(message.field, words, strict=True)
    ]
    if rows:
        yield "\n".join(["| field | type | meaning |", "| --- | --- | --- |", *rows])
    for at, inner in enumerate(message.nested_type):
        yield from _message(inner, f"{name}.{inner.name}", (*trail, NESTED, at), said)
    for at, enum in enumerate(message.enum_type):
        yield from _enum(enum, f"{name}.{enum.name}", (*trail, ENUMS, at), said)


def _enum(
    enum: EnumDescriptorProto, name: str, trail: Trail, said: dict[Trail, str]
) -> Iterator[str]:
    yield f"## {name}"
    yield said.get(trail, "")
    rows = [
        f"| `{value.name}` | {value.number} | {_cell(said.get((*trail, VALUES, at), ''))} |"
        for at, value in enumerate(enum.value)
    ]
    yield "\n".join(["| value | number | meaning |", "| --- | --- | --- |", *rows])


def _type(field: FieldDescriptorProto, holder: DescriptorProto) -> str:
    for inner in holder.nested_type:
        if inner.options.map_entry and field.type_name.endswith(f".{inner.name}"):
            key, value = inner.field
            return f"map of {_type(key, inner)} to {_type(value, inner)}"
    shape = (
        _link(field.type_name)
        if field.type_name
        else f"`{FieldDescriptorProto.Type.Name(field.type).removeprefix('TYPE_').lower()}`"
    )
    return f"{shape}, repeated" if field.label == FieldDescriptorProto.LABEL_REPEATED else shape


def _link(type_name: str) -> str:
    if not type_name.startswith(PACKAGE):
        return f"`{type_name.removeprefix('.')}`"
    name = type_name.removeprefix(PACKAGE)
    return f"[`{name}`](#{name.lower().replace('.', '')})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
