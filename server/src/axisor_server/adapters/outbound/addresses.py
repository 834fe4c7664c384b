"""Which addresses are spoken to: how one must be written, and where it may lead.

Whoever gives an address could have the core ask its own machine, its neighbours, or the service
that hands a cloud machine its keys. So an address is written plainly or refused, and every place
its name leads to must be on the public internet or in a network that the settings allow.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

from axisor.errors import AddressForbidden, SettingsInvalid

Ip: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST = 2_048
PORTS = {"https": 443, "http": 80}
PRIVILEGED = 1_024
"""Below it only the two ports of the web are spoken to: mail and shells have no business here."""

NEVER: tuple[tuple[str, str], ...] = (
    ("unspecified", "0.0.0.0/8 ::/128"),
    ("link_local", "169.254.0.0/16 fe80::/10 fd00:ec2::254/128"),
    ("multicast", "224.0.0.0/4 ff00::/8"),
    ("reserved", "240.0.0.0/4"),
    ("embedded", "::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2001::/32"),
    ("embedded", "2002::/16"),
)
"""Networks that no setting allows: nobody's receiver is there, and a cloud's keys are.

`embedded` are addresses of version 6 that carry one of version 4 within.
"""

LOCAL: tuple[tuple[str, str], ...] = (
    ("loopback", "127.0.0.0/8 ::1/128"),
    ("private", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10"),
    ("shared", "100.64.0.0/10"),
    ("special", "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24"),
    ("special", "203.0.113.0/24 100::/64 2001:2::/48 2001:10::/28 2001:db8::/32 3fff::/20"),
)
"""Networks that are not public, whatever this version of Python holds of them."""

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PLAIN = re.compile(r"[!-~]+")
_CONFUSING = frozenset('\\<>"{}|^`#')


def _networks(table: Iterable[tuple[str, str]]) -> tuple[tuple[str, Network], ...]:
    return tuple(
        (cause, ipaddress.ip_network(text)) for cause, texts in table for text in texts.split()
    )


_LOOPBACK = ipaddress.IPv6Address(1)
_NEVER, _LOCAL = _networks(NEVER), _networks(LOCAL)


class Target(Struct, frozen=True, kw_only=True):
    """A plainly written address: `host` is a name or an IP, `path` has the query with it."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return host and port as a request names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def parse(url: str) -> Target:
    """Return the parts of an address. Raises AddressForbidden for anything that two programs could
    read differently, and for what is not `https`; `http` is for a loopback that is allowed.
    """
    if not url.isascii():
        raise _forbidden("", "idn", "It is not ASCII; write the name in its xn-- form.")
    if len(url) > LONGEST or not _PLAIN.fullmatch(url) or _CONFUSING & set(url):
        raise _forbidden("", "characters", "It has characters that no address needs, or too many.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _forbidden("", "malformed", "It is no address.") from None
    if parts.scheme not in PORTS or "://" not in url:
        raise _forbidden("", "scheme", "It does not begin with https://.")
    if "@" in parts.netloc:
        raise _forbidden("", "user", "It names a user.")
    host = _host(parts.hostname or "", bracketed="[" in parts.netloc)
    if port is None:
        port = PORTS[parts.scheme]
    if port == 0 or (port < PRIVILEGED and port not in PORTS.values()):
        raise _forbidden(host, "port", f"Port {port} is not one of the web.")
    path = parts.path or "/"
    return Target(
        scheme=parts.scheme,
        host=host,
        port=port,
        path=f"{path}?{parts.query}" if parts.query else path,
    )


def _host(host: str, *, bracketed: bool) -> str:
    if bracketed:
        if "%" in host:
            raise _forbidden(host, "zone", "It names an interface of this machine.")
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            raise _forbidden(host, "malformed", "It is no address of version 6.") from None
    if host.endswith("."):
        raise _forbidden(host, "trailing_dot", "Its name ends with a dot.")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise _forbidden(host, "number", "It is a number, not four of them.") from None
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise _forbidden(host, "host", "It has no plain name of a host.")
    return host


def networks(texts: Sequence[str], setting: str) -> tuple[Network, ...]:
    """Return networks of their texts. Raises SettingsInvalid."""
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise SettingsInvalid(f"This is no network: {error}.", setting=setting) from error


def check(target: Target, found: Sequence[str], allowed: Sequence[Network] = ()) -> None:
    """Raise AddressForbidden unless every one of the addresses that were found may be spoken to.

    One public address among others is not enough: which is used would be up to whoever gave them.
    """
    for text in found:
        ip = ipaddress.ip_address(text)
        cause = cause_against(ip, allowed)
        if cause:
            raise _forbidden(target.host, cause, f"It leads to {ip}, which is {cause}.")
        if target.scheme == "http" and not ip.is_loopback:
            raise _forbidden(target.host, "scheme", f"It leads to {ip} without TLS.")


def cause_against(ip: Ip, allowed: Sequence[Network] = ()) -> str:
    """Return why an address is not spoken to, or an empty text."""
    # ::1 has the shape of an embedded address and is none.
    never = () if ip == _LOOPBACK else _NEVER
    cause = next((cause for cause, network in never if ip in network), "")
    if cause or any(ip in network for network in allowed):
        return cause
    cause = next((cause for cause, network in _LOCAL if ip in network), "")
    return cause or ("" if ip.is_global else "special")


def _forbidden(host: str, cause: str, text: str) -> AddressForbidden:
    return AddressForbidden(f"This address is not spoken to. {text}", cause=cause, host=host)
