"""Roles on the platform through the wire: in force with the next call, asked for with a proof."""

from __future__ import annotations

import pytest
from tests.server.rpc.serving import Served
from tests.server.rpc.test_people import client, enter, join

from axisor.errors import PermissionDenied, StepUpRequired
from axisor.model import PlatformRole

BEN = "ben@example.org"


async def test_a_role_counts_with_the_next_call_and_is_gone_with_the_next(core: Served):
    await join(core)
    await join(core, BEN)
    ada, ben = await enter(core), await enter(core, BEN)
    async with client(core, ada.access) as admin, client(core, ben.access) as calls:
        with pytest.raises(PermissionDenied):
            await calls.users.list()

        assert (await admin.users.change_role(ben.person, PlatformRole.ADMIN)).role == "admin"
        assert len((await calls.users.list()).items) == 2
        with pytest.raises(PermissionDenied):
            await calls.users.change_role(ben.person, PlatformRole.OWNER)

        await admin.users.change_role(ben.person, PlatformRole.NONE)
        with pytest.raises(PermissionDenied):
            await calls.users.list()


async def test_an_old_proof_changes_no_role(core: Served):
    core.guests.people["old"] = ("zoe", PlatformRole.ADMIN, 0)
    async with client(core, "old") as calls:
        with pytest.raises(StepUpRequired):
            await calls.users.change_role("ben", PlatformRole.SUPPORT)
