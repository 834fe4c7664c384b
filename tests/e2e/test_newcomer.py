"""A newcomer's path from `axisor up --sim` on, as `campaigns/newcomer.py` times it from a clone on.

Left out here: the clone and `make demo`, which takes minutes to install, and every limit of time.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser
from tests.support.browser import BROWSER, Watched, browser, profiled, watched
from tests.support.newcomer import VARIABLES, Newcomer, link_in, telephone
from tests.support.processes import core, until

__all__ = ["browser", "watched"]
pytestmark = [*BROWSER, pytest.mark.timeout(240)]


async def test_a_newcomer_sees_a_rescue_in_console_page_and_telephone(
    browser: Browser, watched: Watched, tmp_path: Path
) -> None:
    async with (
        telephone() as phone,
        core(tmp_path, "--sim", variables=VARIABLES) as running,
        profiled(browser, watched) as context,
    ):
        link = await until(lambda: link_in(running.log.read_text()), "the link is printed")
        page = await context.new_page()
        newcomer = Newcomer(page, running.data, phone, say=_tell)

        await newcomer.set_up(link)
        async with running.client() as client:
            rescue = await newcomer.crash(client)

        await page.goto(link)
        await page.get_by_text("This link was used or is too old.").wait_for()
        await until(lambda: watched.taken("401"), "the browser says that the link was refused")
    assert rescue.message.startswith("ACTED [SIM] Guard added")
    for place, delay in rescue.delays().items():
        _tell(f"seen in {place} after the entry of the journal", delay.total_seconds())
        assert delay > timedelta(0), place
    assert "canary" not in running.log.read_text()


def _tell(step: str, seconds: float) -> None:
    print(f"{seconds:7.3f} s  {step}")
