"""`axisor dlq`: what it asks of a core, what it asks of its user, and what it shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from axisor.testing.stub import stub_server
from axisor.v1 import accounts_pb2, dead_letters_pb2, resources_pb2, types_pb2
from axisor_cli.main import cli

SERVICE = "/axisor.v1.DeadLetterService"
INTENT = "0d9f3c7e-0000-4000-8000-0000000000aa"
LETTER = dead_letters_pb2.DeadLetter(
    name=f"accounts/main/deadLetters/{INTENT}",
    intent=resources_pb2.Intent(
        name=f"accounts/main/intents/{INTENT}",
        state=types_pb2.INTENT_STATE_UNKNOWN,
        action=resources_pb2.Action(
            kind=types_pb2.ACTION_KIND_ADD_MARGIN,
            target="accounts/main/positions/p1",
            amount_sats=82_541,
        ),
    ),
    amount_sats=82_541,
    text="The answer was lost.",
    baseline={"margin": "100000"},
    readings=[
        dead_letters_pb2.DeadLetterReading(
            sequence=9, fenced=True, text="Cannot tell.", figures={"margin": "100000"}
        )
    ],
)
RULING = dead_letters_pb2.Ruling(
    intent_state=types_pb2.INTENT_STATE_DEAD,
    counted_sats=82_541,
    witness_text="The reading cannot tell.",
    figures={"margin": "100000"},
)
Ran = Callable[..., Any]


@pytest.fixture
def ran(tmp_path) -> Ran:
    """Run `axisor dlq` against a scripted core; returns what was asked and how it ended."""
    (tmp_path / "owner.token").write_text("token")

    async def run(*words: str) -> tuple[list[Any], Result]:
        seen: list[Any] = []

        async def accounts(request: Any, _: Any) -> Any:
            account = resources_pb2.Account(name="accounts/main", mode=types_pb2.MODE_SIM)
            return accounts_pb2.ListAccountsResponse(accounts=[account])

        def answering(answer: Any) -> Any:
            async def call(request: Any, _: Any) -> Any:
                seen.append(request)
                return answer

            return call

        pb = dead_letters_pb2
        answers = {
            "/axisor.v1.AccountService/ListAccounts": accounts,
            f"{SERVICE}/ListDeadLetters": answering(
                pb.ListDeadLettersResponse(dead_letters=[LETTER])
            ),
            f"{SERVICE}/GetDeadLetter": answering(pb.GetDeadLetterResponse(dead_letter=LETTER)),
            f"{SERVICE}/SettleDeadLetter": answering(
                pb.SettleDeadLetterResponse(ruling=RULING, sequence=12)
            ),
            f"{SERVICE}/DropDeadLetter": answering(
                pb.DropDeadLetterResponse(ruling=RULING, sequence=12)
            ),
        }
        async with stub_server(answers) as address:
            there = ["--connect", address, "--plaintext", "--data-dir", str(tmp_path)]
            result = await asyncio.to_thread(CliRunner().invoke, cli, [*there, "dlq", *words])
        return seen, result

    return run


async def test_letters_are_listed_in_words(ran: Ran):
    _, result = await ran("list")

    assert result.exit_code == 0, result.output
    assert "add 82,541 sat to p1" in result.output


async def test_one_is_shown_with_what_was_known_and_read(ran: Ran):
    _, result = await ran("show", INTENT[:6])
    _, data = await ran("show", INTENT, "-o", "json")

    assert "margin 100000" in result.output
    assert "after its fence: Cannot tell." in result.output
    assert json.loads(data.output)["readings"][0]["shows"] == {"margin": "100000"}


async def test_dropping_asks_first(ran: Ran):
    seen, result = await ran("drop", INTENT, "--note", "nobody knows")

    assert result.exit_code != 0
    assert seen == []


async def test_a_dry_run_is_said_to_be_one(ran: Ran):
    seen, result = await ran("drop", INTENT, "--note", "nobody knows", "--dry-run")

    assert result.exit_code == 0, result.output
    assert seen[0].validate_only
    assert "would be dead" in result.output


async def test_settling_sends_the_word_with_its_note(ran: Ran):
    words = ("--outcome", "not-applied", "--note", "looked", "--yes", "--force")
    seen, result = await ran("settle", INTENT, *words, "-o", "json")

    assert result.exit_code == 0, result.output
    request = seen[0]
    assert request.outcome == dead_letters_pb2.DEAD_LETTER_OUTCOME_NOT_APPLIED
    assert (request.note, request.force, request.validate_only) == ("looked", True, False)
    assert json.loads(result.output)["counted_sats"] == 82_541


async def test_a_word_without_a_note_is_refused(ran: Ran):
    seen, result = await ran("settle", INTENT, "--outcome", "confirmed", "--yes")

    assert result.exit_code == 2
    assert seen == []
