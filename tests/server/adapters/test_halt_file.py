"""The file HALT is read for what it says, and never taken for absent when it is there."""

from __future__ import annotations

from axisor_server.adapters.halt_file import MOST_BYTES, HaltFile


async def test_without_a_file_there_is_nothing(tmp_path):
    assert await HaltFile(tmp_path).read() is None


async def test_what_it_says_is_read_and_no_more_than_a_level_needs(tmp_path):
    (tmp_path / "HALT").write_text("flatten\n" + "x" * 1_000)

    text = await HaltFile(tmp_path).read()

    assert text is not None
    assert text.startswith("flatten\n")
    assert len(text) == MOST_BYTES


async def test_what_cannot_be_read_counts_as_empty(tmp_path):
    (tmp_path / "HALT").mkdir()

    assert await HaltFile(tmp_path).read() == ""


async def test_bytes_that_are_no_text_are_still_a_file(tmp_path):
    (tmp_path / "HALT").write_bytes(b"\xff\xfe")

    assert await HaltFile(tmp_path).read()
