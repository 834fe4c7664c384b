"""Measurements of servers and cores that are processes: what they deliver, never how fast."""

from __future__ import annotations

from typing import Any

import pytest
from tests.benchmarks.quick import measured

pytestmark = [pytest.mark.timeout(250), pytest.mark.xdist_group("bench-servers")]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a quick run wrote, by the name of the measurement."""
    return measured(tmp_path_factory.mktemp("bench"), "fanout", "unary", "start", "cost")


def test_core_and_bare_server_deliver_every_event_to_every_subscriber(
    parts: dict[str, Any],
) -> None:
    (load,) = parts["fanout"]["rows"]
    (flood,) = parts["flood"]["rows"]

    assert (load["subscribers"], load["events/s"]) == (10, 500)
    assert load["all delivered"]
    assert flood["all delivered"]


def test_core_and_bare_server_answer_a_unary_call_alike(parts: dict[str, Any]) -> None:
    (row,) = parts["unary"]["rows"]

    assert row["calls"] == 50
    assert row["answer, bytes"] > 0


def test_a_core_starts_with_guarded_accounts_and_a_filled_journal(parts: dict[str, Any]) -> None:
    (start,) = parts["start"]["rows"]
    (read,) = parts["read-back"]["rows"]

    assert start["positions"] == 20
    assert read["events"] == start["events"] >= 2_000


def test_each_rescue_is_found_in_the_journal_with_its_plan_and_its_request(
    parts: dict[str, Any],
) -> None:
    (idle,) = parts["wire"]["rows"]

    assert idle["rescues"] == 10
    assert idle["found in the journal"]


def test_a_fall_through_every_trigger_brings_requests_of_every_account(
    parts: dict[str, Any],
) -> None:
    (crash,) = parts["wire-crash"]["rows"]
    (cost,) = parts["cost"]["rows"]

    assert crash["requests"] >= cost["accounts"] == 2
