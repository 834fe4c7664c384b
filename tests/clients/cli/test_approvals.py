"""`axisor approve` and `--propose`: what they ask of a core and their user, and what they show."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result
from google.protobuf.any_pb2 import Any as Packed

from axisor.testing.stub import stub_server
from axisor.v1 import (
    accounts_pb2,
    margin_pb2,
    resources_pb2,
    strategies_pb2,
    types_pb2,
)
from axisor.v1 import confirmations_pb2 as pb
from axisor.wire.scalars import time_to_wire
from axisor_cli.main import cli

SERVICE = "/axisor.v1.ConfirmationService"
ID = "0d9f3c7e-1854-7137-b2a7-4de452e6b438"
MOMENT = time_to_wire(datetime(2026, 11, 30, 12, tzinfo=UTC))
WAITS = pb.Confirmation(
    name=f"accounts/main/confirmations/{ID}",
    state=types_pb2.CONFIRMATION_STATE_PENDING,
    method="axisor.v1.MarginService/AddMargin",
    summary="Add margin: amount_sats 1,000",
    danger=types_pb2.DANGER_MONEY,
    preview=types_pb2.Preview(
        before=types_pb2.Figures(margin_sats=5_000), after=types_pb2.Figures(margin_sats=6_000)
    ),
    warnings=["Mind it."],
    preparer="tokens/bot",
    create_time=MOMENT,
    expire_time=MOMENT,
    request_id="0d9f3c7e-0000-4000-8000-000000000001",
)
Ran = Callable[..., Any]


def ended(state: types_pb2.ConfirmationState.ValueType) -> pb.Confirmation:
    """Return the confirmation as it ended."""
    found = pb.Confirmation()
    found.CopyFrom(WAITS)
    found.state, found.settler = state, "owner"
    found.settle_time.CopyFrom(WAITS.create_time)
    return found


@pytest.fixture
def ran(tmp_path) -> Ran:
    """Run `axisor` against a scripted core; returns what was asked and how it ended."""
    (tmp_path / "owner.token").write_text("token")

    async def run(*words: str, answer: Any = None) -> tuple[list[Any], Result]:
        seen: list[Any] = []

        def answering(said: Any) -> Any:
            async def call(request: Any, _: Any) -> Any:
                seen.append(request)
                return said

            return call

        async def accounts(request: Any, _: Any) -> Any:
            account = resources_pb2.Account(name="accounts/main", mode=types_pb2.MODE_SIM)
            return accounts_pb2.ListAccountsResponse(accounts=[account])

        async def runs(request: Any, _: Any) -> Any:
            run = resources_pb2.Run(name="accounts/main/runs/r1", config="{}")
            return strategies_pb2.ListRunsResponse(runs=[run])

        async def positions(request: Any, _: Any) -> Any:
            found = [
                resources_pb2.Position(
                    name=f"accounts/main/positions/{id}",
                    side=types_pb2.SIDE_BUY,
                    margin_mode=types_pb2.MARGIN_MODE_ISOLATED,
                    quantity_usd=1,
                    entry_price_usd="1",
                    leverage="1",
                    liquidation_price_usd="1",
                )
                for id in ("p1", "cross")
            ]
            return margin_pb2.ListPositionsResponse(positions=found)

        packed = Packed()
        packed.Pack(answer or strategies_pb2.StartRunResponse())
        committed = ended(types_pb2.CONFIRMATION_STATE_COMMITTED)
        answers = {
            "/axisor.v1.AccountService/ListAccounts": accounts,
            "/axisor.v1.MarginService/ListPositions": positions,
            "/axisor.v1.StrategyService/ListRuns": runs,
            f"{SERVICE}/ListConfirmations": answering(
                pb.ListConfirmationsResponse(confirmations=[WAITS])
            ),
            f"{SERVICE}/GetConfirmation": answering(pb.GetConfirmationResponse(confirmation=WAITS)),
            f"{SERVICE}/PrepareConfirmation": answering(
                pb.PrepareConfirmationResponse(confirmation=WAITS)
            ),
            f"{SERVICE}/ApproveConfirmation": answering(
                pb.ApproveConfirmationResponse(confirmation=committed, response=packed)
            ),
            f"{SERVICE}/RefuseConfirmation": answering(
                pb.RefuseConfirmationResponse(
                    confirmation=ended(types_pb2.CONFIRMATION_STATE_REFUSED)
                )
            ),
        }
        async with stub_server(answers) as address:
            there = ["--connect", address, "--plaintext", "--data-dir", str(tmp_path)]
            result = await asyncio.to_thread(CliRunner().invoke, cli, [*there, *words])
        return seen, result

    return run


async def test_what_waits_is_listed_and_what_ended_only_when_asked_for(ran: Ran):
    [waiting], result = await ran("approve", "list")
    [everything], _ = await ran("approve", "list", "--all")

    assert "Add margin: amount_sats 1,000" in result.output
    assert list(waiting.states) == [types_pb2.CONFIRMATION_STATE_PENDING]
    assert list(everything.states) == []


async def test_one_is_shown_with_its_figures_and_warnings(ran: Ran):
    _, result = await ran("approve", "show", ID[:13])
    _, data = await ran("approve", "show", ID, "-o", "json")

    assert "5,000 → 6,000" in result.output
    assert "! Mind it." in result.output
    record = json.loads(data.output)
    assert (record["id"], record["state"], record["preparer"]) == (ID, "pending", "tokens/bot")
    assert record["after"]["margin_sats"] == 6_000


async def test_nothing_is_approved_without_a_word(ran: Ran):
    seen, result = await ran("approve", "yes", ID)

    assert result.exit_code == 9
    assert [type(each).__name__ for each in seen] == ["GetConfirmationRequest"]


async def test_a_yes_approves_what_was_shown(ran: Ran):
    seen, result = await ran("approve", "yes", ID, "--yes")

    assert result.exit_code == 0, result.output
    assert seen[-1].name == WAITS.name
    assert "approved and done" in result.output


async def test_a_yes_says_how_the_action_ended(ran: Ran):
    refused = margin_pb2.AddMarginResponse(
        intent_state=types_pb2.INTENT_STATE_REFUSED,
        outcome=resources_pb2.Outcome(reason="VENUE_REFUSED", text="Too little."),
    )
    confirmed = margin_pb2.AddMarginResponse(intent_state=types_pb2.INTENT_STATE_CONFIRMED)

    _, failed = await ran("approve", "yes", ID, "--yes", answer=refused)
    _, done = await ran("approve", "yes", ID, "--yes", answer=confirmed)

    assert failed.exit_code != 0
    assert "approved; confirmed" in done.output


async def test_a_no_gives_its_reason(ran: Ran):
    seen, result = await ran("approve", "no", ID, "--reason", "too much")

    assert result.exit_code == 0, result.output
    assert seen[-1].reason == "too much"
    assert "is refused; nothing was sent" in result.output


async def test_proposing_prepares_the_call_and_makes_none(ran: Ran):
    words = ("position", "add-margin", "p1", "1000sat", "--propose")
    [asked], result = await ran(*words, "--request-id", WAITS.request_id)

    assert result.exit_code == 0, result.output
    inner = margin_pb2.AddMarginRequest()
    assert asked.request.Unpack(inner)
    assert (inner.name, inner.amount_sats) == ("accounts/main/positions/p1", 1_000)
    assert (asked.parent, asked.request_id) == ("accounts/main", WAITS.request_id)
    assert "somebody else approves it: axisor approve yes" in result.output


async def test_what_is_only_tried_is_not_proposed(ran: Ran):
    seen, result = await ran("position", "add-margin", "p1", "1000sat", "--propose", "--dry-run")

    assert result.exit_code == 2
    assert seen == []


@pytest.mark.parametrize(
    "words",
    [
        ("position", "open", "--side", "long", "--qty", "100usd", "--leverage", "5"),
        ("position", "cash-in", "p1", "1000sat"),
        ("position", "close", "p1"),
        ("position", "close-part", "100usd"),
        ("position", "set-stop", "p1", "60000"),
        ("position", "set-target", "p1", "60000"),
        ("position", "deposit", "1000sat"),
        ("position", "withdraw", "1000sat"),
        ("position", "leverage", "5"),
        ("order", "place", "--side", "long", "--qty", "100usd", "--leverage", "5"),
        ("order", "cancel-all"),
        ("dlq", "drop", WAITS.request_id, "--note", "x"),
        ("dlq", "settle", WAITS.request_id, "--note", "x", "--outcome", "confirmed"),
        ("run", "start", "r1"),
        ("run", "pause", "r1"),
        ("run", "pause", "r1", "--for", "15m"),
        ("guard", "pause", "2h"),
        ("guard", "resume"),
        ("run", "resume", "r1"),
        ("run", "stop", "r1"),
    ],
)
async def test_every_command_that_can_be_proposed_is(ran: Ran, words: tuple[str, ...]):
    seen, result = await ran(*words, "--propose", "-o", "json")

    assert result.exit_code == 0, (result.output, result.exception)
    assert [type(each).__name__ for each in seen] == ["PrepareConfirmationRequest"]
    assert json.loads(result.output)["id"] == ID
