"""A call is prepared by being made on a client that takes it; an answer is what was packed."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as Packed

from axisor.client import Client
from axisor.errors import FieldInvalid
from axisor.testing.stub import stub_server
from axisor.v1 import confirmations_pb2, margin_pb2
from axisor.wire.confirmations import unpacked

SERVICE = "/axisor.v1.ConfirmationService"


async def test_a_call_that_changes_something_is_taken_and_those_that_read_are_made() -> None:
    seen: list[Any] = []

    async def prepare(request: Any, _: Any) -> Any:
        seen.append(request)
        return confirmations_pb2.PrepareConfirmationResponse(token="what commits it")

    async def positions(request: Any, _: Any) -> Any:
        seen.append(request)
        return margin_pb2.ListPositionsResponse()

    async def call(calls: Client) -> None:
        await calls.margin.list_positions("main")
        await calls.margin.add_margin("main", "p1", 5_000)
        raise AssertionError("the call was made")

    answers = {
        f"{SERVICE}/PrepareConfirmation": prepare,
        "/axisor.v1.MarginService/ListPositions": positions,
    }
    async with stub_server(answers) as address, Client.connect(address, plaintext=True) as client:
        prepared = await client.confirmations.prepare("main", call)

    inner = margin_pb2.AddMarginRequest()
    assert [type(each).__name__ for each in seen] == [
        "ListPositionsRequest",
        "PrepareConfirmationRequest",
    ]
    assert seen[1].request.Unpack(inner)
    assert (inner.amount_sats, inner.request_id) == (5_000, "")
    assert prepared.token is not None
    assert prepared.token.reveal() not in repr(prepared)


async def test_a_call_that_changes_nothing_is_not_prepared() -> None:
    async def positions(request: Any, _: Any) -> Any:
        return margin_pb2.ListPositionsResponse()

    answers = {"/axisor.v1.MarginService/ListPositions": positions}
    async with stub_server(answers) as address, Client.connect(address, plaintext=True) as client:
        with pytest.raises(FieldInvalid):
            await client.confirmations.prepare(
                "main", lambda calls: calls.margin.list_positions("main")
            )


@pytest.mark.parametrize(
    "packed",
    [
        Packed(),
        Packed(type_url="type.googleapis.com/axisor.v1.Unheard"),
        Packed(type_url="type.googleapis.com/axisor.v1.AddMarginResponse", value=b"\xff"),
    ],
)
def test_an_answer_that_is_not_understood_is_refused(packed: Packed) -> None:
    with pytest.raises(FieldInvalid):
        unpacked(packed)
