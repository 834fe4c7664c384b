"""Asks a plugin's own interpreter what the plugin offers, without importing it here."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from axisor.errors import ConfigInvalid
from axisor.remote import Offer
from axisor_server.adapters.running.limits import Confines, clean
from axisor_server.choices import Priority

PATIENCE_S = 20.0
MOST_BYTES = 1_048_576
MOST_TOLD = 500
AT_ONCE = 4
"""How many plugins are asked at the same time; each takes a second or so to start."""


def describe_all(
    pythons: Mapping[str, Sequence[str]], confines: Confines
) -> dict[str, dict[str, Callable[[], list[Offer]]]]:
    """Ask plugins in each of their interpreters, several at a time.

    Returns for each plugin and interpreter what returns or raises as `describe` does.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = {
            name: {python: pool.submit(describe, name, python, confines) for python in found}
            for name, found in pythons.items()
        }
    return {
        name: {python: each.result for python, each in found.items()}
        for name, found in asked.items()
    }


def describe(plugin: str, python: str, confines: Confines) -> list[Offer]:
    """Return a plugin's strategies. Raises ConfigInvalid where it cannot say them.

    A core that starts waits for it, and guards nothing until then: here a plugin has its turn.
    """
    confines = replace(confines, priority=Priority.NORMAL)
    with tempfile.TemporaryDirectory(prefix="axisor-describe-") as name:
        home = Path(name)
        out = home / "offers.json"
        command = confines.command(python, "-m", "axisor.runner", "--plugin", plugin, "--describe")
        try:
            code, said = _run(command, home, out)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ConfigInvalid(f"The plugin {plugin} cannot be asked: {error}.") from error
        if code != 0:
            raise ConfigInvalid(f"The plugin {plugin} cannot be read: {said}", plugin=plugin)
        return read_offers(out.read_bytes()[:MOST_BYTES], plugin)


def _run(command: list[str], home: Path, out: Path) -> tuple[int, str]:
    """Return a command's exit code and last words; it is ended with all of its group."""
    with out.open("wb") as file, (home / "stderr").open("w+b") as errors:
        process = subprocess.Popen(  # noqa: S603 - an operator named the program
            command, env=clean(home), cwd=home, stdin=subprocess.DEVNULL, stdout=file, stderr=errors
        )
        try:
            code = process.wait(PATIENCE_S)
        finally:
            with suppress(ProcessLookupError):  # a group lasts as long as anybody is in it
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - MOST_TOLD))
        return code, errors.read().decode(errors="replace").strip()


def read_offers(text: bytes, plugin: str = "") -> list[Offer]:
    """Return offers from JSON. Raises ConfigInvalid for what is none, or another plugin's."""
    try:
        found = msgspec.json.decode(text, type=list[Offer])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ConfigInvalid(
            f"What {plugin or 'the file'} offers cannot be read: {error}."
        ) from error
    for offer in found:
        if plugin and offer.plugin != plugin:
            raise ConfigInvalid(f"{plugin} offers what is {offer.plugin}'s.", plugin=plugin)
    return found
