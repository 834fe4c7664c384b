"""Where the simulators running on this machine are noted, so that commands find them.

One file each, in a folder only its user can read: it holds the address and the control token.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct

from axisor.errors import SettingsInvalid, VenueUnavailable


class Running(Struct, frozen=True):
    """A simulator that runs: its address, the token that opens `/sim`, and its process."""

    url: str
    token: str
    pid: int


def folder() -> Path:
    """Return the folder of notes, made if need be. Raises SettingsInvalid if others can read it."""
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    path = Path(base) / f"axisor-sim-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or path.is_symlink():
        raise SettingsInvalid(
            f"{path} can be reached by others.", fix="Remove it, or set XDG_RUNTIME_DIR."
        )
    return path


def note(running: Running, port: int) -> Path:
    """Write down a running simulator, readable by its user alone; return the file."""
    path = folder() / f"{port}.json"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(running))
    return path


def find(url: str | None) -> Running:
    """Return the note of a simulator by its address, or of the only one running.

    Raises VenueUnavailable where none is, SettingsInvalid where the choice is not clear.
    """
    alive = [running for running in _all() if _is_alive(running.pid)]
    if url is not None:
        alive = [running for running in alive if running.url == url.rstrip("/")]
    if not alive:
        raise VenueUnavailable(
            "No simulator of yours runs" + (f" at {url}." if url else "."),
            fix="Start one: axisor sim serve; or pass its control token with --token-file.",
        )
    if len(alive) > 1:
        raise SettingsInvalid(
            f"Several simulators run: {', '.join(running.url for running in alive)}.",
            fix="Name one with --connect.",
        )
    return alive[0]


def _all() -> list[Running]:
    found = []
    for path in sorted(folder().glob("*.json")):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Running))
        except (FileNotFoundError, msgspec.DecodeError):
            continue  # it is just being written or removed
    return found


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
