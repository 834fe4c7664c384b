"""The ring's file: made once, private, changed as a whole, and taken up by a core that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from axisor.errors import SettingsInvalid, VaultSealBroken
from axisor.ports import Secret
from axisor_server.adapters.ring.keepers import Cost, InEnvironment, InFile, UnderPassphrase
from axisor_server.adapters.ring.lines import parse
from axisor_server.adapters.ring.ring import Ring
from axisor_server.adapters.vault import RingVault, open_ring, open_vault
from axisor_server.choices import Keep, Vault

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
KEY, OTHER = "11" * 32, "22" * 32


def ring(directory: Path, *, keep: str = "file", passphrase: str = "", **given: str) -> Ring:
    """Return the ring of a directory, with a passphrase and keys of the environment."""
    keepers = (
        InFile(),
        InEnvironment({name: Secret(text) for name, text in given.items()}),
        UnderPassphrase(Secret(passphrase) if passphrase else None, CHEAP),
    )
    return Ring(directory / "vault.key", keepers, keep=keep)


def ids(found: Ring) -> list[str]:
    return [held.key.id for held in found.open()]


def test_the_file_of_an_earlier_core_is_a_ring_of_one_key(tmp_path: Path):
    path = tmp_path / "vault.key"
    path.write_bytes(b"axisor-vault-1:" + KEY.encode() + b"\n")
    path.chmod(0o600)

    assert len(ids(ring(tmp_path))) == 1


def test_a_new_key_seals_only_where_it_is_told_to(tmp_path: Path):
    made = ring(tmp_path)
    (first,) = ids(made)

    added = made.add(primary=False)
    assert ids(made) == [first, added]
    rotated = made.add(primary=True)
    assert ids(made) == [rotated, first, added]
    made.promote(added)

    assert ids(ring(tmp_path)) == [added, rotated, first]
    assert made.path.stat().st_mode & 0o777 == 0o600


def test_a_retired_key_is_put_by_and_the_one_that_seals_is_not_retired(tmp_path: Path):
    made = ring(tmp_path)
    (first,) = ids(made)
    second = made.add(primary=True)
    line = next(held.line for held in made.open() if held.key.id == first)

    with pytest.raises(SettingsInvalid, match="it seals"):
        made.retire(second)
    made.retire(first)

    assert ids(ring(tmp_path)) == [second]
    aside = tmp_path / "vault.key.retired"
    assert parse(aside.read_bytes(), aside) == (line,)
    assert aside.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SettingsInvalid, match="no key"):
        made.retire(first)


def test_keys_of_the_environment_open_and_seal_only_when_promoted(tmp_path: Path):
    made = ring(tmp_path, NEXT=OTHER)
    first, given = ids(made)

    made.promote(given)

    assert ids(ring(tmp_path, NEXT=OTHER)) == [given, first]
    assert OTHER not in made.path.read_text()
    with pytest.raises(SettingsInvalid, match="AXISOR_KEK_NEXT"):
        ring(tmp_path).open()


def test_a_first_key_can_come_from_the_environment_alone(tmp_path: Path):
    made = ring(tmp_path, keep="environment", MAIN=KEY)

    assert len(ids(made)) == 1
    assert KEY not in made.path.read_text()


def test_a_ring_under_a_passphrase_opens_after_a_restart_with_it(tmp_path: Path):
    made = ring(tmp_path, keep="passphrase", passphrase="horse")
    first = ids(made)

    assert ids(ring(tmp_path, passphrase="horse")) == first
    with pytest.raises(SettingsInvalid, match="passphrase"):
        ring(tmp_path, passphrase="cow").open()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# nothing\n",
        "other\n",
        "axisor-vault-1\n",
        "axisor-vault-1:00ff\n",
        "axisor-vault-9:" + KEY + "\n",
        "axisor-vault-passphrase-1:1\n",
        f"axisor-vault-1:{KEY}\naxisor-vault-1:{KEY}\n",
        f"axisor-vault-1:{KEY}\nrest\n",
        "axisor-vault-1:\u00e9\n",
        "".join(f"axisor-vault-1:{n:064x}\n" for n in range(65)),
    ],
)
def test_a_file_that_is_no_ring_is_refused_whole(tmp_path: Path, content: str):
    path = tmp_path / "vault.key"
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(SettingsInvalid):
        ring(tmp_path, passphrase="horse").open()


def test_a_ring_shows_no_key(tmp_path: Path):
    made = ring(tmp_path)
    held = made.open()
    digits = made.path.read_text().strip().partition(":")[2]

    assert digits not in repr(held)
    assert digits not in repr(RingVault(made))


def test_a_running_vault_takes_up_a_new_key_at_its_next_sealing(tmp_path: Path):
    vault = open_vault(tmp_path)
    before = vault.seal(b"text", purpose="note", bound=("a",))

    new = open_ring(tmp_path, Vault(), {}).add(primary=True)
    after = vault.seal(b"text", purpose="note", bound=("a",))

    assert vault.keys_in(after) == {new}
    for sealed in (before, after):
        assert vault.unseal(sealed, purpose="note", bound=("a",)) == b"text"


def test_a_running_vault_opens_what_another_core_sealed_with_a_key_that_came_since(
    tmp_path: Path,
):
    vault = open_vault(tmp_path)
    open_ring(tmp_path, Vault(), {}).add(primary=True)
    sealed = open_vault(tmp_path).seal(b"text", purpose="note", bound=("a",))

    assert vault.unseal(sealed, purpose="note", bound=("a",)) == b"text"


def test_a_retired_key_opens_nothing_any_more(tmp_path: Path):
    vault = open_vault(tmp_path)
    sealed = vault.seal(b"text", purpose="note", bound=("a",))
    (first,) = (key.id for key in vault.standing())
    outside = open_ring(tmp_path, Vault(), {})
    outside.add(primary=True)
    outside.retire(first)

    vault.refresh()

    with pytest.raises(VaultSealBroken, match=first):
        vault.unseal(sealed, purpose="note", bound=("a",))


def test_a_ring_that_became_unreadable_leaves_a_running_vault_as_it_was(tmp_path: Path):
    vault = open_vault(tmp_path)
    standing = vault.standing()
    sealed = vault.seal(b"text", purpose="note", bound=("a",))
    (tmp_path / "vault.key").write_text("damaged beyond repair\n")

    vault.refresh()

    assert vault.standing() == standing
    assert vault.unseal(sealed, purpose="note", bound=("a",)) == b"text"


def test_the_ring_may_lie_elsewhere_and_its_passphrase_in_a_private_file(tmp_path: Path):
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("horse\nignored\n")
    settings = Vault(
        file=str(tmp_path / "far" / "ring"),
        keep=Keep.PASSPHRASE,
        passphrase_file=str(passphrase),
        passphrase_memory_mib=19,
    )
    passphrase.chmod(0o644)
    with pytest.raises(SettingsInvalid, match="others can read"):
        open_vault(tmp_path / "data", settings)
    passphrase.chmod(0o600)

    first = open_vault(tmp_path / "data", settings).standing()

    environment = {"AXISOR_VAULT_PASSPHRASE": "horse"}
    again = open_vault(tmp_path / "data", Vault(file=settings.file), environment)
    assert again.standing() == first
    assert environment == {}
    assert not (tmp_path / "data").exists()


def test_a_passphrase_file_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(SettingsInvalid, match="There is no file"):
        open_vault(tmp_path, Vault(passphrase_file=str(tmp_path / "none")))
