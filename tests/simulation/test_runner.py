"""A campaign that was cut short goes on where it was."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.simulation import campaign
from tests.simulation.records import Result


def test_a_campaign_goes_on_after_the_last_whole_record(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    told = Result(seed=1, hash="told before")
    file.write_bytes(msgspec.json.encode(told) + b"\n" + b'{"seed":2,"hash":"torn')

    found = list(campaign.go_on(range(1, 3), file))
    again = list(campaign.go_on(range(1, 3), file))

    assert [result.seed for result in found] == [1, 2]
    assert found[0] == told
    assert found[1].events > 0
    assert again == found


def test_records_of_other_seeds_are_kept_and_not_counted(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    other = msgspec.json.encode(Result(seed=7)) + b"\n"
    file.write_bytes(other)

    assert [result.seed for result in campaign.go_on(range(1, 2), file)] == [1]
    assert file.read_bytes().startswith(other)
