"""The page on keys: a running core's key is changed as the page says, and its settings are real."""

from __future__ import annotations

import json
import os
from pathlib import Path

from axisor_server.adapters.ring.transit import TIMEOUT_S
from axisor_server.choices import Keep, Vault
from axisor_server.keys import STILL_S
from axisor_server.services.custody import LOOK_S
from axisor_server.settings import load
from tests.docs import pages
from tests.docs.following import Reader

PAGE, START = "keys.md", "quickstart.md"


def at_it(reader: Reader, text: str) -> str:
    """Type commands where the core of the quickstart is the one that is meant."""
    return reader.type(f"export AXISOR_DATA_DIR=./quickstart\n{text}")


def listed(reader: Reader) -> list[dict[str, object]]:
    """Return the keys as the command lists them."""
    said = at_it(reader, "axisor keys list -o json")
    found: list[dict[str, object]] = json.loads(said.strip().splitlines()[-1])
    return found


def test_the_key_of_a_running_core_is_changed_and_the_old_one_retired(tmp_path: Path):
    reader = Reader(tmp_path)
    wait = (
        "until axisor keys list | grep -q 'opens.* 0 records'; do sleep 0.5; done\n"
        "axisor account test"
    )

    with reader.background(START, "venue"), reader.background(START, "core"):
        at_it(reader, "\n".join(reader.text_of(START, "you").splitlines()[1:4]))
        (old,) = listed(reader)
        at_it(reader, reader.text_of(PAGE, "rotate"))
        tested = at_it(reader, wait)
        new, before = listed(reader)
        ring = tmp_path / "quickstart" / "vault.key"
        then = ring.stat().st_mtime - STILL_S - 1
        os.utime(ring, (then, then))
        at_it(reader, f"axisor keys retire {old['key']}")
        still = at_it(reader, "axisor account test")

    assert old["records"] == new["records"]
    assert int(str(new["records"])) >= 2
    assert (new["seals"], before["key"], before["records"]) == (True, old["key"], 0)
    assert "valid" in tested
    assert "valid" in still


def test_the_settings_are_ones_the_core_takes():
    text = pages.only(PAGE, "toml", "settings")
    settings = load(file=text, environment={}, flags={}).settings.vault

    assert settings == Vault(
        file="/run/keys/axisor-ring",
        keep=Keep.PASSPHRASE,
        passphrase_file="/run/keys/axisor-passphrase",
    )


def test_the_settings_for_a_vault_elsewhere_are_ones_the_core_takes():
    text = pages.only(PAGE, "toml", "transit")
    settings = load(file=text, environment={}, flags={}).settings.vault

    assert settings == Vault(
        keep=Keep.TRANSIT,
        transit_url="https://vault.example.org:8200",
        transit_token_file="/run/keys/vault-token",
    )
    assert f'path "transit/decrypt/{settings.transit_key}"' in pages.page(PAGE)
    assert TIMEOUT_S == 2


def test_the_figures_are_those_of_the_code():
    text = pages.page(PAGE)

    assert f"within {'five' if LOOK_S == 5 else LOOK_S} seconds" in text
    assert f"cost {Vault().passphrase_memory_mib} MiB and three passes" in text
    assert STILL_S == 60
    for keep in Keep:
        assert f"| `{keep.value}` |" in text
