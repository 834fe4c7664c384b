"""Every call passes the same gate: token, right, form, mode; and errors keep their names."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import grpc
import grpc.aio
import pytest
import structlog
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from tests.server.rpc.serving import READER, Served, bearer, creation
from tests.support.verdicts import all_well

from axisor.errors import SettingsInvalid
from axisor.v1 import accounts_pb2, events_pb2, guard_pb2, margin_pb2, orders_pb2, types_pb2
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor.v1.events_pb2_grpc import EventServiceStub
from axisor.v1.guard_pb2_grpc import GuardServiceStub
from axisor.v1.margin_pb2_grpc import MarginServiceStub
from axisor.v1.orders_pb2_grpc import OrderServiceStub
from axisor.wire.status import from_call
from axisor_server.rpc.rules import methods, services
from axisor_server.rpc.server import RpcServer

METHODS = methods(services())
KNOWN = [path for path, method in METHODS.items() if not method.anonymous]
"""Methods whose caller must be known."""
ID = "0d9f3c7e-0000-4000-8000-0000000000{:02d}"
Refusal: TypeAlias = tuple[grpc.StatusCode, str] | None
DENIED = (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
LET_IN = (grpc.StatusCode.OK, "it was let in")
UNKNOWN = "22222222-2222-4222-8222-222222222222"


async def raw(channel: grpc.aio.Channel, path: str, body: bytes, **options: Any) -> bytes:
    """Call a method by its path with bytes, whichever kind it is."""
    if METHODS[path].streams:
        watch: Any = channel.unary_stream(f"/{path}")
        stream = watch(body, **options)
        async for frame in stream:
            return bytes(frame)
        return b""
    ask: Any = channel.unary_unary(f"/{path}")
    return bytes(await ask(body, **options))


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Return the reason an error carries."""
    return from_call(error).reason


async def refusal(channel: grpc.aio.Channel, path: str, body: bytes, **options: Any) -> Refusal:
    """Return the code and the reason that a call is refused with."""
    try:
        await raw(channel, path, body, **options)
    except grpc.aio.AioRpcError as error:
        return error.code(), reason_of(error)
    return None


async def others(
    channel: grpc.aio.Channel, paths: Iterable[str], wanted: Refusal, **options: Any
) -> dict[str, Refusal]:
    """Return, by method, what an empty request is refused with where that is not as wanted."""
    found = {path: await refusal(channel, path, b"", **options) for path in paths}
    return {path: None if got == wanted else got or LET_IN for path, got in found.items()}


def test_every_method_states_a_right() -> None:
    all_well({path: not METHODS[path].permission for path in KNOWN})


async def test_no_method_answers_without_a_token(channel: grpc.aio.Channel) -> None:
    wanted = (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")

    all_well(await others(channel, KNOWN, wanted))


async def test_no_method_answers_a_wrong_token(channel: grpc.aio.Channel) -> None:
    wanted = (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")

    all_well(await others(channel, KNOWN, wanted, metadata=bearer("guessed")))


async def test_a_reading_token_only_reads(channel: grpc.aio.Channel) -> None:
    changing = [path for path in KNOWN if METHODS[path].permission.name != "READ"]

    all_well(await others(channel, changing, DENIED, metadata=bearer(READER)))


async def test_the_owner_token_has_no_sign_in_to_look_after(channel: grpc.aio.Channel) -> None:
    personal = [path for path in KNOWN if METHODS[path].permission.name == "SELF"]

    all_well(await others(channel, personal, DENIED, metadata=bearer()))


async def test_bytes_that_are_no_request_are_a_malformed_field(channel: grpc.aio.Channel) -> None:
    found = {
        path: await refusal(channel, path, b"\xff\xff\xff", metadata=bearer())
        for path in METHODS
        if METHODS[path].permission.name != "SELF"
    }

    invalid = grpc.StatusCode.INVALID_ARGUMENT
    all_well(
        {path: None if got and got[0] is invalid else got or LET_IN for path, got in found.items()}
    )


def margin(**fields: Any) -> dict[str, Any]:
    """Return the fields of a request about a position, some of them otherwise."""
    return {"request_id": ID.format(50), "amount_sats": 10} | fields


def order(**fields: Any) -> dict[str, Any]:
    """Return the fields of an order, some of them otherwise."""
    usual: dict[str, Any] = {
        "request_id": ID.format(51),
        "margin_mode": types_pb2.MARGIN_MODE_ISOLATED,
        "type": types_pb2.ORDER_TYPE_LIMIT,
        "side": types_pb2.SIDE_BUY,
        "quantity_usd": 100,
        "leverage": "10",
        "limit_price_usd": "60000.5",
    }
    return usual | fields


BAD_MARGIN = [
    ({"name": "accounts/none/positions/x"}, "ACCOUNT_NOT_FOUND"),
    ({"name": "{account}/positions/" + UNKNOWN}, "POSITION_NOT_FOUND"),
    ({"amount_sats": 0}, "AMOUNT_NOT_POSITIVE"),
    ({"amount_sats": -5}, "AMOUNT_NOT_POSITIVE"),
    ({"amount_sats": 9_000_000_000_000_000}, "FIELD_INVALID"),
    ({"amount_sats": 2_000_000}, "INSUFFICIENT_BALANCE"),
    ({"request_id": "no uuid"}, "FIELD_INVALID"),
    ({"name": "positions/x"}, "FIELD_INVALID"),
]


@pytest.mark.parametrize(("fields", "reason"), BAD_MARGIN)
async def test_bad_margin_is_refused_by_name(
    core: Served, channel: grpc.aio.Channel, account: str, fields: dict[str, Any], reason: str
) -> None:
    usual = margin(name=f"{account}/positions/{core.long}") | fields
    usual["name"] = usual["name"].replace("{account}", account)

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await MarginServiceStub(channel).AddMargin(
            margin_pb2.AddMarginRequest(**usual), metadata=bearer()
        )

    assert reason_of(refused.value) == reason
    assert not core.sim.effects


BAD_ORDER = [
    ({"limit_price_usd": "60000.25"}, "PRICE_OFF_STEP"),
    ({"stop_loss_price_usd": "59000.1"}, "PRICE_OFF_STEP"),
    ({"limit_price_usd": "-1"}, "FIELD_INVALID"),
    ({"limit_price_usd": "1e9"}, "FIELD_INVALID"),
    ({"limit_price_usd": "0"}, "FIELD_INVALID"),
    ({"limit_price_usd": "123456789012345.12345678"}, "FIELD_INVALID"),
    ({"leverage": "101"}, "LEVERAGE_OUT_OF_RANGE"),
    ({"leverage": "0.5"}, "LEVERAGE_OUT_OF_RANGE"),
    ({"quantity_usd": 0}, "QUANTITY_OUT_OF_RANGE"),
    ({"quantity_usd": 500_001}, "QUANTITY_OUT_OF_RANGE"),
    ({"side": 9}, "FIELD_INVALID"),
    ({"type": types_pb2.ORDER_TYPE_MARKET}, "FIELD_INVALID"),
    ({"parent": "accounts/none"}, "ACCOUNT_NOT_FOUND"),
    ({"parent": "accounts/none", "leverage": "101"}, "LEVERAGE_OUT_OF_RANGE"),
]


@pytest.mark.parametrize(("fields", "reason"), BAD_ORDER)
async def test_a_bad_order_is_refused_by_name(
    core: Served, channel: grpc.aio.Channel, account: str, fields: dict[str, Any], reason: str
) -> None:
    request = orders_pb2.PlaceOrderRequest(**order(parent=account) | fields)

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await OrderServiceStub(channel).PlaceOrder(request, metadata=bearer())

    assert reason_of(refused.value) == reason
    assert not core.sim.effects


async def test_a_malformed_field_is_named(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await AccountServiceStub(channel).GetAccount(
            accounts_pb2.GetAccountRequest(name="nothing"), metadata=bearer()
        )

    status = rpc_status.from_call(refused.value)  # type: ignore[arg-type]
    assert status is not None
    bad = error_details_pb2.BadRequest()
    for packed in status.details:
        packed.Unpack(bad) if packed.Is(bad.DESCRIPTOR) else None
    assert [violation.field for violation in bad.field_violations] == ["name"]


async def test_cross_leverage_beyond_the_venue_is_refused(
    channel: grpc.aio.Channel, account: str
) -> None:
    request = margin_pb2.SetCrossLeverageRequest(
        parent=account, request_id=ID.format(1), leverage=101
    )

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await MarginServiceStub(channel).SetCrossLeverage(request, metadata=bearer())

    assert reason_of(refused.value) == "LEVERAGE_OUT_OF_RANGE"


async def test_unknown_things_are_not_found(channel: grpc.aio.Channel, account: str) -> None:
    accounts, events, guard = (
        AccountServiceStub(channel),
        EventServiceStub(channel),
        GuardServiceStub(channel),
    )
    for reason, call in (
        (
            "ACCOUNT_NOT_FOUND",
            accounts.GetAccount(
                accounts_pb2.GetAccountRequest(name="accounts/none"), metadata=bearer()
            ),
        ),
        (
            "EVENT_NOT_FOUND",
            events.GetEvent(
                events_pb2.GetEventRequest(parent=account, sequence=999), metadata=bearer()
            ),
        ),
        (
            "EVENT_NOT_FOUND",
            guard.Explain(
                guard_pb2.ExplainRequest(parent=account, intent=f"{account}/intents/{UNKNOWN}"),
                metadata=bearer(),
            ),
        ),
        (
            "RUN_NOT_FOUND",
            guard.GetPlan(guard_pb2.GetPlanRequest(parent=account), metadata=bearer()),
        ),
        (
            "SEQUENCE_AHEAD",
            events.WatchEvents(
                events_pb2.WatchEventsRequest(parent=account, after_sequence=999),
                metadata=bearer(),
            ).read(),
        ),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert reason_of(refused.value) == reason


async def test_the_mode_is_in_the_header_of_every_answer_about_an_account(
    channel: grpc.aio.Channel, account: str
) -> None:
    call = AccountServiceStub(channel).GetAccount(
        accounts_pb2.GetAccountRequest(name=account), metadata=bearer()
    )

    await call

    assert ("axisor-mode", "sim") in tuple(await call.initial_metadata())


async def test_a_caller_that_expects_another_mode_is_refused(
    channel: grpc.aio.Channel, account: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await AccountServiceStub(channel).GetAccount(
            accounts_pb2.GetAccountRequest(name=account),
            metadata=bearer(axisor_expect_mode="live"),
        )

    assert reason_of(refused.value) == "MODE_MISMATCH"


async def test_a_bug_shows_an_id_and_nothing_else(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    servicer: Any = core.house.servicers["axisor.v1.AccountService"]
    servicer._snapshots = None  # As if the house had been put together wrong.

    with structlog.testing.capture_logs() as lines, pytest.raises(grpc.aio.AioRpcError) as failed:
        await AccountServiceStub(channel).GetBalance(
            accounts_pb2.GetBalanceRequest(name=f"{account}/balance"), metadata=bearer()
        )

    logged = next(line for line in lines if line["event"] == "internal error")
    assert failed.value.code() is grpc.StatusCode.INTERNAL
    assert logged["id"] in (failed.value.details() or "")
    assert "NoneType" not in (failed.value.details() or "")
    assert "AttributeError" in logged["traceback"]


async def test_credentials_appear_in_no_log_event_or_answer(
    core: Served,
    channel: grpc.aio.Channel,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    canary = "CANARY-7f3a"
    caplog.set_level(logging.DEBUG)
    key = accounts_pb2.Credentials(key="fine", secret=canary, passphrase=canary)
    texts: list[str] = []

    with structlog.testing.capture_logs() as lines:
        for fields in ({"credentials": key}, {"mode": 0, "credentials": key}, {"network": "?"}):
            try:
                answer = await AccountServiceStub(channel).CreateAccount(
                    creation(**({"credentials": key} | fields)), metadata=bearer()
                )
                texts.append(str(answer))
            except grpc.aio.AioRpcError as error:
                texts.append(str(error) + str(error.trailing_metadata()))

    accounts = await core.accounts()
    stream = f"accounts/{accounts[0].id}"
    entries = await core.store.read(lambda view: view.entries(stream, after=0, limit=100))
    sealed = await core.store.read(lambda view: view.sealed(accounts[0].id))
    out = capfd.readouterr()
    everything = [
        *map(str, lines),
        caplog.text,
        out.out,
        out.err,
        *texts,
        repr(entries),
        repr(sealed),
    ]
    assert not any(canary in text for text in everything)


async def test_health_says_serving_for_each_service(channel: grpc.aio.Channel) -> None:
    stub: Any = health_pb2_grpc.HealthStub(channel)

    for name in ("", *(service.full_name for service in services())):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_lists_the_services(channel: grpc.aio.Channel) -> None:
    made: Any = reflection_pb2_grpc.ServerReflectionStub
    stub = made(channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")

    call = stub.ServerReflectionInfo(iter([request]))
    answer = await call.read()

    listed = {service.name for service in answer.list_services_response.service}
    assert {service.full_name for service in services()} <= listed


async def test_a_service_without_a_servicer_keeps_the_core_from_starting() -> None:
    with pytest.raises(SettingsInvalid):
        RpcServer(pipeline=None, servicers={}, reflect=False)  # type: ignore[arg-type]


async def test_plaintext_is_for_loopback_only(core: Served, tmp_path: Path) -> None:
    server = RpcServer(pipeline=core.house.pipeline, servicers=core.house.servicers, reflect=False)

    with pytest.raises(SettingsInvalid):
        await server.start("0.0.0.0", 0, None)


async def test_who_hangs_up_at_any_moment_is_no_error_of_ours(
    channel: grpc.aio.Channel, account: str, caplog: pytest.LogCaptureFixture
) -> None:
    stub: Any = AccountServiceStub(channel)
    watched = accounts_pb2.WatchAccountRequest(name=account)
    asked = accounts_pb2.GetAccountRequest(name=account)

    with structlog.testing.capture_logs() as lines:
        for turn in range(400):
            call = (
                stub.WatchAccount(watched, metadata=bearer())
                if turn % 2
                else stub.GetAccount(asked, metadata=bearer())
            )
            for _ in range(turn % 50):
                await asyncio.sleep(0)
            call.cancel()
        answer = await stub.GetAccount(asked, metadata=bearer())

    assert answer.account.name == account
    assert [line for line in lines if line["log_level"] in ("error", "critical")] == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
