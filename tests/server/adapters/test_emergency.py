"""The emergency log is a private file with room kept, whole after a crash, put away when taken."""

from __future__ import annotations

import os
import stat

import msgspec
import pytest

from axisor.errors import StoreUnavailable
from axisor.events import IntentState
from axisor.intents import ClosePosition
from axisor_server.adapters.emergency import NAME, ROOM, FileEmergencyLog
from axisor_server.adapters.memory import MemoryEmergencyLog
from axisor_server.domain.emergency import Ended, Left
from axisor_server.domain.intent import encode_action
from axisor_server.ports import EmergencyLog


def left(id, account="a"):
    return Left(
        id=id,
        account=account,
        run="r",
        target="positions/p",
        kind="ClosePosition",
        action=msgspec.Raw(encode_action(ClosePosition(position="p"))),
        epoch=1,
        at_us=1,
        signed_us=2,
        fence_us=3,
    )


def ended(id, account="a"):
    return Ended(id=id, account=account, state=IntentState.CONFIRMED, at_us=4)


@pytest.fixture(params=["file", "memory"])
async def log(request, tmp_path) -> EmergencyLog:
    if request.param == "memory":
        return MemoryEmergencyLog()
    found = FileEmergencyLog(tmp_path)
    await found.open()
    return found


async def test_deeds_come_back_in_order_for_their_account(log):
    for deed in (left("1"), left("2", "b"), ended("1")):
        await log.append(deed)

    assert await log.deeds("a") == (left("1"), ended("1"))
    assert [d.id for d in await log.deeds("b")] == ["2"]


async def test_what_is_retired_is_not_told_again_and_new_deeds_are(log):
    await log.append(left("1"))
    await log.append(left("2", "b"))

    await log.retire("a", now_us=9)
    await log.retire("a", now_us=10)
    await log.append(left("3"))

    assert [d.id for d in await log.deeds("a")] == ["3"]
    assert [d.id for d in await log.deeds("b")] == ["2"]


async def test_a_file_that_is_all_taken_is_put_away(tmp_path):
    log = FileEmergencyLog(tmp_path)
    await log.open()
    await log.append(left("1"))

    await log.retire("a", now_us=9)

    done = tmp_path / "break-glass-done-9.jsonl"
    assert done.read_bytes().count(b"\n") == 2
    assert await log.deeds("a") == ()
    await log.append(left("2"))
    assert [d.id for d in await log.deeds("a")] == ["2"]


async def test_the_file_is_its_owners_alone_and_keeps_its_room(tmp_path):
    log = FileEmergencyLog(tmp_path)
    await log.open()
    await log.append(left("1"))

    status = os.stat(tmp_path / NAME)

    assert stat.S_IMODE(status.st_mode) == 0o600
    assert status.st_size == ROOM
    assert status.st_blocks * 512 >= ROOM


async def test_a_torn_line_is_overwritten(tmp_path):
    log = FileEmergencyLog(tmp_path)
    await log.open()
    await log.append(left("1"))
    path = tmp_path / NAME
    data = path.read_bytes()
    end = data.index(b"\0")
    path.write_bytes(data[:end] + b'{"prev":"torn' + b"x" * 4_000)

    again = FileEmergencyLog(tmp_path)
    await again.open()
    await again.append(ended("1"))

    assert await again.deeds("a") == (left("1"), ended("1"))
    assert b"torn" not in path.read_bytes()


async def test_a_broken_file_is_kept_aside_and_what_holds_is_used(tmp_path):
    log = FileEmergencyLog(tmp_path)
    await log.open()
    for deed in (left("1"), ended("1"), left("2")):
        await log.append(deed)
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes().replace(b'"at_us":4', b'"at_us":5'))

    again = FileEmergencyLog(tmp_path)
    await again.open()

    assert await again.deeds("a") == (left("1"),)
    assert len(list(tmp_path.glob("break-glass-broken-*.jsonl"))) == 1


async def test_a_directory_that_is_gone_is_said_so(tmp_path):
    log = FileEmergencyLog(tmp_path / "nowhere")

    with pytest.raises(StoreUnavailable):
        await log.append(left("1"))
