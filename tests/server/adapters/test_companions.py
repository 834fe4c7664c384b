"""Clients beside the core: started, started again, and ended with it."""

from __future__ import annotations

import asyncio
import os

import pytest

from axisor_server.adapters import companions
from axisor_server.adapters.companions import Companions

NOTE = """\
import os, sys, time
with open({path!r}, 'a') as file:
    print(os.getpid(), *sys.argv[1:], os.environ['AXISOR_ENDS_WITH_INPUT'], file=file)
time.sleep({stays})
"""


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Make `python -m axisor_cli` a program that notes how it was started and stays so long."""

    def make(stays):
        folder = tmp_path / "program"
        folder.mkdir()
        notes = tmp_path / "notes"
        (folder / "axisor_cli.py").write_text(NOTE.format(path=str(notes), stays=stays))
        monkeypatch.setenv("PYTHONPATH", str(folder))
        return notes

    return make


async def noted(notes, count):
    async with asyncio.timeout(30):
        while not notes.exists() or len(notes.read_text().splitlines()) < count:
            await asyncio.sleep(0.02)
    return [line.split() for line in notes.read_text().splitlines()]


async def test_one_is_started_with_the_words_of_its_name_and_ended(program, tmp_path):
    notes = program(stays=60)

    async with Companions(("web", "web"), tmp_path) as beside:
        beside.start()
        started = await noted(notes, 1)

    assert [words[1:] for words in started] == [["--data-dir", str(tmp_path), "web", "1"]]
    with pytest.raises(ProcessLookupError):
        os.kill(int(started[0][0]), 0)


async def test_one_that_ends_is_started_again(program, tmp_path, monkeypatch):
    monkeypatch.setattr(companions, "FIRST_PAUSE_S", 0.01)
    notes = program(stays=0)

    async with Companions(("web",), tmp_path) as beside:
        beside.start()
        started = await noted(notes, 3)

    assert len({words[0] for words in started}) == len(started)


async def test_nothing_is_started_unless_asked(program, tmp_path):
    notes = program(stays=60)

    async with Companions((), tmp_path) as beside:
        beside.start()

    assert not notes.exists()
