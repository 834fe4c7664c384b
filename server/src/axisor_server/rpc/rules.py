"""Reads from the contract what each method is and which right it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message
from msgspec import Struct

from axisor.errors import SettingsInvalid
from axisor.model import Permission
from axisor.v1 import (
    access_pb2,
    accounts_pb2,
    audit_pb2,
    auth_pb2,
    backtests_pb2,
    confirmations_pb2,
    dead_letters_pb2,
    events_pb2,
    guard_pb2,
    margin_pb2,
    market_pb2,
    notifications_pb2,
    orders_pb2,
    performance_pb2,
    permissions_pb2,
    runners_pb2,
    simulator_pb2,
    strategies_pb2,
    system_pb2,
    tokens_pb2,
    types_pb2,
    users_pb2,
)

MONEY = (types_pb2.DANGER_MONEY, types_pb2.DANGER_DESTRUCTIVE)

MODULES = (
    accounts_pb2,
    margin_pb2,
    orders_pb2,
    performance_pb2,
    market_pb2,
    events_pb2,
    strategies_pb2,
    runners_pb2,
    simulator_pb2,
    guard_pb2,
    backtests_pb2,
    dead_letters_pb2,
    confirmations_pb2,
    notifications_pb2,
    system_pb2,
    auth_pb2,
    users_pb2,
    access_pb2,
    tokens_pb2,
    audit_pb2,
)


class Method(Struct, frozen=True, kw_only=True):
    """A method of the contract: where it is, what it takes, and what its caller must hold.

    `converses` says that both sides speak for as long as the call lasts.
    `resource` is the path of the request field that names what the call is about, or empty.
    `step_up` asks for a proof of who calls that is minutes old. `anonymous` asks for nobody, and
    then `permission` is NONE. `proposes` is open to callers who may only propose.
    `protects` is refused by no plan.
    """

    service: str
    name: str
    request: type[Message]
    streams: bool
    reads: bool
    permission: Permission
    resource: tuple[str, ...]
    step_up: bool = False
    anonymous: bool = False
    moves_money: bool = False
    danger: int = types_pb2.DANGER_READ
    proposes: bool = False
    converses: bool = False
    protects: bool = False

    @property
    def path(self) -> str:
        """Return the method as gRPC calls it, without the leading slash."""
        return f"{self.service}/{self.name}"


def services() -> tuple[ServiceDescriptor, ...]:
    """Return the services of the contract."""
    return tuple(
        service for module in MODULES for service in module.DESCRIPTOR.services_by_name.values()
    )


def methods(found: Iterable[ServiceDescriptor]) -> Mapping[str, Method]:
    """Return the methods of services by path.

    Raises SettingsInvalid when one states no right: it could be called by anybody, so the core does
    not start.
    """
    read = [_method(service, method) for service in found for method in service.methods]
    return {method.path: method for method in read}


@cache
def contract() -> Mapping[str, Method]:
    """Return the methods of the contract by path, which are read once. Raises as `methods` does."""
    return MappingProxyType(methods(services()))


def _method(service: ServiceDescriptor, method: MethodDescriptor) -> Method:
    options: Any = method.GetOptions()
    rule = options.Extensions[permissions_pb2.rule]
    name = permissions_pb2.Permission.Name(rule.permission).removeprefix("PERMISSION_")
    states = name in Permission.__members__
    if not options.HasExtension(permissions_pb2.rule) or states == rule.anonymous:
        raise SettingsInvalid(
            f"{method.full_name} states no right, or both one and that nobody need hold it.",
            fix="This build of the core is broken; install another.",
        )
    return Method(
        service=service.full_name,
        name=method.name,
        request=message_factory.GetMessageClass(method.input_type),
        streams=bool(method.server_streaming),
        reads=options.idempotency_level == MethodOptions.NO_SIDE_EFFECTS,
        permission=Permission[name] if states else Permission.NONE,
        resource=tuple(part for part in rule.resource_field.split(".") if part),
        step_up=rule.step_up,
        anonymous=rule.anonymous,
        moves_money=rule.danger in MONEY,
        danger=rule.danger,
        proposes=rule.proposes,
        converses=bool(method.client_streaming),
        protects=rule.protects,
    )
