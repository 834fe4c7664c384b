"""Plugins are enabled, disabled and configured while the core runs, on record and atomically."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.server.rpc.serving import READER, TOKEN, Served
from tests.server.rpc.test_people import client
from tests.support.sleepy import PLUGIN, SLEEPY

from axisor.client import Client
from axisor.client.plugins import MovedRun
from axisor.errors import ConfigInvalid, FieldInvalid, PermissionDenied, PluginInUse
from axisor.events import RunState
from axisor.forms import fields
from axisor.identity import PluginChanged
from axisor.ports import Secret
from axisor.v1 import strategies_pb2 as pb
from axisor_server.domain.enabling import KEY, digest_of
from axisor_server.domain.halting import STREAM
from axisor_server.domain.journal import to_event
from axisor_server.domain.records import RunRecord

REQUEST = "0d9f3c7e-0000-4000-8000-0000000000a1"


@pytest.fixture
def owner(core: Served) -> Client:
    PLUGIN.naps = 1
    return client(core, Secret(TOKEN))


async def told(core: Served) -> list[PluginChanged]:
    """Return what the journal of the core tells of plugins."""
    entries = await core.store.read(lambda view: view.entries(STREAM, after=0, limit=100))
    found = [to_event(entry).payload for entry in entries]
    return [each for each in found if isinstance(each, PluginChanged)]


async def record(core: Served) -> Any:
    """Return what is on record."""
    text = await core.store.read(lambda view: view.meta(KEY))
    return json.loads(text or "{}")


async def test_a_plugin_is_disabled_and_enabled_again_by_its_name(
    core: Served, owner: Client
) -> None:
    off = await owner.strategies.disable_plugin(SLEEPY)
    wanted = await record(core)
    on = await owner.strategies.enable_plugin(SLEEPY)

    assert (off.plugin.state, list(off.plugin.strategies)) == (pb.PLUGIN_STATE_FOUND, [])
    assert wanted == {SLEEPY: {"enabled": False}}
    assert (on.plugin.state, list(on.plugin.strategies)) == (
        pb.PLUGIN_STATE_ENABLED,
        ["strategies/doze"],
    )
    assert await record(core) == {SLEEPY: {"enabled": True}}
    assert [(each.enabled, each.principal) for each in await told(core)] == [
        (False, "owner"),
        (True, "owner"),
    ]
    await owner.close()


async def test_a_plugin_takes_other_settings_and_has_them_when_it_is_enabled_again(
    core: Served, owner: Client
) -> None:
    await owner.strategies.configure_plugin(SLEEPY, '{"naps": 3}')
    configured = PLUGIN.naps
    await owner.strategies.disable_plugin(SLEEPY)
    PLUGIN.naps = 1
    await owner.strategies.enable_plugin(SLEEPY)

    assert (configured, PLUGIN.naps) == (3, 3)
    assert {each.settings for each in await told(core)} == {digest_of({"naps": 3})}
    await owner.close()


async def test_a_plugin_gets_the_settings_that_it_was_configured_with_before(
    core: Served, owner: Client
) -> None:
    await owner.strategies.disable_plugin(SLEEPY)
    await owner.strategies.configure_plugin(SLEEPY, '{"naps": "many"}')
    with pytest.raises(ConfigInvalid):
        await owner.strategies.enable_plugin(SLEEPY)
    await owner.strategies.configure_plugin(SLEEPY, '{"naps": 4}')
    before = PLUGIN.naps
    await owner.strategies.enable_plugin(SLEEPY)

    assert (before, PLUGIN.naps) == (1, 4)
    assert [each.enabled for each in await told(core)] == [False, False, False, True]
    await owner.close()


@pytest.mark.parametrize("settings", ['{"naps": "many"}', "[]", "no json"])
async def test_settings_that_are_refused_change_nothing(
    core: Served, owner: Client, settings: str
) -> None:
    await owner.strategies.configure_plugin(SLEEPY, '{"naps": 3}')
    before = await record(core)

    with pytest.raises(ConfigInvalid):
        await owner.strategies.configure_plugin(SLEEPY, settings)

    assert (PLUGIN.naps, await record(core)) == (3, before)
    await owner.close()


async def test_a_request_that_comes_twice_changes_once(core: Served, owner: Client) -> None:
    for _ in range(2):
        await owner.strategies.disable_plugin(SLEEPY, request_id=REQUEST)

    assert len(await told(core)) == 1
    await owner.close()


async def test_a_plugin_with_runs_that_have_not_ended_stays(core: Served, owner: Client) -> None:
    run = RunRecord(
        id="r",
        account="a",
        strategy="doze",
        label="",
        config=b"{}",
        leash=b"{}",
        state=RunState.PAUSED,
        created_us=1,
        updated_us=1,
    )
    await core.store.write(lambda tx: tx.put_run(run, revision=None))
    with pytest.raises(PluginInUse, match="Of the plugin sleepy 1 runs have not ended"):
        await owner.strategies.disable_plugin(SLEEPY)
    with pytest.raises(PluginInUse):
        await owner.strategies.disable_plugin(SLEEPY, validate_only=True, force=True)

    assert await record(core) == {}
    assert (await owner.strategies.enable_plugin(SLEEPY)).plugin.state == pb.PLUGIN_STATE_ENABLED
    ended = replace(run, state=RunState.STOPPED, revision=2)
    await core.store.write(lambda tx: tx.put_run(ended, revision=1))
    assert (await owner.strategies.disable_plugin(SLEEPY)).plugin.state == pb.PLUGIN_STATE_FOUND
    await owner.close()


async def test_a_plugin_that_reviews_is_disabled_only_when_that_is_confirmed(
    core: Served, owner: Client
) -> None:
    await owner.strategies.enable_plugin("judge")

    with pytest.raises(PluginInUse, match="reviews actions"):
        await owner.strategies.disable_plugin("judge")
    off = await owner.strategies.disable_plugin("judge", force=True)

    assert off.plugin.state == pb.PLUGIN_STATE_FOUND
    await owner.close()


@pytest.mark.parametrize(
    ("name", "error"),
    [("broken", ConfigInvalid), ("nobody", FieldInvalid)],
)
async def test_what_cannot_be_enabled_leaves_nothing_behind(
    core: Served, owner: Client, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await owner.strategies.enable_plugin(name)

    assert (await record(core), await told(core)) == ({}, [])
    if name != "nobody":
        again = await owner.strategies.enable_plugin(name, validate_only=True)
        assert (again.plugin.state, list(again.plugin.venues)) == (pb.PLUGIN_STATE_FOUND, [])
    await owner.close()


async def test_a_venue_comes_and_goes_while_nobody_stands_on_it(
    core: Served, owner: Client
) -> None:
    on = await owner.strategies.enable_plugin("venues")
    off = await owner.strategies.disable_plugin("venues")

    assert list(on.plugin.venues) == ["venues/simulator"]
    assert (off.plugin.state, list(off.plugin.venues)) == (pb.PLUGIN_STATE_FOUND, [])
    await owner.close()


async def test_the_runs_that_go_with_a_plugin_are_named(core: Served, owner: Client) -> None:
    run = RunRecord(
        id="r",
        account="a",
        strategy="doze",
        label="",
        config=b"{}",
        leash=b"{}",
        state=RunState.PAUSED,
        created_us=1,
        updated_us=1,
    )
    await core.store.write(lambda tx: tx.put_run(run, revision=None))

    checked = await owner.strategies.disable_plugin(SLEEPY, stop_runs=True, validate_only=True)

    assert checked.runs == (MovedRun("a", "r", 0),)
    await owner.close()


async def test_only_what_takes_settings_is_configured(core: Served, owner: Client) -> None:
    await owner.strategies.enable_plugin("judge")

    for name in ("judge", "nobody"):
        with pytest.raises(FieldInvalid):
            await owner.strategies.configure_plugin(name, "{}")
    await owner.close()


async def test_nobody_changes_plugins_without_the_right_to(core: Served) -> None:
    reader = client(core, Secret(READER))

    with pytest.raises(PermissionDenied):
        await reader.strategies.disable_plugin(SLEEPY)
    await reader.close()


async def test_a_reviewer_that_is_enabled_and_cannot_be_had_counts_as_one_that_refuses(
    core: Served, owner: Client
) -> None:
    lost = {"broken": {"enabled": True, "reviews": True}, "gone": {"enabled": True}}
    await core.store.write(lambda tx: tx.put_meta(KEY, json.dumps(lost)))

    await core.house.enabling.look()

    with pytest.raises(PluginInUse, match="reviews actions"):
        await owner.strategies.disable_plugin("broken")
    with pytest.raises(ConfigInvalid, match="kept out"):
        await owner.strategies.enable_plugin("broken")
    off = await owner.strategies.disable_plugin("broken", force=True)
    assert off.plugin.state == pb.PLUGIN_STATE_FOUND
    assert await record(core) == {"broken": {"enabled": False}, "gone": {"enabled": True}}
    await owner.close()


async def test_what_another_core_changed_is_obeyed_and_what_cannot_be_hurts_nobody(
    core: Served, owner: Client
) -> None:
    wishes = {
        "broken": {"enabled": True},
        "nobody": {"enabled": True},
        "judge": {"enabled": True},
        SLEEPY: {"settings": {"naps": 7}},
    }
    await core.store.write(lambda tx: tx.put_meta(KEY, json.dumps(wishes)))

    await core.house.enabling.look()
    await core.house.enabling.look()

    assert PLUGIN.naps == 7
    with pytest.raises(PluginInUse, match="reviews"):
        await owner.strategies.disable_plugin("judge")
    wishes = {SLEEPY: {"enabled": False}}
    await core.store.write(lambda tx: tx.put_meta(KEY, json.dumps(wishes)))
    await core.house.enabling.look()
    seen = await owner.strategies.disable_plugin(SLEEPY, validate_only=True)
    assert seen.plugin.state == pb.PLUGIN_STATE_FOUND
    await owner.close()


async def test_settings_are_told_with_what_the_plugin_says_they_may_be(
    core: Served, owner: Client
) -> None:
    await owner.strategies.configure_plugin("limits", '{"max_leverage": 5}')
    before = await owner.strategies.get_plugin_settings("limits")
    await owner.strategies.enable_plugin("limits")
    found = await owner.strategies.get_plugin_settings("limits")

    assert (before.settings, before.settings_schema) == ('{"max_leverage":5}', "")
    assert found.settings == before.settings
    assert "max_leverage" in {each.name for each in fields(found.settings_schema)}
    await owner.close()


@pytest.mark.parametrize("checked", [True, False])
async def test_settings_of_another_shape_are_refused_at_their_field(
    core: Served, owner: Client, checked: bool
) -> None:
    await owner.strategies.configure_plugin("limits", '{"max_leverage": 5}')
    await owner.strategies.enable_plugin("limits")

    wrong = '{"max_leverage": 500}'

    with pytest.raises(ConfigInvalid, match="<= 100") as refused:
        await owner.strategies.configure_plugin("limits", wrong, validate_only=checked)

    assert refused.value.metadata["field"] == "max_leverage"
    assert (await owner.strategies.get_plugin_settings("limits")).settings == '{"max_leverage":5}'
    await owner.close()


async def test_a_plugin_that_describes_nothing_has_settings_without_a_schema(
    core: Served, owner: Client
) -> None:
    found = await owner.strategies.get_plugin_settings(SLEEPY)

    assert (found.settings, found.settings_schema) == ("{}", "")
    with pytest.raises(FieldInvalid):
        await owner.strategies.get_plugin_settings("nobody")
    await owner.close()


async def test_settings_are_told_to_who_administers_alone(core: Served) -> None:
    reader = client(core, Secret(READER))

    with pytest.raises(PermissionDenied):
        await reader.strategies.get_plugin_settings(SLEEPY)
    await reader.close()
