"""Asks a plugin's interpreter what it offers, beside whatever else the core does."""

from __future__ import annotations

import asyncio
import os
import tempfile

from msgspec.structs import replace

from axisor.errors import ConfigInvalid
from axisor.remote import Offer
from axisor_server.adapters.running.describing import MOST_BYTES, read_offers
from axisor_server.adapters.running.limits import Confines
from axisor_server.adapters.running.minders import Minders
from axisor_server.adapters.running.ordered import Runner
from axisor_server.choices import Priority

PATIENCE_S = 60.0
"""Nobody stands still for it, and on a busy machine it has its turn after all others."""

DONE = "exit code 0"


async def ask(
    minders: Minders, plugin: str, python: str, confines: Confines, *, soon: bool
) -> list[Offer]:
    """Return what a plugin offers. Raises ConfigInvalid where it cannot say it in time.

    It computes like anybody where it is to be `soon`, else after all others, yet not last of all.
    """
    if confines.priority is not Priority.NORMAL:
        confines = replace(confines, priority=Priority.NORMAL if soon else Priority.LOW)
    words = (python, "-m", "axisor.runner", "--plugin", plugin, "--describe")
    with tempfile.TemporaryFile() as out:
        try:
            runner = minders.launch(words, confines, out=out.fileno())
        except OSError as error:
            raise ConfigInvalid(
                f"The plugin {plugin} cannot be asked: {error}.", plugin=plugin
            ) from error
        ended = await _ended(runner)
        if not ended:
            raise ConfigInvalid(
                f"The plugin {plugin} did not say what it offers within {PATIENCE_S:g} s.",
                plugin=plugin,
            )
        code, _, said = ended.partition(":")
        if code != DONE:
            raise ConfigInvalid(
                f"The plugin {plugin} cannot be read: {said.strip() or code}", plugin=plugin
            )
        return read_offers(os.pread(out.fileno(), MOST_BYTES, 0), plugin)


async def _ended(runner: Runner) -> str:
    """Return how it ended, empty where it took too long."""
    waiting = asyncio.ensure_future(runner.wait())
    try:
        done, _ = await asyncio.wait({waiting}, timeout=PATIENCE_S)
        return waiting.result() if done else ""
    finally:
        runner.kill()
        await waiting
