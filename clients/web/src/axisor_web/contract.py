"""Every method of the contract with its routes, read from the descriptors that the SDK carries."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from types import MappingProxyType
from typing import TypeAlias

from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from msgspec import Struct

import axisor.v1

VERBS = ("get", "put", "post", "delete", "patch")
_VARIABLE = re.compile(r"\{([a-z_.]+)(?:=([^}]*))?\}")
_SEGMENT = "[A-Za-z0-9_-]+"

Variables: TypeAlias = dict[str, str]
"""What a path gave, by the path of the request's field."""


class Route(Struct, frozen=True):
    """One way to call a method: a verb and a template of `google.api.http`, ready to match."""

    verb: str
    template: str
    pattern: re.Pattern[str]
    fields: tuple[str, ...]
    whole_body: bool

    def match(self, path: str) -> Variables | None:
        """Return the variables of a path, or None where it is another one's."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        return dict(zip(self.fields, found.groups(), strict=True))


class Method(Struct, frozen=True):
    """A method that can be reached over HTTP. `path` is what gRPC calls it by."""

    service: str
    name: str
    path: str
    routes: tuple[Route, ...]
    request: type[Message]
    response: type[Message]
    streams: bool
    reads: bool


def compiled(verb: str, template: str, *, whole_body: bool = False) -> Route:
    """Return a route of a template such as `/v1/{name=accounts/*}:halt`."""
    fields: list[str] = []
    pattern, end = "", 0
    for found in _VARIABLE.finditer(template):
        pattern += re.escape(template[end : found.start()])
        parts = (found[2] or "*").split("/")
        pattern += "(" + "/".join(_SEGMENT if p == "*" else re.escape(p) for p in parts) + ")"
        fields.append(found[1])
        end = found.end()
    pattern += re.escape(template[end:])
    return Route(verb.upper(), template, re.compile(pattern), tuple(fields), whole_body)


@cache
def methods() -> tuple[Method, ...]:
    """Return the methods that state a route, ordered by service and name."""
    return tuple(sorted(_methods(), key=lambda method: method.path))


@cache
def unreachable() -> tuple[str, ...]:
    """Return the gRPC paths of the methods that state no route: those that both sides stream."""
    known = {method.path for method in methods()}
    return tuple(sorted({_path(described) for described in _described()} - known))


@cache
def by_verb() -> MappingProxyType[str, tuple[tuple[Route, Method], ...]]:
    """Return what can be called by each verb."""
    table: dict[str, list[tuple[Route, Method]]] = {}
    for method in methods():
        for route in method.routes:
            table.setdefault(route.verb, []).append((route, method))
    return MappingProxyType({verb: tuple(found) for verb, found in table.items()})


def find(verb: str, path: str) -> tuple[Route, Method, Variables] | None:
    """Return the method that a request is for, with the variables of its path."""
    for route, method in by_verb().get(verb, ()):
        variables = route.match(path)
        if variables is not None:
            return route, method, variables
    return None


def verbs_of(path: str) -> tuple[str, ...]:
    """Return the verbs by which a path can be called; empty where nothing is there."""
    return tuple(
        sorted(
            {
                verb
                for verb, found in by_verb().items()
                for route, _ in found
                if route.match(path) is not None
            }
        )
    )


def _described() -> Iterator[MethodDescriptor]:
    for module in pkgutil.iter_modules(axisor.v1.__path__):
        if module.name.endswith("_pb2"):
            file = importlib.import_module(f"axisor.v1.{module.name}").DESCRIPTOR
            for service in file.services_by_name.values():
                yield from service.methods


def _methods() -> Iterator[Method]:
    for described in _described():
        options = described.GetOptions()
        if not options.HasExtension(annotations_pb2.http):
            continue
        yield Method(
            service=described.containing_service.name,
            name=described.name,
            path=_path(described),
            routes=tuple(_routes(options.Extensions[annotations_pb2.http])),
            request=GetMessageClass(described.input_type),
            response=GetMessageClass(described.output_type),
            streams=described.server_streaming,
            reads=options.idempotency_level == MethodOptions.NO_SIDE_EFFECTS,
        )


def _routes(rule: http_pb2.HttpRule) -> Iterator[Route]:
    for one in (rule, *rule.additional_bindings):
        verb = one.WhichOneof("pattern")
        if verb in VERBS:
            yield compiled(verb, getattr(one, verb), whole_body=rule.body == "*")


def _path(described: MethodDescriptor) -> str:
    return f"/{described.containing_service.full_name}/{described.name}"
