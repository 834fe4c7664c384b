"""Calls by name: plain values in, plain values out, one request id, typed errors."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any
from uuid import UUID

import pytest

from axisor.client import Client
from axisor.errors import FieldInvalid, ModeMismatch, SlowReader
from axisor.model import Mode
from axisor.testing.stub import stub_server
from axisor.v1 import accounts_pb2, types_pb2
from axisor.v1 import events_pb2 as pb

GET = "/axisor.v1.AccountService/GetAccount"
UPDATE = "/axisor.v1.AccountService/UpdateAccount"
WATCH = "/axisor.v1.EventService/WatchEvents"
REQUEST_ID = "0190f3c7-0000-4000-8000-0000000000aa"


async def test_a_change_gets_a_request_id_unless_it_brings_one():
    seen: list[Any] = []

    async def update(request: Any, _: Any) -> Any:
        seen.append(request)
        return accounts_pb2.UpdateAccountResponse()

    async with (
        stub_server({UPDATE: update}) as target,
        Client.connect(target, token="t", plaintext=True) as client,
    ):
        await client.named.call("UpdateAccount", {"account": {"label": "a"}})
        await client.named.call("UpdateAccount", {"request_id": REQUEST_ID, "updateMask": "label"})

    assert UUID(seen[0].request_id)
    assert seen[0].account.label == "a"
    assert seen[1].request_id == REQUEST_ID
    assert list(seen[1].update_mask.paths) == ["label"]


async def test_an_account_in_another_mode_is_noticed():
    async def get(request: Any, _: Any) -> Any:
        return accounts_pb2.GetAccountResponse()

    async with (
        stub_server({GET: get}, headers={"axisor-mode": "live"}) as target,
        Client.connect(target, token="t", plaintext=True, expect_mode=Mode.SIM) as client,
    ):
        with pytest.raises(ModeMismatch):
            await client.named.call("GetAccount", {"name": "accounts/main"})


async def test_frames_of_a_stream_come_until_it_ends_with_the_core_s_reason():
    async def watch(request: Any, _: Any) -> Any:
        beat = types_pb2.Heartbeat(latest_sequence=request.after_sequence)
        yield pb.WatchEventsResponse(heartbeat=beat)
        raise SlowReader()

    asked = {"parent": "accounts/main", "afterSequence": "7"}
    async with (
        stub_server({WATCH: watch}) as target,
        Client.connect(target, token="t", plaintext=True) as client,
        aclosing(client.named.stream("WatchEvents", asked)) as stream,
    ):
        first = await anext(stream)
        with pytest.raises(SlowReader):
            await anext(stream)

    assert first == {"heartbeat": {"latestSequence": "7"}}


async def test_what_does_not_fit_the_method_is_refused_before_anything_is_sent():
    async with Client.connect("127.0.0.1:1", token="t", plaintext=True) as client:
        with pytest.raises(FieldInvalid, match="axisor api describe"):
            await client.named.call("GetAccount", {"nmae": "accounts/main"})
        with pytest.raises(FieldInvalid, match="as a stream"):
            await client.named.call("WatchEvents")
        with pytest.raises(FieldInvalid, match="docs/plugins"):
            await client.named.call("RunnerService.Run")
        with pytest.raises(FieldInvalid, match="no stream"):
            await anext(client.named.stream("GetAccount"))
