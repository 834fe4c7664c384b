"""`axisor access`: what it asks of a core, what it asks of its user, and what it shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from axisor.errors import MemberNotFound
from axisor.testing.stub import stub_server
from axisor.v1 import access_pb2, accounts_pb2, resources_pb2, types_pb2
from axisor_cli.main import cli

SERVICE = "/axisor.v1.AccessService"
PERSON = "0d9f3c7e-0000-4000-8000-0000000000aa"
MEMBER = access_pb2.Member(
    name=f"accounts/main/members/{PERSON}", person=f"people/{PERSON}", role=types_pb2.ROLE_TRADER
)
Ran = Callable[..., Any]


@pytest.fixture
def ran(tmp_path) -> Ran:
    """Run `axisor access` against a scripted core; returns what was asked and how it ended."""
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

        pb = access_pb2
        answers = {
            "/axisor.v1.AccountService/ListAccounts": accounts,
            f"{SERVICE}/ListMembers": answering(pb.ListMembersResponse(members=[MEMBER])),
            f"{SERVICE}/Grant": answering(pb.GrantResponse(member=MEMBER)),
            f"{SERVICE}/Revoke": answering(pb.RevokeResponse(member=MEMBER)),
        }
        async with stub_server(answers) as address:
            there = ["--connect", address, "--plaintext", "--data-dir", str(tmp_path)]
            result = await asyncio.to_thread(CliRunner().invoke, cli, [*there, "access", *words])
        return seen, result

    return run


async def test_members_are_listed_with_their_roles(ran: Ran):
    _, result = await ran("list")
    _, data = await ran("list", "-o", "json")

    assert result.exit_code == 0, result.output
    assert "trader" in result.output
    assert json.loads(data.output)[0]["person"] == PERSON


async def test_a_role_is_asked_for_by_name(ran: Ran):
    seen, result = await ran("grant", PERSON, "trader", "--yes")

    assert result.exit_code == 0, result.output
    assert (seen[0].person, seen[0].role) == (f"people/{PERSON}", types_pb2.ROLE_TRADER)
    assert seen[0].parent == "accounts/main"
    assert f"{PERSON} is trader" in result.output


async def test_a_role_that_there_is_not_is_refused(ran: Ran):
    seen, result = await ran("grant", PERSON, "king", "--yes")

    assert result.exit_code == 2
    assert seen == []


@pytest.mark.parametrize("words", [("grant", PERSON, "owner"), ("revoke", PERSON)])
async def test_nothing_is_changed_without_asking(ran: Ran, words: tuple[str, ...]):
    seen, result = await ran(*words)

    assert result.exit_code != 0
    assert seen == []


async def test_a_dry_run_is_said_to_be_one(ran: Ran):
    seen, result = await ran("grant", PERSON, "trader", "--dry-run")

    assert seen[0].validate_only
    assert "would be trader" in result.output


async def test_a_role_is_taken_from_who_is_named_by_a_beginning(ran: Ran):
    seen, result = await ran("revoke", PERSON[:6], "--yes", "-o", "json")

    assert result.exit_code == 0, result.output
    assert seen[-1].name == f"accounts/main/members/{PERSON}"
    assert json.loads(result.stdout)["role"] == "trader"


async def test_nothing_is_taken_from_who_holds_nothing(ran: Ran):
    seen, result = await ran("revoke", "nobody", "--yes")

    assert result.exit_code != 0
    assert len(seen) == 1  # the list alone
    assert isinstance(result.exception, MemberNotFound)
