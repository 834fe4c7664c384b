"""Goes to identity providers: with a browser that comes back to this machine, or by another device.

The browser comes back to a port that is open for one sign-in; whoever else calls there, without its
state, is sent away and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qs, urlsplit

import click
from msgspec import Struct

from axisor.errors import IdentityRefused, ProviderUnavailable
from axisor.ports import Secret

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.people import Challenge, Elsewhere, External, SignedIn, Waiting

PATH = "/back"
PATIENCE_S = 600.0
"""As long as the core waits for somebody to come back."""

_CALL_S = 10.0
_MOST_HEAD = 16 * 1024
_DONE = "You may close this window and go back to the terminal."
_NOT_HERE = "Nothing here."

T = TypeVar("T")


class Returned(Struct, frozen=True):
    """What a browser brought back."""

    state: str
    code: Secret
    issuer: str


class Door:
    """A port of this machine where one browser is waited for."""

    def __init__(self) -> None:
        self.uri = ""
        self._expected = ""
        self._came: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def wait(self, provider: str, uri: str) -> Returned:
        """Return what the browser brings back that was sent to `uri`.

        Raises IdentityRefused where the provider refused, or nobody comes.
        """
        self._expected = _query(uri).get("state", "")
        try:
            async with asyncio.timeout(PATIENCE_S):
                said = await self._came
        except TimeoutError:
            raise IdentityRefused(
                "Nobody came back from the provider.", provider=provider, cause="nobody came"
            ) from None
        if "code" not in said:
            raise IdentityRefused(
                "The provider let nobody in.",
                provider=provider,
                cause=said.get("error", "no code")[:64],
            )
        return Returned(said["state"], Secret(said["code"]), said.get("iss", ""))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one call, and take what it brings where it is the one that is waited for."""
        try:
            async with asyncio.timeout(_CALL_S):
                head = await reader.readuntil(b"\r\n\r\n")
                known = self._take(head)
                writer.write(_page(known))
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass  # whoever called speaks no HTTP, or is gone; the one who is waited for will come
        finally:
            writer.close()

    def _take(self, head: bytes) -> bool:
        method, _, rest = head.decode("latin-1").partition(" ")
        target = rest.partition(" ")[0]
        said = _query(target)
        fits = method == "GET" and target.partition("?")[0] == PATH
        if not fits or not self._expected or said.get("state") != self._expected:
            return False
        if not self._came.done():
            self._came.set_result(said)
        return True


@asynccontextmanager
async def door() -> AsyncIterator[Door]:
    """Open a port of this machine, for as long as a browser is away."""
    made = Door()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0, limit=_MOST_HEAD)
    made.uri = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{PATH}"
    try:
        yield made
    finally:
        server.close()


async def by_browser(
    client: Client, provider: str, then: Callable[[External, Returned], Awaitable[T]]
) -> T:
    """Send a browser to a provider, and go on with what it brings back."""
    async with door() as opened:
        begun = await client.auth.begin_external(provider, opened.uri)
        click.echo("open this address in a browser on this machine:", err=True)
        click.echo(begun.uri.reveal(), err=True)
        came = await opened.wait(provider, begun.uri.reveal())
        return await then(begun, came)


async def by_device(
    client: Client, provider: str, ask: Callable[[Elsewhere], Awaitable[T | Waiting]]
) -> T:
    """Have a code typed on another device, and ask until that was done, or the core ends it."""
    from axisor.wire.people import Waiting

    begun = await client.auth.begin_device(provider)
    click.echo(f"on any device open {begun.uri} and type {begun.typed.reveal()}", err=True)
    click.echo("type only what you see here yourself: it lets this terminal in as you", err=True)
    pause = begun.pause
    while True:
        await asyncio.sleep(pause.total_seconds())
        try:
            found = await ask(begun)
        except ProviderUnavailable:
            continue  # it may be back before the code is over
        if not isinstance(found, Waiting):
            return found
        pause = found.pause


async def sign_in(
    client: Client,
    provider: str,
    *,
    browser: bool,
    invitation: Secret | None,
    device: str,
    device_key: Secret,
) -> SignedIn | Challenge:
    """Sign in at a provider, either way."""

    async def finish(begun: External, came: Returned) -> SignedIn | Challenge:
        return await client.auth.finish_external(
            begun,
            state=came.state,
            code=came.code,
            issuer=came.issuer,
            invitation=invitation,
            device=device,
            device_key=device_key,
        )

    async def poll(begun: Elsewhere) -> SignedIn | Challenge | Waiting:
        return await client.auth.poll_device(
            begun, invitation=invitation, device=device, device_key=device_key
        )

    if browser:
        return await by_browser(client, provider, finish)
    return await by_device(client, provider, poll)


def _query(target: str) -> dict[str, str]:
    try:
        found = parse_qs(urlsplit(target).query, max_num_fields=32)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def _page(known: bool) -> bytes:
    text = (_DONE if known else _NOT_HERE).encode()
    lines = (
        f"HTTP/1.1 {'200 OK' if known else '404 Not Found'}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(text)}",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "Content-Security-Policy: default-src 'none'",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + text
