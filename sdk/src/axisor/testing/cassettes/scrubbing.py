"""Takes out of a conversation what must not be kept, and looks whether anything of it is left."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote

REMOVED = "REMOVED"

FIELDS = frozenset(
    (
        *("access_token", "accesstoken", "refresh_token", "token"),
        *("api_key", "apikey", "api_secret", "apisecret", "key", "secret"),
        *("authorization", "cookie", "nonce", "otp", "passphrase", "password"),
        *("sig", "sign", "signature"),
    )
)
"""Names of fields whose values are taken out, in small letters."""

USUAL = frozenset(("key", "nonce", "sig", "sign", "token"))
"""Those of them that are words of everyday too: that one stands somewhere says nothing."""

PLAIN_HEADERS = frozenset(
    (
        *("accept", "accept-encoding", "accept-language", "connection", "content-length"),
        *("content-type", "host", "origin", "upgrade", "user-agent"),
    )
)
"""Headers of requests that hold no secret; of all others the values must not be found anywhere."""

KEPT_HEADERS = ("content-type", "retry-after")
"""Headers of answers that are kept. Those of requests never are."""

KEY_HEADER = r"\w+(?:-\w+)*-(?:key|sign|token)"
"""What headers are called that hold a key, such as `x-api-key`."""

LEAST = 8
"""Shorter words are found everywhere; as the value of a field they are taken out nevertheless."""


class CassetteUnsafe(Exception):
    """Something secret would be left in a cassette, so it is not written."""


class Scrubber:
    """Takes out secrets that are known, and whatever stands in a field with a telling name."""

    def __init__(
        self, secrets: Iterable[str], *, fields: Iterable[str] = (), kept: Iterable[str] = ()
    ) -> None:
        """Take what is secret as it is, names of more fields that hold secrets, and of fewer."""
        self._secrets = {each for each in secrets if each}
        self._found: set[str] = set()
        self._fields = (FIELDS | {each.lower() for each in fields}) - {
            each.lower() for each in kept
        }
        words = "|".join(map(re.escape, sorted(self._fields)))
        value = r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*'
        self._json = re.compile(rf'("(?:{words})"\s*:\s*)({value})', re.IGNORECASE)
        told = "|".join(map(re.escape, sorted(self._fields - USUAL)))
        self._left = re.compile(
            rf'\b(?:(?:[\w-]*[-_])?(?:{told})|{KEY_HEADER})[\\"\s]*[:=][\\"\s]*(?!{REMOVED})[^\s"\\,}}]',
            re.IGNORECASE,
        )

    def heard(self, name: str, value: str) -> None:
        """Learn of a header that a plugin sent; its value must not be found in the cassette."""
        if name.lower() not in PLAIN_HEADERS and not name.lower().startswith("sec-websocket"):
            self._learn(value)

    def _learn(self, value: str) -> None:
        # A time alone says nothing, and stands in answers too.
        if len(value) >= LEAST and not value.isdigit():
            self._found.add(value)

    def text(self, text: str) -> str:
        """Return a body or a message without what is secret."""
        cleaned = self._json.sub(self._taken, text)
        for secret in self._secrets:
            if len(secret) < LEAST:
                cleaned = cleaned.replace(json.dumps(secret), json.dumps(REMOVED))
            else:
                for form in _forms(secret):
                    cleaned = cleaned.replace(form, REMOVED)
        return cleaned

    def _taken(self, match: re.Match[str]) -> str:
        value = json.loads(match[2])
        if isinstance(value, str) and value != REMOVED:
            self._learn(value)
        return f'{match[1]}"{REMOVED}"'

    def query(self, query: str) -> str:
        """Return a query, or a body that is a form, without what is secret."""
        found = []
        for each in query.split("&"):
            name, is_, value = each.partition("=")
            if is_ and name.lower() in self._fields:
                self._learn(unquote(value))
                found.append(f"{name}={REMOVED}")
            else:
                found.append(each)
        return self.text("&".join(found))

    def check(self, written: str) -> None:
        """Look through what is to be written. Raises CassetteUnsafe, without telling the secret."""
        for secret in sorted({s for s in self._secrets if len(s) >= LEAST} | self._found):
            if any(form in written for form in _forms(secret)):
                raise CassetteUnsafe(
                    f"Something secret of {len(secret)} characters is left in it."
                    " Name the field that it stands in: fields=('…',)."
                )
        found = self._left.search(written)
        if found is not None:
            name = re.split(r'[\\"\s:=]', found[0])[0]
            raise CassetteUnsafe(f"What looks like a secret is left in it, at `{name}`.")


def _forms(secret: str) -> set[str]:
    """Return how a secret may be written: as it is, in JSON, in an address, in base64."""
    raw = secret.encode()
    return {
        secret,
        json.dumps(secret)[1:-1],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        base64.b64encode(raw).decode().rstrip("="),
        raw.hex(),
    }
