"""Says which core to call and with what: an address, a certificate, a token."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path

import grpc
import grpc.aio
from msgspec import Struct

from axisor.errors import SettingsInvalid
from axisor.ports import Secret

MOST_BYTES = 65_536
"""A token or certificate file is never longer."""


def default_data_dir(environment: Mapping[str, str], home: Path) -> Path:
    """Return where a core keeps its data unless it is told: `AXISOR_DATA_DIR`, else XDG's place."""
    if environment.get("AXISOR_DATA_DIR"):
        return Path(environment["AXISOR_DATA_DIR"])
    base = environment.get("XDG_DATA_HOME")
    return (Path(base) if base else home / ".local" / "share") / "axisor"


class Shown(Struct, frozen=True):
    """What a client shows to a core that lets in by certificate only, PEM."""

    certificate: bytes | None = None
    key: bytes | None = None

    def __repr__(self) -> str:
        return "Shown(…)"


class Profile:
    """Where a core is and how to prove who calls. Its repr shows no secret."""

    __slots__ = ("certificate", "plaintext", "shown", "target", "tls_name", "token")

    def __init__(
        self,
        target: str,
        *,
        token: Secret | None = None,
        certificate: bytes | None = None,
        plaintext: bool = False,
        shown: Shown | None = None,
        tls_name: str | None = None,
    ) -> None:
        """Take what to call, and `shown` to a core that lets in by certificate only."""
        self.shown = shown
        self.tls_name = tls_name
        self.target = target
        self.token = token
        self.certificate = certificate
        self.plaintext = plaintext

    def __repr__(self) -> str:
        return f"Profile({self.target!r}, plaintext={self.plaintext})"

    @classmethod
    def from_data_dir(cls, data_dir: Path, *, plaintext: bool = False) -> Profile:
        """Return the profile of the core that works in a data directory.

        Reads `address`, `owner.token` and, unless `plaintext`, `tls/cert.pem`, which the core
        writes. Raises SettingsInvalid naming the file that is missing or empty.
        """
        tls = data_dir / "tls"
        certificate = None if plaintext else _read(tls / "cert.pem")
        shown = None
        if not plaintext and (tls / "local.crt").exists():
            shown = Shown(_read(tls / "local.crt"), _read(tls / "local.key"))
        return cls(
            _read(data_dir / "address").decode("ascii", "replace").strip(),
            token=Secret(_read(data_dir / "owner.token").decode("ascii", "replace").strip()),
            certificate=certificate,
            plaintext=plaintext,
            shown=shown,
        )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            found = file.read(MOST_BYTES)
    except OSError as error:
        raise SettingsInvalid(
            f"{path} cannot be read: {error.strerror}.",
            fix="Is a core at work in this data directory? Start one: axisor up.",
            setting=path.name,
            source=path,
        ) from error
    if not found.strip():
        raise SettingsInvalid(f"{path} is empty.", setting=path.name, source=path)
    return found


def is_loopback(target: str) -> bool:
    """Return whether a target `host:port` or `unix:path` stays on this machine."""
    if target.startswith("unix:"):
        return True
    host = target.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.enable_retries", 0),  # retrying is ours: it needs the request id and the deadline
)


def open_channel(profile: Profile, *, tls_name: str | None = None) -> grpc.aio.Channel:
    """Return a channel to the profile's core; nothing is sent yet.

    Without a certificate the system's authorities are trusted; with one, only what it signed, which
    for a core's own certificate is itself. `tls_name` is the name the certificate must bear where
    it is not the target's host. Raises SettingsInvalid for plaintext beyond loopback.
    """
    options: list[tuple[str, int | str]] = list(OPTIONS)
    if profile.plaintext:
        if not is_loopback(profile.target):
            raise SettingsInvalid(
                f"{profile.target} is not on this machine, so it is not called without TLS.",
                fix="Give the core's certificate instead of asking for plaintext.",
                setting="plaintext",
                source=profile.target,
            )
        return grpc.aio.insecure_channel(profile.target, options=options)
    tls_name = tls_name or profile.tls_name
    if tls_name is not None:
        options.append(("grpc.ssl_target_name_override", tls_name))
    shown = profile.shown or Shown()
    credentials = grpc.ssl_channel_credentials(
        root_certificates=profile.certificate,
        private_key=shown.key,
        certificate_chain=shown.certificate,
    )
    return grpc.aio.secure_channel(profile.target, credentials, options=options)
