"""Nostr: an encrypted message to one key, over relays that its owner reads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from axisor.errors import (
    AddressForbidden,
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUnknown,
    FieldInvalid,
)
from axisor.notices import Notice, Receipt, Target, TargetField, Way
from axisor_channels.gifts import MISSING, Message, Sender, Signed
from axisor_channels.relays import Relay, hand_over, relay_of

LONGEST = 4_096
MOST_RELAYS = 5
MOST_KEPT = 256
"""So many messages that no relay has yet are kept as they were wrapped."""

_WORST = (DeliveryUnknown, DeliveryDelayed, DeliveryRefused, AddressForbidden)
"""Where no relay took a message, what is said of it: what may still work comes first."""


class Nostr:
    """Private messages as NIP-17 has them: nobody but the recipient learns who writes, or what.

    A message that is tried again keeps its id, and while this core runs its wrapping too, so that
    relays and programs that read know a repeat.
    """

    name = "nostr"
    summary = "An encrypted message over Nostr (NIP-17)."
    duplicates_harmless = True
    per_minute = 20
    fields = (
        TargetField(
            name="npub",
            description="Whom it is to: npub1…",
            example="npub1ypam5u9uvccfh2jc9f4vzg8a2ttgqfk9ra3jd7xvah9a9sdhawpq4cvgqv",
        ),
        TargetField(
            name="relays",
            description="Where they read private messages, up to 5, with spaces in between.",
            example="wss://relay.example.org wss://inbox.example.net",
        ),
        TargetField(
            name="nsec",
            description="The key that messages are from, one of its own: nsec1…",
            example="nsec1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5z5tpwxqergd3c8g7rusqpqcc2y",
            secret=True,
        ),
    )

    def __init__(self) -> None:
        self._kept: dict[str, Signed] = {}

    def check(self, target: Target) -> None:
        """Raise FieldInvalid for what is no key or no relay, and without the library."""
        try:
            sender = Sender(target.secret("nsec"))
        except ImportError:
            raise FieldInvalid(MISSING, fix="Install it, then send again.", field="nsec") from None
        except ValueError:
            raise FieldInvalid(
                "`nsec` must be a secret key of Nostr: nsec1…",
                fix="Make one for this channel alone, with any program of Nostr.",
                field="nsec",
            ) from None
        try:
            sender.check_recipient(target.get("npub"))
        except ValueError:
            raise FieldInvalid(
                "`npub` must be a public key of Nostr: npub1…", field="npub"
            ) from None
        _relays(target)

    async def send(self, notice: Notice, target: Target, way: Way) -> Receipt:
        """Hand a message to every relay, and return once all have answered and one has it."""
        try:
            sender = Sender(target.secret("nsec"))
            message = sender.message(target.get("npub"), notice.text[:LONGEST], notice.time)
        except ImportError:
            raise DeliveryDelayed(MISSING, cause="library") from None
        except ValueError:
            raise DeliveryRefused("A key of this channel is none.", cause="key") from None
        letter = self._wrapped(sender, message)
        ended = await asyncio.gather(
            *(
                hand_over(letter, relay, way, partial(sender.proof, relay.url))
                for relay in _relays(target)
            ),
            return_exceptions=True,
        )
        if None not in ended:
            raise _worst([each for each in ended if each is not None])
        self._kept.pop(message.id, None)
        return Receipt(letter.id)

    def _wrapped(self, sender: Sender, message: Message) -> Signed:
        """Return a message as it was wrapped before; the oldest are forgotten."""
        letter = self._kept.get(message.id) or sender.wrapped(message)
        self._kept[message.id] = letter
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return letter


def _relays(target: Target) -> list[Relay]:
    """Return the relays of a target. Raises FieldInvalid."""
    urls = dict.fromkeys(target.get("relays").split())
    try:
        relays = [relay_of(url) for url in urls]
    except ValueError:
        relays = []
    if not 1 <= len(relays) <= MOST_RELAYS:
        raise FieldInvalid(
            f"`relays` must be one to {MOST_RELAYS} addresses: wss://relay.example.org.",
            field="relays",
        )
    return relays


def _worst(ended: Sequence[BaseException]) -> BaseException:
    known = [error for kind in _WORST for error in ended if isinstance(error, kind)]
    unknown = [error for error in ended if not isinstance(error, _WORST)]
    return (unknown or known)[0]
