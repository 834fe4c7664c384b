"""Messages are signed as Standard Webhooks says, and only a yes is a yes."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from tests.support.receivers import Receiver, receiving

from axisor.errors import ReceiverUnavailable, SettingsInvalid
from axisor.ports import Secret
from axisor_server.adapters.outbound.addresses import networks, parse
from axisor_server.adapters.outbound.sending import Outbound
from axisor_server.adapters.outbound.webhook import Letterhead, WebhookReceiver, read_secrets

OLD = f"whsec_{base64.b64encode(bytes(range(32))).decode()}"
NEW = f"whsec_{base64.b64encode(bytes(range(1, 33))).decode()}"
OTHER = f"whsec_{base64.b64encode(bytes(range(2, 34))).decode()}"
BODY = '{"type":"test","text":"ä"}'.encode()


def sender(receiver: Receiver, *secrets: str) -> WebhookReceiver:
    target = parse(f"http://127.0.0.1:{receiver.port}/hook")
    outbound = Outbound(allowed=networks(["127.0.0.0/8"], "outbound.allow"))
    return WebhookReceiver(outbound, Letterhead(target, tuple(map(Secret, secrets))))


async def test_a_receiver_verifies_a_message_with_either_of_two_secrets():
    now = datetime.now(UTC)
    async with receiving(Receiver()) as receiver:
        await sender(receiver, NEW, OLD).take(BODY, id="msg_1", time=now)

    (asked,) = receiver.asked
    assert asked.headers["webhook-id"] == "msg_1"
    assert asked.headers["webhook-timestamp"] == str(int(now.timestamp()))
    assert asked.headers["content-type"] == "application/json"
    for secret in (OLD, NEW):
        assert Webhook(secret).verify(asked.body, asked.headers) == {"type": "test", "text": "ä"}
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(asked.body, asked.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(asked.body + b" ", asked.headers)


def test_a_signature_is_that_of_the_specification():
    # The example of the specification, as its own library tests it.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    time = datetime.fromtimestamp(1614265330, UTC)

    sign = Webhook(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time, '{"test": 2432232314}')

    assert sign == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("301 Moved", "status"),
        ("307 Moved", "status"),
        ("400 No", "status"),
        ("404 No", "status"),
        ("410 Gone", "gone"),
        ("429 Later", "status"),
        ("500 Oh", "status"),
        ("503 Later", "status"),
    ],
)
async def test_anything_but_a_yes_is_a_failure(status: str, cause: str):
    async with receiving(Receiver()) as receiver:
        receiver.status = status
        with pytest.raises(ReceiverUnavailable) as caught:
            await sender(receiver, NEW).take(BODY, id="msg_1", time=datetime.now(UTC))

    assert caught.value.metadata == {"cause": cause, "host": "127.0.0.1"}


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted", "204 No Content"])
async def test_every_yes_is_a_yes(status: str):
    async with receiving(Receiver()) as receiver:
        receiver.status, receiver.body = status, b""
        await sender(receiver, NEW).take(BODY, id="msg_1", time=datetime.now(UTC))


def test_a_file_has_one_secret_or_two():
    assert [secret.reveal() for secret in read_secrets(f"{NEW}\n".encode(), "s")] == [NEW]
    content = f"# since May\n{NEW}\n\n{OLD}".encode()
    assert [secret.reveal() for secret in read_secrets(content, "s")] == [NEW, OLD]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# nothing\n",
        f"{NEW}\n{OLD}\n{OTHER}\n",
        "whsec_c2hvcnQ=\n",
        f"{NEW[:-1]}!\n",
        NEW.removeprefix("whsec_"),
        "\xff\n",
    ],
)
def test_a_file_without_a_good_secret_is_refused(content: str):
    with pytest.raises(SettingsInvalid, match="one or two secrets") as caught:
        read_secrets(content.encode("latin-1"), "audit.webhook_secrets")

    assert "whsec_MD" not in str(caught.value)
