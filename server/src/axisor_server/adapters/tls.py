"""The core's own certificate: self-signed, made at the first start, pinned by its clients."""

from __future__ import annotations

import hashlib
import ipaddress
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from axisor.errors import SettingsInvalid
from axisor.ports import Clock
from axisor_server.adapters import files

KEY_FILE = "core.key"
CERTIFICATE_FILE = "core.crt"
LIFE = timedelta(days=396)
"""Thirteen months, the longest that common clients accept."""

RENEW_BEFORE = timedelta(days=30)
BACKDATE = timedelta(hours=1)
"""Clients whose clock is a little behind accept a certificate made just now."""

ALWAYS = ("localhost", "127.0.0.1", "::1")


class Certificate(Struct, frozen=True):
    """A certificate and its private key, both PEM, and the SHA-256 of the certificate in hex."""

    certificate: bytes
    key: bytes
    fingerprint: str
    path: Path

    def __repr__(self) -> str:
        return f"Certificate(fingerprint={self.fingerprint!r}, path={str(self.path)!r})"


def load_or_make(directory: Path, clock: Clock, *, names: Sequence[str] = ()) -> Certificate:
    """Return the certificate of a directory, made where missing.

    It is issued again, for the same key, in its last 30 days or when it lacks one of `names` (host
    names or addresses). Raises SettingsInvalid when a file is readable by others or is damaged.
    """
    key_pem = files.load_or_make(directory / KEY_FILE, new_key)
    key = load_key(key_pem, directory / KEY_FILE)
    wanted = tuple(dict.fromkeys((*ALWAYS, socket.gethostname(), *names)))
    path = directory / CERTIFICATE_FILE
    certificate = _load(path)
    if certificate is None or not _serves(certificate, key, wanted, clock.now()):
        certificate = _issue(key, wanted, clock.now())
        files.replace_private(path, certificate.public_bytes(serialization.Encoding.PEM))
    return Certificate(
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
        key=key_pem,
        fingerprint=fingerprint(certificate),
        path=path,
    )


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate's DER encoding, in hex."""
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def spki_pin(certificate: bytes) -> str:
    """Return the SHA-256 of the public key of a certificate (PEM): what a renewal leaves as is."""
    public = x509.load_pem_x509_certificate(certificate).public_key()
    encoded = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"sha256:{hashlib.sha256(encoded).hexdigest()}"


def new_key() -> bytes:
    """Return a new private key, PEM."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),  # the file's permissions guard it, as those of the token
    )


def load_key(pem: bytes, path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the private key of a file's content. Raises SettingsInvalid where it is none."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SettingsInvalid(
            f"{path} is no private key of this core.",
            fix="Delete it and the certificate beside it; clients must pin the new ones.",
            path=path,
        )
    return key


def _load(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(files.read_private(path))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise SettingsInvalid(
            f"{path} is no certificate.", fix="Delete it; it is made again.", path=path
        ) from error


def _serves(
    certificate: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    names: Sequence[str],
    now: datetime,
) -> bool:
    covered = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return (
        certificate.public_key() == key.public_key()
        and certificate.not_valid_before_utc <= now
        and now < certificate.not_valid_after_utc - RENEW_BEFORE
        and all(_general(name) in list(covered) for name in names)
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _issue(
    key: ec.EllipticCurvePrivateKey, names: Sequence[str], now: datetime
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Axisor core")])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256())
    )
