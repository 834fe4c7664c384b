"""A failing seed is brought down to what it needs to fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from axisor.errors import VenueUnavailable
from axisor.ports import Refused, Unknown
from axisor_server.engine.executor import Executor
from tests.simulation import shrink
from tests.simulation.run import run_seed


@pytest.mark.parametrize(
    "needed", [("a",), ("c", "h"), ("a", "b", "h"), tuple("abcdefgh"), ()], ids="".join
)
def test_only_what_is_needed_is_left(needed: tuple[str, ...]):
    def fails(kinds: Sequence[str]) -> bool:
        return set(needed) <= set(kinds)

    assert shrink.least(list("abcdefgh"), fails) == list(needed)


def test_a_core_that_takes_silence_for_failure_is_caught_and_explained(monkeypatch):
    once = Executor.once

    async def hasty(self: Executor, order: Any) -> Any:
        result = await once(self, order)
        return Refused(VenueUnavailable()) if isinstance(result, Unknown) else result

    monkeypatch.setattr(Executor, "once", hasty)
    seed = next(seed for seed in range(50) if run_seed(seed).violations)

    found = shrink.shrink(seed)

    assert found is not None
    assert found.kinds
    assert len(found.kinds) <= 6
    assert found.timeline
    assert found.violation.detail in shrink.describe(found)


def test_a_seed_that_keeps_its_promises_has_nothing_to_shrink():
    assert shrink.shrink(0) is None
