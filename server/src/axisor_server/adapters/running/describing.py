"""Asks a plugin's own interpreter what the plugin offers, without importing it here."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from pathlib import Path

import msgspec

from axisor.errors import ConfigInvalid
from axisor.remote import Offer
from axisor_server.adapters.running.limits import Confines, clean

PATIENCE_S = 20.0
MOST_BYTES = 1_048_576


def describe(plugin: str, python: str, confines: Confines) -> list[Offer]:
    """Return a plugin's strategies. Raises ConfigInvalid where it cannot say them."""
    with tempfile.TemporaryDirectory(prefix="axisor-describe-") as name:
        home = Path(name)
        out = home / "offers.json"
        command = confines.command(python, "-m", "axisor.runner", "--plugin", plugin, "--describe")
        try:
            with out.open("wb") as file:
                done = subprocess.run(  # noqa: S603 - an operator named the program
                    command, env=clean(home), cwd=name, stdin=subprocess.DEVNULL, stdout=file,
                    stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False,
                )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ConfigInvalid(f"The plugin {plugin} cannot be asked: {error}.") from error
        if done.returncode != 0:
            said = done.stderr[-500:].decode(errors="replace").strip()
            raise ConfigInvalid(f"The plugin {plugin} cannot be read: {said}", plugin=plugin)
        return read_offers(out.read_bytes()[:MOST_BYTES], plugin)


async def described(plugin: str, python: str, confines: Confines) -> list[Offer]:
    """Return a plugin's strategies while others work. Raises as `describe` does."""
    return await asyncio.to_thread(describe, plugin, python, confines)


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
