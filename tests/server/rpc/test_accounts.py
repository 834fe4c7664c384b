"""Accounts: which are taken, and what happens once whoever asks twice."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from tests.server.rpc.serving import CREATE, Served, bearer, creation

from axisor.v1 import accounts_pb2, guard_pb2, margin_pb2, resources_pb2, types_pb2
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor.v1.guard_pb2_grpc import GuardServiceStub
from axisor.v1.margin_pb2_grpc import MarginServiceStub
from axisor.wire.status import from_call

OTHER = "0d9f3c7e-0000-4000-8000-000000000002"
THIRD = "0d9f3c7e-0000-4000-8000-000000000003"


def key(name: str) -> accounts_pb2.Credentials:
    """Return credentials whose key's name says what they may do."""
    return accounts_pb2.Credentials(key=name, secret="s", passphrase="p")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"mode": types_pb2.MODE_LIVE, "network": "mainnet", "base_url": ""}, "MODE_NOT_ALLOWED"),
    ({"network": "mainnet", "base_url": ""}, "MODE_NOT_ALLOWED"),
    ({"network": "nowhere"}, "FIELD_INVALID"),
    ({"base_url": ""}, "FIELD_INVALID"),
    ({"base_url": "http://sim.example.com"}, "FIELD_INVALID"),
    ({"base_url": "https://api.example.com"}, "FIELD_INVALID"),
    ({"venue": "venues/none"}, "VENUE_NOT_FOUND"),
    ({"credentials": key("wrong")}, "VENUE_AUTH"),
    ({"credentials": key("away")}, "VENUE_UNAVAILABLE"),
    (
        {"mode": types_pb2.MODE_SHADOW, "network": "mainnet", "base_url": "", "credentials": None},
        "FIELD_INVALID",
    ),
]


@pytest.mark.parametrize(("fields", "reason"), REFUSED)
async def test_an_account_that_does_not_fit_is_not_added(
    core: Served, channel: grpc.aio.Channel, fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await AccountServiceStub(channel).CreateAccount(creation(**fields), metadata=bearer())

    assert from_call(refused.value).reason == reason
    assert not await core.accounts()


async def test_creating_twice_under_one_id_adds_one_account(
    core: Served, channel: grpc.aio.Channel
) -> None:
    stub = AccountServiceStub(channel)

    first = await stub.CreateAccount(creation(), metadata=bearer())
    second = await stub.CreateAccount(creation(), metadata=bearer())

    assert first == second
    assert len(await core.accounts()) == 1


async def test_another_body_under_one_id_is_refused(channel: grpc.aio.Channel) -> None:
    stub = AccountServiceStub(channel)
    await stub.CreateAccount(creation(), metadata=bearer())

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.CreateAccount(creation(label="another"), metadata=bearer())

    assert from_call(refused.value).reason == "REQUEST_ID_REUSED"


async def test_a_key_that_withdraws_is_flagged_aloud(channel: grpc.aio.Channel) -> None:
    stub = AccountServiceStub(channel)
    made = await stub.CreateAccount(creation(credentials=key("withdraws")), metadata=bearer())

    answer = await stub.TestCredentials(
        accounts_pb2.TestCredentialsRequest(name=made.account.name), metadata=bearer()
    )

    assert answer.report.can_withdraw
    assert answer.report.text.startswith("DANGER")
    assert list(answer.report.scopes) == ["read", "trade"]


async def test_an_update_of_what_changed_meanwhile_is_refused(
    channel: grpc.aio.Channel, account: str
) -> None:
    stub = AccountServiceStub(channel)
    read = await stub.GetAccount(accounts_pb2.GetAccountRequest(name=account), metadata=bearer())
    changed = resources_pb2.Account(name=account, label="second")
    mask = FieldMask(paths=["label"])

    done = await stub.UpdateAccount(
        accounts_pb2.UpdateAccountRequest(
            request_id=OTHER, account=changed, update_mask=mask, etag=read.account.etag
        ),
        metadata=bearer(),
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.UpdateAccount(
            accounts_pb2.UpdateAccountRequest(
                request_id=THIRD, account=changed, update_mask=mask, etag=read.account.etag
            ),
            metadata=bearer(),
        )

    assert done.account.label == "second"
    assert from_call(refused.value).reason == "ETAG_MISMATCH"


async def change(
    channel: grpc.aio.Channel, account: str, request_id: str, *paths: str, **given: Any
) -> resources_pb2.Account:
    """Change the fields given, or those named."""
    answer = await AccountServiceStub(channel).UpdateAccount(
        accounts_pb2.UpdateAccountRequest(
            request_id=request_id,
            account=resources_pb2.Account(name=account, **given),
            update_mask=FieldMask(paths=paths or list(given)),
        ),
        metadata=bearer(),
    )
    return answer.account


async def test_an_account_says_how_near_is_near_and_that_can_be_changed(
    channel: grpc.aio.Channel, account: str
) -> None:
    stub = AccountServiceStub(channel)
    read = await stub.GetAccount(accounts_pb2.GetAccountRequest(name=account), metadata=bearer())

    after = await change(channel, account, OTHER, near_percent="7.5", critical_percent="0")

    assert (read.account.near_percent, read.account.critical_percent) == ("5", "2")
    assert (after.near_percent, after.critical_percent) == ("7.5", "0")
    assert after.label == read.account.label


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"near_percent": "1"}, "account.critical_percent"),
        ({"critical_percent": "5.01"}, "account.critical_percent"),
        ({"near_percent": "5.001"}, "account.near_percent"),
        ({"near_percent": ""}, "account.near_percent"),
    ],
)
async def test_distances_that_make_no_sense_are_refused(
    channel: grpc.aio.Channel, account: str, given: dict[str, str], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await change(channel, account, OTHER, *given, **given)

    error = from_call(refused.value)
    assert (error.reason, error.metadata["field"]) == ("FIELD_INVALID", field)


async def test_a_halt_lasts_and_a_resume_ends_it(channel: grpc.aio.Channel, account: str) -> None:
    stub = AccountServiceStub(channel)

    halted = await stub.HaltAccount(
        accounts_pb2.HaltAccountRequest(
            name=account, request_id=OTHER, level=types_pb2.HALT_LEVEL_ALL
        ),
        metadata=bearer(),
    )
    resumed = await stub.ResumeAccount(
        accounts_pb2.ResumeAccountRequest(name=account, request_id=THIRD), metadata=bearer()
    )

    assert halted.account.halt_level == types_pb2.HALT_LEVEL_ALL
    assert resumed.account.halt_level == types_pb2.HALT_LEVEL_NONE


async def test_deleting_twice_under_one_id_gives_one_answer(
    channel: grpc.aio.Channel, account: str
) -> None:
    stub = AccountServiceStub(channel)
    request = accounts_pb2.DeleteAccountRequest(name=account, request_id=OTHER)

    first = await stub.DeleteAccount(request, metadata=bearer())
    second = await stub.DeleteAccount(request, metadata=bearer())

    assert first == second


async def test_a_request_past_its_time_does_nothing(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    request = accounts_pb2.HaltAccountRequest(
        name=account,
        request_id=OTHER,
        level=types_pb2.HALT_LEVEL_ALL,
        not_after_time=Timestamp(seconds=1),
    )

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await AccountServiceStub(channel).HaltAccount(request, metadata=bearer())

    assert from_call(refused.value).reason == "REQUEST_EXPIRED"


async def test_margin_added_twice_under_one_id_is_added_once_and_explained(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    request = margin_pb2.AddMarginRequest(
        name=f"{account}/positions/{core.long}", request_id=OTHER, amount_sats=5_000
    )
    stub, before = MarginServiceStub(channel), core.margin

    first = await stub.AddMargin(request, metadata=bearer())
    second = await stub.AddMargin(request, metadata=bearer())
    story = await GuardServiceStub(channel).Explain(
        guard_pb2.ExplainRequest(parent=account, intent=f"{account}/intents/{OTHER}"),
        metadata=bearer(),
    )

    assert first.position.margin_sats == second.position.margin_sats
    assert first.outcome == second.outcome
    assert first.position.margin_sats == before + 5_000 == core.margin
    assert len(core.sim.effects) == 1
    assert [entry.kind for entry in story.timeline] == [
        "CommandReceived",
        "IntentPlanned",
        "IntentSent",
        "IntentSettled",
    ]


async def test_a_preview_sends_nothing(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    request = margin_pb2.AddMarginRequest(
        name=f"{account}/positions/{core.long}",
        request_id=CREATE,
        amount_sats=5_000,
        validate_only=True,
    )

    answer = await MarginServiceStub(channel).AddMargin(request, metadata=bearer())

    assert answer.preview.after.margin_sats == answer.preview.before.margin_sats + 5_000
    assert not core.sim.effects


async def test_what_if_tells_the_living_from_the_dead(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    stub = MarginServiceStub(channel)

    deep = await stub.WhatIf(
        margin_pb2.WhatIfRequest(parent=account, price_usd="50000"), metadata=bearer()
    )
    saved = await stub.WhatIf(
        margin_pb2.WhatIfRequest(
            parent=account,
            price_usd="56000",
            position=f"{account}/positions/{core.long}",
            add_sats=100_000,
        ),
        metadata=bearer(),
    )

    assert deep.positions[0].unguarded == margin_pb2.FATE_LIQUIDATED
    assert deep.unguarded_loss_sats == core.margin
    assert saved.positions[0].unguarded == margin_pb2.FATE_SURVIVES
