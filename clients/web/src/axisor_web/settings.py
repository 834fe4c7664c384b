"""Where the bridge listens and by which names browsers know it. Closed unless said otherwise."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

from msgspec import Struct

from axisor.errors import SettingsInvalid

_NAME = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")
USUAL = {"http": 80, "https": 443}


class Settings(Struct, frozen=True, kw_only=True):
    """What the bridge is told. Raises SettingsInvalid where it would be open by mistake.

    `names` are hosts, with a port where a proxy shows another one; `origins` other pages' origins
    that may read answers to requests with a token. `proxied` says that a proxy in front speaks TLS.
    """

    host: str = "127.0.0.1"
    port: int = 8421
    names: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    proxied: bool = False

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise SettingsInvalid("A certificate needs its key, and a key its certificate.")
        if not self.secure and not _is_loopback(self.host):
            raise SettingsInvalid(
                f"{self.host} is not on this machine alone, so it is not served without TLS.",
                money="Whoever reads the line could act on your positions.",
                fix="Give --certificate and --key, or --behind-proxy where one speaks TLS.",
            )
        for name in self.names:
            if not _NAME.fullmatch(name):
                raise SettingsInvalid(f"{name} is no name of a host.", setting="name")
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin):
                raise SettingsInvalid(f"{origin} is no origin.", setting="allow-origin")

    @property
    def secure(self) -> bool:
        """Return whether browsers reach the bridge by TLS."""
        return self.certificate is not None or self.proxied

    def own(self, port: int) -> tuple[str, ...]:
        """Return the origins by which browsers know the bridge, listening on a port."""
        scheme = "https" if self.secure else "http"
        shown = f"[{self.host}]" if ":" in self.host else self.host
        hosts = [shown, *(("localhost",) if _is_loopback(self.host) else ())]
        listening = [_origin(scheme, f"{host}:{port}") for host in hosts]
        named = [
            _origin(scheme, name if ":" in name or self.proxied else f"{name}:{port}")
            for name in self.names
        ]
        return (*listening, *named)


def _origin(scheme: str, host: str) -> str:
    name, _, port = host.rpartition(":")
    return f"{scheme}://{name}" if port == str(USUAL[scheme]) else f"{scheme}://{host}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
