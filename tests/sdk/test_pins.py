"""Pins of certificates, beside what the library of certificates says of their keys."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from axisor.client.pins import pin_of, pinned
from axisor.errors import SettingsInvalid
from axisor.wire.failures import CoreUnreachable
from axisor_server.adapters.tls import spki_pin


def certificate(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, days: int) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x" * 60)])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def test_a_pin_is_that_of_the_key_whatever_the_certificate():
    for key in (ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65_537, 2_048)):
        first, second = certificate(key, 1), certificate(key, 400)

        assert first != second
        assert pin_of(first.decode()) == pin_of(second.decode()) == spki_pin(first)


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_torn_certificate_has_no_pin(cut: int):
    der = ssl.PEM_cert_to_DER_cert(certificate(ec.generate_private_key(ec.SECP256R1()), 1).decode())

    with pytest.raises(SettingsInvalid):
        pin_of(ssl.DER_cert_to_PEM_cert(der[:-cut]))


@pytest.mark.parametrize("pin", ["", "sha256:00", "md5:" + "0" * 64, "sha256:" + "G" * 64])
def test_what_is_no_pin_is_refused_before_anybody_is_called(pin: str):
    with pytest.raises(SettingsInvalid):
        pinned("127.0.0.1:1", pin)


def test_a_core_that_does_not_answer_is_told():
    with pytest.raises(CoreUnreachable):
        pinned("127.0.0.1:1", "sha256:" + "0" * 64)
