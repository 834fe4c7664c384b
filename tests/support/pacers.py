"""A stranger's plugin in several versions, each installed in an environment of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NAME = "pacer"

SOURCE = '''"""Counts ticks, and tells of each."""

from axisor.hookspecs import hookimpl
from axisor.intents import Notice
from axisor.model import Severity
from axisor.strategy import Config, Memory, Strategy


class Counted(Memory):
    """How many ticks there were."""

    {field}: int = 0

    @classmethod
    def upgrade(cls, old):
        return {{"{field}": old.get("seen", old.get("ticks", 0))}}


class Pacer(Strategy[Config, Counted]):
    """Counts ticks."""

    name = "pacer"

    def on_tick(self, tick, view):
        if {breaks}:
            raise RuntimeError("this version is broken")
        self.memory.{field} += 1
        yield Notice(severity=Severity.OK, code="PACE", text=f"{text} {{self.memory.{field}}}")


@hookimpl
def register_strategies(register):
    register(Pacer)
'''


def install(folder: Path, version: str, *, text: str, field: str, breaks: str = "False") -> None:
    """Install a version beside those that are there; `breaks` is when it does, as Python."""
    place = folder / NAME / version
    info = place / "lib" / f"axisor_{NAME}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: axisor-{NAME}\nVersion: {version}\n"
    )
    (info / "entry_points.txt").write_text(f"[axisor]\n{NAME} = axisor_{NAME}\n")
    source = SOURCE.format(text=text, field=field, breaks=breaks)
    (place / "lib" / f"axisor_{NAME}.py").write_text(source)
    python = place / "python"
    path = os.pathsep.join([str(info.parent), *filter(None, sys.path)])
    python.write_text(f'#!/bin/sh\nexport PYTHONPATH="{path}"\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)


def everywhere(folder: Path) -> str:
    """Return what `runner.spawn` says of all versions in a folder."""
    return f"{NAME}={folder / NAME}/*/python"
