"""What the library seals, another implementation opens, and the other way round."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import nostr_sdk
import pytest

from axisor_channels.gifts import Sender
from tests.plugins.channels.nostr import (
    NPUB,
    NSEC,
    OURS,
    RECIPIENT,
    SENDER,
    THEIRS,
    opened_by_them,
)
from tests.support.nostr_crypto import id_of, is_signed, opened, public_of, sealed

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEXT = 'CRIT  está a 1,4 % — "98 000"\n\\o/ 🟠'
EXAMPLE = (
    "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABee0G5VSK0/9YypIObAtDKfYEAjD35uVkHyB0F4DwrcNa"
    "CXlCWZKaArsGrY6M9wnuTMxWfp1RTN9Xga8no+kF5Vsb"
)
"""What NIP-44 gives for the letter `a` between the keys 1 and 2."""


def test_the_example_of_the_specification_is_met():
    one, two = "1".zfill(64), "2".zfill(64)

    assert sealed(one, public_of(two), "a", (1).to_bytes(32)) == EXAMPLE
    theirs = nostr_sdk.SecretKey.parse(two), nostr_sdk.PublicKey.parse(public_of(one))
    assert nostr_sdk.nip44_decrypt(*theirs, EXAMPLE) == "a"


@pytest.mark.parametrize("size", [1, 32, 33, 64, 65, 256, 257, 1_000, 20_000])
def test_both_read_what_the_other_wrote(size: int):
    text = "x" * size
    theirs = nostr_sdk.SecretKey.parse(THEIRS), nostr_sdk.PublicKey.parse(SENDER)
    ours = nostr_sdk.SecretKey.parse(OURS), nostr_sdk.PublicKey.parse(RECIPIENT)

    assert nostr_sdk.nip44_decrypt(*theirs, sealed(OURS, RECIPIENT, text, bytes(32))) == text
    written = nostr_sdk.nip44_encrypt(*ours, text, nostr_sdk.Nip44Version.V2)
    assert opened(THEIRS, SENDER, written) == text


def test_a_message_is_read_by_its_recipient_and_tells_nobody_else_whom_it_is_from():
    sender = Sender(NSEC)
    message = sender.message(NPUB, TEXT, NOON)

    letter = sender.wrapped(message)

    found = opened_by_them(json.loads(letter.event))
    assert found.rumor["content"] == TEXT
    assert found.rumor["created_at"] == int(NOON.timestamp())
    assert (found.gift["id"], found.rumor["id"]) == (letter.id, message.id)
    assert found.gift["pubkey"] not in (SENDER, RECIPIENT)
    assert SENDER not in letter.event


def test_a_repeat_is_the_same_message_in_another_wrapping():
    sender = Sender(NSEC)
    one, two = (sender.message(NPUB, TEXT, NOON) for _ in range(2))

    assert one.id == two.id
    assert sender.wrapped(one).id != sender.wrapped(two).id
    assert sender.message(NPUB, TEXT + "!", NOON).id != one.id


def test_a_proof_shows_a_relay_who_we_are():
    proof = json.loads(Sender(NSEC).proof("wss://relay.example.org", "challenge").event)

    assert (proof["kind"], proof["pubkey"]) == (22_242, SENDER)
    assert proof["tags"] == [["relay", "wss://relay.example.org"], ["challenge", "challenge"]]
    assert id_of(proof) == proof["id"]
    assert is_signed(proof)


def test_no_repr_shows_a_key():
    assert NSEC not in repr(Sender(NSEC))
    assert OURS not in repr(Sender(NSEC))


@pytest.mark.parametrize("nsec", ["", "canary", OURS, NSEC[:-1] + "q", NSEC.upper(), NPUB])
def test_what_is_no_secret_key_is_refused_without_being_shown(nsec: str):
    with pytest.raises(ValueError, match="secret key") as raised:
        Sender(nsec)

    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    "npub",
    [
        "",
        RECIPIENT,
        NSEC,
        NPUB[:-1] + "q",
        f"nostr:{NPUB}",
        nostr_sdk.PublicKey.parse("f" * 64).to_bech32(),
    ],
    ids=["empty", "hex", "secret", "checksum", "link", "off the curve"],
)
def test_what_is_no_public_key_is_no_recipient(npub: str):
    with pytest.raises(ValueError, match="public key"):
        Sender(NSEC).check_recipient(npub)
