"""Tokens over the wire: made by the owner, used by a program, narrowed, spent and revoked."""

from __future__ import annotations

import asyncio

import grpc
import grpc.aio
import pytest
from tests.server.rpc.serving import READER, Served, bearer, creation

from axisor.errors import (
    AccountNotFound,
    AxisorError,
    PermissionDenied,
    TokenInvalid,
    TokenNotFound,
    TokenSpent,
)
from axisor.tokens import attenuate, parse
from axisor.v1 import accounts_pb2, events_pb2, margin_pb2, strategies_pb2, system_pb2, tokens_pb2
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor.v1.events_pb2_grpc import EventServiceStub
from axisor.v1.margin_pb2_grpc import MarginServiceStub
from axisor.v1.strategies_pb2_grpc import StrategyServiceStub
from axisor.v1.system_pb2_grpc import SystemServiceStub
from axisor.v1.tokens_pb2_grpc import TokenServiceStub
from axisor.wire.status import from_call

REQUEST = "0d9f3c7e-0000-4000-8000-0000000003{:02d}"
WITHIN_S = 5


async def made(channel: grpc.aio.Channel, *caveats: str, number: int = 0) -> str:
    """Return a token that the owner makes."""
    request = tokens_pb2.CreateTokenRequest(
        request_id=REQUEST.format(number), label="bot", caveats=caveats
    )
    answer = await TokenServiceStub(channel).CreateToken(request, metadata=bearer())
    secret: str = answer.secret
    return secret


async def refusal(call: object) -> AxisorError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call  # type: ignore[misc]
    return from_call(caught.value)


async def test_a_token_works_until_it_is_revoked(core: Served, channel: grpc.aio.Channel):
    text = await made(channel, "read_only=true")
    accounts = AccountServiceStub(channel)
    listing = accounts_pb2.ListAccountsRequest()
    await accounts.ListAccounts(listing, metadata=bearer(text))

    await TokenServiceStub(channel).RevokeToken(
        tokens_pb2.RevokeTokenRequest(
            name=f"tokens/{parse(text).id}", request_id=REQUEST.format(9)
        ),
        metadata=bearer(),
    )

    assert isinstance(
        await refusal(accounts.ListAccounts(listing, metadata=bearer(text))), TokenInvalid
    )


async def test_a_stream_of_a_revoked_token_ends_soon(
    core: Served, channel: grpc.aio.Channel, account: str
):
    text = await made(channel, "read_only=true")
    watch = EventServiceStub(channel).WatchEvents(
        events_pb2.WatchEventsRequest(parent=account), metadata=bearer(text)
    )
    await watch.read()
    await TokenServiceStub(channel).RevokeToken(
        tokens_pb2.RevokeTokenRequest(
            name=f"tokens/{parse(text).id}", request_id=REQUEST.format(9)
        ),
        metadata=bearer(),
    )

    async def to_the_end() -> None:
        while await watch.read() is not grpc.aio.EOF:
            pass

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await asyncio.wait_for(to_the_end(), WITHIN_S)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_read_only_token_moves_nothing(
    core: Served, channel: grpc.aio.Channel, account: str
):
    text = await made(channel, "read_only=true")
    request = margin_pb2.AddMarginRequest(
        name=f"{account}/positions/{core.long}", amount_sats=1_000, request_id=REQUEST.format(1)
    )

    call = MarginServiceStub(channel).AddMargin(request, metadata=bearer(text))

    assert isinstance(await refusal(call), PermissionDenied)


async def test_a_token_moves_its_sats_for_the_day_and_no_more(
    core: Served, channel: grpc.aio.Channel, account: str
):
    text = await made(channel, "max_sats_per_day=1500")
    before = core.margin

    def adding(number: int) -> object:
        request = margin_pb2.AddMarginRequest(
            name=f"{account}/positions/{core.long}",
            amount_sats=1_000,
            request_id=REQUEST.format(number),
        )
        return MarginServiceStub(channel).AddMargin(request, metadata=bearer(text))

    await adding(1)  # type: ignore[misc]
    await adding(1)  # type: ignore[misc]
    refused = await refusal(adding(2))

    assert isinstance(refused, TokenSpent)
    assert core.margin == before + 1_000


async def test_a_token_for_one_account_finds_no_other(
    core: Served, channel: grpc.aio.Channel, account: str
):
    accounts = AccountServiceStub(channel)
    second = await accounts.CreateAccount(
        creation(request_id=REQUEST.format(1), label="second"), metadata=bearer()
    )
    text = await made(channel, f"accounts={account.removeprefix('accounts/')}", number=2)

    listed = await accounts.ListAccounts(accounts_pb2.ListAccountsRequest(), metadata=bearer(text))
    foreign = accounts.GetAccount(
        accounts_pb2.GetAccountRequest(name=second.account.name), metadata=bearer(text)
    )

    assert isinstance(await refusal(foreign), AccountNotFound)
    assert [one.name for one in listed.accounts] == [account]


async def test_a_token_for_one_method_calls_no_other(core: Served, channel: grpc.aio.Channel):
    text = await made(channel, "methods=axisor.v1.AccountService/ListAccounts")
    accounts, system = AccountServiceStub(channel), SystemServiceStub(channel)

    await accounts.ListAccounts(accounts_pb2.ListAccountsRequest(), metadata=bearer(text))
    call = system.GetStatus(system_pb2.GetStatusRequest(), metadata=bearer(text))

    assert isinstance(await refusal(call), PermissionDenied)


async def test_a_narrowed_token_needs_no_core_to_be_made(core: Served, channel: grpc.aio.Channel):
    text = attenuate(parse(await made(channel)), "cidr=192.0.2.0/24").text()

    call = AccountServiceStub(channel).ListAccounts(
        accounts_pb2.ListAccountsRequest(), metadata=bearer(text)
    )

    assert isinstance(await refusal(call), TokenInvalid)


async def test_a_token_runs_no_strategy_beyond_its_rights(
    core: Served, channel: grpc.aio.Channel, account: str
):
    text = await made(channel, "permissions=read,trade")
    request = strategies_pb2.CreateRunRequest(
        parent=account, strategy="strategies/nap", request_id=REQUEST.format(1)
    )

    call = StrategyServiceStub(channel).CreateRun(request, metadata=bearer(text))

    assert isinstance(await refusal(call), PermissionDenied)


async def test_a_token_never_touches_keys(core: Served, channel: grpc.aio.Channel):
    text = await made(channel)

    call = AccountServiceStub(channel).CreateAccount(creation(), metadata=bearer(text))

    assert isinstance(await refusal(call), PermissionDenied)


async def test_tokens_are_listed_without_their_secret(core: Served, channel: grpc.aio.Channel):
    stub = TokenServiceStub(channel)
    text = await made(channel, "read_only=true")

    listed = await stub.ListTokens(tokens_pb2.ListTokensRequest(), metadata=bearer())
    shown = await stub.GetToken(
        tokens_pb2.GetTokenRequest(name=listed.tokens[0].name), metadata=bearer()
    )

    assert listed.tokens[0] == shown.token
    assert shown.token.owner == "owner"
    assert "read_only=true" in shown.token.caveats
    assert text.rsplit(".", 1)[1] not in str(listed)


async def test_a_secret_is_not_in_the_text_of_a_message(core: Served, channel: grpc.aio.Channel):
    request = tokens_pb2.CreateTokenRequest(request_id=REQUEST.format(0), label="bot")

    answer = await TokenServiceStub(channel).CreateToken(request, metadata=bearer())

    field = answer.DESCRIPTOR.fields_by_name["secret"]
    assert field.GetOptions().debug_redact


async def test_a_token_that_is_not_there_is_not_found(core: Served, channel: grpc.aio.Channel):
    call = TokenServiceStub(channel).GetToken(
        tokens_pb2.GetTokenRequest(name="tokens/unknown"), metadata=bearer()
    )

    assert isinstance(await refusal(call), TokenNotFound)


async def test_tokens_are_made_by_people_and_the_owner_alone(
    core: Served, channel: grpc.aio.Channel
):
    text = await made(channel)

    for token in (READER, text):
        call = TokenServiceStub(channel).CreateToken(
            tokens_pb2.CreateTokenRequest(request_id=REQUEST.format(1), label="more"),
            metadata=bearer(token),
        )
        assert isinstance(await refusal(call), PermissionDenied)


async def test_signing_keys_are_public(core: Served, channel: grpc.aio.Channel):
    await core.house.identity.tokens.signing.prepare()

    answer = await TokenServiceStub(channel).ListSigningKeys(
        tokens_pb2.ListSigningKeysRequest(), metadata=bearer(READER)
    )

    [key] = answer.signing_keys
    assert len(key.public_key) == 32
    assert not key.HasField("end_time")
