"""Commands as processes: they end with whoever started them."""

from __future__ import annotations

import pytest

from axisor.wire.failures import CoreUnreachable
from axisor_cli.processes import Process


async def test_a_process_gives_all_it_wrote():
    async with Process("version") as process:
        assert "axisor-cli" in await process.output()
        assert await process.finished() == 0
        assert process.ended


async def test_a_process_that_says_nothing_has_failed():
    async with Process("no-such-command") as process:
        with pytest.raises(CoreUnreachable):
            await process.first_line(30)


async def test_a_process_is_stopped_with_its_context(tmp_path):
    words = ("up", "--data-dir", str(tmp_path / "data"), "--listen", "127.0.0.1:0")
    async with Process(*words, log=tmp_path / "log") as process:
        assert not process.ended

    assert process.ended


async def test_the_last_words_are_those_of_its_log(tmp_path):
    async with Process("status", log=tmp_path / "log", options=("--timeout", "x")) as process:
        assert await process.finished() == 2

    assert "not a valid float" in process.last_words()
