"""Keys that a HashiCorp Vault keeps: what opens with it, and what is said where it is not there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import structs
from tests.support.receivers import certificate
from tests.support.transit import TransitServer, token_file, transit_server

from axisor.errors import KeyServiceUnavailable, SettingsInvalid
from axisor_server import app
from axisor_server.adapters.ring.ring import Ring
from axisor_server.adapters.ring.transit import InTransit
from axisor_server.adapters.vault import open_ring, open_vault
from axisor_server.choices import Keep, Vault
from axisor_server.keys import keys
from axisor_server.settings import Loaded, Settings, names

KEY = "axisor"


class Place:
    """A data directory whose ring a Vault keeps."""

    def __init__(self, folder: Path, server: TransitServer) -> None:
        self.folder = folder
        self.server = server
        self.engine = server.engine
        self.operator = server.operator()
        self.operator.create_key(KEY)
        self.settings = Vault(
            keep=Keep.TRANSIT,
            transit_url=server.url,
            transit_token_file=str(token_file(folder, self.engine.token)),
        )

    def ring(self) -> Ring:
        return open_ring(self.folder, self.settings, {})

    @property
    def file(self) -> Path:
        return self.folder / "vault.key"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with transit_server() as server:
        yield Place(tmp_path, server)


def cause(place: Place) -> str:
    """Return why the ring of a place does not open; what is said tells of the money, and no key."""
    line = place.file.read_text().strip() if place.file.exists() else "-"
    with pytest.raises(KeyServiceUnavailable) as caught:
        InTransit(place.settings, timeout_s=0.2).open(line.partition(":")[2])
    said = str(caught.value)
    assert "no stored exchange key opens" in said
    assert "vault:v" not in said
    assert place.engine.token not in said
    assert caught.value.metadata["service"] in place.settings.transit_url
    return caught.value.metadata["cause"]


def test_what_was_sealed_opens_after_a_restart_and_the_file_alone_has_no_key(place: Place):
    sealed = open_vault(place.folder, place.settings).seal(b"key", purpose="p", bound=("a",))

    again = open_vault(place.folder, place.settings)

    assert again.unseal(sealed, purpose="p", bound=("a",)) == b"key"
    assert [key.kept for key in again.standing()] == ["transit"]
    assert place.file.read_text().startswith("axisor-vault-transit-1:axisor:vault:v1:")
    assert place.file.stat().st_mode & 0o077 == 0
    assert place.engine.asked == [
        "/v1/transit/keys/axisor",
        "/v1/transit/encrypt/axisor",
        "/v1/transit/decrypt/axisor",
    ]


def test_vault_is_not_asked_on_the_way_of_a_guard(place: Place):
    vault = open_vault(place.folder, place.settings)
    sealed = vault.seal(b"key", purpose="p", bound=("a",))
    place.engine.sealed = True

    assert vault.unseal(sealed, purpose="p", bound=("a",)) == b"key"
    assert len(place.engine.asked) == 2  # its key was made, and encrypted ours


def test_the_key_of_vault_rotates_and_what_was_sealed_before_opens(place: Place):
    (before,) = place.ring().open()
    place.operator.rotate_key(KEY)

    assert [held.key.id for held in place.ring().open()] == [before.key.id]
    new = place.ring().add(primary=True)
    first, second = place.file.read_text().splitlines()
    assert ":vault:v2:" in first
    assert ":vault:v1:" in second
    assert [held.key.id for held in place.ring().open()] == [new, before.key.id]


def test_the_ring_is_renewed_before_an_old_version_is_given_up(place: Place):
    ring = place.ring()
    (before,) = ring.open()
    place.operator.rotate_key(KEY)
    running = open_vault(place.folder, place.settings)
    sealed = running.seal(b"key", purpose="p", bound=("a",))

    assert ring.renew() == 1
    place.operator.update_key_configuration(KEY, min_decryption_version=2)

    assert ":vault:v2:" in place.file.read_text()
    assert [held.key.id for held in place.ring().open()] == [before.key.id]
    again = running.seal(b"key", purpose="p", bound=("a",))  # takes the renewed line up
    for each in (sealed, again):
        assert running.unseal(each, purpose="p", bound=("a",)) == b"key"


def test_a_version_that_was_given_up_too_early_is_said_and_opens_when_taken_back(place: Place):
    (before,) = place.ring().open()
    place.operator.rotate_key(KEY)
    place.operator.update_key_configuration(KEY, min_decryption_version=2)
    assert cause(place) == "key"

    place.operator.update_key_configuration(KEY, min_decryption_version=1)

    assert [held.key.id for held in place.ring().open()] == [before.key.id]


def test_keys_that_are_kept_otherwise_are_not_renewed(tmp_path: Path):
    ring = open_ring(tmp_path, Vault(), {})
    ring.open()
    content = ring.path.read_bytes()

    assert ring.renew() == 0
    assert ring.path.read_bytes() == content


def test_a_ring_goes_over_to_vault_and_back(place: Place):
    plain = open_ring(place.folder, Vault(), {})
    (first,) = plain.open()
    second = place.ring().add(primary=True)
    back = structs.replace(place.settings, keep=Keep.FILE)
    third = open_ring(place.folder, back, {}).add(primary=True)

    held = place.ring().open()

    assert [(each.key.id, each.kept) for each in held] == [
        (third, "file"),
        (second, "transit"),
        (first.key.id, "file"),
    ]


def test_a_refused_token_is_said(place: Place):
    place.ring().open()
    place.engine.token = "another"

    assert cause(place) == "refused"


def test_a_token_is_read_anew_each_time(place: Place):
    place.ring().open()
    place.engine.token = "hvs.next"
    token_file(place.folder, "hvs.next")

    assert len(place.ring().open()) == 1


def test_a_sealed_vault_is_said(place: Place):
    place.ring().open()
    place.engine.sealed = True

    assert cause(place) == "sealed"


def test_a_slow_vault_is_given_up(place: Place):
    place.ring().open()
    place.engine.held.clear()

    assert cause(place) == "timeout"


def test_a_vault_that_is_away_is_said(tmp_path: Path):
    with transit_server() as server:
        place = Place(tmp_path, server)
        place.ring().open()

    assert cause(place) == "connection"


def test_a_key_that_vault_does_not_have_is_said_and_no_ring_is_made(place: Place):
    place.settings = structs.replace(place.settings, transit_key="wrong")

    with pytest.raises(KeyServiceUnavailable) as caught:
        place.ring().open()

    assert caught.value.metadata["cause"] == "key"
    assert not place.file.exists()


def test_every_changed_letter_of_a_ciphertext_is_refused(place: Place):
    place.ring().open()
    line = place.file.read_text().strip().partition(":")[2]
    start = line.rindex(":") + 1

    for at in range(start, len(line) - 4, 9):
        changed = line[:at] + ("A" if line[at] != "A" else "B") + line[at + 1 :]
        with pytest.raises(KeyServiceUnavailable):
            InTransit(place.settings).open(changed)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": None},
        {"data": {"plaintext": 7, "ciphertext": 7}},
        {"data": {"plaintext": "c2hvcnQ=", "ciphertext": "vault:v1:x\naxisor-vault-1:00"}},
        {"data": {"plaintext": "!!", "ciphertext": "other"}},
        {"data": {"plaintext": "\u00e4", "ciphertext": "vault:v1:\u00e4"}},
    ],
)
def test_an_odd_answer_is_no_key(place: Place, answer: dict[str, object]):
    place.ring().open()
    place.engine.answer = answer

    assert cause(place) == "answer"
    with pytest.raises(KeyServiceUnavailable):
        place.ring().add(primary=True)
    with pytest.raises(KeyServiceUnavailable):
        place.ring().renew()
    assert len(place.file.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("status", "expected"), [(404, "key"), (429, "failed"), (500, "failed"), (307, "answer")]
)
def test_every_other_failure_is_one_too(place: Place, status: int, expected: str):
    place.ring().open()
    place.engine.status = status

    assert cause(place) == expected


def test_the_certificate_of_vault_is_verified(tmp_path: Path):
    own = certificate(tmp_path / "tls", "127.0.0.1")
    with transit_server(own) as server:
        server.engine.handle("/v1/transit/keys/axisor", server.engine.token, {})
        settings = Vault(
            keep=Keep.TRANSIT,
            transit_url=server.url,
            transit_token_file=str(token_file(tmp_path, server.engine.token)),
        )
        with pytest.raises(KeyServiceUnavailable) as caught:
            open_vault(tmp_path, settings)
        trusting = structs.replace(settings, transit_authority_file=str(own.path))

        assert open_vault(tmp_path, trusting).standing()

    assert caught.value.metadata["cause"] == "tls"


def refused(settings: Vault, folder: Path) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        open_vault(folder, settings)
    return caught.value.metadata["setting"]


def test_settings_that_cannot_be_followed_are_refused(place: Place):
    def changed(**values: str) -> Vault:
        return structs.replace(place.settings, **values)

    for url in ("", "http://vault.example.org:8200", "ftp://127.0.0.1", "http://10.0.0.1"):
        assert refused(changed(transit_url=url), place.folder) == "vault.transit_url"
    for file in ("", str(place.folder / "nothing")):
        found = refused(changed(transit_token_file=file), place.folder)
        assert found == "vault.transit_token_file"
    (place.folder / "vault-token").chmod(0o644)
    with pytest.raises(SettingsInvalid, match="others can read"):
        open_vault(place.folder, place.settings)


def test_without_its_library_the_core_says_what_to_install(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "hvac", None)

    with pytest.raises(SettingsInvalid, match=r"axisor-server\[transit\]"):
        open_vault(place.folder, place.settings)


async def test_a_core_whose_vault_is_sealed_does_not_start_and_says_what_it_means(place: Place):
    open_vault(place.folder, place.settings)
    place.engine.sealed = True
    settings = Settings(vault=place.settings, plugins=())
    loaded = Loaded(settings, dict.fromkeys(names(), "default"))

    with pytest.raises(KeyServiceUnavailable) as caught:
        await app.run(loaded, place.folder)

    assert "nothing is guarded" in caught.value.means
    assert not (place.folder / "address").exists()


def test_the_command_renews_the_ring(place: Place, monkeypatch: pytest.MonkeyPatch):
    place.ring().open()
    place.operator.rotate_key(KEY)
    for name in ("keep", "transit_url", "transit_token_file"):
        value = getattr(place.settings, name)
        text = value.value if isinstance(value, Keep) else value
        monkeypatch.setenv(f"AXISOR_VAULT__{name.upper()}", text)

    done = CliRunner().invoke(keys, ["renew", "--data-dir", str(place.folder)])

    assert done.output == "1 keys renewed.\n"
    assert ":vault:v2:" in place.file.read_text()
