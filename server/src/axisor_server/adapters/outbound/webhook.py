"""Sends messages to a receiver as Standard Webhooks has them, signed by up to two secrets."""

from __future__ import annotations

import binascii
from datetime import datetime

from msgspec import Struct
from standardwebhooks import Webhook

from axisor.errors import SettingsInvalid
from axisor.ports import Secret
from axisor_server.adapters.outbound.addresses import Target
from axisor_server.adapters.outbound.sending import Outbound, unavailable

MOST_SECRETS = 2
LEAST_BYTES = 24
"""How long a secret is at least, as the specification has it."""

PREFIX = "whsec_"
GONE = 410
"""What a receiver says that wants no more; it is a failure like others, with its own cause."""


class Letterhead(Struct, frozen=True):
    """Where messages go, and what signs them."""

    target: Target
    secrets: tuple[Secret, ...]


class WebhookReceiver:
    """The Receiver port over HTTP."""

    def __init__(self, outbound: Outbound, letterhead: Letterhead) -> None:
        self._outbound = outbound
        self._target = letterhead.target
        self._signers = [Webhook(secret.reveal()) for secret in letterhead.secrets]

    async def take(self, body: bytes, *, id: str, time: datetime) -> None:
        """Send a message, the same id with each try. Raises AddressForbidden, and
        ReceiverUnavailable unless the receiver said that it has it.
        """
        text = body.decode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "axisor",
            "webhook-id": id,
            "webhook-timestamp": str(int(time.timestamp())),
            "webhook-signature": " ".join(each.sign(id, time, text) for each in self._signers),
        }
        answer = await self._outbound.post(self._target, headers=headers, body=body)
        if answer.status == GONE:
            raise unavailable(self._target, "gone", "wants no more")
        if not 200 <= answer.status < 300:
            raise unavailable(self._target, "status", f"answers {answer.status}")


def read_secrets(content: bytes, setting: str) -> tuple[Secret, ...]:
    """Return the secrets of a file: one a line, in use at once. Raises SettingsInvalid."""
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    found = tuple(Secret(line) for line in lines if line and not line.startswith("#"))
    if not 1 <= len(found) <= MOST_SECRETS or not all(map(_is_secret, found)):
        raise SettingsInvalid(
            f"The file of {setting} does not have one or two secrets.",
            fix=f"Write {PREFIX} and at least {LEAST_BYTES} bytes as base64 into a line.",
            setting=setting,
        )
    return found


def _is_secret(secret: Secret) -> bool:
    try:
        key = binascii.a2b_base64(secret.reveal().removeprefix(PREFIX), strict_mode=True)
    except ValueError:
        return False
    return secret.reveal().startswith(PREFIX) and len(key) >= LEAST_BYTES
