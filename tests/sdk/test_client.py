"""The client calls every method of the contract, safely, and raises what the core raised."""

from __future__ import annotations

import asyncio
import pickle
import random
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from axisor.client import Client, Page, Profile, every
from axisor.errors import (
    FieldInvalid,
    InsufficientBalance,
    ModeMismatch,
    SettingsInvalid,
    ShuttingDown,
)
from axisor.events import IntentState
from axisor.model import Mode, Side
from axisor.ports import Secret
from axisor.testing.stub import stub_server
from axisor.v1 import (
    accounts_pb2,
    events_pb2,
    margin_pb2,
    orders_pb2,
    resources_pb2,
    system_pb2,
    types_pb2,
)
from axisor.wire.failures import CoreUnreachable, DeadlineExceeded
from axisor.wire.records import Snapshot

ADD_MARGIN = "/axisor.v1.MarginService/AddMargin"
GET_STATUS = "/axisor.v1.SystemService/GetStatus"
GET_ACCOUNT = "/axisor.v1.AccountService/GetAccount"
WATCH_EVENTS = "/axisor.v1.EventService/WatchEvents"
TOKEN = "owner-token-that-nobody-sees"
REQUEST_ID = "6f0f6a0e-6d52-4d19-9c56-4f4f5b3d7d11"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
SEED = 7
PRICE = Decimal("90000.5")


async def no_wait(_: float) -> None:
    return None


def connect(address: str, **options: Any) -> Client:
    return Client.connect(
        address,
        **{
            "plaintext": True,
            "token": TOKEN,
            "chance": random.Random(SEED),
            "sleep": no_wait,
            **options,
        },
    )


async def first(items: Any) -> Any:
    async with aclosing(items):
        async for item in items:
            return item
    raise AssertionError("the watch gave nothing")


async def test_what_is_sent_is_what_was_asked() -> None:
    seen: list[margin_pb2.AddMarginRequest] = []

    async def answer(request: margin_pb2.AddMarginRequest, _: Any) -> Any:
        seen.append(request)
        return margin_pb2.AddMarginResponse(
            intent_state=types_pb2.INTENT_STATE_CONFIRMED, sequence=12
        )

    async with stub_server({ADD_MARGIN: answer}) as address, connect(address) as client:
        found = await client.margin.add_margin(
            "main", "p1", 5_000, not_after=NOW, request_id=REQUEST_ID
        )

    assert seen[0].name == "accounts/main/positions/p1"
    assert (seen[0].amount_sats, seen[0].request_id) == (5_000, REQUEST_ID)
    assert seen[0].not_after_time.ToDatetime(tzinfo=UTC) == NOW
    assert (found.state, found.sequence, found.position) == (IntentState.CONFIRMED, 12, None)


async def test_unavailable_is_tried_again_under_the_same_request_id() -> None:
    seen: list[str] = []

    async def answer(request: Any, context: Any) -> Any:
        seen.append(request.request_id)
        if len(seen) == 1:
            raise ShuttingDown()
        if len(seen) == 2:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "cut")
        return margin_pb2.AddMarginResponse(intent_state=types_pb2.INTENT_STATE_CONFIRMED)

    async with stub_server({ADD_MARGIN: answer}) as address, connect(address) as client:
        await client.margin.add_margin("main", "p1", 5_000)

    assert len(seen) == 3
    assert len(set(seen)) == 1


async def test_how_an_action_ended_is_not_asked_for_again() -> None:
    seen: list[Any] = []

    async def answer(request: Any, _: Any) -> Any:
        seen.append(request)
        raise ShuttingDown("It was never sent.", intent=REQUEST_ID, state="canceled")

    async with stub_server({ADD_MARGIN: answer}) as address, connect(address) as client:
        with pytest.raises(ShuttingDown, match="never sent"):
            await client.margin.add_margin("main", "p1", 5_000)

    assert len(seen) == 1


async def test_another_failure_is_not_tried_again() -> None:
    seen: list[Any] = []

    async def answer(request: Any, _: Any) -> Any:
        seen.append(request)
        raise InsufficientBalance(needed_sats=5_000, balance_sats=1)

    async with stub_server({ADD_MARGIN: answer}) as address, connect(address) as client:
        with pytest.raises(InsufficientBalance) as caught:
            await client.margin.add_margin("main", "p1", 5_000)

    assert len(seen) == 1
    assert caught.value.metadata == {"needed_sats": "5000", "balance_sats": "1"}


async def test_a_call_ends_at_its_deadline_and_names_its_request_id() -> None:
    async def answer(*_: Any) -> Any:
        await asyncio.Event().wait()

    async with (
        stub_server({ADD_MARGIN: answer}) as address,
        connect(address, timeout_s=0.2) as client,
    ):
        with pytest.raises(DeadlineExceeded) as caught:
            await client.margin.add_margin("main", "p1", 5_000, request_id=REQUEST_ID)

    assert caught.value.metadata["request_id"] == REQUEST_ID
    assert "not known" in caught.value.means


async def test_a_core_that_is_not_there_is_unreachable() -> None:
    async with stub_server({}) as address:
        pass

    async with connect(address, timeout_s=0.3, sleep=asyncio.sleep) as client:
        with pytest.raises((CoreUnreachable, DeadlineExceeded)) as caught:
            await client.system.status()

    assert "Nothing was changed" in caught.value.means


@pytest.mark.parametrize("stated", ["live", None])
async def test_an_account_of_another_mode_is_a_mismatch(stated: str | None) -> None:
    asked: list[Any] = []

    async def answer(_: Any, context: Any) -> Any:
        asked.append(dict(context.invocation_metadata()).get("axisor-expect-mode"))
        return accounts_pb2.GetAccountResponse()

    headers = {} if stated is None else {"axisor-mode": stated}
    async with (
        stub_server({GET_ACCOUNT: answer}, headers=headers) as address,
        connect(address, expect_mode=Mode.SIM) as client,
    ):
        with pytest.raises(ModeMismatch) as caught:
            await client.accounts.get("main")

    assert asked == ["sim"]
    assert caught.value.metadata == {"expected": "sim", "actual": stated or ""}


async def test_an_account_of_the_expected_mode_passes_and_the_core_itself_has_none() -> None:
    async def account(*_: Any) -> Any:
        return accounts_pb2.GetAccountResponse()

    async def status(*_: Any) -> Any:
        return system_pb2.GetStatusResponse(version="1")

    answers = {GET_ACCOUNT: account, GET_STATUS: status}
    async with (
        stub_server(answers, headers={"axisor-mode": "sim"}) as address,
        connect(address, expect_mode=Mode.SIM) as client,
    ):
        await client.accounts.get("main")
    async with stub_server(answers) as address, connect(address, expect_mode=Mode.SIM) as client:
        assert (await client.system.status()).version == "1"


@pytest.mark.parametrize("mode", ["live", "sim"])
async def test_a_watch_checks_the_mode_too(mode: str) -> None:
    async def answer(*_: Any) -> Any:
        yield events_pb2.WatchEventsResponse(snapshot=events_pb2.Snapshot(sequence=1))
        await asyncio.Event().wait()

    async with (
        stub_server({WATCH_EVENTS: answer}, headers={"axisor-mode": mode}) as address,
        connect(address, expect_mode=Mode.SIM) as client,
    ):
        if mode == "sim":
            assert isinstance(await first(client.events.watch("main")), Snapshot)
        else:
            with pytest.raises(ModeMismatch):
                await first(client.events.watch("main"))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "size"),
        ({"quantity": 1, "margin": 1}, "size"),
        ({"quantity": 1, "leverage": Decimal(1) / 3}, "leverage"),
    ],
)
async def test_a_malformed_order_is_refused_before_it_is_sent(
    given: dict[str, Any], field: str
) -> None:
    async with stub_server({}) as address, connect(address) as client:
        with pytest.raises(FieldInvalid) as caught:
            await client.orders.place("main", Side.BUY, **given)

    assert caught.value.metadata == {"field": field}


async def test_all_pages_are_read() -> None:
    async def answer(request: orders_pb2.ListOrdersRequest, _: Any) -> Any:
        number = int(request.page_token or 0)
        name = f"accounts/main/orders/o{number}"
        order = resources_pb2.Order(name=name, price_usd="1")
        following = str(number + 1) if number < 2 else ""
        return orders_pb2.ListOrdersResponse(orders=[order], next_page_token=following)

    path = "/axisor.v1.OrderService/ListOrders"
    async with stub_server({path: answer}) as address, connect(address) as client:

        async def fetch(token: str) -> Page[Any]:
            return await client.orders.list("main", page_token=token)

        found = await every(fetch)

    assert [order.id for order in found] == ["o0", "o1", "o2"]


@pytest.mark.parametrize("target", ["10.0.0.1:8420", "core.example:8420", "0.0.0.0:1"])
def test_plaintext_beyond_loopback_is_refused(target: str) -> None:
    with pytest.raises(SettingsInvalid):
        Client.connect(target, plaintext=True, token=TOKEN)


def certificate() -> tuple[bytes, bytes]:
    """Make a self-signed certificate for `core.test`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "core.test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("core.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, private


async def test_only_the_pinned_certificate_is_believed() -> None:
    async def status(*_: Any) -> Any:
        return system_pb2.GetStatusResponse(version="1")

    pem, key = certificate()
    other, _ = certificate()
    serving = grpc.ssl_server_credentials([(key, pem)])
    async with stub_server({GET_STATUS: status}, credentials=serving) as address:
        tls: dict[str, Any] = {"plaintext": False, "tls_name": "core.test", "timeout_s": 1.0}
        async with connect(address, certificate=pem, **tls) as client:
            assert (await client.system.status()).version == "1"
        async with connect(address, certificate=other, **tls, sleep=asyncio.sleep) as client:
            with pytest.raises((CoreUnreachable, DeadlineExceeded)):
                await client.system.status()


async def test_a_data_directory_is_enough_to_connect(tmp_path: Path) -> None:
    async def status(_: Any, context: Any) -> Any:
        tokens.append(dict(context.invocation_metadata())["authorization"])
        return system_pb2.GetStatusResponse()

    tokens: list[str] = []
    (tmp_path / "owner.token").write_text(f"{TOKEN}\n")
    async with stub_server({GET_STATUS: status}) as address:
        (tmp_path / "address").write_text(f"{address}\n")
        async with Client.of_data_dir(tmp_path, plaintext=True) as client:
            await client.system.status()

    assert tokens == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize("missing", ["address", "owner.token", "tls/cert.pem"])
def test_a_missing_file_of_a_data_directory_is_named(tmp_path: Path, missing: str) -> None:
    (tmp_path / "tls").mkdir()
    for name in {"address", "owner.token", "tls/cert.pem"} - {missing}:
        (tmp_path / name).write_text("something")

    with pytest.raises(SettingsInvalid) as caught:
        Profile.from_data_dir(tmp_path)

    assert str(tmp_path / missing) in caught.value.message


async def test_nothing_shows_the_token() -> None:
    profile = Profile("127.0.0.1:1", token=Secret(TOKEN), plaintext=True)
    async with Client.connect(profile) as client:
        shown = [repr(client), str(client), repr(client._caller), repr(profile)]

    assert all(TOKEN not in text for text in shown)
    with pytest.raises(TypeError):
        pickle.dumps(profile.token)
