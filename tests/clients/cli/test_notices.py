"""`axisor notify` and `axisor alert` against a scripted core: what they ask, and how they read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from axisor.testing.stub import stub_server
from axisor.v1 import accounts_pb2, resources_pb2, types_pb2
from axisor.v1 import notifications_pb2 as pb
from axisor_cli.main import cli

SERVICE = "/axisor.v1.NotificationService"
ID = "0190f3c7-0000-7000-8000-0000000000aa"
CHANNEL = pb.Channel(
    name=f"channels/{ID}",
    label="phone",
    notifier="notifiers/telegram",
    values={"chat": "42"},
    secrets=["token"],
    min_level=pb.NOTICE_LEVEL_WARN,
    trouble="Telegram answers 401.",
)
KIND = pb.Notifier(
    name="notifiers/telegram",
    summary="A bot.",
    fields=[
        pb.NotifierField(key="chat", required=True),
        pb.NotifierField(key="token", required=True, secret=True),
        pb.NotifierField(key="api"),
    ],
)
ALERT = pb.Alert(
    name=f"accounts/main/alerts/{ID}",
    level=pb.NOTICE_LEVEL_WARN,
    kind="near",
    mode=types_pb2.MODE_SIM,
    title="LONG 7f3a is near",
    open=True,
)
SENT = pb.Delivery(
    name="deliveries/d1",
    channel=f"channels/{ID}",
    state=pb.DELIVERY_STATE_SENT,
    headline="INFO This is a test",
    attempt_count=1,
    receipt="7",
)
RULES = pb.NotificationRules(language="en-US", zone="UTC", etag="r3")
ANSWERS = {
    "ListNotifiers": pb.ListNotifiersResponse(notifiers=[KIND]),
    "ListChannels": pb.ListChannelsResponse(channels=[CHANNEL]),
    "CreateChannel": pb.CreateChannelResponse(channel=CHANNEL),
    "UpdateChannel": pb.UpdateChannelResponse(channel=CHANNEL),
    "DeleteChannel": pb.DeleteChannelResponse(),
    "TestChannel": pb.TestChannelResponse(delivery=SENT),
    "ListDeliveries": pb.ListDeliveriesResponse(deliveries=[SENT]),
    "GetNotificationRules": pb.GetNotificationRulesResponse(rules=RULES),
    "UpdateNotificationRules": pb.UpdateNotificationRulesResponse(rules=RULES),
    "ListAlerts": pb.ListAlertsResponse(alerts=[ALERT]),
    "AcknowledgeAlert": pb.AcknowledgeAlertResponse(alert=ALERT),
    "MuteAlerts": pb.MuteAlertsResponse(mutes=[pb.Mute(account="accounts/main", kind="near")]),
}
Ran = Callable[..., Any]


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    """Run a command against a scripted core; returns what was asked, by method, and its end."""
    (tmp_path / "owner.token").write_text("token")

    async def run(*words: str, input: str = "") -> tuple[dict[str, Any], Result]:
        seen: dict[str, Any] = {}

        def answering(name: str, answer: Any) -> Any:
            async def call(request: Any, _: Any) -> Any:
                seen[name] = request
                return answer

            return call

        opened: list[str] = []

        async def watch(request: Any, _: Any) -> Any:
            opened.append(request.parent)
            yield pb.WatchAlertsResponse(heartbeat=types_pb2.Heartbeat())
            yield pb.WatchAlertsResponse(alert=ALERT)
            if len(opened) > 1:
                await asyncio.Event().wait()

        async def accounts(request: Any, _: Any) -> Any:
            account = resources_pb2.Account(name="accounts/main", mode=types_pb2.MODE_SIM)
            return accounts_pb2.ListAccountsResponse(accounts=[account])

        answers = {f"{SERVICE}/{name}": answering(name, it) for name, it in ANSWERS.items()}
        answers |= {f"{SERVICE}/WatchAlerts": watch}
        answers |= {"/axisor.v1.AccountService/ListAccounts": accounts}
        async with stub_server(answers) as address:
            there = ["--connect", address, "--plaintext", "--data-dir", str(tmp_path)]
            result = await asyncio.to_thread(CliRunner().invoke, cli, [*there, *words], input)
        return seen, result

    return run


async def test_a_channel_is_made_and_its_secret_read_from_a_line(ran: Ran) -> None:
    words = ("notify", "add", "telegram", "--label", "phone", "--set", "chat=42", "--from", "act")

    seen, result = await ran(*words, input="123:token\n")

    assert result.exit_code == 0, result.output
    made = seen["CreateChannel"]
    assert dict(made.values) == {"chat": "42"}
    assert dict(made.secrets) == {"token": "123:token"}
    assert made.min_level == pb.NOTICE_LEVEL_ACT
    assert "123:token" not in result.output


async def test_channels_are_listed_with_what_is_wrong(ran: Ran) -> None:
    _, result = await ran("notify", "list")

    assert "chat=42" in result.output
    assert "Telegram answers 401." in result.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("notify", "kinds"), "chat* api"),
        (("notify", "change", "phone", "--pause"), "telegram"),
        (("notify", "test", "phone"), "sent"),
        (("notify", "log", "--state", "sent", "--channel", ID[-8:]), "This is a test"),
        (("notify", "remove", "phone", "--yes"), "removed"),
        (("notify", "rules"), "quiet"),
        (("alert", "list", "--open"), "LONG 7f3a is near"),
        (("alert", "ack", ID[:8]), "near"),
        (("alert", "ack", "all"), "near"),
        (("alert", "mute", "30m", "--kind", "near"), "near"),
        (("alert", "watch", "--count", "1"), "warn  open  LONG 7f3a is near"),
        (("alert", "watch", "--count", "2"), "~ disconnected\n~ reconnected\nwarn  open"),
    ],
    ids=lambda given: " ".join(given[:2]) if isinstance(given, tuple) else "",
)
async def test_each_command_says_what_it_did(ran: Ran, words: tuple[str, ...], says: str) -> None:
    _, result = await ran(*words)

    assert result.exit_code == 0, result.output
    assert says in result.output


async def test_rules_are_changed_by_what_is_given(ran: Ran) -> None:
    words = ("--quiet", "23:00-07:00", "--daily", "off", "--repeat-after", "5")

    seen, result = await ran("notify", "rules", *words)

    assert result.exit_code == 0, result.output
    changed = seen["UpdateNotificationRules"]
    assert list(changed.update_mask.paths) == ["quiet", "escalation", "daily_at"]
    assert (changed.quiet.begin, changed.quiet.end) == ("23:00", "07:00")
    assert (changed.escalation.after_minutes, changed.daily_at) == (5, "")
    assert changed.etag == "r3"


async def test_programs_read_every_field(ran: Ran) -> None:
    _, result = await ran("alert", "list", "-o", "json")

    (found,) = json.loads(result.output)
    assert (found["id"], found["level"], found["open"]) == (ID, "warn", True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("notify", "add", "telex"), "There is no kind `telex`"),
        (("notify", "add", "telegram", "--set", "chat"), "no NAME=TEXT"),
        (("notify", "rules", "--quiet", "23:00"), "FROM-UNTIL"),
        (("notify", "test", "nowhere"), "nowhere"),
        (("alert", "mute", "soon"), "no span"),
        (("alert", "ack", "nothing"), "nothing"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
async def test_what_makes_no_sense_is_refused(ran: Ran, words: tuple[str, ...], why: str) -> None:
    _, result = await ran(*words)

    assert result.exit_code != 0
    assert why in str(result.exception)
