"""Every reason crosses a real connection as the same class, with the code the contract states."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from axisor.client import Client
from axisor.errors import (
    ActionPending,
    AxisorError,
    ConfigInvalid,
    FieldInvalid,
    InsufficientBalance,
    RateLimited,
    reasons,
)
from axisor.testing.stub import stub_server
from axisor.v1 import errors_pb2
from axisor.wire.failures import CallFailed, CoreBug, MethodUnknown
from axisor.wire.status import (
    DOMAIN,
    TABLE,
    camel,
    from_status,
    retry_after,
    snake,
    to_status,
)

GET_ORDER = "/axisor.v1.OrderService/GetOrder"
SOURCE = Path(__file__).parents[3] / "proto" / "axisor" / "v1" / "errors.proto"


def documented() -> dict[str, tuple[str, list[str]]]:
    """Read the code and the metadata keys of each reason from the comments of the contract."""
    found: dict[str, tuple[str, list[str]]] = {}
    comment: list[str] = []
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        stripped = line.strip()
        if stripped.startswith("//"):
            comment.append(stripped.removeprefix("//").strip())
            continue
        value = re.match(r"ERROR_REASON_(\w+) = (\d+);", stripped)
        if value is not None and value.group(2) != "0":
            text = " ".join(comment)
            code = re.search(r"Code ([A-Z_]+)\.", text)
            assert code is not None, text
            metadata = text.partition("Metadata:")[2]
            found[value.group(1)] = (code.group(1), re.findall(r"`(\w+)`", metadata))
        comment = []
    return found


DOCUMENTED = documented()


class Late(random.Random):
    """Chance by which the wait for another try is beyond every deadline, so that there is none."""

    def uniform(self, a: float, b: float) -> float:
        """Return a minute more than is left of any call here."""
        return 120.0


async def failure(raised: AxisorError) -> AxisorError:
    """Raise an error in a real server and return what a real client raises."""

    async def fail(request: Any, context: Any) -> Any:
        raise raised

    async with (
        stub_server({GET_ORDER: fail}) as address,
        Client.connect(address, plaintext=True, timeout_s=60, chance=Late()) as client,
    ):
        with pytest.raises(AxisorError) as caught:
            await client.orders.get("main", "o1")
    return caught.value


def test_the_table_has_every_reason_of_classes_and_contract() -> None:
    values = errors_pb2.ErrorReason.DESCRIPTOR.values
    in_contract = {value.name.removeprefix("ERROR_REASON_") for value in values}

    assert set(TABLE) == set(reasons()) == in_contract - {"UNSPECIFIED"} == set(DOCUMENTED)


@pytest.mark.parametrize("reason", sorted(DOCUMENTED))
def test_the_code_is_the_one_that_the_contract_states(reason: str) -> None:
    assert TABLE[reason].name == DOCUMENTED[reason][0]


@pytest.mark.parametrize("reason", sorted(reasons()))
async def test_an_error_arrives_as_its_class_with_its_metadata(reason: str) -> None:
    keys = [snake(key) for key in DOCUMENTED[reason][1]]
    metadata = {key: f"value of {key} ü" for key in keys}
    raised = reasons()[reason]("What – happened.", **metadata)

    arrived = await failure(raised)

    assert type(arrived) is type(raised)
    assert arrived.metadata | {"retry_after_s": ""} == metadata | {"retry_after_s": ""}
    assert (arrived.message, arrived.means, arrived.todo) == (
        raised.message,
        raised.means,
        raised.todo,
    )


@pytest.mark.parametrize("reason", sorted(reasons()))
def test_a_status_has_exactly_one_error_info(reason: str) -> None:
    status = to_status(reasons()[reason](field="a", some_key="b"))

    infos = [d for d in status.details if d.Is(error_details_pb2.ErrorInfo.DESCRIPTOR)]
    info = error_details_pb2.ErrorInfo()
    infos[0].Unpack(info)
    assert len(infos) == 1
    assert (info.reason, info.domain, info.metadata["someKey"]) == (reason, DOMAIN, "b")
    assert "means" in info.metadata
    assert "todo" in info.metadata


def test_a_malformed_value_names_its_fields() -> None:
    status = to_status(ConfigInvalid("Two are wrong.", field="budget,reserve", strategy="s"))

    bad = error_details_pb2.BadRequest()
    next(d for d in status.details if d.Is(bad.DESCRIPTOR)).Unpack(bad)
    assert [violation.field for violation in bad.field_violations] == ["budget", "reserve"]


def test_waiting_is_stated_where_it_helps() -> None:
    stated = from_status(to_status(RateLimited(retry_after_s="2.5")))
    usual = from_status(to_status(ActionPending()))

    assert stated is not None
    assert retry_after(stated) == timedelta(seconds=2.5)
    assert usual is not None
    assert retry_after(usual) == timedelta(seconds=5)
    assert retry_after(InsufficientBalance()) is None


async def test_a_long_text_is_cut_and_still_arrives() -> None:
    arrived = await failure(FieldInvalid("ü" * 50_000, field="y" * 50_000))

    assert isinstance(arrived, FieldInvalid)
    assert 499 <= len(arrived.message.encode()) <= 500


async def test_a_method_that_the_core_lacks_is_not_called_unsupported_by_the_venue() -> None:
    async with (
        stub_server({}) as address,
        Client.connect(address, plaintext=True) as client,
    ):
        with pytest.raises(MethodUnknown) as caught:
            await client.orders.get("main", "o1")

    assert caught.value.metadata["code"] == "UNIMPLEMENTED"


async def test_an_error_without_a_reason_is_a_bug_of_the_core() -> None:
    assert type(await failure(AxisorError("Odd."))) is CoreBug


def test_a_reason_of_a_newer_core_is_kept() -> None:
    newer = status_pb2.Status(code=grpc.StatusCode.ABORTED.value[0], message="New.")
    info = error_details_pb2.ErrorInfo(reason="MOON_FULL", domain=DOMAIN, metadata={"aB": "c"})
    newer.details.add().Pack(info)

    error = from_status(newer)

    assert type(error) is CallFailed
    assert error.metadata == {"a_b": "c", "reason": "MOON_FULL"}


@pytest.mark.parametrize("key", ["field", "request_id", "max_mode", "retry_after_s"])
def test_metadata_keys_come_back(key: str) -> None:
    assert snake(camel(key)) == key
    assert "_" not in camel(key)
