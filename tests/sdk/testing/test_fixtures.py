"""The pytest plugin gives its fixtures, and imports nothing of the kit before they are used."""

from __future__ import annotations

import subprocess
import sys

from axisor.client import Client, Profile
from axisor.testing import parametrize_with_checks
from axisor.v1 import system_pb2
from axisor_dip_buyer import DipBuyer


@parametrize_with_checks(DipBuyer, margin=1000)
def test_each_check_is_a_test_of_its_own(check):
    if check.func.__name__ == "describes_its_fields":  # the others are the example's own test
        check()


def test_the_checks_are_named_by_what_they_assert():
    mark = parametrize_with_checks(DipBuyer).mark

    assert "a restart at any event changes nothing" in [case.id for case in mark.args[1]]


async def test_a_stub_server_answers_as_it_was_told(stub_server):
    async def status(request, context):
        return system_pb2.GetStatusResponse()

    path = "/axisor.v1.SystemService/GetStatus"
    async with stub_server({path: status}) as address:
        profile = Profile(address, plaintext=True)
        async with Client.connect(profile) as client:
            assert await client.system.status() is not None


def test_the_harness_is_made_by_the_fixture(harness):
    assert harness(DipBuyer, margin=1000).run([100, 99]) == []


def test_nothing_of_the_kit_is_imported_with_the_plugin():
    code = "import sys, axisor.testing.fixtures; print(*sorted(sys.modules))"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    ours = [name for name in said.stdout.split() if name.startswith(("axisor", "grpc"))]
    assert ours == ["axisor", "axisor.testing", "axisor.testing.fixtures"]
