"""Spawners of one interpreter for tests, and programs that stand in for one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from axisor_server.adapters.running import Confines, Environments, ProcessSpawner
from axisor_server.choices import Priority


class Spawners(Protocol):
    """Makes spawners of one interpreter."""

    def __call__(self, python: Path, priority: Priority = ..., /) -> ProcessSpawner:
        """Make one."""
        ...


@pytest.fixture
def spawners() -> Iterator[Spawners]:
    """Return what makes a spawner of one interpreter."""
    made: list[ProcessSpawner] = []

    def make(python: Path, priority: Priority = Priority.IDLE, /) -> ProcessSpawner:
        environments, confines = Environments({"p": str(python)}), Confines(priority=priority)
        made.append(ProcessSpawner(environments, address="unix:/x", confines=confines))
        return made[-1]

    yield make
    for each in made:
        each.close()


def script(folder: Path, text: str) -> tuple[str, Path]:
    """Return a command line that runs a Python text, and where the text is."""
    place = folder / "script.py"
    place.write_text(text)
    return f"{sys.executable} -I -S {place}", place


def shell(folder: Path, line: str) -> Path:
    """Return a program that does what a shell's line says, whatever words it is given."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{line}\n")
    python.chmod(0o755)
    return python


def state(process: int) -> tuple[str, int]:
    """Return the state of a process, and its parent."""
    state, parent, *_ = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return state, int(parent)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.02)
