"""The file of checkpoints as a queue: what a receiver lacks, across restarts and other hands."""

from __future__ import annotations

from pathlib import Path

import pytest

from axisor.errors import SettingsInvalid
from axisor_server.adapters.checkpoints import CheckpointFile
from axisor_server.adapters.copies import FILE, MOST_BYTES, CopiesOf
from axisor_server.domain.checkpoints import Checkpoint, from_line
from axisor_server.domain.copies import Batch

URL = "https://receiver.example.org/hook"


class Bench:
    """A file of checkpoints and a queue over it, made anew for each call as after a restart."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "checkpoints.ndjson"
        self.place = folder / FILE

    async def keep(self, *sequences: int) -> None:
        found = [
            Checkpoint(
                stream="platform",
                sequence=sequence,
                hash=bytes(32),
                root=bytes(32),
                time_us=sequence,
                key="k",
                signature=bytes(64),
            )
            for sequence in sequences
        ]
        await CheckpointFile(self.path).keep(found)

    def queue(self, receiver: str = URL) -> CopiesOf:
        return CopiesOf(self.path, self.place, receiver=receiver)

    async def next(self, receiver: str = URL) -> list[int]:
        batch = await self.queue(receiver).waiting()
        return [] if batch is None else sequences(batch)


def sequences(batch: Batch) -> list[int]:
    return [from_line(line).sequence for line in batch.lines]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_nothing_waits_where_nothing_was_kept(bench: Bench):
    assert await bench.next() == []


async def test_what_is_not_acknowledged_waits_again_after_a_restart(bench: Bench):
    await bench.keep(1, 2)
    assert await bench.next() == [1, 2]
    await bench.keep(3)
    assert await bench.next() == [1, 2, 3]


async def test_a_restart_goes_on_behind_the_last_that_was_acknowledged(bench: Bench):
    await bench.keep(1, 2)
    batch = await bench.queue().waiting()
    assert batch is not None
    await bench.keep(3)

    await bench.queue().acknowledge(batch)

    assert await bench.next() == [3]
    assert bench.place.stat().st_mode & 0o077 == 0


async def test_a_message_is_bounded_and_the_rest_follows(bench: Bench):
    await bench.keep(*range(1, 301))
    found: list[int] = []
    while batch := await bench.queue().waiting():
        assert len(b"".join(batch.lines)) <= MOST_BYTES
        found += sequences(batch)
        await bench.queue().acknowledge(batch)

    assert found == list(range(1, 301))


async def test_another_receiver_gets_all(bench: Bench):
    await bench.keep(1, 2)
    batch = await bench.queue().waiting()
    assert batch is not None
    await bench.queue().acknowledge(batch)

    assert await bench.next() == []
    assert await bench.next("https://another.example.org/") == [1, 2]


async def test_another_file_is_noticed_and_copied_from_its_beginning(bench: Bench):
    await bench.keep(1, 2)
    batch = await bench.queue().waiting()
    assert batch is not None
    await bench.queue().acknowledge(batch)
    bench.path.unlink()
    await bench.keep(7, 8, 9)

    assert await bench.next() == [7, 8, 9]


async def test_a_line_that_is_being_written_waits_until_it_is_whole(bench: Bench):
    await bench.keep(1)
    whole = bench.path.read_bytes()
    bench.path.write_bytes(whole + whole[:50])

    assert await bench.next() == [1]


async def test_what_another_hand_wrote_is_left_out(bench: Bench):
    await bench.keep(1)
    whole = bench.path.read_bytes()
    bench.path.write_bytes(whole[:50] + whole + b"x" * (2 * MOST_BYTES) + b"\n" + whole)

    assert await bench.next() == [1]


async def test_a_place_that_others_can_read_is_not_believed(bench: Bench):
    await bench.keep(1)
    bench.place.write_text("{}")
    bench.place.chmod(0o644)

    with pytest.raises(SettingsInvalid):
        await bench.next()


async def test_a_place_that_says_nothing_begins_anew(bench: Bench):
    await bench.keep(1)
    bench.place.write_text("nonsense")
    bench.place.chmod(0o600)

    assert await bench.next() == [1]
