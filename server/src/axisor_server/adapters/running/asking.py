"""Asks a plugin's interpreter what it offers, beside whatever else the core does."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time

from msgspec.structs import replace

from axisor.errors import ConfigInvalid
from axisor.remote import Offer
from axisor_server.adapters.running.describing import MOST_BYTES, PATIENCE_S, read_offers
from axisor_server.adapters.running.limits import Confines
from axisor_server.adapters.running.minders import Minders
from axisor_server.adapters.running.ordered import Runner
from axisor_server.choices import Priority

LOOK_S = 0.25
STARVED_S = 60.0
"""How long it may want a processor and have none before that counts as its own time."""

DONE = "exit code 0"


async def ask(minders: Minders, plugin: str, python: str, confines: Confines) -> list[Offer]:
    """Return what a plugin offers. Raises ConfigInvalid where it cannot say it in time."""
    if confines.priority is Priority.IDLE:  # somebody wants to run it: not last of all
        confines = replace(confines, priority=Priority.LOW)
    words = (python, "-m", "axisor.runner", "--plugin", plugin, "--describe")
    with tempfile.TemporaryFile() as out:
        try:
            runner = minders.launch(words, confines, out=out.fileno())
        except OSError as error:
            raise ConfigInvalid(
                f"The plugin {plugin} cannot be asked: {error}.", plugin=plugin
            ) from error
        ended = await _ended(runner, minders)
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


async def _ended(runner: Runner, minders: Minders) -> str:
    """Return how it ended, empty where it took too long."""
    began, stood_ms = time.monotonic(), minders.stood_ms()
    waiting = asyncio.ensure_future(runner.wait())
    try:
        while not (await asyncio.wait({waiting}, timeout=LOOK_S))[0]:
            excused_s = min(runner.waited_ms() / 1_000, STARVED_S)
            excused_s += (minders.stood_ms() - stood_ms) / 1_000
            if time.monotonic() - began - excused_s > PATIENCE_S:
                return ""
        return waiting.result()
    finally:
        runner.kill()
        await waiting
