"""Follows a page as a reader would: a venue, a core and a person, each in a shell of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.docs import pages
from tests.support.nursery import ours

PATIENCE_S = 100
VENUE = "127.0.0.1:8400"


def free_port() -> int:
    """Return a port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def surroundings(home: Path) -> dict[str, str]:
    """Return the variables of the reader's shells: a home of their own, any free port, and a
    checkpoint as soon as there may be one, for which nobody wants to wait a minute.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AXISOR_")}
    return kept | {
        "PATH": os.pathsep.join(
            map(str, (ours().command.parent, Path(sys.executable).parent, os.environ["PATH"]))
        ),
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "AXISOR_GRPC__LISTEN": "127.0.0.1:0",
        "AXISOR_AUDIT__EVERY": "5",
        "COLUMNS": "200",
        "NO_COLOR": "1",
    }


class Reader:
    """Types what a page says, in a folder of its own; the simulator's port is a free one."""

    patience_s = PATIENCE_S

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = surroundings(folder)
        self._port = f"127.0.0.1:{free_port()}"

    def text_of(self, page: str, word: str) -> str:
        """Return all blocks of a page for one shell, one after the other."""
        text = "\n".join(block.text for block in pages.blocks(page, "sh", word))
        assert text, f"{page} has nothing for {word}"
        return text.replace(VENUE, self._port)

    @contextlib.contextmanager
    def background(self, page: str, word: str) -> Iterator[None]:
        """Run the one command of a block until the end, after it has said its first line."""
        command = self.text_of(page, word).strip()
        with (self.folder / f"{word}.log").open("w") as log:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.folder,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert said, (self.folder / f"{word}.log").read_text()
            yield
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)
            process.stdout.close()

    def type(self, text: str) -> str:
        """Type commands, each of which must succeed, and return what they said."""
        said = self.folder / "said.txt"
        with said.open("w") as output:
            done = subprocess.run(
                ["timeout", str(self.patience_s), "bash", "-euxo", "pipefail", "-c", text],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        assert done.returncode == 0, said.read_text()
        return said.read_text()
