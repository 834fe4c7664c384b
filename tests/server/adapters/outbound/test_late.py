"""A way out is made once, when it is first needed."""

from __future__ import annotations

from axisor.testing.clock import FixedClock
from axisor.testing.way import MemoryWay
from axisor_server.adapters.outbound.late import LateWay


async def test_a_way_is_made_at_its_first_use_and_then_kept():
    made: list[MemoryWay] = []

    def build() -> MemoryWay:
        made.append(MemoryWay())
        return made[-1]

    clock = FixedClock()
    late = LateWay(clock, build)
    assert late.now() == clock.now()
    assert made == []

    for _ in range(2):
        await late.post("https://example.org/", headers={}, body=b"x")

    (way,) = made
    assert [each.body for each in way.posted] == [b"x", b"x"]
    assert late.authority == ""
