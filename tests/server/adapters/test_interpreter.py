"""The interpreter of a core: what was built is not collected again, and threads switch soon."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from axisor_server.adapters import interpreter


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds, interval, frozen = (
        gc.get_threshold(),
        sys.getswitchinterval(),
        gc.get_freeze_count(),
    )
    yield
    if not frozen:
        gc.unfreeze()
    gc.set_threshold(*thresholds)
    gc.enable()
    sys.setswitchinterval(interval)


def test_nothing_is_collected_while_a_core_is_built_and_a_little_ever_after() -> None:
    interpreter.build()
    built = gc.isenabled()
    interpreter.settle()

    assert (built, gc.isenabled()) == (False, True)
    assert gc.get_freeze_count() > 0
    assert gc.get_count()[0] < interpreter.YOUNG
    assert gc.get_threshold() == (interpreter.YOUNG, interpreter.MIDDLE, interpreter.OLD)


def test_a_thread_that_computes_keeps_others_waiting_for_less_than_a_millisecond() -> None:
    interpreter.build()

    assert sys.getswitchinterval() < 0.001
