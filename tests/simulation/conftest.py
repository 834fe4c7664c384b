"""Worlds in virtual time let others go first, and may therefore take long; the campaign is last."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import unhurried

HERE = Path(__file__).parent
HANGS_S = 1_800
"""After how long a test hangs here. On a busy machine each takes as long as others leave it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the tests of this folder called at a low priority, and give them their time.

    The chunks of the campaign are small, so workers that are left with them end together.
    """
    for item in items:
        if isinstance(item, pytest.Function) and item.path.is_relative_to(HERE):
            item.obj = patient(item.obj)
            item.add_marker(pytest.mark.timeout(HANGS_S), append=False)
    items.sort(key=lambda item: item.path == HERE / "test_campaign.py")


def patient(test: Callable[..., None]) -> Callable[..., None]:
    """Return a test that lets others go first."""

    @functools.wraps(test)
    def called(**given: object) -> None:
        unhurried.run(lambda: test(**given))

    return called
