"""Signs requests of the REST interface v3 and of the Stream interface v1.

REST signs the timestamp, the lower-case method, the path with its version, and the body or else the
query with its question mark; the stream signs a timestamp and a nonce. Both are HMAC-SHA256 in
base64.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection

from axisor.errors import NotSupported
from axisor.ports import Credentials


def sign_rest(secret: str, *, timestamp_ms: int, method: str, path: str, data: str = "") -> str:
    """Return the signature of a REST request.

    `path` includes `/v3` and neither host nor query. `data` is the exact body; without a body it is
    the query as on the wire with a leading `?`; without either it is empty.
    """
    return _hmac(secret, f"{timestamp_ms}{method.lower()}{path}{data}")


def sign_stream(secret: str, *, timestamp_ms: int, nonce: str) -> str:
    """Return the signature that `authenticate` of the stream wants."""
    return _hmac(secret, f"{timestamp_ms}{nonce}")


def _hmac(secret: str, payload: str) -> str:
    digest = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


class Signer:
    """Makes the headers that authenticate requests of one key, and nothing else shows the key.

    With `allowed` it refuses every (method, path) that is not among them, so that whoever holds
    this signer cannot reach, say, a withdrawal whatever else goes wrong.
    """

    __slots__ = ("_allowed", "_credentials")

    def __init__(
        self, credentials: Credentials, *, allowed: Collection[tuple[str, str]] | None = None
    ) -> None:
        self._credentials = credentials
        self._allowed = None if allowed is None else frozenset(allowed)

    def headers(
        self, *, timestamp_ms: int, method: str, path: str, data: str = ""
    ) -> dict[str, str]:
        """Return the four headers of a request. Raises NotSupported for a path not allowed."""
        if self._allowed is not None and (method.upper(), path) not in self._allowed:
            raise NotSupported(
                f"This account's signer does not sign {method.upper()} {path}.",
                fix="Use the venue's own site for it.",
                path=path,
            )
        keys = self._credentials
        signature = sign_rest(
            keys.secret.reveal(), timestamp_ms=timestamp_ms, method=method, path=path, data=data
        )
        return {
            "lnm-access-key": keys.key.reveal(),
            "lnm-access-passphrase": keys.passphrase.reveal(),
            "lnm-access-timestamp": str(timestamp_ms),
            "lnm-access-signature": signature,
        }

    def stream_params(self, *, timestamp_ms: int, nonce: str) -> dict[str, str | int]:
        """Return the parameters of the stream's `authenticate`."""
        keys = self._credentials
        return {
            "key": keys.key.reveal(),
            "passphrase": keys.passphrase.reveal(),
            "timestamp": timestamp_ms,
            "nonce": nonce,
            "signature": sign_stream(keys.secret.reveal(), timestamp_ms=timestamp_ms, nonce=nonce),
        }

    def __repr__(self) -> str:
        return "Signer(…)"
