"""Certificates that are renewed in time, and the key beneath them, which stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from axisor.errors import FieldInvalid, SettingsInvalid
from axisor_server.adapters import tls
from axisor_server.adapters.authority import SCHEME, is_due, open_authority
from axisor_server.adapters.memory import VirtualClock
from axisor_server.settings import load
from axisor_server.transport import Transport

DAY_S = 86_400


def transport(folder: Path, clock: VirtualClock, text: str = "") -> Transport:
    return Transport(load(file=text, environment={}, flags={}).settings, folder, clock)


async def test_a_certificate_is_renewed_in_its_last_month_under_the_same_key(tmp_path: Path):
    clock = VirtualClock()
    shown = transport(tmp_path, clock)
    first = shown.load()
    assert first is not None
    await clock.advance((tls.LIFE - tls.RENEW_BEFORE).days * DAY_S - DAY_S)
    assert shown.load() == first

    await clock.advance(2 * DAY_S)
    second = shown.load()

    assert second is not None
    assert second.fingerprint != first.fingerprint
    assert tls.spki_pin(second.certificate) == tls.spki_pin(first.certificate)
    assert shown.path.read_bytes() == second.certificate


async def test_a_core_that_stood_still_for_years_shows_a_certificate_that_is_good(tmp_path: Path):
    clock = VirtualClock()
    transport(tmp_path, clock).load()
    await clock.advance(800 * DAY_S)

    found = transport(tmp_path, clock).load()

    assert found is not None
    end = x509.load_pem_x509_certificate(found.certificate).not_valid_after_utc
    assert end > clock.now() + timedelta(days=300)


def test_without_tls_there_is_no_certificate(tmp_path: Path):
    shown = transport(tmp_path, VirtualClock(), "[grpc]\nplaintext = true")

    assert shown.wrap(shown.load()) is None


async def test_the_commands_on_this_machine_get_a_certificate_and_a_new_one_in_time(
    tmp_path: Path,
):
    clock = VirtualClock()
    shown = transport(tmp_path, clock, "[grpc]\nclient_certificates = true")
    shown.load()
    first = (tmp_path / "tls" / "local.crt").read_bytes()
    assert (tmp_path / "tls" / "local.key").stat().st_mode & 0o077 == 0
    shown.load()
    assert (tmp_path / "tls" / "local.crt").read_bytes() == first

    await clock.advance(61 * DAY_S)
    shown.load()

    assert (tmp_path / "tls" / "local.crt").read_bytes() != first


def test_an_authority_names_its_clients_and_shows_no_key(tmp_path: Path):
    clock = VirtualClock()
    authority = open_authority(tmp_path, clock)
    issued = authority.issue("bridge", clock)

    found = x509.load_pem_x509_certificate(issued.certificate)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [f"{SCHEME}bridge"]
    found.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate))
    assert "KEY" not in repr(issued)
    assert open_authority(tmp_path, clock).certificate == authority.certificate
    assert not is_due(issued.certificate, clock)


@pytest.mark.parametrize("name", ["", "A", "a/b", "../a", "a b", "x" * 64, "-a"])
def test_a_name_that_cannot_stand_in_a_certificate_is_refused(tmp_path: Path, name: str):
    with pytest.raises(FieldInvalid):
        open_authority(tmp_path, VirtualClock()).issue(name, VirtualClock())


def test_an_authority_of_another_key_is_refused(tmp_path: Path):
    clock = VirtualClock()
    open_authority(tmp_path / "a", clock)
    open_authority(tmp_path / "b", clock)
    (tmp_path / "a" / "clients.key").replace(tmp_path / "b" / "clients.key")

    with pytest.raises(SettingsInvalid, match="not of the key"):
        open_authority(tmp_path / "b", clock)
