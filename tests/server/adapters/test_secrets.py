"""Vault, owner token and certificate: made once, private, and refused when others can read them."""

from __future__ import annotations

import pickle
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from axisor.errors import SettingsInvalid
from axisor_server.adapters import tls
from axisor_server.adapters.memory import SeededIds, VirtualClock
from axisor_server.adapters.token import open_token
from axisor_server.adapters.vault import AesVault, open_vault


def test_a_vault_shows_no_key_and_is_not_pickled(tmp_path: Path):
    vault = open_vault(tmp_path)
    key = (tmp_path / "vault.key").read_text().partition(":")[2].strip()

    assert key not in repr(vault)
    with pytest.raises(TypeError):
        pickle.dumps(vault)


@pytest.mark.parametrize("content", [b"", b"axisor-vault-1:zz", b"axisor-vault-1:00ff", b"other"])
def test_a_file_that_is_no_vault_key_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "vault.key"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(SettingsInvalid):
        open_vault(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_private_files_that_others_can_read_are_refused(tmp_path: Path, mode: int):
    clock = VirtualClock()
    open_vault(tmp_path)
    open_token(tmp_path, SeededIds(clock))
    tls.load_or_make(tmp_path, clock)
    for name in ("vault.key", "owner.token", "core.key"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        (tmp_path / name).chmod(mode)

    with pytest.raises(SettingsInvalid, match="others can read"):
        open_vault(tmp_path)
    with pytest.raises(SettingsInvalid, match="others can read"):
        open_token(tmp_path, SeededIds(clock))
    with pytest.raises(SettingsInvalid, match="others can read"):
        tls.load_or_make(tmp_path, clock)


def test_a_link_in_place_of_a_private_file_is_refused(tmp_path: Path):
    open_vault(tmp_path / "real")
    (tmp_path / "vault.key").symlink_to(tmp_path / "real" / "vault.key")

    with pytest.raises(SettingsInvalid):
        open_vault(tmp_path)


def test_the_owner_token_matches_only_itself(tmp_path: Path):
    token = open_token(tmp_path, SeededIds(VirtualClock(), seed=1))
    again = open_token(tmp_path, SeededIds(VirtualClock(), seed=2))
    text = (tmp_path / "owner.token").read_text().strip()

    assert token.matches(text)
    assert again.matches(text)
    assert not token.matches(text[:-1])
    assert not token.matches("")
    assert not token.matches("\ud800")
    assert text not in repr(token)


def test_the_certificate_is_made_once_for_local_and_given_names(tmp_path: Path):
    clock = VirtualClock()

    made = tls.load_or_make(tmp_path, clock, names=("core.example", "10.0.0.7"))
    again = tls.load_or_make(tmp_path, clock, names=("core.example",))

    assert again.certificate == made.certificate
    certificate = x509.load_pem_x509_certificate(made.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "core.example"} <= set(names.get_values_for_type(x509.DNSName))
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert addresses == {"127.0.0.1", "::1", "10.0.0.7"}
    assert certificate.not_valid_after_utc == clock.now() + timedelta(days=396)
    assert len(made.fingerprint) == 64
    assert b"PRIVATE" not in repr(made).encode()


def test_an_old_certificate_is_issued_again_for_the_same_key(tmp_path: Path):
    clock = VirtualClock()
    made = tls.load_or_make(tmp_path, clock)
    clock.set(clock.now() + timedelta(days=370))

    renewed = tls.load_or_make(tmp_path, clock)

    assert renewed.key == made.key
    assert renewed.fingerprint != made.fingerprint


def test_a_vault_key_of_another_length_is_refused():
    with pytest.raises(SettingsInvalid):
        AesVault(b"short")
