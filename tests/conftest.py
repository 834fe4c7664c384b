"""What holds for every test: drawn cases have no deadline, as a busy machine is no fault.

What collecting 20,000 tests leaves behind is never garbage, so the collector is kept from it.

Processes that tests start keep their compiled modules, whatever the environment says: hundreds of
them start, and to compile Axisor anew takes each as long as all else that it does to begin.
"""

from __future__ import annotations

import gc
import os
import sys

import pytest
from hypothesis import settings

from tests.support.lanes import Lanes

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Collect no garbage while tests are collected."""
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave what was collected out of every search for garbage."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config) -> Lanes:
    """Hand out tests by lanes."""
    from xdist.workermanage import parse_tx_spec_config  # type: ignore[import-untyped]

    return Lanes(len(parse_tx_spec_config(config)))
