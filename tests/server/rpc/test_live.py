"""LIVE on mainnet: added with a key that cannot withdraw, and stamped on every answer."""

from __future__ import annotations

from typing import Any

import grpc.aio
import pytest
from tests.server.rpc.serving import bearer, creation, serving

from axisor.model import Mode
from axisor.v1 import accounts_pb2, margin_pb2, types_pb2
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor.v1.margin_pb2_grpc import MarginServiceStub
from axisor.wire.status import from_call
from axisor_server.adapters import tls

ONE = "0d9f3c7e-0000-4000-8000-0000000000b1"
TWO = "0d9f3c7e-0000-4000-8000-0000000000b2"
THREE = "0d9f3c7e-0000-4000-8000-0000000000b3"
FOUR = "0d9f3c7e-0000-4000-8000-0000000000b4"


def live(key: str, request_id: str) -> accounts_pb2.CreateAccountRequest:
    return creation(
        request_id=request_id,
        network="mainnet",
        mode=types_pb2.MODE_LIVE,
        base_url="",
        credentials=accounts_pb2.Credentials(key=key, secret="s", passphrase="p"),
    )


async def test_a_live_account_takes_no_key_that_withdraws_and_acts_with_another(
    certificate: tls.Certificate,
) -> None:
    async with serving(certificate, Mode.LIVE) as core, core.channel() as channel:
        stub: Any = AccountServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.CreateAccount(live("withdraws", ONE), metadata=bearer())
        assert not await core.accounts()

        made = await stub.CreateAccount(live("fine", TWO), metadata=bearer())
        margin: Any = MarginServiceStub(channel)
        request = margin_pb2.AddMarginRequest(
            name=f"{made.account.name}/positions/{core.long}", amount_sats=1_000, request_id=THREE
        )
        before = core.margin
        call = margin.AddMargin(request, metadata=bearer())
        await call
        stamp = await call.initial_metadata()
        replaced = accounts_pb2.ReplaceCredentialsRequest(
            name=made.account.name,
            request_id=FOUR,
            credentials=accounts_pb2.Credentials(key="withdraws", secret="s", passphrase="p"),
        )
        with pytest.raises(grpc.aio.AioRpcError) as worse:
            await stub.ReplaceCredentials(replaced, metadata=bearer())

    assert from_call(refused.value).reason == "KEY_CAN_WITHDRAW"
    assert "can withdraw" in str(from_call(refused.value))
    assert made.account.mode == types_pb2.MODE_LIVE
    assert core.margin == before + 1_000
    assert stamp["axisor-mode"] == "live"
    assert "can withdraw" in str(from_call(worse.value))
