"""Each kind of channel speaks to its service as that wants it, and tells what came of it.

The services are local and speak what the real ones do; the way out is the core's own, guarded.
"""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from axisor.errors import (
    AddressForbidden,
    AxisorError,
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUnknown,
    FieldInvalid,
)
from axisor.model import Mode
from axisor.notices import Notice, NoticeLevel, Notifier, Receipt, Target, missing
from axisor.ports import Secret
from axisor_channels import Apprise, Discord, Mail, Nostr, Ntfy, Telegram, Webhook
from axisor_server.adapters.outbound.sending import Outbound
from axisor_server.adapters.outbound.way import OutboundWay
from axisor_server.adapters.system import SystemClock
from tests.support.receivers import Receiver, receiving

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TOKEN = "123456:canary-canary-canary-canary"
KEY = "whsec_" + base64.b64encode(bytes(range(32))).decode()
NEXT = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
NOTICE = Notice(
    id="0d9f3c7e-0000-4000-8000-0000000000d1",
    episode="a/near/p",
    level=NoticeLevel.CRIT,
    kind="near",
    mode=Mode.SIM,
    account="a",
    title="LONG 7f3a está a 1,4 % da liquidação",
    effect="preço 97.640",
    next_step="Deposite.",
    time=NOON,
)
ALL: tuple[Notifier, ...] = (
    Apprise(),
    Discord(),
    Mail(),
    Nostr(),
    Ntfy(),
    Telegram(),
    Webhook(),
)
OVER_HTTP = ("apprise", "discord", "ntfy", "telegram", "webhook")


@pytest.fixture
async def service() -> AsyncIterator[Receiver]:
    async with receiving(Receiver()) as made:
        yield made


def way(*, allowed: str = "127.0.0.0/8", timeout_s: float = 5.0) -> OutboundWay:
    networks = (ipaddress.ip_network(allowed),) if allowed else ()
    return OutboundWay(Outbound(allowed=networks, timeout_s=timeout_s), SystemClock())


def target_of(name: str, port: int) -> Target:
    there = f"http://127.0.0.1:{port}"
    values: dict[str, dict[str, str]] = {
        "telegram": {"chat": "42", "api": there},
        "ntfy": {"server": there},
    }
    secrets = {
        "apprise": {"url": f"{there}/notify/canary"},
        "discord": {"url": f"{there}/api/webhooks/1/canary"},
        "ntfy": {"topic": "canary-topic", "token": "tk_canary"},
        "telegram": {"token": TOKEN},
        "webhook": {"url": f"{there}/in?key=canary", "secret": KEY, "next_secret": NEXT},
    }
    return Target(values.get(name, {}), {k: Secret(v) for k, v in secrets[name].items()})


def kind(name: str) -> Notifier:
    return next(each for each in ALL if each.name == name)


async def sent(name: str, service: Receiver, **how: Any) -> Receipt:
    return await kind(name).send(NOTICE, target_of(name, service.port), way(**how))


def body(service: Receiver) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(service.asked[-1].body)
    return found


async def test_telegram_gets_a_message_of_a_bot(service: Receiver):
    service.body = b'{"ok":true,"result":{"message_id":7}}'

    receipt = await sent("telegram", service)

    assert receipt == Receipt("7")
    assert service.asked[0].line == f"POST /bot{TOKEN}/sendMessage HTTP/1.1"
    assert body(service) == {
        "chat_id": "42",
        "text": NOTICE.text,
        "disable_notification": False,
        "link_preview_options": {"is_disabled": True},
    }


async def test_a_webhook_can_be_verified_by_either_secret(service: Receiver):
    await sent("webhook", service)

    asked = service.asked[0]
    assert asked.headers["webhook-id"] == NOTICE.id
    for secret in (KEY, NEXT):
        data = Verifier(secret).verify(asked.body.decode(), asked.headers)
        assert data["type"] == "notice.near"
        assert data["data"]["title"] == NOTICE.title
        assert data["data"]["account"] == "accounts/a"


async def test_ntfy_gets_a_title_in_any_language_and_a_priority(service: Receiver):
    service.body = b'{"id":"n1"}'

    receipt = await sent("ntfy", service)

    assert receipt == Receipt("n1")
    assert service.asked[0].headers["authorization"] == "Bearer tk_canary"
    assert body(service)["title"] == NOTICE.headline
    assert (body(service)["topic"], body(service)["priority"]) == ("canary-topic", 5)


async def test_discord_mentions_nobody(service: Receiver):
    service.body = b'{"id":"d1"}'

    receipt = await sent("discord", service)

    assert receipt == Receipt("d1")
    assert service.asked[0].line.startswith("POST /api/webhooks/1/canary?wait=true ")
    assert body(service)["allowed_mentions"] == {"parse": []}
    assert body(service)["content"] == NOTICE.text


async def test_apprise_gets_title_body_and_type(service: Receiver):
    await sent("apprise", service)

    assert body(service) == {
        "title": NOTICE.headline,
        "body": "preço 97.640\nDeposite.",
        "type": "failure",
        "format": "text",
    }


@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("401 Unauthorized", DeliveryRefused),
        ("404 Not Found", DeliveryRefused),
        ("302 Found", DeliveryRefused),
        ("429 Too Many Requests", DeliveryDelayed),
        ("500 Internal Server Error", DeliveryDelayed),
        ("503 Service Unavailable", DeliveryDelayed),
        ("502 Bad Gateway", DeliveryUnknown),
    ],
    ids=lambda given: given[:3] if isinstance(given, str) else "",
)
async def test_a_refusal_is_told_from_a_delay(
    service: Receiver, name: str, status: str, error: type[AxisorError]
):
    service.status = status
    service.head = b"Retry-After: 17\r\n"

    with pytest.raises(error) as raised:
        await sent(name, service)

    assert "canary" not in str(raised.value) + repr(raised.value)
    if isinstance(raised.value, DeliveryDelayed):
        assert raised.value.retry_after_s == 17


@pytest.mark.parametrize(
    ("name", "answer", "wait_s"),
    [
        ("telegram", b'{"ok":false,"parameters":{"retry_after":31}}', 31),
        ("discord", b'{"message":"slow","retry_after":1.2}', 2),
        ("telegram", b'{"parameters":7}', 0),
        ("discord", b"no json", 0),
        ("discord", b'{"retry_after":1e999}', 0),
    ],
)
async def test_how_long_to_wait_is_read_from_the_answer(
    service: Receiver, name: str, answer: bytes, wait_s: int
):
    service.status, service.body = "429 Too Many Requests", answer

    with pytest.raises(DeliveryDelayed) as raised:
        await sent(name, service)

    assert raised.value.retry_after_s == wait_s


async def test_what_telegram_says_is_told_without_the_token(service: Receiver):
    service.status = "400 Bad Request"
    service.body = f'{{"description":"chat not found for {TOKEN}"}}'.encode()

    with pytest.raises(DeliveryRefused, match="chat not found") as raised:
        await sent("telegram", service)

    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_silence_leaves_it_unknown(service: Receiver, name: str):
    service.silent = True

    with pytest.raises(DeliveryUnknown) as raised:
        await sent(name, service, timeout_s=0.2)

    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_where_nobody_listens_nothing_was_sent(name: str):
    async with receiving(Receiver()) as gone:
        pass

    with pytest.raises(DeliveryDelayed) as raised:
        await sent(name, gone)

    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_the_machine_itself_is_not_spoken_to_unless_allowed(service: Receiver, name: str):
    with pytest.raises(AddressForbidden) as raised:
        await sent(name, service, allowed="")

    assert service.asked == []
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("name", [each.name for each in ALL])
def test_its_own_example_is_a_target(name: str):
    notifier = kind(name)
    values = {each.name: each.example for each in notifier.fields if not each.secret}
    secrets = {each.name: Secret(each.example) for each in notifier.fields if each.secret}
    target = Target(values, secrets)

    notifier.check(target)

    assert missing(notifier.fields, target) == ""
    assert missing(notifier.fields, Target({}, {})) != ""
    assert repr(target) == "Target(…)"


@pytest.mark.parametrize(
    ("name", "values", "secrets"),
    [
        ("telegram", {"chat": "ada lovelace"}, {"token": TOKEN}),
        ("telegram", {"chat": "42"}, {"token": "canary"}),
        ("telegram", {"chat": "42", "api": "ftp://x"}, {"token": TOKEN}),
        ("webhook", {}, {"url": "https://example.org", "secret": "whsec_short"}),
        ("webhook", {}, {"url": "https://example.org", "secret": "canary"}),
        ("webhook", {}, {"url": "example.org", "secret": KEY}),
        ("ntfy", {}, {"topic": "a/b"}),
        ("ntfy", {}, {"topic": "a", "token": "a\nb"}),
        ("discord", {}, {"url": "//"}),
        ("mail", {"host": "h", "sender": "a@b.c", "recipient": "a@b.c,x@y.z"}, {}),
        ("mail", {"host": "h", "sender": "a@b.c", "recipient": "nobody"}, {}),
        ("mail", {"host": "h", "sender": "a@b.c", "recipient": "a@b.c", "tls": "maybe"}, {}),
        ("mail", {"host": "h", "sender": "a@b.c", "recipient": "a@b.c", "port": "0"}, {}),
        ("mail", {"host": "h", "sender": "a@b.c", "recipient": "a@b.c", "user": "a"}, {}),
    ],
)
def test_what_can_lead_nowhere_is_refused(
    name: str, values: dict[str, str], secrets: dict[str, str]
):
    target = Target(values, {key: Secret(text) for key, text in secrets.items()})

    with pytest.raises(FieldInvalid) as raised:
        kind(name).check(target)

    assert "canary" not in str(raised.value)
