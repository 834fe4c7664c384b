"""What a bundle tells, and what it must not."""

from __future__ import annotations

import json
import zipfile

from axisor_cli.commands.diagnostics import without_names
from tests.clients.cli.conftest import KEY, PASSPHRASE, SECRET


def papers(path):
    with zipfile.ZipFile(path) as bundle:
        return {name: json.loads(bundle.read(name)) for name in bundle.namelist()}


def test_a_bundle_tells_of_the_core_and_of_nobody(core, account, data_dir, tmp_path):
    to = tmp_path / "bundle.zip"

    ran = core("diagnostics", "bundle", "--to", str(to))

    assert ran.code == 0, ran.err
    found = papers(to)
    assert set(found) == {
        *("machine.json", "versions.json", "core.json", "settings.json", "journals.json"),
    }
    assert found["core.json"]["accounts"][0]["mode"] == "MODE_SIM"
    assert found["journals.json"]["account-1"][-1]["kind"]
    text = json.dumps(found)
    token = (data_dir / "owner.token").read_text().strip()
    for secret in (KEY, SECRET, PASSPHRASE, token, account, "play", str(data_dir)):
        assert secret not in text
    assert to.stat().st_mode & 0o777 == 0o600


def test_a_core_that_is_away_is_a_finding(axisor, nowhere, tmp_path):
    to = tmp_path / "bundle.zip"

    assert axisor("diagnostics", "bundle", "--to", str(to)).code == 0

    assert papers(to)["core.json"]["kind"] == "CoreUnreachable"


def test_a_file_that_is_there_is_not_overwritten(axisor, nowhere, tmp_path):
    to = tmp_path / "mine"
    to.write_text("mine")

    ran = axisor("diagnostics", "bundle", "--to", str(to))

    assert ran.code == 2
    assert to.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_said(axisor, nowhere, tmp_path):
    ran = axisor("diagnostics", "bundle", "--to", str(tmp_path / "none" / "x.zip"))

    assert ran.code == 2
    assert "cannot be written" in ran.err


def test_equal_names_have_equal_stand_ins_in_one_bundle_only():
    said = {"owner": "core-a", "leases": [{"owner": "core-a", "epoch": 3}, {"owner": "core-b"}]}

    one, other = without_names(said, b"1"), without_names(said, b"2")

    assert one["owner"] == one["leases"][0]["owner"] != one["leases"][1]["owner"]
    assert one["owner"] != other["owner"]
    assert one["leases"][0]["epoch"] == 3
    assert "core" not in json.dumps(one)
