"""What of the simulation takes minutes runs where it is asked for."""

from __future__ import annotations

import os

import pytest

LONG = ("test_explorer", "test_mutants")
WHY = "It takes minutes of both processors: set AXISOR_CAMPAIGNS."


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the long modules unless AXISOR_CAMPAIGNS is set."""
    if "AXISOR_CAMPAIGNS" in os.environ:
        return
    for item in items:
        if item.path.parent.name == "simulation" and item.path.stem in LONG:
            item.add_marker(pytest.mark.skip(reason=WHY))
