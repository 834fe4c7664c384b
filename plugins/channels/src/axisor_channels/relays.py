"""Hands one event to one relay of Nostr (NIP-01), and shows who we are where it asks (NIP-42)."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from axisor.errors import DeliveryDelayed, DeliveryRefused, DeliveryUnknown
from axisor.notices import Way
from axisor_channels.gifts import Signed
from axisor_channels.http import LATER

TIMEOUT_S = 10.0
MOST_ANSWER = 64 * 1024
MOST_WORDS = 120
MOST_TRIED = 3
"""How many of the addresses of one name are tried."""

PORTS = {"wss": 443, "ws": 80}
PRIVILEGED = 1_024
"""Below it only the two ports of the web are spoken to, as with every address that is given."""

Prove = Callable[[str], Signed]
"""Makes what answers a relay's challenge."""


class Relay(Struct, frozen=True):
    """Where a relay listens; without TLS only on this machine."""

    url: str
    host: str
    port: int
    secure: bool


def relay_of(url: str) -> Relay:
    """Return the relay of an address. Raises ValueError for what is none."""
    parts = urlsplit(url)
    default = PORTS.get(parts.scheme)
    if default is None or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise ValueError("an address of a relay is wss://host")
    port = default if parts.port is None else parts.port
    if port == 0 or (port < PRIVILEGED and port not in PORTS.values()):
        raise ValueError("no port of the web")
    return Relay(url, parts.hostname, port, parts.scheme == "wss")


class Handover:
    """What is said to a relay until it has an event or will not take it. It touches no network."""

    def __init__(self, host: str, letter: Signed, prove: Prove) -> None:
        self._host = host
        self._letter = letter
        self._prove = prove
        self._challenge = ""
        self._proof: str | None = None
        self._wanted = False
        self.taken = False

    def opening(self) -> str:
        """Return what is said first."""
        return f'["EVENT",{self._letter.event}]'

    def hear(self, text: str | bytes) -> Sequence[str]:
        """Return what to say to what the relay said. Raises DeliveryDelayed, DeliveryRefused."""
        match _read(text):
            case ["AUTH", str(challenge)]:
                self._challenge = challenge
                return self._shown()
            case ["OK", self._letter.id, bool(taken), *rest]:
                return self._answered(taken, str(rest[0]) if rest else "")
            case ["OK", self._proof, bool(taken), *rest] if self._wanted:
                if not taken:
                    raise self._refusal(str(rest[0]) if rest else "")
                self._wanted = False
                return (self.opening(),)
            case _:
                return ()  # notices and the like ask for nothing

    def _answered(self, taken: bool, said: str) -> Sequence[str]:
        word = said.partition(":")[0]
        if taken or word == "duplicate":
            self.taken = True
            return ()
        if word == "auth-required" and self._proof is None:
            self._wanted = True
            return self._shown()
        raise self._refusal(said)

    def _shown(self) -> Sequence[str]:
        """Show who we are once, as soon as it is wanted and there is a challenge."""
        if not self._wanted or not self._challenge or self._proof is not None:
            return ()
        proof = self._prove(self._challenge)
        self._proof = proof.id
        return (f'["AUTH",{proof.event}]',)

    def _refusal(self, said: str) -> DeliveryDelayed | DeliveryRefused:
        word = said.partition(":")[0]
        shown = "".join(sign for sign in said if sign.isprintable())[:MOST_WORDS]
        text = f"{self._host} takes no message: {shown or 'it does not say why'}."
        if word in ("rate-limited", "error"):
            return DeliveryDelayed(text, cause=word)
        return DeliveryRefused(text, cause="relay")


async def hand_over(letter: Signed, relay: Relay, way: Way, prove: Prove) -> None:
    """Return once a relay has an event, within ten seconds.

    It goes to an address that the way out allows, by no proxy and no redirect. Raises
    AddressForbidden, DeliveryDelayed, DeliveryRefused, DeliveryUnknown.
    """
    addresses = await way.addresses(relay.host, relay.port)
    if not relay.secure and not all(ipaddress.ip_address(each).is_loopback for each in addresses):
        raise DeliveryRefused("Without TLS messages go to this machine only.", cause="tls")
    handover, sent = Handover(relay.host, letter, prove), False
    try:
        async with asyncio.timeout(TIMEOUT_S), await _line(relay, addresses, way) as line:
            sent = True
            await line.send(handover.opening())
            while not handover.taken:
                for said in handover.hear(await line.recv()):
                    await line.send(said)
    except TimeoutError as error:
        if handover.taken:
            return
        if sent:
            raise DeliveryUnknown(f"{relay.host} does not answer.", cause="timeout") from error
        raise DeliveryDelayed(f"{relay.host} takes too long.", cause="timeout") from error
    except ConnectionClosed as error:
        raise DeliveryUnknown(f"{relay.host} broke off.", cause="connection") from error


async def _line(relay: Relay, addresses: Sequence[str], way: Way) -> ClientConnection:
    tls: dict[str, Any] = {}
    if relay.secure:
        tls = {"ssl": _trusting(way.authority), "server_hostname": relay.host}
    try:
        # A line that was opened before is opened nowhere else, whatever redirect is answered.
        return await connect(
            relay.url,
            sock=await _dial(addresses, relay.port),
            proxy=None,
            compression=None,
            max_size=MOST_ANSWER,
            ping_interval=None,
            close_timeout=1,
            user_agent_header="axisor",
            **tls,
        )
    except InvalidStatus as error:
        raise _judged(relay, error.response.status_code) from error
    except (OSError, InvalidHandshake) as error:
        if isinstance(error, TimeoutError):
            raise
        kind = type(error).__name__
        raise DeliveryDelayed(f"{relay.host} cannot be spoken to ({kind}).", cause=kind) from error
    except ValueError as error:
        raise DeliveryRefused(f"{relay.host} sends us elsewhere.", cause="redirect") from error


@lru_cache(maxsize=4)
def _trusting(authority: str) -> ssl.SSLContext:
    """Return how certificates are looked at; reading the usual ones takes a while."""
    context = ssl.create_default_context()
    if authority:
        context.load_verify_locations(cadata=authority)
    return context


async def _dial(addresses: Sequence[str], port: int) -> socket.socket:
    """Return a socket to the first address that takes it. Raises OSError."""
    failed: OSError | None = None
    for address in addresses[:MOST_TRIED]:
        dialled = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        dialled.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(dialled, (address, port))
        except BaseException as error:
            dialled.close()
            if not isinstance(error, OSError):
                raise
            failed = error
        else:
            return dialled
    raise failed or OSError("no address")


def _judged(relay: Relay, status: int) -> DeliveryDelayed | DeliveryRefused:
    text = f"{relay.host} answers {status}."
    if status >= 500 or status in LATER:
        return DeliveryDelayed(text, cause=status)
    return DeliveryRefused(text, cause=status)


def _read(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
