"""An exchange key opens for its own account on its own network, unchanged, and nowhere else."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from axisor.errors import VenueAuth
from axisor.ports import Credentials, Secret
from axisor_server.adapters.memory import MemoryVault
from axisor_server.adapters.vault import AesVault, open_vault
from axisor_server.engine.keys import open_key, seal_key

CREDENTIALS = Credentials(Secret("key-1"), Secret("secret-2"), Secret("pass-3"))
FIRST_KEY = bytes(range(32))
FIRST = base64.b64decode(
    "lgGnQTI1NkdDTbBiMTIyZDBkM2UwZmYwOThixDywU9AagdOSifHU+qdXDX2r00gNTw4OHXD5zaPoJbD4gqb1zDRkzZxd"
    "Y7uwX3djKFahQXYf5n5W+rU3zKfEDD0Yp+5bDBtaEL3RKsQn2pNH8MQlPMxvhZhwapSb5x5n4Blvq5SXnSL9SCdgNjAh"
    "lZSp5Hqv"
)
"""A record of the first version, as it was written with that key for account a on signet."""


def revealed(credentials: Credentials) -> tuple[str, str, str]:
    parts = (credentials.key, credentials.secret, credentials.passphrase)
    key, secret, passphrase = (part.reveal() for part in parts)
    return key, secret, passphrase


def sealed_for(account: str, network: str = "signet") -> bytes:
    return seal_key(MemoryVault(1), CREDENTIALS, account=account, network=network)


def test_a_key_opens_after_a_restart(tmp_path: Path):
    sealed = seal_key(open_vault(tmp_path), CREDENTIALS, account="a", network="signet")

    opened = open_key(open_vault(tmp_path), sealed, account="a", network="signet")

    assert revealed(opened) == ("key-1", "secret-2", "pass-3")
    assert b"secret-2" not in sealed


@pytest.mark.parametrize("first", [False, True], ids=["present", "first"])
def test_every_bit_flip_of_a_sealed_record_is_refused(*, first: bool):
    vault = AesVault(FIRST_KEY)
    sealed = FIRST if first else seal_key(vault, CREDENTIALS, account="a", network="signet")

    for index in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[index] ^= 1 << bit
            with pytest.raises(VenueAuth):
                open_key(vault, bytes(changed), account="a", network="signet")


def test_a_cut_or_lengthened_record_is_refused():
    sealed = sealed_for("a")

    for changed in (*(sealed[:n] for n in range(len(sealed))), sealed + b"\x00"):
        with pytest.raises(VenueAuth):
            open_key(MemoryVault(1), changed, account="a", network="signet")


@pytest.mark.parametrize(
    ("account", "network"), [("b", "signet"), ("a", "mainnet"), ("asignet", "")]
)
def test_a_record_moved_to_another_row_or_network_is_refused(account: str, network: str):
    with pytest.raises(VenueAuth):
        open_key(MemoryVault(1), sealed_for("a"), account=account, network=network)


def test_another_vault_opens_nothing_and_its_error_tells_nothing():
    with pytest.raises(VenueAuth) as raised:
        open_key(MemoryVault(2), sealed_for("a"), account="a", network="signet")

    assert raised.value.__cause__ is None
    assert "secret" not in str(raised.value)


def test_two_sealings_of_the_same_key_differ():
    assert len({sealed_for("a") for _ in range(3)}) == 3


def test_a_key_sealed_by_an_earlier_core_still_opens_and_only_where_it_was_sealed():
    vault = AesVault(FIRST_KEY)

    opened = open_key(vault, FIRST, account="a", network="signet")

    assert revealed(opened) == ("key-1", "secret-2", "pass-3")
    for account, network in (("b", "signet"), ("a", "mainnet")):
        with pytest.raises(VenueAuth):
            open_key(vault, FIRST, account=account, network=network)


def test_bytes_that_were_sealed_as_something_else_are_no_key():
    vault = MemoryVault(1)
    other = vault.seal(b"\x93\xa1a\xa1b\xa1c", purpose="note", bound=("a", "signet"))
    broken = vault.seal(b"no three texts", purpose="exchange key", bound=("a", "signet"))

    for sealed in (other, broken):
        with pytest.raises(VenueAuth):
            open_key(vault, sealed, account="a", network="signet")
