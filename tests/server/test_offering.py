"""What strangers offer is read from their own Python or a file; what is wrong keeps them out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from axisor.errors import SettingsInvalid
from axisor.model import Permission
from axisor.remote import Offer
from axisor_server.domain.hosting import Hosted
from axisor_server.offering import offer
from axisor_server.plugins import Plugins
from axisor_server.services.runs import schema_of
from axisor_server.settings import load
from tests.support.strangers import install

OFFER = {
    "name": "far",
    "plugin": "away",
    "version": "2",
    "permissions": ["TRADE"],
    "every_tick": True,
    "config": {"type": "object"},
}


def offered(settings: str) -> Plugins:
    """Return the plugins with what settings have offered."""
    plugins = Plugins()
    offer(plugins, load(file=settings, environment={}, flags={}).settings)
    return plugins


def test_a_file_offers_strategies_whose_runners_come_by_themselves(tmp_path: Path) -> None:
    place = tmp_path / "offers.json"
    place.write_text(json.dumps([OFFER]))

    plugins = offered(f'[runner]\noffers = ["{place}"]')

    strategy = plugins.strategies["far"]
    assert issubclass(strategy, Hosted)
    assert (strategy.permissions, strategy.every_tick) == (Permission.TRADE, True)
    assert json.loads(schema_of(strategy)) == {"type": "object"}
    away = plugins.states["away"]
    assert (away.version, away.enabled, away.place) == ("2", True, "remote")


def test_a_file_that_is_not_there_stops_the_core(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        offered(f'[runner]\noffers = ["{tmp_path}/none.json"]')


def test_a_plugin_runs_in_the_core_or_in_runners_and_not_in_both() -> None:
    with pytest.raises(SettingsInvalid, match="both in the core and in runners"):
        offered('[runner]\nspawn = ["margin-guard"]')


def test_a_plugin_that_cannot_say_what_it_offers_is_kept_out_and_the_house_stands(
    tmp_path: Path,
) -> None:
    fine = install(tmp_path, "stranger")

    plugins = offered(f'[runner]\nspawn = ["broken=/bin/false", "{fine}"]')

    assert plugins.states["broken"].quarantined
    assert not plugins.states["stranger"].quarantined
    assert list(plugins.strategies) == ["stranger"]


def test_a_name_that_is_taken_keeps_the_second_plugin_out() -> None:
    plugins = Plugins()
    plugins.host("one", [Offer(name="same", plugin="one")])

    plugins.host("two", [Offer(name="same", plugin="two"), Offer(name="own", plugin="two")])

    assert plugins.owners == {"same": "one"}
    assert plugins.states["two"].quarantined
