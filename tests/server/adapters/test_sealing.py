"""What is sealed opens for its purpose and place alone, and is wrapped anew without being read."""

from __future__ import annotations

import itertools
import pickle

import pytest

from axisor.errors import SettingsInvalid, VaultSealBroken
from axisor_server.adapters import sealing
from axisor_server.adapters.memory import MemoryVault
from axisor_server.adapters.sealing import SealingKey
from axisor_server.adapters.vault import AesVault

PLAIN = b"the canary text"
OLD, NEW = SealingKey(b"o" * 32), SealingKey(b"n" * 32)


def test_every_byte_of_a_sealed_record_matters():
    vault = MemoryVault(1)
    sealed = vault.seal(PLAIN, purpose="note", bound=("a", "b"))
    assert vault.unseal(sealed, purpose="note", bound=("a", "b")) == PLAIN

    for index, change in itertools.product(range(len(sealed)), range(1, 256)):
        changed = bytearray(sealed)
        changed[index] ^= change
        with pytest.raises(VaultSealBroken):
            vault.unseal(bytes(changed), purpose="note", bound=("a", "b"))


def test_no_two_places_and_purposes_open_one_anothers_records():
    vault = MemoryVault(1)
    places = [
        ("note", ("a", "b")),
        ("note", ("ab",)),
        ("note", ("a", "b", "")),
        ("note", ("b", "a")),
        ("notea", ("b",)),
        ("letter", ("a", "b")),
    ]
    records = [vault.seal(PLAIN, purpose=purpose, bound=bound) for purpose, bound in places]

    for (at, sealed), (here, (purpose, bound)) in itertools.product(
        enumerate(records), enumerate(places)
    ):
        if at == here:
            assert vault.unseal(sealed, purpose=purpose, bound=bound) == PLAIN
        else:
            with pytest.raises(VaultSealBroken):
                vault.unseal(sealed, purpose=purpose, bound=bound)


def test_a_key_that_is_not_here_is_named_and_nothing_else_is():
    sealed = AesVault(b"o" * 32).seal(PLAIN, purpose="note", bound=("a",))

    with pytest.raises(VaultSealBroken, match=OLD.id) as raised:
        AesVault(b"n" * 32).unseal(sealed, purpose="note", bound=("a",))

    assert raised.value.metadata == {"key": OLD.id}
    assert raised.value.__cause__ is None


def test_a_changed_name_of_a_key_is_not_repeated_in_the_error():
    sealed = AesVault(b"o" * 32).seal(PLAIN, purpose="note", bound=("a",))
    changed = sealed.replace(OLD.id.encode(), b"\x1b[2J" + b"x" * 12)

    with pytest.raises(VaultSealBroken) as raised:
        AesVault(b"n" * 32).unseal(changed, purpose="note", bound=("a",))

    assert "\x1b" not in str(raised.value)
    assert raised.value.metadata == {}


def test_a_record_wrapped_anew_opens_without_the_old_key_and_keeps_its_text_as_it_was():
    sealed = sealing.seal(OLD, PLAIN, purpose="note", bound=("a",))

    wrapped = sealing.rewrap({OLD.id: OLD}, NEW, sealed)

    assert sealing.key_of(wrapped) == NEW.id
    assert sealing.unseal({NEW.id: NEW}, wrapped, purpose="note", bound=("a",)) == PLAIN
    with pytest.raises(VaultSealBroken):
        sealing.unseal({OLD.id: OLD}, wrapped, purpose="note", bound=("a",))


def test_a_record_wrapped_anew_still_opens_only_where_it_belongs():
    sealed = sealing.seal(OLD, PLAIN, purpose="note", bound=("a",))

    wrapped = sealing.rewrap({OLD.id: OLD}, NEW, sealed)

    with pytest.raises(VaultSealBroken):
        sealing.unseal({NEW.id: NEW}, wrapped, purpose="note", bound=("b",))


def test_a_changed_record_is_not_wrapped_anew():
    sealed = sealing.seal(OLD, PLAIN, purpose="note", bound=("a",))
    start = sealed.index(OLD.id.encode())
    for index in range(start, start + 16 + 2 + 60):  # the key's name and the wrapped data key
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises(VaultSealBroken):
            sealing.rewrap({OLD.id: OLD}, NEW, bytes(changed))


def test_what_is_no_sealed_record_names_no_key():
    assert sealing.key_of(b"") is None
    assert sealing.key_of(b"\x96\x02") is None
    assert not sealing.is_first(b"plain")


def test_a_key_of_another_length_is_refused():
    for length in (0, 16, 31, 33):
        with pytest.raises(SettingsInvalid):
            SealingKey(b"k" * length)


def test_a_key_shows_only_its_name_and_is_not_pickled():
    assert repr(OLD) == f"SealingKey(id='{OLD.id}', …)"
    for secret in (OLD, AesVault(b"k" * 32)):
        with pytest.raises(TypeError):
            pickle.dumps(secret)


def test_a_sealer_under_another_key_does_not_open_what_the_vault_sealed():
    vault = MemoryVault(1)
    sealer = vault.under(vault.fresh())
    sealed = vault.seal(PLAIN, purpose="note", bound=("a",))

    with pytest.raises(VaultSealBroken):
        sealer.unseal(sealed, purpose="note", bound=("a",))
    assert (
        sealer.unseal(
            sealer.seal(PLAIN, purpose="note", bound=("a",)), purpose="note", bound=("a",)
        )
        == PLAIN
    )
