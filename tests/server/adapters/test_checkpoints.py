"""The file of checkpoints: added to, private, and readable although a crash tore its last line."""

from __future__ import annotations

from pathlib import Path

import pytest

from axisor.errors import CheckpointInvalid
from axisor_server.adapters.checkpoints import CheckpointFile, read_checkpoints
from axisor_server.adapters.signing import SigningKey
from axisor_server.domain.audit_keys import key_id, public_text, read_public
from axisor_server.domain.checkpoints import Checkpoint

KEY = SigningKey(bytes(range(32)))


def checkpoint(sequence: int) -> Checkpoint:
    return Checkpoint(
        stream="platform",
        sequence=sequence,
        hash=bytes(32),
        root=bytes(32),
        time_us=1,
        key=KEY.id,
        signature=bytes(64),
    )


async def test_checkpoints_come_back_in_order_from_a_private_file(tmp_path: Path):
    path = tmp_path / "elsewhere" / "checkpoints.ndjson"

    await CheckpointFile(path).keep([checkpoint(1), checkpoint(2)])
    await CheckpointFile(path).keep([checkpoint(3)])

    assert [found.sequence for found in read_checkpoints(path)] == [1, 2, 3]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_torn_last_line_is_left_out(tmp_path: Path):
    path = tmp_path / "checkpoints.ndjson"
    await CheckpointFile(path).keep([checkpoint(1), checkpoint(2)])
    path.write_bytes(path.read_bytes()[:-5])

    assert [found.sequence for found in read_checkpoints(path)] == [1]


@pytest.mark.parametrize("whole", [0, 1, 30])
async def test_what_is_added_behind_a_torn_line_is_whole(tmp_path: Path, whole: int):
    path = tmp_path / "checkpoints.ndjson"
    await CheckpointFile(path).keep([checkpoint(number) for number in range(1, whole + 2)])
    path.write_bytes(path.read_bytes()[:-5])

    await CheckpointFile(path).keep([checkpoint(98), checkpoint(99)])

    kept = [found.sequence for found in read_checkpoints(path)]
    assert kept == [*range(1, whole + 1), 98, 99]


async def test_what_another_hand_wrote_is_not_cut(tmp_path: Path):
    path = tmp_path / "checkpoints.ndjson"
    path.write_bytes(b"x" * 10_000)

    await CheckpointFile(path).keep([checkpoint(1)])

    assert path.read_bytes().startswith(b"x" * 10_000)


async def test_a_line_that_is_no_checkpoint_is_named(tmp_path: Path):
    path = tmp_path / "checkpoints.ndjson"
    await CheckpointFile(path).keep([checkpoint(1)])
    with path.open("ab") as file:
        file.write(b"nonsense\n")

    with pytest.raises(CheckpointInvalid, match="Line 2"):
        list(read_checkpoints(path))


def test_a_file_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(CheckpointInvalid, match="cannot be read"):
        list(read_checkpoints(tmp_path / "none"))


async def test_a_link_in_its_place_is_not_followed(tmp_path: Path):
    target = tmp_path / "target"
    target.touch()
    (tmp_path / "link").symlink_to(target)

    with pytest.raises(OSError, match=r"link|symbolic"):
        await CheckpointFile(tmp_path / "link").keep([checkpoint(1)])

    assert target.read_bytes() == b""


def test_the_public_key_comes_back_from_its_text():
    assert read_public(public_text(KEY.public)) == KEY.public
    assert key_id(KEY.public) == KEY.id


@pytest.mark.parametrize("text", ["", "axisor-audit-key:", "axisor-audit-key:AAAA", "other:AAAA"])
def test_what_is_no_public_key_is_refused(text: str):
    with pytest.raises(CheckpointInvalid):
        read_public(text)


def test_a_signing_key_shows_and_writes_nothing_of_itself():
    assert "…" in repr(KEY)
    with pytest.raises(TypeError):
        KEY.__reduce__()
