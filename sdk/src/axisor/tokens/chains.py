"""The text of a token, `at_<id>.<caveats>.<mac>`, and the chain of hashes that proves it.

The first hash is keyed with a key that only the core has, over the id; each further one is keyed
with the one before it, over one caveat with its length in front. So whoever holds a token can add a
caveat, and nobody can take one away or change the order.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence

from msgspec import Struct

from axisor.errors import FieldInvalid, TokenInvalid

PREFIX = "at_"
MOST_CAVEATS = 32
MOST_CAVEAT = 1_024
MOST_TEXT = 8_192
ROOT_BYTES = 32

_FORM = re.compile(r"at_([a-z0-9-]{1,64})\.([A-Za-z0-9_~-]*)\.([A-Za-z0-9_-]{43})")


class ApiToken(Struct, frozen=True):
    """A token in its parts. Its repr shows neither its hash nor what it says."""

    id: str
    caveats: tuple[str, ...]
    mac: bytes

    def __repr__(self) -> str:
        return f"ApiToken({self.id!r}, …)"

    def text(self) -> str:
        """Return the token as it is passed on. It is a secret."""
        told = "~".join(_encode(caveat.encode()) for caveat in self.caveats)
        return f"{PREFIX}{self.id}.{told}.{_encode(self.mac)}"


def mint(id: str, root: bytes, caveats: Sequence[str]) -> ApiToken:
    """Return a new token of a root key, with its first caveats."""
    if len(root) != ROOT_BYTES:
        raise ValueError("a root key has 32 bytes")
    return attenuate(ApiToken(id, (), _mac(root, id.encode())), *caveats)


def attenuate(token: ApiToken, *caveats: str) -> ApiToken:
    """Return a token that may do what this one may, as far as every further caveat allows it.

    Raises FieldInvalid for a caveat that is empty or too long, and for too many.
    """
    told = (*token.caveats, *caveats)
    if len(told) > MOST_CAVEATS:
        raise FieldInvalid(f"A token has {MOST_CAVEATS} caveats at most.", field="caveats")
    mac = token.mac
    for caveat in caveats:
        if not 0 < len(caveat.encode()) <= MOST_CAVEAT:
            raise FieldInvalid(f"A caveat has 1 to {MOST_CAVEAT} bytes.", field="caveats")
        mac = _mac(mac, caveat.encode())
    narrowed = ApiToken(token.id, told, mac)
    if len(narrowed.text()) > MOST_TEXT:
        raise FieldInvalid(f"A token has {MOST_TEXT} characters at most.", field="caveats")
    return narrowed


def parse(text: str) -> ApiToken:
    """Return a token's parts. Nothing of it is proved. Raises TokenInvalid."""
    form = _FORM.fullmatch(text) if len(text) <= MOST_TEXT else None
    if form is None:
        raise TokenInvalid()
    id, told, mac = form.groups()
    try:
        caveats = tuple(_decode(part).decode() for part in told.split("~")) if told else ()
        token = ApiToken(id, caveats, _decode(mac))
    except (binascii.Error, ValueError):
        raise TokenInvalid() from None  # without the cause: it may quote the token
    # One text for one token: the same bytes written otherwise are refused.
    strange = not all(caveats) or len(caveats) > MOST_CAVEATS
    if strange or not hmac.compare_digest(token.text(), text):
        raise TokenInvalid()
    return token


def proves(token: ApiToken, root: bytes) -> bool:
    """Return whether a token comes from a root key, in a time that tells nothing about either."""
    mac = _mac(root, token.id.encode())
    for caveat in token.caveats:
        mac = _mac(mac, caveat.encode())
    return hmac.compare_digest(mac, token.mac)


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, len(said).to_bytes(4, "big") + said, hashlib.sha256)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
