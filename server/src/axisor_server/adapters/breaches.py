"""Asks a list of leaked passwords whether it has one, without telling it which (k-anonymity).

Only the first five of forty characters of a SHA-1 leave; the answer lists hundreds that begin so.
"""

from __future__ import annotations

import hashlib
import hmac

import httpx
import structlog

TIMEOUT_S = 3.0
PREFIX = 5

log = structlog.get_logger("axisor.breaches")


class Breaches:
    """A list at an address such as `https://api.pwnedpasswords.com/range`."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s

    async def knows(self, password: str) -> bool:
        """Return whether the list has a password; False where it does not answer, and it is logged.

        The lists that come with the core were asked before.
        """
        digest = hashlib.sha1(
            password.encode("utf-8", "surrogatepass"), usedforsecurity=False
        ).hexdigest()
        head, tail = digest[:PREFIX].upper(), digest[PREFIX:].upper()
        try:
            async with httpx.AsyncClient(timeout=self._timeout_s) as client:
                answer = await client.get(f"{self._url}/{head}", headers={"Add-Padding": "true"})
                answer.raise_for_status()
        except httpx.HTTPError as error:
            log.warning("the list of leaked passwords does not answer", kind=type(error).__name__)
            return False
        found = False
        for line in answer.text.splitlines():
            suffix, _, count = line.strip().partition(":")
            if hmac.compare_digest(suffix.upper().encode(), tail.encode()) and count != "0":
                found = True
        return found
