"""Where the venue is: the networks it has, and the rule that keys never travel in the clear."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from msgspec import Struct, structs

from axisor.errors import SettingsInvalid


class Address(Struct, frozen=True):
    """The origin of the REST interface (without `/v3`) and the whole URL of the stream.

    `proxy` is what connections go through, `socks5h://host:port`, empty for none.
    """

    rest: str
    stream: str
    proxy: str = ""

    def through(self, proxy: str) -> Address:
        """Return this address behind a proxy; what is on this machine is reached without."""
        if is_loopback(urlsplit(self.rest).hostname or ""):
            return self
        return structs.replace(self, proxy=proxy)


def check_proxy(url: str) -> str:
    """Return the address of a proxy that resolves names itself, so that none leaks.

    Raises SettingsInvalid for any other.
    """
    try:
        parts = urlsplit(url)
        fits = parts.scheme == "socks5h" and parts.hostname and parts.port
    except ValueError:
        fits = False
    if not fits or parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsInvalid(
            "A proxy is socks5h://host:port: it resolves the venue's name, so that nobody else"
            " learns of it.",
            fix="For Tor on this machine write socks5h://127.0.0.1:9050.",
            setting="venue.proxy",
        )
    return url


NETWORKS: Mapping[str, Address] = MappingProxyType(
    {
        "mainnet": Address("https://api.lnmarkets.com", "wss://stream.lnmarkets.com/v1"),
        "signet": Address(
            "https://api.signet.lnmarkets.com", "wss://stream.signet.lnmarkets.com/v1"
        ),
    }
)

SIM = "sim"
"""The network of a simulator, which is wherever the owner started it."""


def address_of(network: str, url: str | None) -> Address:
    """Return where a network is. Raises SettingsInvalid for an unknown one or an unsafe address."""
    if network == SIM:
        if not url:
            raise SettingsInvalid(
                "The network sim needs the address of a simulator.",
                fix="Start one with axisor sim serve, and give its address.",
            )
        return _of_simulator(url)
    if network not in NETWORKS:
        raise SettingsInvalid(
            f"LN Markets has no network {network!r}.",
            fix=f"Use one of {', '.join([*NETWORKS, SIM])}.",
            network=network,
        )
    if url:
        raise SettingsInvalid(
            f"The address of {network} is fixed, so that its keys go nowhere else.",
            fix="Leave the address out, or use the network sim.",
        )
    return NETWORKS[network]


def _of_simulator(url: str) -> Address:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsInvalid("The simulator's address is not a URL.") from error
    odd = parts.username or parts.password or parts.query or parts.fragment
    if parts.scheme not in ("http", "https") or not host or odd:
        raise SettingsInvalid("The simulator's address must be http(s)://host[:port].")
    if parts.path.rstrip("/") not in ("", "/v3"):
        raise SettingsInvalid("The simulator's address has a path; give host and port only.")
    if parts.scheme == "http" and not is_loopback(host):
        raise SettingsInvalid(
            f"Plain http to {host} would show the key to the network.",
            fix="Use https, or an address of this machine such as http://127.0.0.1:8200.",
        )
    place = f"[{host}]" if ":" in host else host
    place += f":{port}" if port is not None else ""
    stream = "ws" if parts.scheme == "http" else "wss"
    return Address(f"{parts.scheme}://{place}", f"{stream}://{place}/v1")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, by name or number, without asking a resolver."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
