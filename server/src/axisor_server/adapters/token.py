"""The owner token: made at the first start, kept in a private file, compared by its hash."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from axisor.errors import SettingsInvalid
from axisor_server.adapters.files import load_or_make
from axisor_server.ports import Ids

TOKEN_FILE = "owner.token"  # noqa: S105 - a name, not a token
SHORTEST = 32


class OwnerToken:
    """Knows whether a text is the owner's token, without keeping the token."""

    __slots__ = ("_digest", "path")

    def __init__(self, path: Path, digest: bytes) -> None:
        self.path = path
        self._digest = digest

    def __repr__(self) -> str:
        return f"OwnerToken({str(self.path)!r})"

    def matches(self, text: str) -> bool:
        """Return whether `text` is the token, in a time that tells nothing about it."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        return hmac.compare_digest(digest, self._digest)


def open_token(directory: Path, ids: Ids) -> OwnerToken:
    """Return the owner token of a directory, making its file at the first start.

    Raises SettingsInvalid when the file is readable by others or holds no token.
    """
    path = directory / TOKEN_FILE
    text = load_or_make(path, lambda: ids.token().encode() + b"\n").strip()
    if len(text) < SHORTEST:
        raise SettingsInvalid(
            f"{path} holds no token.",
            fix="Delete it and start again: a new one is made.",
            path=path,
        )
    return OwnerToken(path, hashlib.sha256(text).digest())
