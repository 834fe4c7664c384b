"""A private authority of certificates, for clients that a core lets in by certificate only."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from axisor.errors import FieldInvalid, SettingsInvalid
from axisor.ports import Clock
from axisor_server.adapters import files
from axisor_server.adapters.tls import BACKDATE, load_key, new_key

KEY_FILE, CERTIFICATE_FILE = "clients.key", "clients.crt"
LIFE = timedelta(days=3_650)
LEAF_LIFE = timedelta(days=90)
RENEW_BEFORE = LEAF_LIFE / 3
SCHEME = "spiffe://axisor/"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class Issued(Struct, frozen=True):
    """A client's certificate and its key, both PEM."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Issued(…)"


class Authority:
    """Issues certificates to clients; its key never leaves its directory."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._own = certificate

    @property
    def certificate(self) -> bytes:
        """Return its own certificate, PEM."""
        return self._own.public_bytes(serialization.Encoding.PEM)

    def issue(self, name: str, clock: Clock) -> Issued:
        """Return a certificate for 90 days under a new key. Raises FieldInvalid for a bad name.

        The name stands in it as a URI, `spiffe://axisor/NAME`.
        """
        if not _NAME.fullmatch(name):
            raise FieldInvalid(
                "A client's name has up to 63 of a-z, 0-9, dot, dash and underscore.", field="name"
            )
        key, now = ec.generate_private_key(ec.SECP256R1()), clock.now()
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        uri = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(SCHEME + name)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._own.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACKDATE)
            .not_valid_after(now + LEAF_LIFE)
            .add_extension(uri, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),  # the file's permissions guard it
        )
        return Issued(certificate.public_bytes(serialization.Encoding.PEM), pem)


def open_authority(directory: Path, clock: Clock) -> Authority:
    """Return the authority of a directory, made where missing. Raises SettingsInvalid."""
    key = load_key(files.load_or_make(directory / KEY_FILE, new_key), directory / KEY_FILE)
    path = directory / CERTIFICATE_FILE

    def make() -> bytes:
        now = clock.now()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Axisor clients")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACKDATE)
            .not_valid_after(now + LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM)

    try:
        own = x509.load_pem_x509_certificate(files.load_or_make(path, make))
    except ValueError as error:
        raise SettingsInvalid(f"{path} is no certificate.", path=path) from error
    if own.public_key() != key.public_key():
        raise SettingsInvalid(
            f"{path} is not of the key beside it.",
            fix="Restore both from a backup, or delete both and issue to every client anew.",
            path=path,
        )
    return Authority(key, own)


def is_due(certificate: bytes, clock: Clock) -> bool:
    """Return whether a client's certificate is in the last third of its life, or none."""
    try:
        found = x509.load_pem_x509_certificate(certificate)
    except ValueError:
        return True
    return clock.now() >= found.not_valid_after_utc - RENEW_BEFORE
