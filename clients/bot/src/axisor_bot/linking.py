"""Asks the web bridge for an address that signs somebody in there, once, with what they hold."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Meta, Struct

from axisor.errors import SettingsInvalid
from axisor.ports import Secret
from axisor.tokens import attenuate, caveat, parse
from axisor_bot.errors import PagesFailed

CALL_S = 10
SIGNED_IN = timedelta(hours=1)
"""For so long a session is good that was opened by a link."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Link(Struct, frozen=True):
    """What the bridge answers: where its link leads to, and for how long it waits."""

    path: Annotated[str, Meta(pattern="^/enter#[A-Za-z0-9_-]{32,128}$")]
    seconds: int

    def __repr__(self) -> str:
        return f"Link(…, {self.seconds} s)"


class Pages:
    """The web pages at an address, and how the bot itself reaches their bridge."""

    def __init__(self, web: str, *, via: str = "", ca: Path | None = None) -> None:
        """Take the address that people open, and another by which the bot calls, where it needs it.

        `ca` are the certificates that the bridge is known by, in place of the usual ones. Raises
        SettingsInvalid for an address where a token would travel in the open.
        """
        self._web = _origin(web)
        self._via = _origin(via) if via else self._web
        self._context = True if ca is None else _trusting(ca)

    async def link(self, token: Secret, now: datetime) -> tuple[str, int]:
        """Return an address that opens one session with a token, once, and its seconds.

        What is handed on is the token narrowed to an hour from `now`. Raises PagesFailed.
        """
        until = int((now + SIGNED_IN).timestamp())
        lent = attenuate(parse(token.reveal()), caveat("exp", until)).text()
        try:
            async with httpx.AsyncClient(
                timeout=CALL_S, verify=self._context, trust_env=False
            ) as http:
                response = await http.post(
                    f"{self._via}/session:link", headers={"authorization": f"Bearer {lent}"}
                )
            response.raise_for_status()
            made = msgspec.json.decode(response.content, type=Link)
        except httpx.HTTPStatusError as error:
            raise PagesFailed(
                f"The web pages made no link: {error.response.status_code}."
            ) from None
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            # Without the cause: a request holds the token.
            raise PagesFailed(f"The web pages do not answer: {type(error).__name__}.") from None
        return f"{self._web}{made.path}", made.seconds


def _origin(text: str) -> str:
    try:
        found = urlsplit(text)
        host, port = found.hostname or "", found.port
    except ValueError:
        host, port = "", None
    plain = bool(host) and found.path in ("", "/") and not (found.query or found.fragment)
    if not plain or found.username is not None or found.scheme not in ("https", "http"):
        raise SettingsInvalid(f"{text} is no address such as https://axisor.lan:8421.")
    if found.scheme == "http" and host not in LOOPBACK:
        raise SettingsInvalid(
            f"{text} is neither TLS nor this machine, so no token is sent there.",
            fix="Give the bridge a certificate, and its https address here.",
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{found.scheme}://{shown}" + ("" if port is None else f":{port}")


def _trusting(ca: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca))
    except (OSError, ssl.SSLError):
        raise SettingsInvalid(f"{ca} holds no certificate.", setting="web-ca") from None
