"""A trader's day at a real core, in order: each test goes on where the one before ended."""

from __future__ import annotations

import io
import json
import time
from uuid import uuid4

import pytest

from tests.clients.cli.conftest import KEY, PASSPHRASE, SECRET
from tests.clients.cli.terminal import Terminal

pytestmark = pytest.mark.xdist_group("cli-session")


def until(check, *, tries=100):
    """Ask again until it is so; a core needs a moment to hear of a price."""
    for _ in range(tries):
        found = check()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come to be")


def answered(ran):
    return ran if ran.code == 0 else None


def first(core, side="long"):
    rows = core("position", "list", "-o", "json").json
    return next(each for each in rows if each["side"] == side)


def test_credentials_are_read_from_standard_input_and_never_shown(core, account, data_dir):
    ran = core("account", "show", "play", "-o", "json")

    assert ran.json["id"] == account
    assert ran.json["mode"] == "sim"
    for secret in (SECRET, PASSPHRASE):
        assert secret not in ran.out + ran.err
    help_text = core("account", "add", "--help").out
    assert "--secret" not in help_text
    assert "--key" not in help_text


@pytest.mark.parametrize("lines", ["", "key\n", f"{KEY}\n{SECRET}\n\n"])
def test_missing_credentials_are_refused_by_name(core, lines, venue):
    ran = core("account", "add", "--network", "sim", "--url", venue, stdin=lines)

    assert ran.code == 2
    assert "is empty" in ran.err


class Interrupted(io.StringIO):
    """Standard input at which Ctrl-C is pressed."""

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        raise KeyboardInterrupt


def test_control_c_ends_with_130(core, data_dir):
    ran = core("account", "add", "--network", "sim", stdin=Interrupted())

    assert ran.code == 130
    assert "Not confirmed" not in ran.err


def test_an_account_is_chosen_by_id_label_or_beginning(core, account):
    for name in (account, "play", account[:12], "pl"):
        assert core("--account", name, "account", "show", "-o", "json").json["id"] == account


def test_an_account_that_is_not_there_is_answered_with_those_that_are(core, account):
    ran = core("--account", "nobody", "position", "list")

    assert ran.code == 5
    assert f"play ({account})" in ran.err


def test_status_of_a_core_without_positions_is_safe(core, account):
    # A machine that is busy may say for half a minute that the core stood still.
    ran = until(lambda: answered(core("status", "-o", "json")))

    assert set(ran.json) == {
        *("version", "max_mode", "draining", "platform_halt", "accounts", "plugins"),
        "rate_budgets",
    }
    assert set(ran.json["accounts"][0]) == {
        *("id", "label", "mode", "halt", "standing", "causes", "guard", "floor_usd", "quality"),
        *("price_age_ms", "positions", "protected", "open_intents", "sequence"),
    }


def test_a_dry_run_shows_what_would_be_and_sends_nothing(core, account):
    until(lambda: core("market", "ticker", "-o", "json").json["quality"] == "fresh")
    ran = core(
        *("position", "open", "--side", "long", "--qty", "2500usd", "--leverage", "25"),
        "--dry-run",
    )

    assert ran.code == 0
    assert "nothing was sent" in ran.out
    assert "0 → 100,000" in ran.out
    assert core("position", "list").out == "none\n"


def test_the_same_request_id_opens_once(core, account):
    again = str(uuid4())
    words = ("position", "open", "--side", "long", "--qty", "2500usd", "--leverage", "25", "--yes")

    for _ in range(2):
        ran = core(*words, "--request-id", again, "-o", "json")
        assert ran.code == 0, ran.err
        assert set(ran.json) == {
            *("dry_run", "state", "intent", "reason", "message", "latency_ms", "sequence"),
            *("before", "after", "warnings"),
        }

    assert len(core("position", "list", "-o", "json").json) == 1


def test_a_position_is_listed_whole(core, account):
    row = first(core)

    assert (row["margin_sats"], row["liquidation_usd"]) == (100_000, "96154")
    table = core("position", "list").out
    assert "96,154" in table
    assert "unguarded" in table or "unprotected" in table


def test_an_unguarded_position_makes_status_paused(core, account):
    assert core("status").code == 11
    assert core("guard", "status").code == 11
    assert core("guard", "plan").code == 5


def test_the_wrong_mode_is_refused(core, account):
    assert core("--expect-mode", "live", "position", "list").code == 12
    assert core("--expect-mode", "sim", "position", "list").code == 0


def test_bare_amounts_and_unknown_positions_are_refused(core, account):
    assert core("position", "add-margin", first(core)["id"], "5000").code == 2
    ran = core("position", "add-margin", "zzzz", "5000sat")
    assert ran.code == 5
    assert "zzzz" in ran.err


def test_too_much_margin_is_refused_by_policy(core, account):
    ran = core("position", "add-margin", first(core)["id"], "9000000sat")

    assert ran.code in (7, 8)
    assert "[" in ran.err


def test_a_rule_is_set_checked_and_armed(core, account):
    dry = core("guard", "set", "--preset", "normal", "--budget", "500000sat", "--dry-run")
    assert dry.code == 0, dry.err
    assert core("run", "list").out == "none\n"

    made = core("guard", "set", "--preset", "normal", "--budget", "500000sat", "-o", "json")
    assert made.json["config"] == {"trigger": "2", "target": "5", "budget_position": 500_000}
    again = core("guard", "set", "--trigger", "2%")
    assert again.code == 0, again.err
    armed = core("guard", "arm")
    assert armed.code == 0, armed.err
    until(lambda: core("guard", "status").code == 0)
    assert core("status").code == 0


def test_a_bad_rule_is_refused_and_the_old_one_stays(core, account):
    ran = core("guard", "set", "--trigger", "9%", "--target", "3%")

    assert ran.code == 2
    assert core("guard", "status", "-o", "json").json["config"]["trigger"] == "2"


def test_the_plan_and_the_floor_are_told(core, account):
    plan = core("guard", "plan", "--side", "long", "-o", "json").json
    floor = core("guard", "floor", "-o", "json").json

    assert plan[0]["price_usd"] == "98116"
    assert set(plan[0]) == {
        *("price_usd", "move_percent", "position", "short", "action", "cost_sats"),
        *("budget_left_sats", "liquidation_usd", "note"),
    }
    assert floor[0]["side"] == "longs"


def test_another_price_is_only_thought_about(core, account):
    rows = core("whatif", "--drop", "5", "-o", "json").json

    assert (rows[0]["unguarded"], rows[0]["walked"]) == ("liquidated", "survives")
    assert core("whatif", "--drop", "5", "--rise", "5").code == 2


def test_a_fall_is_answered_and_explained(core, account, venue):
    with Terminal("console") as terminal:
        terminal.until("SIM", "ARMED", "LONG", "96,154", "q quit")
        moved = core("sim", "price", "set", "98100", "--connect", venue)
        assert moved.code == 0, moved.err
        terminal.until("add 82,541 sat", "93,195", "5.00%")
        terminal.press("8")
        terminal.until("confirmed")
        terminal.press("q")
        assert terminal.end() == 0
    assert first(core)["margin_sats"] == 182_541

    history = until(
        lambda: [
            each
            for each in core("guard", "history", "-o", "json").json
            if each["kind"] == "IntentPlanned"
        ]
    )
    assert len(history) == 1
    assert history[0]["text"].startswith("add 82,541 sat to ")
    why = core("guard", "why", str(history[0]["sequence"]))
    assert why.code == 0
    assert "below 2 % distance to liquidation" in why.out
    assert "needed for target     82,541" in why.out
    assert first(core)["id"] not in why.out.replace("input", "")
    assert core("guard", "why", "99999").code == 5


def test_the_journal_is_listed_followed_and_whole(core, account):
    rows = core("events", "list", "--limit", "5", "-o", "json").json
    lines = core("events", "stream", "--after", "0", "--count", "5", "-o", "ndjson").out
    verified = core("events", "verify", "-o", "json")

    assert len(rows) == 5
    assert [json.loads(line)["sequence"] for line in lines.splitlines()] == [1, 2, 3, 4, 5]
    assert verified.code == 0
    assert verified.json["first_bad"] is None


def test_plugins_are_listed_with_the_schemas_of_their_strategies(core, account):
    rows = {each["name"]: each for each in core("plugin", "list", "-o", "json").json}

    schema = json.dumps(rows["margin-guard"]["strategies"][0]["config_schema"])
    assert "trigger" in schema
    assert rows["lnmarkets"]["offers"] == ["lnmarkets"]


def test_runs_are_listed_with_what_they_did(core, account):
    run = core("run", "list", "-o", "json").json[0]
    steps = core("run", "logs", run["id"][:13], "-o", "json").json

    assert run["strategy"] == "margin-guard"
    assert steps[-1]["called_by"] == "Started"
    assert core("run", "show", "zzz").code == 5
    assert core("run", "create", "nosuch").code == 5


def test_the_doctor_finds_the_key_that_can_withdraw(core, account):
    ran = core("doctor", "-o", "json")

    found = {each["check"]: each["ok"] for each in ran.json}
    assert found["core"]
    assert found["play journal"]
    assert ran.code == (0 if all(found.values()) else 10)


def test_a_halt_refuses_new_risk_and_ends(core, account):
    assert core("account", "halt", "--reason", "test", "-o", "json").json["halt"] == "risk"
    ran = core(
        *("position", "open", "--side", "long", "--qty", "1usd", "--leverage", "2", "--yes"),
    )
    assert ran.code == 11
    assert core("account", "resume", "-o", "json").json["halt"] == "none"


def test_a_guard_is_paused_for_a_while_and_says_until_when(core, account):
    assert core("guard", "pause", "15m").code == 9
    assert core("guard", "pause", "2d", "--yes").code == 2
    paused = core("guard", "pause", "15m", "--yes", "-o", "json")
    assert paused.code == 0, paused.err

    run = core("run", "show", paused.json["run"], "-o", "json").json
    assert run["resumes_at"] == paused.json["resumes_at"]
    assert run["state"] == "paused"
    status = core("guard", "status")
    assert status.code == 11
    assert "PAUSED until" in status.out
    resumed = core("guard", "resume", "-o", "json")
    assert (resumed.json["guard"], resumed.json["resumes_at"]) == ("armed", None)
    until(lambda: core("guard", "status").code == 0)


def test_disarming_asks_and_leaves_the_guard_paused(core, account):
    assert core("guard", "disarm").code == 9
    assert core("guard", "disarm", "--yes").code == 0
    assert core("guard", "status").code == 11
    assert core("status").code == 11


def test_a_position_is_closed(core, account):
    id = first(core)["short"]

    assert core("position", "close", id, "--yes").code == 0
    until(lambda: core("position", "list", "-o", "json").json == [])
    assert core("status").code == 0


def test_stopping_the_core_is_asked_about(core, account):
    assert core("down").code == 9
