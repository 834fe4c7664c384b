"""Tells what the contract holds: its methods with their rights and reasons, and their messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module, resources
from typing import Any, TypeAlias

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    MethodOptions,
    ServiceDescriptorProto,
)
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from msgspec import Struct

from axisor.errors import FieldInvalid, reasons
from axisor.v1 import permissions_pb2, types_pb2

PACKAGE = "axisor.v1"
DESCRIPTION = "contract.binpb"
"""The contract with its comments, and all that it imports, beside the Python of it."""

# Field numbers of descriptor.proto, which say where a comment belongs.
MESSAGES, SERVICES = 4, 6
FIELDS, METHODS = 2, 2

Trail: TypeAlias = tuple[int, ...]
_REASON = re.compile(r"`([A-Z][A-Z_]+)`")


class Field(Struct, frozen=True, kw_only=True):
    """A field of a message. `type` is as the contract has it; `one_of` names its alternatives."""

    name: str
    type: str
    repeated: bool = False
    one_of: str = ""
    text: str = ""

    @property
    def required(self) -> bool:
        """Return whether a request must state it."""
        return self.text.startswith("Required.")


class Method(Struct, frozen=True, kw_only=True):
    """A method of the contract: what it takes and gives, and what its caller must hold.

    `right` is empty where nobody need be known. `reasons` are those its comment names, and its
    service's. `streams` says that frames come until one side ends it, `converses` that both sides
    speak.
    """

    service: str
    name: str
    request: str
    answer: str
    right: str
    danger: str
    resource: str = ""
    reads: bool = False
    streams: bool = False
    converses: bool = False
    journaled: bool = False
    step_up: bool = False
    text: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Return the method as gRPC calls it, without the leading slash."""
        return f"{self.service}/{self.name}"

    @property
    def short(self) -> str:
        """Return the method as people call it: `OrderService.PlaceOrder`."""
        return f"{self.service.rpartition('.')[2]}.{self.name}"


def description() -> bytes:
    """Return the contract as a `FileDescriptorSet`, which any protoc takes instead of its files."""
    return resources.files(PACKAGE).joinpath(DESCRIPTION).read_bytes()


@cache
def methods() -> tuple[Method, ...]:
    """Return every method of the contract, by service and then in the contract's order."""
    found = [method for file in _files() for method in _methods(file)]
    return tuple(sorted(found, key=lambda method: method.service))


def find(wanted: str) -> Method:
    """Return the method that is `wanted`: by path, as `Service.Method`, or by a name only it has.

    Raises FieldInvalid naming what comes near.
    """
    word = wanted.strip().replace("/", ".").lower()
    every = methods()
    exact = [m for m in every if word in (m.path.replace("/", ".").lower(), m.short.lower())]
    fits = exact or [m for m in every if m.name.lower() == word]
    if len(fits) == 1:
        return fits[0]
    last = word.rpartition(".")[2]
    near = fits or [m for m in every if last and last in m.name.lower()]
    named = ", ".join(method.short for method in near[:5])
    raise FieldInvalid(
        f"The contract has {'several' if fits else 'no'} `{wanted}`.",
        fix=f"Say one of {named}." if named else "See all of them: axisor api list.",
        field="method",
    )


def fields(message: str) -> tuple[Field, ...]:
    """Return the fields of a message of the contract, by its full name. Raises FieldInvalid."""
    found = _messages().get(message)
    if found is None:
        raise FieldInvalid(f"The contract has no message `{message}`.", field="message")
    return tuple(_fields(*found))


def values(enum: str) -> tuple[str, ...]:
    """Return the values of an enum that may be sent, by its full name; empty for another type."""
    named = enum.removeprefix(f"{PACKAGE}.")
    found = [each for file in _files() for each in file.enum_type if each.name == named]
    return tuple(value.name for each in found for value in each.value if value.number != 0)


def message_class(name: str) -> type[Message]:
    """Return the class of a message of the contract."""
    file = _messages()[name][2]
    import_module(file.removesuffix(".proto").replace("/", ".") + "_pb2")
    return GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name))


@cache
def _files() -> tuple[FileDescriptorProto, ...]:
    every = FileDescriptorSet.FromString(description())
    return tuple(file for file in every.file if file.package == PACKAGE)


@cache
def _messages() -> Mapping[str, tuple[DescriptorProto, dict[int, str], str]]:
    """Return messages by full name, each with what is said of its fields and its file."""
    found = {}
    for file in _files():
        said = _comments(file)
        for at, message in enumerate(file.message_type):
            of_fields = {
                number: said.get((MESSAGES, at, FIELDS, number), "")
                for number in range(len(message.field))
            }
            found[f"{PACKAGE}.{message.name}"] = (message, of_fields, file.name)
    return found


def _fields(message: DescriptorProto, said: Mapping[int, str], _: str) -> Iterator[Field]:
    for at, field in enumerate(message.field):
        chosen = field.HasField("oneof_index") and not field.proto3_optional
        yield Field(
            name=field.name,
            type=_type(field),
            repeated=field.label == FieldDescriptorProto.LABEL_REPEATED,
            one_of=message.oneof_decl[field.oneof_index].name if chosen else "",
            text=said[at],
        )


def _type(field: FieldDescriptorProto) -> str:
    named = field.type_name.removeprefix(".")
    return named or FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _comments(file: FileDescriptorProto) -> dict[Trail, str]:
    return {
        tuple(place.path): " ".join(place.leading_comments.split())
        for place in file.source_code_info.location
    }


def _methods(file: FileDescriptorProto) -> Iterator[Method]:
    said = _comments(file)
    for at, service in enumerate(file.service):
        common = _REASON.findall(said.get((SERVICES, at), ""))
        for number, method in enumerate(service.method):
            text = said.get((SERVICES, at, METHODS, number), "")
            yield _method(service, method, text, common)


def _method(
    service: ServiceDescriptorProto, method: MethodDescriptorProto, text: str, common: list[str]
) -> Method:
    options: Any = method.options
    rule = options.Extensions[permissions_pb2.rule]
    right = permissions_pb2.Permission.Name(rule.permission).removeprefix("PERMISSION_").lower()
    told = dict.fromkeys([*_REASON.findall(text), *common])
    return Method(
        service=f"{PACKAGE}.{service.name}",
        name=method.name,
        request=method.input_type.removeprefix("."),
        answer=method.output_type.removeprefix("."),
        right="" if rule.anonymous else right,
        danger=types_pb2.Danger.Name(rule.danger).removeprefix("DANGER_").lower(),
        resource=rule.resource_field,
        reads=options.idempotency_level == MethodOptions.NO_SIDE_EFFECTS,
        streams=method.server_streaming and not method.client_streaming,
        converses=method.client_streaming,
        journaled=rule.audited,
        step_up=rule.step_up,
        text=text,
        reasons=tuple(reason for reason in told if reason in reasons()),
    )
