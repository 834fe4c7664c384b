"""The page on halts and standing says what the code does."""

from __future__ import annotations

import re

from axisor.events import HaltLevel, Standing
from axisor_server.adapters.watchdog import STALL_S
from axisor_server.domain.standing import CALM_MS, WEIGHTS
from axisor_server.engine.access import LONGEST_MS, MANY
from axisor_server.engine.agreement import WINDOW_MS
from axisor_server.engine.halting import FIRST_PAUSE_MS
from axisor_server.engine.settings import EngineSettings
from axisor_server.engine.vitals import LOW_BYTES, LOW_PERCENT
from axisor_server.services.halts import LOOK_S
from tests.docs import pages

PAGE = "halts.md"
ROW = re.compile(r"^\| `(\w+)` \| (.*)", flags=re.MULTILINE)


def rows() -> dict[str, str]:
    return dict(ROW.findall(pages.page(PAGE)))


def test_every_cause_level_and_standing_has_its_row_and_no_other() -> None:
    levels = {level.value for level in HaltLevel} - {"none"}

    assert set(rows()) == set(WEIGHTS) | levels | {each.value for each in Standing}


def test_the_figures_are_those_of_the_code() -> None:
    settings, found, page = EngineSettings(owner=""), rows(), pages.page(PAGE)

    assert f"{settings.stale_ms // 1000} seconds" in found["price_stale"]
    assert f"{settings.stale_leveraged_ms // 1000} seconds" in found["price_late"]
    assert f"above {settings.high_leverage}x" in found["price_late"]
    assert f"{settings.disagree_percent} %" in found["price_disputed"]
    assert f"{settings.index_disagree_percent} %" in found["price_disputed"]
    assert f"failed {MANY} times" in found["feed_failing"]
    assert f"every {settings.poll_near_ms // 1000} seconds" in found["account_unreadable"]
    assert LONGEST_MS == 60_000
    assert f"more than {STALL_S:g} seconds" in found["loop_stalled"]
    assert f"less than {LOW_PERCENT} %" in found["disk_low"]
    assert LOW_BYTES == 1024**3
    assert f"gone for {CALM_MS // 1000} seconds" in page
    assert f"within {settings.renew_ms / 1000} seconds" in page
    assert f"after {FIRST_PAUSE_MS // 1000} seconds" in page
    assert f"the last {WINDOW_MS // 1000} seconds" in page
    assert LOOK_S < 1
