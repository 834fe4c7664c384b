"""Sends requests to addresses that somebody gave: looked up once, checked, spoken to as checked."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import httpcore

from axisor.errors import ReceiverUnavailable
from axisor.notices import Answer
from axisor_server.adapters.outbound.addresses import Network, Target, check

TIMEOUT_S = 5.0
MOST_ANSWER = 64 * 1024
MOST_TRIED = 3
"""How many of the addresses of one name are tried."""

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns every address of a host. Raises OSError where there is none."""


class Pinned(httpcore.AsyncNetworkBackend):
    """A network in which every name leads to addresses that were found and checked before.

    TLS and the request still speak of the name, which the certificate must be for.
    """

    def __init__(self, addresses: Sequence[str], network: httpcore.AsyncNetworkBackend) -> None:
        self._addresses = addresses
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first of the addresses that takes it, whatever `host` is."""
        failed: httpcore.ConnectError | None = None
        for address in self._addresses[:MOST_TRIED]:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except httpcore.ConnectError as error:
                failed = error
        raise failed or httpcore.ConnectError("no address")


class Outbound:
    """The one way to addresses that somebody gave.

    `allowed` are networks that may be spoken to although they are not public; `authority` (PEM)
    signed certificates of receivers there. No redirect is followed and no proxy is asked.
    """

    def __init__(
        self,
        *,
        allowed: Sequence[Network] = (),
        authority: str = "",
        resolve: Resolve | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._allowed = allowed
        self.authority = authority
        self._tls = ssl.create_default_context()
        if authority:
            self._tls.load_verify_locations(cadata=authority)
        self._resolve = resolve or system_resolve
        self._network = network or httpcore.AnyIOBackend()
        self._timeout_s = timeout_s

    async def post(self, target: Target, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a body and return the answer, which is at most 64 KiB, within five seconds.

        Raises AddressForbidden where the address leads to a place that is not spoken to, and
        ReceiverUnavailable where nobody answers as HTTP does.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                addresses = await self._resolve(target.host, target.port)
                check(target, addresses, self._allowed)
                return await self._ask(target, addresses, headers, body)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise unavailable(target, "timeout", "takes too long") from error
        except socket.gaierror as error:
            raise unavailable(target, "unknown_host", "is not known by that name") from error
        except (OSError, httpcore.NetworkError) as error:
            wrong = isinstance(error.__cause__ or error.__context__, ssl.SSLError)
            if wrong:
                raise unavailable(target, "tls", "shows a certificate that counts not") from error
            raise unavailable(target, "connection", "cannot be spoken to") from error
        except httpcore.ProtocolError as error:
            raise unavailable(target, "protocol", "does not speak HTTP") from error

    async def addresses(self, target: Target) -> Sequence[str]:
        """Return the addresses of a host, each of which may be spoken to.

        Raises AddressForbidden, and ReceiverUnavailable where there is none.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await self._resolve(target.host, target.port)
        except TimeoutError as error:
            raise unavailable(target, "timeout", "takes too long") from error
        except OSError as error:
            raise unavailable(target, "unknown_host", "is not known by that name") from error
        check(target, found, self._allowed)
        return found

    async def _ask(
        self, target: Target, addresses: Sequence[str], headers: Mapping[str, str], body: bytes
    ) -> Answer:
        url = httpcore.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode(),
            port=target.port,
            target=target.path.encode(),
        )
        sent = [*headers.items(), ("Host", target.authority), ("Connection", "close")]
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._tls, network_backend=Pinned(addresses, self._network)
            ) as pool,
            pool.stream("POST", url, headers=sent, content=body) as response,
        ):
            answer = bytearray()
            async for part in response.aiter_stream():
                answer += part
                if len(answer) > MOST_ANSWER:
                    raise unavailable(target, "answer_too_large", "answers more than 64 KiB")
            heads = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
            return Answer(response.status, bytes(answer), heads)


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses that this machine knows for a host. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def unavailable(target: Target, cause: str, text: str) -> ReceiverUnavailable:
    """Return what is raised for a receiver; without its path, which may be a secret."""
    return ReceiverUnavailable(f"{target.host} {text}.", cause=cause, host=target.host)
