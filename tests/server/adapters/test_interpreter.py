"""The interpreter of a core: what was built is not collected again, and threads switch soon."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

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


def test_a_package_is_not_found_within_and_is_as_it_was_afterwards() -> None:
    loaded = sys.modules["msgspec"]

    with interpreter.without("msgspec", "wave"):
        for name in ("msgspec", "wave"):
            with pytest.raises(ImportError):
                import_module(name)

    assert sys.modules["msgspec"] is loaded
    assert import_module("wave").__name__ == "wave"


def test_a_core_loads_nothing_that_is_for_terminals() -> None:
    program = (
        "import sys; from axisor_server.adapters import interpreter; interpreter.build();"
        "import axisor_server.app, axisor_lnmarkets.venue;"
        "print(*(n for n in ('rich', 'pygments', 'structlog', 'httpx') if n in sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.split() == ["structlog", "httpx"]
