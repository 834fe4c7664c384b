"""Two keys of Nostr, and what the one reads of the other."""

from __future__ import annotations

from typing import Any

from tests.support.nostr_crypto import public_of
from tests.support.nostr_letters import Opened, read_by

OURS, THEIRS = bytes(range(1, 33)).hex(), bytes(range(33, 65)).hex()
NSEC = "nsec1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5z5tpwxqergd3c8g7rusqpqcc2y"
NPUB = "npub1ypam5u9uvccfh2jc9f4vzg8a2ttgqfk9ra3jd7xvah9a9sdhawpq4cvgqv"
SENDER, RECIPIENT = public_of(OURS), public_of(THEIRS)


def opened_by_them(gift: dict[str, Any]) -> Opened:
    """Return what the recipient reads, which is from us."""
    found = read_by(THEIRS, gift)
    assert found.rumor["pubkey"] == SENDER
    return found
