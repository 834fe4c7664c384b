"""Private messages of Nostr (NIP-17): sealed by one's own key, wrapped by a key that is used once.

The cryptography is that of `nostr-sdk`, which comes with the extra `nostr` and is loaded when it is
first needed. Its own client is not used: it would connect wherever an address leads.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

MESSAGE, PROOF = 14, 22_242
"""Kinds of events: a private message, and what shows a relay who we are."""

NPUB, NSEC = "npub1", "nsec1"
MISSING = "nostr-sdk is missing: pip install axisor-channels[nostr]."


class Signed(Struct, frozen=True):
    """An event as relays take it: its id, and the whole as JSON."""

    id: str
    event: str


class Sender:
    """Who messages are from. Its repr shows no key."""

    __slots__ = ("_keys", "_library")

    def __init__(self, nsec: str) -> None:
        """Take a secret key. Raises ValueError for what is none, and ImportError."""
        import nostr_sdk

        self._library = nostr_sdk
        if not nsec.startswith(NSEC):
            raise ValueError("a secret key begins with nsec1")
        try:
            self._keys = nostr_sdk.Keys.parse(nsec)
        except nostr_sdk.NostrSdkError:
            raise ValueError("no secret key") from None

    def __repr__(self) -> str:
        return "Sender(…)"

    def check_recipient(self, npub: str) -> None:
        """Raise ValueError for what is no public key, or one that nothing can be sealed for."""
        try:
            self._keys.nip44_encrypt(self._recipient(npub), "x")
        except self._library.NostrSdkError:
            raise ValueError("no public key") from None

    def message(self, npub: str, text: str, at: datetime) -> Message:
        """Return a message; the same text at the same time is the same message."""
        library, recipient = self._library, self._recipient(npub)
        rumor = (
            library.EventBuilder(library.Kind(MESSAGE), text)
            .tags([library.Tag.parse(["p", recipient.to_hex()])])
            .custom_created_at(library.Timestamp.from_secs(int(at.timestamp())))
            .finalize_unsigned(self._keys.public_key())
            .ensure_id()
        )
        return Message(rumor.id().to_hex(), rumor, recipient)

    def wrapped(self, message: Message) -> Signed:
        """Return a message as relays take it. They see whom it is to; each time it looks new."""
        gift = self._library.nip59_make_gift_wrap(self._keys, message.recipient, message.rumor)
        return Signed(gift.id().to_hex(), gift.as_json())

    def proof(self, relay: str, challenge: str) -> Signed:
        """Return what shows a relay who we are (NIP-42)."""
        library = self._library
        tags = [library.Tag.parse(["relay", relay]), library.Tag.parse(["challenge", challenge])]
        event = library.EventBuilder(library.Kind(PROOF), "").tags(tags).finalize(self._keys)
        return Signed(event.id().to_hex(), event.as_json())

    def _recipient(self, npub: str) -> Any:
        if not npub.startswith(NPUB):
            raise ValueError("a public key begins with npub1")
        try:
            return self._library.PublicKey.parse(npub)
        except self._library.NostrSdkError:
            raise ValueError("no public key") from None


class Message(Struct, frozen=True):
    """A message before it is sealed. Receivers know a repeat by its id, which stays the same."""

    id: str
    rumor: Any
    recipient: Any
