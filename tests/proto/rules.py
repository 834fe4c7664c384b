"""Says of a method, a field or an enum value which rules of the contract it breaks."""

from __future__ import annotations

from google.api import field_behavior_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.message import Message

from tests.proto.descriptors import Contract, Field, Method

Kind = descriptor_pb2.FieldDescriptorProto
# Methods that begin so change nothing; every other one, a stream apart, does.
READING = ("Get", "List", "Watch", "Explain", "WhatIf", "Preview", "Describe", "Simulate", "Check")
# These are values, not resources: they are found by their account and place, and have no name.
NAMELESS = {"Event", "Coverage", "Candle", "FundingSettlement"}
# Ticks are lossy, a back-test is made anew, a started one resumes after so many bytes of its
# report, and alerts come whole, those that are open first: none has a sequence to resume after.
WITHOUT_SEQUENCE = {"WatchTicks", "WatchBacktest", "WatchStartedBacktest", "WatchAlerts"}
# What a mutation says before the reason why no journal has it.
EXCUSE = "Not in the journal: "
INEXACT = {Kind.TYPE_DOUBLE: "double", Kind.TYPE_FLOAT: "float"}
UNSIGNED = {Kind.TYPE_UINT32, Kind.TYPE_UINT64, Kind.TYPE_FIXED32, Kind.TYPE_FIXED64}
UNITS = ("_sats", "_usd", "_count", "sequence", "_ms", "_seconds", "_bytes", "epoch", "step")
CODES = (
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
    "CANCELLED",
    "UNKNOWN",
)


def is_mutation(method: Method) -> bool:
    """Tell whether a method changes something by its one request."""
    streams = method.proto.client_streaming or method.proto.server_streaming
    level = method.proto.options.idempotency_level
    harmless = level == descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS
    return not streams and not harmless and not method.proto.name.startswith(READING)


def method_faults(contract: Contract, method: Method, rule: Message | None) -> list[str]:
    """Name the rules that a method breaks; `rule` is its option, None where it states none."""
    proto = method.proto
    asked = contract.fields_of(proto.input_type)
    return [
        *right_faults(rule, asked),
        *audit_faults(method, rule),
        *request_id_faults(contract, method, asked),
        *list_faults(contract, method, asked),
        *watch_faults(method, asked),
        *update_faults(method, asked),
        *([] if method.comment.endswith(".") else ["its comment is not a sentence"]),
    ]


def audit_faults(method: Method, rule: Message | None) -> list[str]:
    """A mutation is written to the journal, or its comment says why not."""
    if not is_mutation(method) or getattr(rule, "audited", False):
        return []
    return [] if EXCUSE in method.comment else ["it is not audited and does not say why"]


def right_faults(rule: Message | None, asked: dict[str, Kind]) -> list[str]:
    """A method states its right, and names a field that its request has."""
    if rule is None or not (getattr(rule, "permission", 0) or getattr(rule, "anonymous", False)):
        return ["it states no right"]
    if getattr(rule, "permission", 0) and getattr(rule, "anonymous", False):
        return ["it states a right, and that nobody need hold it"]
    named = getattr(rule, "resource_field", "")
    return (
        [f"its request has no field {named}"] if named and named.split(".")[0] not in asked else []
    )


def request_id_faults(contract: Contract, method: Method, asked: dict[str, Kind]) -> list[str]:
    """A mutation carries a required request_id; a reading carries none.

    What is secret is not kept for repeats, so a mutation that asks for it or answers with it may do
    without one.
    """
    if method.proto.client_streaming:
        return []
    found = asked.get("request_id")
    if not is_mutation(method):
        return [] if found is None else ["it reads, and yet has a request_id"]
    if found is None and holds_secret(contract, method):
        return []
    if found is None or found.type != Kind.TYPE_STRING:
        return ["it changes something without a string request_id"]
    required = field_behavior_pb2.REQUIRED in behaviours(found)
    return [] if required else ["its request_id is not required"]


def holds_secret(contract: Contract, method: Method) -> bool:
    """Tell whether a method asks for something secret or answers with it, at any depth."""
    todo, seen = [method.proto.input_type, method.proto.output_type], set()
    while todo:
        kind = todo.pop()
        if kind in seen or not kind.startswith(".axisor."):
            continue
        seen.add(kind)
        for field in contract.fields_of(kind).values():
            if field.options.debug_redact:
                return True
            if field.type == Kind.TYPE_MESSAGE:
                todo.append(field.type_name)
    return False


def list_faults(contract: Contract, method: Method, asked: dict[str, Kind]) -> list[str]:
    """A list pages, and what it lists has a name or a sequence first."""
    if not method.proto.name.startswith("List"):
        return []
    answered = contract.fields_of(method.proto.output_type)
    faults = [
        f"its request lacks {name}" for name in ("page_size", "page_token") if name not in asked
    ]
    if "next_page_token" not in answered:
        faults.append("its response lacks next_page_token")
    listed = [entry for entry in answered.values() if entry.label == Kind.LABEL_REPEATED]
    if len(listed) != 1:
        return [*faults, "its response does not list exactly one thing"]
    if listed[0].type_name.rpartition(".")[2] in NAMELESS:
        return faults
    first = next(iter(contract.fields_of(listed[0].type_name).values()), None)
    if listed[0].type_name and (first is None or first.name not in {"name", "sequence"}):
        faults.append("what it lists does not start with its name")
    return faults


def watch_faults(method: Method, asked: dict[str, Kind]) -> list[str]:
    """A server stream is called Watch, and the other way round, and can be resumed."""
    proto = method.proto
    watches = proto.name.startswith("Watch")
    if watches != (proto.server_streaming and not proto.client_streaming):
        return ["a watch is a server stream, and a server stream is a watch"]
    if not watches:
        return []
    found = asked.get("after_sequence")
    if proto.name in WITHOUT_SEQUENCE:
        return [] if found is None else ["it is lossy, so it cannot resume"]
    resumes = found is not None and found.type == Kind.TYPE_INT64 and found.proto3_optional
    return [] if resumes else ["its request lacks `optional int64 after_sequence`"]


def update_faults(method: Method, asked: dict[str, Kind]) -> list[str]:
    """An update says what it updates."""
    if not method.proto.name.startswith("Update"):
        return []
    mask = asked.get("update_mask")
    masked = mask is not None and mask.type_name == ".google.protobuf.FieldMask"
    return [] if masked else ["its request lacks a FieldMask update_mask"]


def field_faults(field: Field) -> list[str]:
    """Name the rules that a field breaks."""
    proto = field.proto
    faults = comment_faults(field)
    if proto.type in INEXACT:
        faults.append(f"a {INEXACT[proto.type]} is not exact")
    if proto.type in UNSIGNED:
        faults.append("an unsigned number is not used here")
    if proto.type == Kind.TYPE_INT64 and not proto.name.endswith(UNITS):
        faults.append("an int64 says its unit last")
    times = proto.type_name == ".google.protobuf.Timestamp"
    if times and not proto.name.endswith(("_time", "_times")) and proto.name != "time":
        faults.append("a time ends in _time")
    if proto.name == "name" and (proto.number != 1 or proto.type != Kind.TYPE_STRING):
        faults.append("a name is a string and field 1")
    return faults


def behaviours(field: Kind) -> set[int]:
    """Give the field's behaviours, as numbers."""
    return set(field.options.Extensions[field_behavior_pb2.field_behavior])


def comment_faults(field: Field) -> list[str]:
    """The first words of a comment say the same as the field's behaviour."""
    stated, comment = behaviours(field.proto), field.comment
    says_required = comment.startswith("Required.")
    says_optional = comment.startswith("Optional.")
    says_output = comment.startswith("Output only.")
    faults = []
    if not comment:
        faults.append("it has no comment")
    if says_required != (field_behavior_pb2.REQUIRED in stated):
        faults.append("`Required.` and field_behavior disagree")
    if says_output != (field_behavior_pb2.OUTPUT_ONLY in stated):
        faults.append("`Output only.` and field_behavior disagree")
    if field_behavior_pb2.OPTIONAL in stated and not says_optional:
        faults.append("`Optional.` and field_behavior disagree")
    if field.message.endswith("Request") and not (says_required or says_optional):
        faults.append("a field of a request begins `Required.` or `Optional.`")
    return faults


def reason_faults(comment: str) -> list[str]:
    """A reason says when it is given and with which code."""
    faults = []
    if not comment.endswith("."):
        faults.append("it is not explained in sentences")
    if not any(code in comment for code in CODES):
        faults.append("it names no gRPC code")
    return faults
