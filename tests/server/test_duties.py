"""Roles and leases: what of the settings fits together, and what an engine is told of them."""

from __future__ import annotations

from typing import Any

import pytest

from axisor.errors import SettingsInvalid
from axisor_server.adapters.memory import SeededIds, VirtualClock
from axisor_server.domain.confirmations import USUAL, Waits
from axisor_server.duties import engine_settings, waits_of
from axisor_server.engine import EngineSettings
from axisor_server.settings import load

POSTGRES = {"database.url": "postgresql://somewhere/axisor"}


def told(**flags: Any) -> EngineSettings:
    settings = load(file="", environment={}, flags=flags).settings
    return engine_settings(settings, SeededIds(VirtualClock(), seed=1))


def test_a_core_on_sqlite_does_everything_for_itself():
    engine = told()

    assert (engine.lead, engine.follow, engine.shared) == (True, True, False)
    assert (engine.lease_ms, engine.renew_ms) == (5_000, 1_500)


@pytest.mark.parametrize(
    ("roles", "lead", "follow"),
    [
        (["api"], False, True),
        (["engine"], True, False),
        (["notifier"], False, False),
        (["api", "engine"], True, True),
    ],
)
def test_roles_say_who_leads_and_who_follows(roles, lead, follow):
    engine = told(roles=roles, **POSTGRES)

    assert (engine.lead, engine.follow, engine.shared) == (lead, follow, True)


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        ({"roles": ["api"]}, "On SQLite"),
        ({"roles": [], **POSTGRES}, "needs a role"),
        ({"lease.renew_ms": 2_000}, "renewed three times"),
        ({"roles": ["boss"]}, "roles"),
        ({"lease.ttl_ms": 10}, "ttl_ms"),
    ],
)
def test_what_does_not_fit_is_refused(flags, word):
    with pytest.raises(SettingsInvalid, match=word):
        told(**flags)


def test_cores_on_one_database_have_names_of_their_own():
    ids = SeededIds(VirtualClock(), seed=1)
    settings = load(file="", environment={}, flags=POSTGRES).settings

    owners = {engine_settings(settings, ids).owner for _ in range(3)}

    assert len(owners) == 3


def test_a_prepared_call_waits_as_long_as_the_settings_say():
    flags = {"confirmations.commit_s": 10, "confirmations.approve_s": 60}
    settings = load(file="", environment={}, flags=flags).settings

    assert waits_of(settings) == Waits(commit_us=10_000_000, approve_us=60_000_000)
    assert waits_of(load(file="", environment={}, flags={}).settings) == USUAL


def test_nobody_commits_what_does_not_wait_any_more():
    flags = {"confirmations.commit_s": 61, "confirmations.approve_s": 60}

    with pytest.raises(SettingsInvalid):
        waits_of(load(file="", environment={}, flags=flags).settings)
