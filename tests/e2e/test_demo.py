"""The demo as a person starts it: a real simulator, a real core, the worked example to the sat."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import struct
import sys
import termios
from asyncio.subprocess import Process
from fcntl import ioctl
from pathlib import Path

import pytest
from tests.support.processes import COMMAND, axisor, end, environment

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("demo")]
SPEED = "3"
"""At which the price stays for a third of a second where the guard has to act."""

FAST = ("demo", "--headless", "--speed", SPEED)


async def test_the_demo_is_the_worked_example_to_the_sat() -> None:
    done = await axisor(*FAST, timeout_s=150)

    assert done.code == 0, done.err
    for line in (
        r"opened  A-guarded .*x25 @ 100,000 +margin 100,000 sat +liq 96,154",
        r"98,100  GUARD  A is 1.98 % from liquidation: add 82,541 sat",
        r"liq 96,154 -> 93,195",
        r"B LIQUIDATED  -100,000 sat",
        r"RESULT  guarded -15,091 sat \(open, safe\) +unguarded -100,000 sat \(gone: liquidated\)",
        r"1 rescue\(s\), 82,541 sat added; journal of \d+ events holds",
    ):
        assert re.search(line, done.out), (line, done.out)


async def test_another_seed_and_another_trigger_lead_to_other_figures() -> None:
    plain, seeded, sooner = await asyncio.gather(
        *(
            axisor("demo", "--json", "--speed", SPEED, *more, timeout_s=150)
            for more in ((), ("--seed", "7"), ("--trigger", "2.5"))
        )
    )

    assert {done.code for done in (plain, seeded, sooner)} == {0}, (plain, seeded, sooner)
    found = [done.json for done in (plain, seeded, sooner)]
    assert found[0]["added_sats"] == 82_541
    assert found[0]["guarded_pl_sats"] == -15_091
    assert found[0]["unguarded_pl_sats"] == -100_000
    assert found[0]["guarded_liquidation_usd"] == "93195"
    assert found[0]["guarded_margin_sats"] == 182_541
    assert found[0]["rescues"] >= 1
    assert len({each["added_sats"] for each in found}) == 3
    assert {each["unguarded_end"] for each in found} == {"liquidated"}
    assert all(each["guarded_alive"] and not each["problem"] for each in found)


async def test_on_a_terminal_the_demo_shows_the_console_and_then_the_result(
    tmp_path: Path,
) -> None:
    leader, follower = pty.openpty()
    ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *("demo", "--speed", "10"),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        env=environment(TERM="xterm-256color", COLORTERM="truecolor"),
    )
    os.close(follower)
    shown = bytearray()
    reading = asyncio.create_task(asyncio.to_thread(_read, leader, shown))
    try:
        await _until_shown(shown, process, "SIM", "DISTANCE|distance|97,|98,|99,|100,000")
        await _until_shown(shown, process, "93,195")
        os.write(leader, b"q")
        async with asyncio.timeout(90):
            code = await process.wait()
    finally:
        await end(process)
        await reading
        os.close(leader)

    text = shown.decode(errors="replace")
    assert code == 0, text[-2_000:]
    assert "\x1b[?1049h" in text, "the console takes the whole screen"
    assert "guarded -15,091 sat" in text.rpartition("\x1b[?1049l")[2], text[-2_000:]


def _read(leader: int, shown: bytearray) -> None:
    """Take what is shown until the terminal is closed."""
    while True:
        try:
            part = os.read(leader, 65_536)
        except OSError:
            return
        if not part:
            return
        shown.extend(part)


async def _until_shown(shown: bytearray, process: Process, *patterns: str) -> None:
    async with asyncio.timeout(90):
        while True:
            text = shown.decode(errors="replace")
            if all(re.search(pattern, text) for pattern in patterns):
                return
            assert process.returncode is None, text[-2_000:]
            await asyncio.sleep(0.1)


assert sys.platform != "win32", "these tests need a terminal of POSIX"
