"""Private messages of Nostr (NIP-17), read and written by nothing that is under test."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct

from tests.support.nostr_crypto import id_of, is_signed, opened, public_of, sealed, signed

Event = dict[str, Any]
MESSAGE, SEAL, GIFT = 14, 13, 1_059


class Opened(Struct, frozen=True):
    """A message with both of its covers."""

    gift: Event
    seal: Event
    rumor: Event

    @property
    def text(self) -> str:
        """Return what it says."""
        return str(self.rumor["content"])


def read_by(secret: str, gift: Event) -> Opened:
    """Return what a recipient reads; all that NIP-17 and NIP-59 ask for is looked at."""
    recipient = public_of(secret)
    assert gift["kind"] == GIFT
    assert gift["tags"] == [["p", recipient]]
    seal = json.loads(opened(secret, gift["pubkey"], gift["content"]))
    assert (seal["kind"], seal["tags"]) == (SEAL, [])
    rumor = json.loads(opened(secret, seal["pubkey"], seal["content"]))
    assert (rumor["kind"], rumor["pubkey"]) == (MESSAGE, seal["pubkey"])
    assert rumor["tags"] == [["p", recipient]]
    assert "sig" not in rumor
    assert gift["pubkey"] not in (recipient, seal["pubkey"])
    for event in (gift, seal, rumor):
        assert event["id"] == id_of(event)
    assert is_signed(gift)
    assert is_signed(seal)
    return Opened(gift, seal, rumor)


def message(author: str, recipient: str, text: str, at_s: int, kind: int = MESSAGE) -> Event:
    """Return a message before it is sealed; keys are public ones, as hex."""
    rumor = {"pubkey": author, "created_at": at_s, "kind": kind, "tags": [["p", recipient]]}
    rumor["content"] = text
    return {"id": id_of(rumor), **rumor}


def wrapped(secret: str, recipient: str, rumor: Event, *, once: int = 7) -> Event:
    """Return a message sealed by a secret key and wrapped by a key that is `once`."""
    at_s, nonce = rumor["created_at"] - 60, bytes(31) + bytes([once])
    inner = sealed(secret, recipient, json.dumps(rumor), nonce)
    seal = signed(secret, {"created_at": at_s, "kind": SEAL, "tags": [], "content": inner})
    key = f"{once:064x}"
    outer = sealed(key, recipient, json.dumps(seal), nonce)
    tags = [["p", recipient]]
    return signed(key, {"created_at": at_s, "kind": GIFT, "tags": tags, "content": outer})
