"""The contract keeps its rules: rights, repeats, pages, streams, numbers, names and comments."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
from google.protobuf.message import Message

from tests.house import sources
from tests.proto import rules
from tests.proto.descriptors import Contract, Method, compile_contract
from tests.proto.descriptors import contract as contract_of_ours
from tests.support.verdicts import all_well


def reasons() -> list[tuple[str, str]]:
    """Return the reasons of errors with their comments."""
    return [
        (value.name, file.comments.get((5, at, 2, below), ""))
        for file in contract_of_ours().files
        for at, enum in enumerate(file.proto.enum_type)
        if enum.name == "ErrorReason"
        for below, value in enumerate(enum.value)
        if value.number != 0
    ]


def rule_of(method: Method) -> Message | None:
    """Give the method's `rule` option, wherever in the contract that is defined."""
    package = importlib.import_module("axisor.v1")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.endswith("_pb2"):
            extension = getattr(importlib.import_module(f"axisor.v1.{module.name}"), "rule", None)
            if extension is not None and method.proto.options.HasExtension(extension):
                found: Message = method.proto.options.Extensions[extension]
                return found
    return None


def test_every_method_keeps_the_rules() -> None:
    contract = contract_of_ours()

    all_well({str(m): rules.method_faults(contract, m, rule_of(m)) for m in contract.methods})


def test_every_field_keeps_the_rules() -> None:
    all_well({str(field): rules.field_faults(field) for field in contract_of_ours().fields})


def test_every_reason_is_explained() -> None:
    all_well({name: rules.reason_faults(comment) for name, comment in reasons()})


def _long_lines(path: Path) -> list[str]:
    # The name of a method with its two messages, and a pattern, are one word each.
    lines = [line for line in sources.text(path).splitlines() if len(line) > 100]
    return [line for line in lines if "  rpc " not in line and "string.pattern" not in line]


def test_every_line_of_the_contract_is_short() -> None:
    protos = [path for path in sources.files() if path.as_posix().startswith("proto/axisor/")]

    sources.all_well(protos, _long_lines)


BROKEN = """
syntax = "proto3";
package broken.v1;
import "google/api/field_behavior.proto";
import "google/protobuf/timestamp.proto";

service ThingService {
  rpc MakeThing(MakeThingRequest) returns (Thing);
  rpc ListThings(Thing) returns (ListThingsResponse);
  rpc WatchThings(Thing) returns (Thing);
  rpc FollowThings(Thing) returns (stream Thing);
  rpc UpdateThing(MakeThingRequest) returns (Thing);
  rpc GetThing(MakeThingRequest) returns (Thing);
}
message MakeThingRequest {
  // The id.
  string request_id = 1;
  // Optional. The place.
  string place = 2 [(google.api.field_behavior) = REQUIRED];
}
message Thing {
  // Its price.
  double price = 1;
  // Its size.
  uint32 size = 2;
  // Its margin.
  int64 margin = 3;
  // Its birth.
  google.protobuf.Timestamp created = 4;
  // Its name.
  string name = 5;
  // Output only. Its state.
  string state = 6;
  string silent = 7;
}
message ListThingsResponse {
  // The things.
  repeated Thing things = 1;
}
"""


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    folder = tmp_path_factory.mktemp("broken")
    file = folder / "broken.proto"
    file.write_text(BROKEN, encoding="utf-8")
    return compile_contract(folder, [file])


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("MakeThing", "it states no right"),
        ("MakeThing", "its request_id is not required"),
        ("MakeThing", "its comment is not a sentence"),
        ("ListThings", "its request lacks page_size"),
        ("ListThings", "its response lacks next_page_token"),
        ("ListThings", "what it lists does not start with its name"),
        ("WatchThings", "a watch is a server stream, and a server stream is a watch"),
        ("FollowThings", "a watch is a server stream, and a server stream is a watch"),
        ("UpdateThing", "its request lacks a FieldMask update_mask"),
        ("GetThing", "it reads, and yet has a request_id"),
    ],
)
def test_a_method_that_breaks_a_rule_is_found(broken: Contract, name: str, fault: str) -> None:
    method = next(method for method in broken.methods if method.proto.name == name)

    assert fault in rules.method_faults(broken, method, None)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("price", "a double is not exact"),
        ("size", "an unsigned number is not used here"),
        ("margin", "an int64 says its unit last"),
        ("created", "a time ends in _time"),
        ("name", "a name is a string and field 1"),
        ("state", "`Output only.` and field_behavior disagree"),
        ("silent", "it has no comment"),
        ("place", "`Required.` and field_behavior disagree"),
        ("request_id", "a field of a request begins `Required.` or `Optional.`"),
    ],
)
def test_a_field_that_breaks_a_rule_is_found(broken: Contract, name: str, fault: str) -> None:
    field = next(field for field in broken.fields if field.proto.name == name)

    assert fault in rules.field_faults(field)


def test_a_reason_without_a_code_is_found() -> None:
    assert rules.reason_faults("The price is old") == [
        "it is not explained in sentences",
        "it names no gRPC code",
    ]
