"""A watcher outside is called while all is protected, and only then."""

from __future__ import annotations

import pytest
import structlog

from axisor.errors import AxisorError, DeliveryDelayed, StoreUnavailable
from axisor.notices import Answer
from axisor.ports import Secret
from axisor.testing.way import MemoryWay
from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.services.telling.deadman import DeadMan

URL = "https://watcher.example.org/canary"


def deadman(way: MemoryWay, *, holds: bool | AxisorError = True) -> DeadMan:
    async def answer() -> bool:
        if isinstance(holds, AxisorError):
            raise holds
        return holds

    return DeadMan(url=Secret(URL), every_s=60, way=way, clock=VirtualClock(), holds=answer)


async def test_the_watcher_is_called_while_all_is_protected():
    way = MemoryWay()

    assert await deadman(way).call()

    assert [each.url for each in way.posted] == [URL]


@pytest.mark.parametrize(
    "holds", [False, StoreUnavailable("away")], ids=["unprotected", "nobody can tell"]
)
async def test_the_watcher_is_not_called_otherwise(holds: bool | AxisorError):
    way = MemoryWay()

    assert not await deadman(way, holds=holds).call()

    assert way.posted == []


@pytest.mark.parametrize("answer", [Answer(404), DeliveryDelayed("away")], ids=["refused", "away"])
async def test_a_watcher_that_does_not_hear_is_logged_without_its_address(
    answer: Answer | AxisorError,
):
    with structlog.testing.capture_logs() as logs:
        assert not await deadman(MemoryWay(answer)).call()

    assert len(logs) == 1
    assert "canary" not in str(logs)
