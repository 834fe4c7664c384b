"""The bot's key of Nostr, and private messages (NIP-17) to it and from it.

The cryptography is that of `nostr-sdk`, which comes with the extra `nostr`.
"""

from __future__ import annotations

from datetime import datetime

import nostr_sdk
from msgspec import Struct

from axisor.ports import Secret
from axisor_bot.errors import NostrKeyInvalid

MESSAGE, GIFT, PROOF = 14, 1_059, 22_242
"""Kinds of events: a private message, what it is wrapped in, and what shows a relay who we are."""

NPUB, NSEC = "npub1", "nsec1"


class Letter(Struct, frozen=True):
    """A message that was opened: its id, whom it is from, what it says, and when by their clock."""

    id: str
    sender: str
    text: str
    at_s: int


class Signed(Struct, frozen=True):
    """An event as relays take it: its id, and the whole as JSON."""

    id: str
    event: str


class Identity:
    """Who the bot is. Its repr shows no secret."""

    __slots__ = ("_keys", "hex", "npub")

    def __init__(self, nsec: Secret) -> None:
        """Take a secret key. Raises NostrKeyInvalid."""
        text = nsec.reveal()
        try:
            if not text.startswith(NSEC):
                raise NostrKeyInvalid("A secret key of Nostr begins with nsec1.")
            self._keys = nostr_sdk.Keys.parse(text)
        except nostr_sdk.NostrSdkError:
            raise NostrKeyInvalid("This is no secret key of Nostr.") from None
        self.hex: str = self._keys.public_key().to_hex()
        self.npub: str = self._keys.public_key().to_bech32()

    def __repr__(self) -> str:
        return f"Identity({self.npub})"

    @staticmethod
    def fresh() -> Secret:
        """Return a secret key that nobody had before."""
        return Secret(nostr_sdk.Keys.generate().secret_key().to_bech32())

    def opened(self, event: str) -> Letter | None:
        """Return the message in a wrapping, None for what is none to us or not from who it says."""
        try:
            gift = nostr_sdk.Event.from_json(event)
            if not gift.verify():
                return None
            found = nostr_sdk.UnwrappedGift.from_gift_wrap(self._keys, gift)
        except nostr_sdk.NostrSdkError:
            return None
        rumor, sender = found.rumor(), found.sender()
        if rumor.kind().as_u16() != MESSAGE or rumor.author().to_hex() != sender.to_hex():
            return None
        return Letter(
            rumor.ensure_id().id().to_hex(),
            sender.to_bech32(),
            rumor.content(),
            rumor.created_at().as_secs(),
        )

    def written(self, npub: str, text: str, at: datetime) -> Signed:
        """Return a message to somebody, wrapped."""
        recipient = nostr_sdk.PublicKey.parse(npub)
        rumor = (
            nostr_sdk.EventBuilder(nostr_sdk.Kind(MESSAGE), text)
            .tags([nostr_sdk.Tag.parse(["p", recipient.to_hex()])])
            .custom_created_at(nostr_sdk.Timestamp.from_secs(int(at.timestamp())))
            .finalize_unsigned(self._keys.public_key())
        )
        gift = nostr_sdk.nip59_make_gift_wrap(self._keys, recipient, rumor)
        return Signed(gift.id().to_hex(), gift.as_json())

    def proof(self, relay: str, challenge: str) -> Signed:
        """Return what shows a relay who we are (NIP-42)."""
        tags = [
            nostr_sdk.Tag.parse(["relay", relay]),
            nostr_sdk.Tag.parse(["challenge", challenge]),
        ]
        event = nostr_sdk.EventBuilder(nostr_sdk.Kind(PROOF), "").tags(tags).finalize(self._keys)
        return Signed(event.id().to_hex(), event.as_json())

    def check_partner(self, npub: str) -> None:
        """Raise NostrKeyInvalid for what is no public key that messages can be sealed for."""
        try:
            if not npub.startswith(NPUB):
                raise NostrKeyInvalid("A public key of Nostr begins with npub1.")
            self._keys.nip44_encrypt(nostr_sdk.PublicKey.parse(npub), "x")
        except nostr_sdk.NostrSdkError:
            raise NostrKeyInvalid("This is no public key of Nostr.") from None
