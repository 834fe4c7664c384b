"""The versions that are installed: one in the core, and one for each environment of runners."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from axisor.errors import UpgradeUnsound, VersionNotFound
from axisor.remote import Offer
from axisor.versions import Version
from axisor_server.adapters.running import Confines, Environments, describe
from axisor_server.domain.hosting import Hosted
from axisor_server.editions import InstalledEditions
from axisor_server.offering import interpreters, offer
from axisor_server.plugins import Plugins
from axisor_server.settings import Settings, load
from tests.support.pacers import NAME, everywhere, install


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder whose plugin this process finds."""
    lib = tmp_path / "lib"
    lib.mkdir()
    monkeypatch.syspath_prepend(str(lib))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith(f"axisor_{NAME}")]:
        del sys.modules[name]


def put(place: Path, version: str, **more: Any) -> None:
    """Install a version where the last one was."""
    fresh = place / "fresh"
    install(fresh, version, **more)
    shutil.rmtree(place / "lib")
    shutil.copytree(fresh / NAME / version / "lib", place / "lib")


def within(settings: Settings, plugins: Plugins | None = None) -> InstalledEditions:
    """Return the versions a core finds when it starts."""
    plugins = plugins or Plugins.discover(settings.plugins)
    described = offer(plugins, settings)
    pythons = {name: found[0][0] for name, found in described.items() if found}
    environments = Environments(pythons)
    return InstalledEditions(plugins, settings, environments, described, _ask)


async def _ask(plugin: str, python: str) -> Sequence[Offer]:
    """Ask an interpreter, which all of this waits for."""
    return describe(plugin, python, Confines())


def chosen(text: str) -> Settings:
    """Return settings."""
    return load(file=text, environment={}, flags={}).settings


async def test_a_plugin_that_was_replaced_on_the_disk_is_loaded_beside_what_decides(
    place: Path,
) -> None:
    put(place, "1.0", text="one", field="seen")
    settings = chosen(f'plugins = ["{NAME}"]')
    plugins = Plugins.discover(settings.plugins)
    editions = within(settings, plugins)
    old = plugins.strategies[NAME]
    before = editions.version_of(old)
    with pytest.raises(VersionNotFound):
        await editions.load(NAME, "", beside=before)

    put(place, "1.1", text="two", field="ticks")
    new = await editions.load(NAME, "", beside=before)

    assert (before.version, new.version.version) == ("1.0", "1.1")
    assert before.code != new.version.code
    assert new.strategy is not old
    assert set(new.strategy.memory_type.__struct_fields__) == {"ticks"}
    assert set(old.memory_type.__struct_fields__) == {"seen"}
    assert editions.find(NAME, before) is old
    assert editions.find(NAME, new.version) is new.strategy
    assert (await editions.load(NAME, "1.1", beside=before)).strategy is new.strategy


async def test_a_plugin_with_a_part_that_is_shared_is_not_loaded_twice(place: Path) -> None:
    put(place, "1.0", text="one", field="seen")
    module = place / "lib" / f"axisor_{NAME}.py"
    module.write_text(module.read_text() + "\n\n@hookimpl\ndef configure(settings):\n    pass\n")
    settings = chosen(f'plugins = ["{NAME}"]')
    plugins = Plugins.discover(settings.plugins)
    editions = within(settings, plugins)
    before = editions.version_of(plugins.strategies[NAME])
    module.write_text(module.read_text().replace("one", "two"))

    with pytest.raises(UpgradeUnsound, match="cannot be there twice: configure"):
        await editions.load(NAME, "", beside=before)


async def test_every_environment_is_a_version_and_the_newest_is_what_a_run_begins_with(
    tmp_path: Path,
) -> None:
    install(tmp_path, "1.9", text="nine", field="seen")
    install(tmp_path, "1.10", text="ten", field="seen")
    settings = chosen(f'[runner]\nspawn = ["{everywhere(tmp_path)}"]')
    plugins = Plugins()
    editions = within(settings, plugins)

    begun = plugins.strategies[NAME]
    assert issubclass(begun, Hosted)
    assert editions.version_of(begun).version == "1.10"
    assert plugins.states[NAME].version == "1.10"
    other = await editions.load(NAME, "", beside=editions.version_of(begun))
    assert other.version.version == "1.9"

    install(tmp_path, "1.11", text="eleven", field="seen")
    newest = await editions.load(NAME, "", beside=editions.version_of(begun))
    assert newest.version.version == "1.11"


async def test_a_version_that_was_replaced_in_place_leaves_no_way_back_and_is_refused(
    tmp_path: Path,
) -> None:
    install(tmp_path, "1.0", text="one", field="seen")
    settings = chosen(f'[runner]\nspawn = ["{everywhere(tmp_path)}"]')
    plugins = Plugins()
    editions = within(settings, plugins)
    before = editions.version_of(plugins.strategies[NAME])
    shutil.rmtree(tmp_path / NAME / "1.0")
    install(tmp_path, "1.0", text="two", field="seen")

    with pytest.raises(UpgradeUnsound, match="no way back"):
        await editions.load(NAME, "", beside=before)


async def test_a_program_that_comes_by_itself_has_no_version_that_a_core_could_change(
    tmp_path: Path,
) -> None:
    place = tmp_path / "offers.json"
    place.write_text('[{"name":"far","plugin":"away"}]')
    settings = chosen(f'[runner]\noffers = ["{place}"]')
    plugins = Plugins()
    editions = within(settings, plugins)

    assert editions.version_of(plugins.strategies["far"]) == Version()
    with pytest.raises(UpgradeUnsound, match="Nobody can tell"):
        await editions.load("far", "", beside=Version())


async def test_what_a_plugin_says_after_the_core_began_is_known_like_any_other(
    tmp_path: Path,
) -> None:
    install(tmp_path, "1.0", text="one", field="seen")
    settings = chosen(f'[runner]\nspawn = ["{everywhere(tmp_path)}"]')
    plugins = Plugins()
    (python,) = interpreters(settings)[NAME]
    environments = Environments({NAME: python})
    editions = InstalledEditions(plugins, settings, environments, {}, _ask)

    offers = await _ask(NAME, python)
    plugins.host(NAME, offers)
    editions.learn(NAME, [(python, offers)])

    found = editions.version_of(plugins.strategies[NAME])
    assert (found.version, environments.has(NAME, found.code)) == ("1.0", True)
