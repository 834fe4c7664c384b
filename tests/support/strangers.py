"""Ten plugins of strangers, each hostile in its own way, and one that behaves.

They are installed where only their own interpreter finds them: a script that a core is told to run
their runners with.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from axisor.hookspecs import RegisterStrategy, hookimpl
from axisor.intents import AddMargin, ClosePosition, DepositCross, Intent, Notice, OpenPosition
from axisor.model import Permission, Severity, Side
from axisor.strategy import Config, Memory, Strategy, View

FOREVER_S = 3_600
HOARD = 1 << 30


class Stranger(Strategy[Config, Memory]):
    """Does at its start what its kind does."""

    name = "stranger"
    permissions = Permission.ADJUST_MARGIN

    def on_start(self, view: View) -> Iterator[Intent]:
        """Do it."""
        yield from self.act(view)

    def act(self, view: View) -> Iterable[Intent]:
        """Behave: look, and tell."""
        yield Notice(severity=Severity.OK, code="LOOKED", text=f"{len(view.positions)} positions.")


class Spins(Stranger):
    """Computes for ever."""

    name = "spins"

    def act(self, view: View) -> Iterable[Intent]:
        """Spin."""
        while True:
            pass


class Sleeps(Stranger):
    """Never comes back."""

    name = "sleeps"

    def act(self, view: View) -> Iterable[Intent]:
        """Sleep."""
        time.sleep(FOREVER_S)
        yield from ()


class Forks(Stranger):
    """Starts processes that do nothing but be there."""

    name = "forks"

    def act(self, view: View) -> Iterable[Intent]:
        """Fork, in part out of the group and the session, then wait for the end that comes."""
        leaves = (os.setsid, lambda: os.setpgid(0, 0), lambda: None)
        for number in range(20):
            if os.fork() == 0:
                leaves[number % len(leaves)]()
                os.fork()
                time.sleep(FOREVER_S)
        time.sleep(FOREVER_S)
        yield from ()


class Leaks(Stranger):
    """Takes all the memory there is."""

    name = "leaks"

    def act(self, view: View) -> Iterable[Intent]:
        """Take and touch."""
        held = []
        while True:
            held.append(bytearray(HOARD // 64))


class Raises(Stranger):
    """Breaks."""

    name = "raises"

    def act(self, view: View) -> Iterable[Intent]:
        """Break."""
        raise RuntimeError("this strategy is broken")


class Garbage(Stranger):
    """Asks for what is no intent."""

    name = "garbage"

    def act(self, view: View) -> Iterable[Any]:
        """Ask."""
        yield AddMargin(position="x" * 200_000, amount=-1)


class Forges(Stranger):
    """Asks for what it has no right to, for positions that are not there, and for too much."""

    name = "forges"

    def act(self, view: View) -> Iterable[Intent]:
        """Ask for all of it, then break, so that it comes again."""
        for position in ("00000000-0000-4000-8000-000000000000", *(p.id for p in view.positions)):
            yield AddMargin(position=position, amount=900_000)
            yield ClosePosition(position=position)
        yield OpenPosition(side=Side.BUY, leverage=Decimal(100), quantity=100_000)
        yield DepositCross(amount=500_000)

    def on_outcome(self, outcome: Any, view: View) -> Iterable[Intent]:
        """Break at the first refusal."""
        raise RuntimeError("I was refused")


class Sockets(Stranger):
    """Opens sockets until none is left."""

    name = "sockets"

    def act(self, view: View) -> Iterable[Intent]:
        """Open, and keep."""
        held = []
        while True:
            held.append(socket.socket())


class Secrets(Stranger):
    """Looks for secrets where they might be, and tells what it finds."""

    name = "secrets"

    def act(self, view: View) -> Iterable[Intent]:
        """Look through environment, descriptors and arguments, and at its parents; then break."""
        found = [*os.environ, *os.environ.values(), *sys.argv]
        for number in range(256):
            try:
                found.append(os.readlink(f"/proc/self/fd/{number}"))
            except OSError:
                continue
        found += _of_parents()
        yield Notice(
            severity=Severity.WARN, code="FOUND", text="All I know.", data={"all": " ".join(found)}
        )

    def on_tick(self, tick: Any, view: View) -> Iterable[Intent]:
        """Break, since there was nothing."""
        raise RuntimeError("I found nothing")


def _of_parents() -> Iterator[str]:
    """Yield what can be read of those that started this process, up to the core and beyond."""
    process = os.getppid()
    while process > 1:
        place = Path(f"/proc/{process}")
        process = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        try:
            yield (place / "environ").read_bytes().decode(errors="replace")[:4_000]
        except OSError:
            continue


class Floods(Stranger):
    """Says the same answer again and again, as fast as it can."""

    name = "floods"

    def act(self, view: View) -> Iterable[Intent]:
        """Put ten thousand words into the conversation of the program that runs it."""
        import asyncio
        import gc

        from axisor.wire.runners import Beat

        for queue in [each for each in gc.get_objects() if isinstance(each, asyncio.Queue)]:
            for _ in range(10_000):
                queue.put_nowait(Beat())
        yield from ()


HOSTILE: tuple[type[Stranger], ...] = (
    Spins,
    Sleeps,
    Forks,
    Leaks,
    Raises,
    Garbage,
    Forges,
    Sockets,
    Secrets,
    Floods,
)


class Reviewing:
    """A plugin that offers a strategy and reviews what others ask for."""

    @hookimpl
    def register_strategies(self, register: RegisterStrategy) -> None:
        """Offer it."""
        register(Stranger)

    @hookimpl(specname="review_intent")
    def judge(self, action: Any) -> None:
        """Let everything pass."""


REVIEWING = Reviewing()

ALL: tuple[type[Stranger], ...] = (Stranger, *HOSTILE)


@hookimpl
def register_strategies(register: RegisterStrategy) -> None:
    """Offer the one that this interpreter was started for."""
    for each in ALL:
        if each.name == os.environ["STRANGER"]:
            register(each)


def install(folder: Path, name: str, entry: str = "tests.support.strangers") -> str:
    """Install a stranger under its own name; return `NAME=PYTHON` for `runner.spawn`."""
    place = folder / name / f"axisor_{name}-1.0.dist-info"
    place.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: axisor-{name}\nVersion: 1.0\n"
    (place / "METADATA").write_text(metadata)
    (place / "entry_points.txt").write_text(f"[axisor]\n{name} = {entry}\n")
    found = os.pathsep.join([str(place.parent), *filter(None, sys.path)])
    python = folder / name / "python"
    python.write_text(
        f'#!/bin/sh\nexport PYTHONPATH="{found}" STRANGER={name}\nexec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    return f"{name}={python}"
