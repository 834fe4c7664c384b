"""Knows a core by the public key of its certificate, which renewals leave as it is."""

from __future__ import annotations

import hashlib
import hmac
import re
import ssl
from collections.abc import Iterator

from axisor.errors import SettingsInvalid
from axisor.wire.failures import CoreUnreachable

TIMEOUT_S = 10.0
PINNED_NAME = "localhost"
"""A name that every core's own certificate bears; the key is what a pin relies on."""

_EXPLICIT = 0xA0
"""The tag of the version at the head of a certificate; without it the version is the first."""


def pinned(target: str, pin: str) -> bytes:
    """Return the certificate (PEM) that a core shows now, if it is of the key that is pinned.

    `pin` is `sha256:` and the hash of the public key in hexadecimal digits. Raises SettingsInvalid
    for another key, CoreUnreachable where nobody answers.
    """
    host, _, port = target.rpartition(":")
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", pin) or not port.isdecimal():
        raise SettingsInvalid(
            "A pin is sha256: and 64 digits, of a core at HOST:PORT.", setting="pin", source=target
        )
    try:
        found = ssl.get_server_certificate((host.strip("[]"), int(port)), timeout=TIMEOUT_S)
    except OSError as error:
        raise CoreUnreachable(f"{target} does not answer: {error}.") from error
    if not hmac.compare_digest(pin_of(found), pin):
        raise SettingsInvalid(
            f"{target} shows another key than the one that is pinned.",
            money="Somebody may stand between you and your core; nothing was sent to them.",
            fix="Look on the core's machine which key it has: it says so when it starts.",
            setting="pin",
            source=target,
        )
    return found.encode()


def pin_of(pem: str) -> str:
    """Return the pin of a certificate's public key. Raises SettingsInvalid where it is none."""
    try:
        (whole, *_) = _parts(ssl.PEM_cert_to_DER_cert(pem))
        (signed, *_) = _parts(whole[1])
        fields = list(_parts(signed[1]))
        if fields[0][0] == _EXPLICIT:
            fields = fields[1:]
        key = fields[5][2]  # after serial number, algorithm, issuer, validity and subject
    except (ValueError, IndexError) as error:
        raise SettingsInvalid("This is no certificate.", setting="pin") from error
    return f"sha256:{hashlib.sha256(key).hexdigest()}"


def _parts(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield tag, content and whole encoding of the DER values in a row."""
    at = 0
    while at < len(content):
        tag, length, head = content[at], content[at + 1], 2
        if length & 0x80:
            head += length & 0x7F
            length = int.from_bytes(content[at + 2 : at + head], "big")
        end = at + head + length
        if end > len(content):
            raise ValueError("a value ends beyond its place")
        yield tag, content[at + head : end], content[at:end]
        at = end
