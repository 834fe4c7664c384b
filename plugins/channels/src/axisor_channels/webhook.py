"""Webhooks as Standard Webhooks has them: JSON, signed by up to two secrets."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from axisor.errors import DeliveryRefused, FieldInvalid
from axisor.notices import Notice, Receipt, Target, TargetField, Way
from axisor_channels.http import JSON, check_url, encoded, judge

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64
GONE = 410


class Webhook:
    """A program of one's own that takes notices. The id of a message is the same with each try."""

    name = "webhook"
    summary = "A signed POST to an address of yours (Standard Webhooks)."
    duplicates_harmless = True
    per_minute = 60
    fields = (
        TargetField(
            name="url",
            description="Where to; it may hold a key, so it is kept secret.",
            example="https://hooks.example.org/axisor",
            secret=True,
        ),
        TargetField(
            name="secret",
            description="whsec_ and 24 to 64 bytes as base64; it signs what is sent.",
            example=PREFIX + base64.b64encode(bytes(range(32))).decode(),
            secret=True,
        ),
        TargetField(
            name="next_secret",
            description="A second one that signs as well, while the first is being replaced.",
            example=PREFIX + base64.b64encode(bytes(range(32, 64))).decode(),
            secret=True,
            required=False,
        ),
    )

    def check(self, target: Target) -> None:
        """Raise FieldInvalid for what is no address or no secret."""
        check_url(target, "url", secret=True)
        for name in ("secret", "next_secret"):
            if target.secret(name) and key_of(target.secret(name)) is None:
                raise FieldInvalid(
                    f"`{name}` must be {PREFIX} and {LEAST_BYTES} to {MOST_BYTES} bytes in base64.",
                    fix=f"Make one: echo {PREFIX}$(head -c 32 /dev/urandom | base64)",
                    field=name,
                )

    async def send(self, notice: Notice, target: Target, way: Way) -> Receipt:
        """Send a notice, signed at the time of this try."""
        body = payload(notice)
        stamp = str(int(way.now().timestamp()))
        names = ("secret", "next_secret")
        keys = [key_of(target.secret(name)) for name in names if target.secret(name)]
        signed = [signature(key, notice.id, stamp, body) for key in keys if key is not None]
        answer = await way.post(
            target.secret("url"),
            headers={
                **JSON,
                "webhook-id": notice.id,
                "webhook-timestamp": stamp,
                "webhook-signature": " ".join(signed),
            },
            body=body,
        )
        if answer.status == GONE:
            raise DeliveryRefused("The receiver wants no more.", cause=GONE)
        judge(answer, "The receiver")
        return Receipt()


def payload(notice: Notice) -> bytes:
    """Return the body of a notice, the same with each try."""
    return encoded(
        {
            "type": f"notice.{notice.kind}",
            "timestamp": notice.time.isoformat(),
            "data": {
                "id": notice.id,
                "episode": notice.episode,
                "level": notice.level.value,
                "mode": notice.mode.value,
                "account": f"accounts/{notice.account}" if notice.account else "",
                "position": notice.position,
                "title": notice.title,
                "effect": notice.effect,
                "next_step": notice.next_step,
            },
        }
    )


def signature(key: bytes, id: str, stamp: str, body: bytes) -> str:
    """Return one signature of a message: HMAC-SHA256 of its id, its time and its body."""
    signed = hmac.new(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def key_of(secret: str) -> bytes | None:
    """Return the key in a secret, None where it is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    fits = secret.startswith(PREFIX) and LEAST_BYTES <= len(key) <= MOST_BYTES
    return key if fits else None
