"""`axisor api`: what the contract holds is told, called on a live core, and written as programs."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict

from axisor.client.contract import description, message_class, methods
from axisor_cli.snippets import LANGUAGES, sample
from tests.docs import pages
from tests.support.typescript import EXAMPLES, needs

Core = Callable[..., Any]


def run(*words: str, data: Path, folder: Path) -> str:
    """Run a program against the core of a data directory, and return what it says."""
    done = subprocess.run(
        words,
        cwd=folder,
        env=os.environ | {"AXISOR_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_calls_are_listed_with_the_right_they_need(axisor: Core) -> None:
    rows = axisor("api", "list", "-o", "json").json

    assert len(rows) == len(methods())
    told = {row["method"]: row for row in rows}
    assert told["OrderService.PlaceOrder"] == {
        "method": "OrderService.PlaceOrder", "kind": "call", "right": "trade", "danger": "money",
    }  # fmt: skip
    assert told["AuthService.Login"]["right"] == "nobody"
    assert told["RunnerService.Run"]["kind"] == "talk"


def test_calls_of_one_service_are_listed_and_of_none_refused(axisor: Core) -> None:
    some = axisor("api", "list", "EventService", "-o", "plain").out

    assert {line.partition(".")[0] for line in some.splitlines()} == {"EventService"}
    refused = axisor("api", "list", "Nothing")
    assert (refused.code, "no service `Nothing`" in refused.err) == (2, True)


def test_a_call_is_described_with_its_fields_and_errors(axisor: Core) -> None:
    told = axisor("api", "describe", "PlaceOrder", "-o", "json").json
    shown = axisor("api", "describe", "PlaceOrder").out

    assert told["request"][0] == {
        "name": "parent", "type": "string", "one_of": "",
        "text": "Required. Format: `accounts/{account}`.",
    }  # fmt: skip
    assert {row["reason"]: row["means"] for row in told["errors"]}["PRICE_OFF_STEP"]
    assert "axisor.v1.OrderService/PlaceOrder" in shown
    assert "Required. Format: `accounts/{account}`." in shown
    assert "PRICE_OFF_STEP" in shown


def test_a_call_is_made_with_json(core: Core, account: str) -> None:
    asked = json.dumps({"name": f"accounts/{account}"})

    told = core("api", "call", "GetAccount", asked).json
    read = core("api", "call", "AccountService.GetAccount", "-", stdin=asked).json

    assert told["account"]["name"] == f"accounts/{account}"
    assert read == told


def test_a_call_that_moves_money_asks_first(core: Core, account: str) -> None:
    order = {
        "parent": f"accounts/{account}", "margin_mode": "MARGIN_MODE_ISOLATED", "leverage": "10",
        "type": "ORDER_TYPE_LIMIT", "limit_price_usd": "90000", "side": "SIDE_BUY",
        "quantityUsd": 1,
    }  # fmt: skip

    refused = core("api", "call", "PlaceOrder", json.dumps(order))
    tried = core("api", "call", "PlaceOrder", json.dumps(order | {"validateOnly": True}))
    placed = core("api", "call", "PlaceOrder", json.dumps(order), "--yes")

    assert refused.code == 9
    assert tried.json["intentState"] == "INTENT_STATE_PLANNED"
    assert placed.json["intentState"] == "INTENT_STATE_CONFIRMED"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("GetAccount", '{"nmae": 1}'), "axisor api describe AccountService.GetAccount"),
        (("GetAccount", "{"), "The request is no JSON"),
        (("GetAccount", "[]"), "no object"),
        (("WatchEvents", "{}"), "say --stream"),
        (("GetAccount", "{}", "--stream"), "no stream"),
        (("RunnerService.Run",), "is a conversation"),
    ],
    ids=["field", "json", "list", "stream", "call", "talk"],
)
def test_what_cannot_be_called_is_refused_before_anything_is_sent(
    core: Core, words: tuple[str, ...], told: str
) -> None:
    ran = core("api", "call", *words)

    assert ran.code == 2
    assert told in ran.err


def test_what_the_core_refuses_keeps_its_reason(core: Core) -> None:
    ran = core("api", "call", "GetAccount", '{"name": "accounts/nobody"}')

    assert ran.code == 5
    assert "[ACCOUNT_NOT_FOUND]" in ran.err


def test_a_stream_is_followed_line_by_line(core: Core, account: str) -> None:
    asked = json.dumps({"parent": f"accounts/{account}", "afterSequence": 0})

    ran = core("api", "call", "WatchEvents", asked, "--stream", "--count", "1")

    assert ran.json["events"][0]["sequence"] == "1"


def test_the_contract_is_written_for_other_programs(axisor: Core, tmp_path: Path) -> None:
    axisor("api", "protos", "--to", str(tmp_path / "contract.binpb"))

    assert (tmp_path / "contract.binpb").read_bytes() == description()


def test_a_sample_request_is_one_that_the_contract_takes() -> None:
    for method in methods():
        ParseDict(sample(method), message_class(method.request)())


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_call_but_a_talk_can_be_written_down(axisor: Core, language: str) -> None:
    for method in methods():
        if not method.converses:
            assert method.name[1:] in LANGUAGES[language](method, sample(method))
    refused = axisor("api", "snippets", "RunnerService.Run", language)
    assert (refused.code, "is a conversation" in refused.err) == (2, True)


def test_the_program_in_python_runs(
    core: Core, account: str, data_dir: Path, tmp_path: Path
) -> None:
    text = core("api", "snippets", "GetAccount", "python").out.replace("ACCOUNT", account)
    (tmp_path / "snippet.py").write_text(text)

    said = run(sys.executable, "snippet.py", data=data_dir, folder=tmp_path)

    assert json.loads(said)["account"]["label"] == "play"


@needs("client-typescript")
def test_the_program_for_node_runs(
    core: Core, account: str, data_dir: Path, tmp_path: Path
) -> None:
    text = core("api", "snippets", "GetAccount", "node").out.replace("/ACCOUNT", f"/{account}")
    (tmp_path / "snippet.mjs").write_text(text)
    (tmp_path / "contract.binpb").write_bytes(description())
    (tmp_path / "node_modules").symlink_to(EXAMPLES / "client-typescript" / "node_modules")

    said = run("node", "--no-deprecation", "snippet.mjs", data=data_dir, folder=tmp_path)

    assert json.loads(said)["account"]["label"] == "play"


@pytest.mark.skipif(shutil.which("grpcurl") is None, reason="grpcurl is not here")
def test_the_command_with_grpcurl_runs(
    core: Core, account: str, data_dir: Path, tmp_path: Path
) -> None:
    text = core("api", "snippets", "GetAccount", "grpcurl").out.replace("ACCOUNT", account)

    said = run("bash", "-euc", text, data=data_dir, folder=tmp_path)

    assert json.loads(said)["account"]["label"] == "play"


def test_the_calls_of_the_page_work(core: Core) -> None:
    for line in pages.only("clients.md", "sh", "call").splitlines():
        ran = core(*shlex.split(line)[1:])
        assert ran.code == 0, ran.err
