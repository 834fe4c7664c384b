"""Whatever is asked, the answer is typed: no method ever answers INTERNAL, or leaves a mark."""

from __future__ import annotations

import logging
from pathlib import Path

import grpc
import grpc.aio
import pytest
import structlog
from tests.server.rpc.malformed import resident, trouble
from tests.server.rpc.serving import Served

from axisor_server.rpc.rules import methods, services

METHODS = methods(services())
ROUNDS = 200
MOST_GROWTH = 16 * 1024 * 1024


@pytest.mark.parametrize("path", METHODS)
async def test_nonsense_gets_a_typed_answer_and_leaves_no_error_in_the_log(
    core: Served,
    channel: grpc.aio.Channel,
    account: str,
    path: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    seed = sum(path.encode())
    print(f"seed {seed}")

    with structlog.testing.capture_logs() as lines:
        found = await trouble(core, channel, account, METHODS[path], seed=seed, rounds=ROUNDS)

    assert found == []
    assert [line for line in lines if line["log_level"] in ("error", "critical")] == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux tells it there.")
async def test_nonsense_takes_no_memory_that_stays(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    unary = [path for path, method in METHODS.items() if not method.streams]
    for path in unary:
        await trouble(core, channel, account, METHODS[path], seed=1, rounds=10)
    before = resident()

    for turn in range(2, 5):
        for path in unary:
            await trouble(core, channel, account, METHODS[path], seed=turn, rounds=20)

    assert resident() - before <= MOST_GROWTH
