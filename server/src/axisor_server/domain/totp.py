"""Second factors: codes of an authenticator app (RFC 6238), and recovery codes on paper.

A code counts once: the step it belongs to is remembered, and steps up to it are over.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from urllib.parse import quote

import pyotp
from msgspec import Struct

SECRET_BYTES = 20
STEP_S = 30
DRIFT = 1
"""Steps that a phone's clock may be off, either way."""

CODES = 10
CODE_BYTES = 10

_TOTP = re.compile(r"[0-9]{6}")
_RECOVERY = re.compile(r"[A-Z2-7]{16}")


class Totp(Struct, frozen=True, kw_only=True):
    """An authenticator app of a person. `secret` is sealed.

    Until it has shown a code it is not asked for one; `last_step` is the newest step that counted.
    """

    secret: bytes
    confirmed_us: int | None = None
    last_step: int = 0


def secret_of(chance: bytes) -> str:
    """Return a secret of 160 bits, as apps take it, from that much chance."""
    return base64.b32encode(chance[:SECRET_BYTES]).decode()


def address_of(secret: str, *, person: str, issuer: str = "Axisor") -> str:
    """Return the address that apps read as a square code."""
    label = f"{quote(issuer)}:{quote(person)}"
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}"


def accepted_step(secret: str, code: str, *, now_us: int, after: int) -> int | None:
    """Return the step that a code belongs to, None where it is wrong, too old or used up.

    All steps that might be meant are tried, so that the time it takes tells nothing.
    """
    code = code.replace(" ", "")
    if not _TOTP.fullmatch(code):
        return None
    app = pyotp.TOTP(secret, interval=STEP_S)
    now = now_us // (STEP_S * 1_000_000)
    found: int | None = None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(app.generate_otp(step), code) and step > after:
            found = step
    return found


def recovery_code(chance: bytes) -> str:
    """Return a recovery code of 80 bits, in four groups, from that much chance."""
    text = base64.b32encode(chance[:CODE_BYTES]).decode()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def recovery_hash(person: str, code: str) -> str:
    """Return what is kept of a recovery code; how it is spaced does not matter."""
    return hashlib.sha256(f"{person}\x00{_plain(code)}".encode()).hexdigest()


def looks_like_recovery(code: str) -> bool:
    """Return whether a code has the form of a recovery code."""
    return _RECOVERY.fullmatch(_plain(code)) is not None


def without(kept: Sequence[str], used: str) -> tuple[str, ...] | None:
    """Return what is left of the hashes of recovery codes after one; None where it is not there."""
    left = tuple(each for each in kept if not hmac.compare_digest(each, used))
    return None if len(left) == len(kept) else left


def _plain(code: str) -> str:
    return code.replace("-", "").replace(" ", "").upper()
