"""What an earlier system of this kind did wrong with what it kept, and is not done here."""

from __future__ import annotations

import io
import logging
import pickle
from pathlib import Path

import pytest
import structlog

from axisor.errors import VenueAuth
from axisor.ports import Credentials, Secret
from axisor_server.adapters.memory import MemoryStore, MemoryVault, VirtualClock
from axisor_server.adapters.ring.keepers import Cost, InFile, UnderPassphrase
from axisor_server.adapters.ring.ring import Ring
from axisor_server.adapters.vault import open_vault
from axisor_server.engine.keys import open_key, seal_key
from axisor_server.services.personal import Personal

KEY = Credentials(Secret("canary-of-key"), Secret("canary-of-secret"), Secret("canary-of-pass"))
CHEAP = Cost(memory_kib=64, passes=1, lanes=1)


def test_weak_spot_07_an_opened_key_is_in_no_log_line_of_ours_or_of_a_library(
    stream: io.StringIO,
):
    log = structlog.get_logger("axisor.weak")

    log.info("opened", credentials=KEY, account="a", secret="canary-of-secret")
    log.info("opened: %s", KEY)
    logging.getLogger("library").warning("opened %r %s", KEY, KEY.secret)
    try:
        raise RuntimeError(KEY.passphrase)
    except RuntimeError:
        log.exception("failed")

    assert len(stream.getvalue().splitlines()) == 4
    assert "canary" not in stream.getvalue()
    with pytest.raises(TypeError):
        pickle.dumps(KEY)


def test_weak_spot_08_the_key_of_one_account_does_not_open_in_the_row_of_another():
    vault = MemoryVault()
    sealed = seal_key(vault, KEY, account="a", network="mainnet")

    for account, network in (("b", "mainnet"), ("a", "signet")):
        with pytest.raises(VenueAuth):
            open_key(vault, sealed, account=account, network=network)


def test_weak_spot_09_no_salt_is_constant_and_keys_have_names_and_are_replaced(tmp_path: Path):
    horse = UnderPassphrase(Secret("correct horse"), CHEAP)
    salts = {horse.make()[0].split(":")[1] for _ in range(5)}
    ring = Ring(tmp_path / "vault.key", (InFile(),), keep="file")
    first = ring.open()[0].key.id
    second = ring.add(primary=True)

    assert len(salts) == 5
    assert {held.key.id for held in ring.open()} == {first, second}
    assert first != second


@pytest.mark.parametrize(
    "kept", [b"", b"canary-of-secret", b"\x00" * 64], ids=["empty", "plaintext", "zeros"]
)
def test_weak_spot_10_what_does_not_open_is_no_key_and_never_taken_as_it_lies(
    tmp_path: Path, kept: bytes
):
    vault = open_vault(tmp_path)

    with pytest.raises(VenueAuth) as refused:
        open_key(vault, kept, account="a", network="mainnet")

    assert "canary" not in str(refused.value)


async def test_weak_spot_11_what_is_found_by_a_hash_cannot_be_read_back_from_it():
    clock = VirtualClock()
    houses = []
    for seed in (1, 2):
        store = MemoryStore()
        await store.open()
        houses.append(Personal(store=store, vault=MemoryVault(seed), clock=clock))

    here = await houses[0].digest("email", "ada@example.org")
    long = await houses[0].digest("email", "ada@example.org" * 100)
    there = await houses[1].digest("email", "ada@example.org")

    assert len(here) == len(long), "a cipher would be as long as its text"
    assert here != there, "it is keyed: nobody finds an address by hashing the likely ones"
