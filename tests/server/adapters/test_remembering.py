"""What a plugin offered is remembered while every file that its Python may import is the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.environments import PACKAGES, environment

from axisor.remote import Offer
from axisor_server.adapters.running.remembering import OfferMemory, state_of

OFFERS = [Offer(name="dips", plugin="dip", version="1")]


def _edit(home: Path) -> None:
    (home / PACKAGES / "dip.py").write_text("OFFERS = 12\n")


def _touch(home: Path) -> None:
    os.utime(home / PACKAGES / "dip.py", (1, 1))


def _add(home: Path) -> None:
    (home / PACKAGES / "more").mkdir()
    (home / PACKAGES / "more" / "__init__.py").touch()


def _remove(home: Path) -> None:
    (home / PACKAGES / "dip.py").unlink()


def _another_python(home: Path) -> None:
    (home / "bin" / "python").write_text("#!/bin/sh\n")


@pytest.mark.parametrize("change", [_edit, _touch, _add, _remove, _another_python])
def test_any_change_of_a_file_is_another_state(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    python = environment(tmp_path)
    before = state_of(python)

    change(tmp_path)

    assert before
    assert state_of(python) not in {before, ""}


def test_compiled_files_are_no_change(tmp_path: Path) -> None:
    python = environment(tmp_path)
    before = state_of(python)

    (tmp_path / PACKAGES / "__pycache__").mkdir()
    (tmp_path / PACKAGES / "__pycache__" / "dip.py").touch()

    assert state_of(python) == before


def _no_environment(home: Path) -> None:
    (home / "pyvenv.cfg").unlink()


def _packages_of_the_system(home: Path) -> None:
    (home / "pyvenv.cfg").write_text("include-system-site-packages = true\n")


def _packages_elsewhere(home: Path) -> None:
    (home / PACKAGES / "dip.pth").write_text("/somewhere/else\n")


def _no_python(home: Path) -> None:
    (home / "bin" / "python").unlink()


@pytest.mark.parametrize(
    "change", [_no_environment, _packages_of_the_system, _packages_elsewhere, _no_python]
)
async def test_what_cannot_be_looked_at_as_a_whole_is_not_remembered(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    python = environment(tmp_path / "venv")
    change(tmp_path / "venv")
    memory = OfferMemory(tmp_path / "offers.json")

    await memory.keep("dip", str(python), OFFERS, before=memory.state(str(python)))

    assert state_of(python) == ""
    assert memory.find("dip", str(python)) is None
    assert not (tmp_path / "offers.json").exists()


async def test_what_changed_while_it_was_asked_is_not_remembered(tmp_path: Path) -> None:
    python = environment(tmp_path / "venv")
    memory = OfferMemory(tmp_path / "offers.json")
    before = memory.state(str(python))

    _edit(tmp_path / "venv")
    await memory.keep("dip", str(python), OFFERS, before=before)

    assert OfferMemory(tmp_path / "offers.json").find("dip", str(python)) is None


async def test_what_is_remembered_is_there_after_a_restart_and_for_its_owner_alone(
    tmp_path: Path,
) -> None:
    python = environment(tmp_path / "venv")
    place = tmp_path / "offers.json"
    memory = OfferMemory(place)
    await memory.keep("dip", str(python), OFFERS, before=memory.state(str(python)))

    again = OfferMemory(place)

    assert again.find("dip", str(python)) == OFFERS
    assert again.find("other", str(python)) is None
    assert place.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "[", "{}", '[{"plugin": 1}]'])
def test_a_file_that_cannot_be_read_is_as_none(tmp_path: Path, text: str) -> None:
    python = environment(tmp_path / "venv")
    (tmp_path / "offers.json").write_text(text)

    assert OfferMemory(tmp_path / "offers.json").find("dip", str(python)) is None
