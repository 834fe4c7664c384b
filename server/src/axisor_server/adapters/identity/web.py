"""Asks an identity provider by HTTP: bounded in time and size, and never sent on elsewhere."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog
from msgspec import Struct

from axisor.errors import ProviderUnavailable, SettingsInvalid
from axisor_server.domain.identities import is_loopback

TIMEOUT_S = 8.0
MOST_BYTES = 256 * 1024

log = structlog.get_logger("axisor.identity")


class Answer(Struct, frozen=True):
    """What came back: the status, and an object of JSON."""

    status: int
    body: dict[str, Any]

    def text(self, name: str) -> str:
        """Return a text of the answer, empty where there is none."""
        found = self.body.get(name)
        return found if isinstance(found, str) else ""


class Web:
    """The way to one provider. `proxy` is a SOCKS5 proxy, empty for none."""

    def __init__(self, provider: str, *, proxy: str = "", timeout_s: float = TIMEOUT_S) -> None:
        self._provider = provider
        self._proxy = proxy
        self._timeout_s = timeout_s

    async def get(self, url: str, *, token: str = "") -> Answer:
        """Return what is at an address. Raises ProviderUnavailable."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self._ask("GET", url, headers=headers)

    async def get_list(self, url: str, *, token: str) -> list[Any]:
        """Return the list that is at an address. Raises ProviderUnavailable."""
        headers = {"Authorization": f"Bearer {token}"}
        status, raw = await self._bounded("GET", url, headers=headers)
        found = self._read(raw)
        if status != httpx.codes.OK or not isinstance(found, list):
            raise self.broken(f"status {status}")
        return found

    async def post(
        self, url: str, form: Mapping[str, str], *, client: tuple[str, str] | None = None
    ) -> Answer:
        """Return the answer to a form, sent as a client with a secret where one is given.

        Raises ProviderUnavailable.
        """
        auth = None if client is None else httpx.BasicAuth(*client)
        return await self._ask("POST", url, data=dict(form), auth=auth)

    @cached_property
    def _authorities(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def broken(self, cause: str) -> ProviderUnavailable:
        """Return the error of a provider that answers nonsense."""
        log.warning("an identity provider fails", provider=self._provider, cause=cause)
        return ProviderUnavailable(provider=self._provider, cause=cause)

    async def _ask(self, method: str, url: str, **request: Any) -> Answer:
        status, raw = await self._bounded(method, url, **request)
        found = self._read(raw)
        if status >= httpx.codes.INTERNAL_SERVER_ERROR or not isinstance(found, dict):
            raise self.broken(f"status {status}")
        return Answer(status, found)

    async def _bounded(self, method: str, url: str, **request: Any) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(method, url, **request)
        except TimeoutError:
            raise self.broken("it takes too long") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Without the library's words: they may quote the request.
            raise self.broken(type(error).__name__) from None

    async def _exchange(self, method: str, url: str, **request: Any) -> tuple[int, bytes]:
        headers = {
            **request.pop("headers", {}),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        async with (
            # Nothing is taken from the environment: where secrets go is said in settings only.
            httpx.AsyncClient(
                timeout=self._timeout_s,
                follow_redirects=False,
                trust_env=False,
                proxy=self._proxy or None,
                verify=self._authorities if url.startswith("https:") else _nobody(),
            ) as client,
            client.stream(method, url, headers=headers, **request) as answer,
        ):
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise self.broken("a compressed answer")
            raw = bytearray()
            async for part in answer.aiter_raw():
                raw += part
                if len(raw) > MOST_BYTES:
                    raise self.broken("an answer that is too long")
            return answer.status_code, bytes(raw)

    def _read(self, raw: bytes) -> Any:
        try:
            return msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self.broken("no JSON") from None


def _nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # on loopback nobody's certificate is asked for


def is_safe(url: str) -> bool:
    """Return whether an address may be sent secrets: by TLS, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and "@" not in parts.netloc and not parts.fragment
    return plain and bool(host) and (parts.scheme == "https" or _here(parts.scheme, host))


def _here(scheme: str, host: str) -> bool:
    return scheme == "http" and is_loopback(host)


def check_issuer(issuer: str, setting: str) -> None:
    """Raise SettingsInvalid where an issuer is not an address that may be sent secrets."""
    if not is_safe(issuer) or "?" in issuer:
        raise SettingsInvalid(
            f"{issuer!r} is no address of an identity provider.",
            money="Whoever is on the way could sign in as anybody.",
            fix="Name it by https://.",
            setting=setting,
        )
