"""The bridge answers what is made from its OpenAPI; the thousands of requests are a campaign."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from campaigns import rest
from campaigns.report import Figures, Report

from axisor_web import openapi

SEED, BUDGET_S = 21, 100.0
TOLD: dict[str, Any] = {
    "complete": True,
    "stop_reason": "completed",
    "operations": {"selected": 3, "tested": 3},
    "test_cases": {"generated": 104},
    "valid_rates": {"GET /v1/plugins": {"coverage": {"accepted": 5}, "fuzzing": {"accepted": 3}}},
    "failures": [],
    "errors": [],
}
FAILURE = {"operation": "GET /v1/plugins", "title": "Server error"}


def judged(told: dict[str, Any], *, ended: bool = True) -> Report:
    report = Report(name="rest", title=rest.TITLE, figures=Figures.QUICK, seed=SEED)
    rest.judge(report, told, ended)
    return report


@pytest.mark.skipif(rest.there() is None, reason="brought by: python -m campaigns rest")
async def test_what_the_contract_makes_is_answered_as_it_says() -> None:
    report = await rest.run(Figures.QUICK, SEED, BUDGET_S)

    print(f"seed {SEED}")
    assert report.misses == [], report.lines


def test_what_was_answered_well_is_met() -> None:
    report = judged(TOLD)

    assert report.ok
    assert {each.name: each.value for each in report.findings}["requests that were taken"] == 8


@pytest.mark.parametrize(
    ("told", "ended"),
    [
        (TOLD | {"failures": [FAILURE]}, True),
        (TOLD | {"errors": [FAILURE]}, True),
        (TOLD | {"complete": False, "stop_reason": "interrupted"}, True),
        (TOLD | {"operations": {"selected": 3, "tested": 2}}, True),
        (TOLD | {"test_cases": {"generated": 1}}, True),
        (TOLD, False),
        ({}, True),
    ],
    ids=["failure", "error", "stopped", "not all", "few", "by force", "nothing told"],
)
def test_what_lacks_is_missed(told: dict[str, Any], ended: bool) -> None:
    assert not judged(told, ended=ended).ok


def test_streams_are_left_out_and_the_account_is_one_that_is_there() -> None:
    asked = msgspec.json.decode(rest.asked_of(openapi.text(), "there"))["paths"]

    methods = [each for verbs in asked.values() for each in verbs.values()]
    responses = [each["responses"]["200"]["content"] for each in methods]
    assert len(responses) > 100
    assert not [each for each in responses if rest.STREAM in each]
    account = asked["/v1/accounts/{account}"]
    assert account["get"]["parameters"][0]["schema"] == {"type": "string", "enum": ["there"]}
    assert "enum" not in account["delete"]["parameters"][0]["schema"]


async def test_a_program_that_does_not_end_is_ended_with_what_it_started(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys;"
        "subprocess.run([sys.executable, '-c', 'import signal; signal.pause()'])"
    )
    words = (sys.executable, "-c", script)

    assert await rest.bounded(words, tmp_path, 0.2) is False
    assert await rest.bounded((sys.executable, "-c", "print('said')"), tmp_path, 60) is True
    assert (tmp_path / "said.txt").read_text() == "said\n"
