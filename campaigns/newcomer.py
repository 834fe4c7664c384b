"""A newcomer's path in full: clone, `make demo` on a terminal, `axisor up --sim`, setup, rescue.

The environment is made anew in the clone by its own Makefile; the quick figures leave out the clone
and that, and play the demo with the environment that is here. The browser is Debian's Chromium, and
Telegram a server of this process.
"""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import async_playwright
from tests.clients.cli.terminal import AXISOR, Terminal
from tests.support.browser import ARGUMENTS, CHROMIUM
from tests.support.newcomer import VARIABLES, Newcomer, Rescue, link_in, telephone
from tests.support.processes import end, environment, until

from axisor.client import Client
from campaigns.report import Figures, Report

TITLE = "a newcomer's path from a clone to a rescue that is seen three times"
HERE = Path(__file__).parents[1]
ALL_S = 300.0
"""The whole path takes less than this."""
INSTALL_S = 1_800.0
"""How long an installation is waited for: one that is slow is a figure that is missed, no error."""
SEEN_S = 1.0
"""So soon after its entry in the journal a rescue is seen, everywhere."""


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Go the whole path once."""
    report = Report(name="newcomer", title=TITLE, figures=figures, seed=seed)
    if CHROMIUM is None:
        raise FileNotFoundError("chromium is not here: apt-get install chromium")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="axisor-newcomer-") as name:
        async with asyncio.timeout(budget):
            folder = Path(name)
            command: Sequence[str] = AXISOR
            if figures is Figures.FULL:
                command = (str(await asyncio.to_thread(_cloned, report, folder)),)
            else:
                await asyncio.to_thread(_demo, report, (*AXISOR, "demo"), None)
            rescue = await _path(report, folder, command)
    report.most("the whole path", round(time.monotonic() - began, 1), ALL_S)
    for place, delay in rescue.delays().items():
        report.most(f"seen in {place} after the entry", delay.total_seconds(), SEEN_S)
    report.lines.append(rescue.message.replace("\n", " · "))
    return report


def _cloned(report: Report, folder: Path) -> Path:
    """Clone the repository, play its demo on a terminal, and return its `axisor`."""
    clone, began = folder / "axisor", time.monotonic()
    subprocess.run(["git", "clone", "--quiet", str(HERE), str(clone)], check=True)
    report.tell("clone (s)", round(time.monotonic() - began, 2))
    _demo(report, ("make", "demo"), clone)
    return clone / ".venv/bin/axisor"


def _demo(report: Report, command: Sequence[str], folder: Path | None) -> None:
    """Look at the demo's console until a rescue, leave it, and wait for the result."""
    began = time.monotonic()
    with Terminal(command=command, folder=folder) as terminal:
        terminal.until("Positions", patience_s=INSTALL_S)
        report.tell("make demo, until its console is open (s)", _since(began))
        terminal.until("again", patience_s=ALL_S)
        terminal.press("q")
        terminal.until("RESULT", patience_s=ALL_S)
        report.tell("make demo, until its result (s)", _since(began))
        report.none("demos that ended with an error", [code for code in [terminal.end()] if code])


async def _path(report: Report, folder: Path, command: Sequence[str]) -> Rescue:
    """Start a core to play with, and go from its link to the rescue."""

    def say(step: str, seconds: float) -> None:
        report.tell(f"{step} (s)", round(seconds, 2))

    began = time.monotonic()
    async with (
        telephone() as phone,
        playing(folder, command) as log,
        async_playwright() as playwright,
    ):
        link = await until(lambda: link_in(log.read_text()), "the link is printed")
        say("axisor up --sim, until its link is printed", time.monotonic() - began)
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=list(ARGUMENTS)
        )
        try:
            page = await browser.new_page()
            newcomer = Newcomer(page, folder / "core", phone, say=say, command=command)
            await newcomer.set_up(link)
            async with Client.of_data_dir(folder / "core") as client:
                return await newcomer.crash(client)
        finally:
            await browser.close()


@asynccontextmanager
async def playing(folder: Path, command: Sequence[str]) -> AsyncIterator[Path]:
    """Run `axisor up --sim` on the folder's `core`; gives the file with what it says."""
    path = folder / "up.log"
    words = ("up", "--sim", "--data-dir", str(folder / "core"), "--listen", "127.0.0.1:0")
    variables = environment(**VARIABLES, XDG_CONFIG_HOME=str(folder / "config"))
    with path.open("wb") as log:
        process: Process = await asyncio.create_subprocess_exec(
            *command, *words, stdin=DEVNULL, stdout=log, stderr=STDOUT, env=variables
        )
    try:
        yield path
    finally:
        await end(process)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 2)
