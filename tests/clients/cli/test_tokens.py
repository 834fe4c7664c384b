"""`axisor token`: made with caveats, kept in private files, narrowed and read without a core."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from axisor.testing.stub import stub_server
from axisor.tokens import bounds_of, mint, parse, proves
from axisor.v1 import tokens_pb2 as pb
from axisor.wire.scalars import time_to_wire
from axisor_cli.main import cli

SERVICE = "/axisor.v1.TokenService"
ROOT = bytes(range(32))
ID = "0190f3c7-0000-7000-8000-0000000000aa"
SECRET = mint(ID, ROOT, ("tenant=local",)).text()
MADE = pb.Token(
    name=f"tokens/{ID}",
    label="bot",
    owner="owner",
    caveats=["tenant=local", "read_only=true"],
    create_time=time_to_wire(datetime(2026, 1, 1, tzinfo=UTC)),
)
KEY = pb.SigningKey(
    name="signingKeys/k1",
    public_key=ROOT,
    begin_time=time_to_wire(datetime(2026, 1, 1, tzinfo=UTC)),
)
Ran = Callable[..., Any]


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    """Run `axisor token` against a scripted core; returns what was asked and how it ended."""
    (tmp_path / "owner.token").write_text("token")

    async def run(*words: str, input: str = "") -> tuple[list[Any], Result]:
        seen: list[Any] = []

        def answering(answer: Any) -> Any:
            async def call(request: Any, _: Any) -> Any:
                seen.append(request)
                return answer

            return call

        answers = {
            f"{SERVICE}/CreateToken": answering(pb.CreateTokenResponse(token=MADE, secret=SECRET)),
            f"{SERVICE}/ListTokens": answering(pb.ListTokensResponse(tokens=[MADE])),
            f"{SERVICE}/GetToken": answering(pb.GetTokenResponse(token=MADE)),
            f"{SERVICE}/RevokeToken": answering(pb.RevokeTokenResponse()),
            f"{SERVICE}/ListSigningKeys": answering(pb.ListSigningKeysResponse(signing_keys=[KEY])),
        }
        async with stub_server(answers) as address:
            there = ["--connect", address, "--plaintext", "--data-dir", str(tmp_path)]
            result = await asyncio.to_thread(
                CliRunner().invoke, cli, [*there, "token", *words], input=input
            )
        return seen, result

    return run


async def test_a_token_is_made_with_the_caveats_that_were_asked_for(ran: Ran):
    words = ("--accounts", "main", "--read-only", "--max-sats-per-day", "1000")
    method = ("--method", "MarginService/AddMargin")
    [request], result = await ran("create", "bot", *words, *method, "--cidr", "192.0.2.0/24")

    assert result.exit_code == 0, result.output
    assert SECRET in result.output
    bounds = bounds_of(request.caveats)
    assert bounds.accounts == frozenset({"main"})
    assert bounds.methods == frozenset({"axisor.v1.MarginService/AddMargin"})
    assert bounds.sats_per_day == 1000
    assert bounds.until_s is not None


async def test_a_token_goes_into_a_file_that_only_its_user_reads(ran: Ran, tmp_path: Path):
    path = tmp_path / "bot.token"

    _, result = await ran("create", "bot", "--to", str(path))

    assert path.read_text().strip() == SECRET
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET not in result.output


async def test_a_file_that_is_there_is_not_overwritten_and_no_token_is_made(
    ran: Ran, tmp_path: Path
):
    path = tmp_path / "bot.token"
    path.write_text("kept")

    seen, result = await ran("create", "bot", "--to", str(path))

    assert result.exit_code != 0
    assert seen == []
    assert path.read_text() == "kept"


@pytest.mark.parametrize(
    "words",
    [
        ("--expires", "soon"),
        ("--accounts", "*"),
        ("--permissions", "self"),
        ("--cidr", "example.org"),
        ("--max-sats-per-day", "-1"),
    ],
)
async def test_what_no_core_would_understand_is_refused_here(ran: Ran, words: tuple[str, ...]):
    seen, result = await ran("create", "bot", *words)

    assert result.exit_code != 0
    assert seen == []


async def test_a_token_is_narrowed_without_a_core(ran: Ran):
    seen, result = await ran("attenuate", "--read-only", "-o", "json", input=SECRET + "\n")

    assert result.exit_code == 0, result.output
    narrowed = parse(json.loads(result.output)["token"])
    assert seen == []
    assert proves(narrowed, ROOT)
    assert narrowed.caveats == ("tenant=local", "read_only=true")


async def test_narrowing_by_nothing_is_refused(ran: Ran):
    _, result = await ran("attenuate", input=SECRET + "\n")

    assert result.exit_code != 0


async def test_a_token_in_hand_is_read_without_a_core(ran: Ran, tmp_path: Path):
    path = tmp_path / "bot.token"
    path.write_text(SECRET)

    seen, result = await ran("inspect", "--from", str(path), "-o", "json")

    assert json.loads(result.output) == {
        "caveats": ["tenant=local"],
        "id": ID,
        "proved": False,
    }
    assert seen == []


async def test_tokens_are_listed_and_shown_without_their_secret(ran: Ran):
    _, listed = await ran("list")
    _, shown = await ran("inspect", ID[-12:], "-o", "json")

    assert "read_only=true" in listed.output
    assert json.loads(shown.output)["owner"] == "owner"


async def test_revoking_asks_first(ran: Ran):
    seen, result = await ran("revoke", ID)

    assert result.exit_code != 0
    assert seen == []


async def test_a_token_is_revoked_by_the_end_of_its_id(ran: Ran):
    seen, result = await ran("revoke", ID[-12:], "--yes")

    assert result.exit_code == 0, result.output
    assert seen[-1].name == f"tokens/{ID}"


async def test_signing_keys_are_shown(ran: Ran):
    _, result = await ran("keys")

    assert ROOT.hex() in result.output
