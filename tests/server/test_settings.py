"""Settings: precedence, sources, and errors that name the setting."""

import pytest

from axisor.errors import SettingsInvalid
from axisor.model import Mode
from axisor_server.choices import PlanChoice
from axisor_server.settings import load, names, values


def test_defaults_say_that_they_are_defaults():
    loaded = load(file="", environment={}, flags={})

    assert loaded.settings.max_mode is Mode.SHADOW
    assert set(loaded.sources) == set(names())
    assert set(loaded.sources.values()) == {"default"}


def test_a_flag_beats_the_environment_which_beats_the_file():
    file = '[grpc]\nlisten = "file:1"\n[log]\nlevel = "error"\n'
    environment = {"AXISOR_GRPC__LISTEN": "environment:1", "AXISOR_LOG__LEVEL": "warning"}

    loaded = load(file=file, environment=environment, flags={"grpc.listen": "flag:1"})

    assert loaded.settings.grpc.listen == "flag:1"
    assert loaded.settings.log.level == "warning"
    assert loaded.sources["grpc.listen"] == "flag"
    assert loaded.sources["log.level"] == "environment"


def test_settings_of_plugins_are_read_by_the_plugins():
    loaded = load(file="[plugin.limits]\nmax_positions = 3\n", environment={}, flags={})

    assert loaded.plugin == {"limits": {"max_positions": 3}}
    assert "plugin" not in names()


@pytest.mark.parametrize("file", ["plugin = 1", "[plugin]\nlimits = 3"])
def test_settings_of_plugins_are_tables(file):
    with pytest.raises(SettingsInvalid, match=r"\[plugin.NAME\]"):
        load(file=file, environment={}, flags={})


def test_a_list_in_the_environment_is_split_at_commas():
    loaded = load(file="", environment={"AXISOR_PLUGINS": "lnmarkets,dip-buyer"}, flags={})

    assert loaded.settings.plugins == ("lnmarkets", "dip-buyer")


@pytest.mark.parametrize(
    ("file", "word"),
    [
        ("max_mode =", "TOML"),
        ('max_mod = "sim"', "Did you mean `max_mode`?"),
        ("[grpc]\nlisten = 5", "grpc.listen"),
        ('max_mode = "real"', "max_mode"),
        ('[log]\nlevel = "loud"', "log.level"),
        ("[venue]\nback_date_ms = 30000", "back_date_ms"),
        ("[venue]\nlag_ms = -1", "lag_ms"),
        ("[venue]\nslack_ms = 60001", "slack_ms"),
        ('[grp]\nlisten = "x"', "grpc.listen"),
    ],
)
def test_a_bad_file_is_refused_with_the_place(file, word):
    with pytest.raises(SettingsInvalid, match=word.replace("?", r"\?")):
        load(file=file, environment={}, flags={})


def test_an_unset_flag_changes_nothing():
    loaded = load(file='max_mode = "sim"', environment={}, flags={"max_mode": None})

    assert values(loaded.settings)["max_mode"] == "sim"


def test_providers_are_named_by_whoever_runs_the_core():
    file = """
    [people.providers.google]
    issuer = "https://accounts.google.com"
    client_id = "one"
    [people.providers.our-own]
    issuer = "https://id.example.org"
    """
    environment = {
        "AXISOR_PEOPLE__PROVIDERS__OUR_OWN__CLIENT_ID": "two",
        "AXISOR_PEOPLE__PROVIDERS__OUR_OWN__DEVICE": "true",
    }

    loaded = load(file=file, environment=environment, flags={})

    assert set(loaded.settings.people.providers) == {"google", "our-own"}
    own = loaded.settings.people.providers["our-own"]
    assert (own.issuer, own.client_id, own.device) == ("https://id.example.org", "two", True)
    assert values(loaded.settings)["people.providers.google.client_id"] == "one"
    assert loaded.sources["people.providers.our-own.client_id"] == "environment"
    assert loaded.sources["people.providers.google.client_id"] == "file"
    assert loaded.sources["people.providers.google.device"] == "default"
    assert set(values(loaded.settings)) == set(loaded.sources)


def test_plans_are_named_by_whoever_runs_the_core():
    loaded = load(
        file="[plans.free]\naccounts = 1\ntrade = false\n[plans.our-own]\n",
        environment={"AXISOR_PLANS__OUR_OWN__CALLS_PER_MIN": "90"},
        flags={},
    )

    assert loaded.settings.plans == {
        "free": PlanChoice(accounts=1, trade=False),
        "our-own": PlanChoice(calls_per_min=90),
    }
    assert values(loaded.settings)["plans.free.runs"] is None
    assert loaded.sources["plans.our-own.calls_per_min"] == "environment"
    assert set(values(loaded.settings)) == set(loaded.sources)


@pytest.mark.parametrize(
    "file",
    [
        "[plans.free]\nfriends = 1",
        "[plans.Free]\nruns = 1",
        "[plans]\nfree = 1",
        "[plans.free]\nruns = -1",
        "[plans.free]\ncalls_per_min = 0",
    ],
)
def test_a_plan_that_is_set_up_otherwise_is_refused(file):
    with pytest.raises(SettingsInvalid, match=r"plans"):
        load(file=file, environment={}, flags={})


@pytest.mark.parametrize(
    "file",
    [
        '[people.providers.google]\nclient_secret = "x"',
        '[people.providers.Google]\nissuer = "x"',
        '[people.providers."a.b"]\nissuer = "x"',
        '[people.providers]\ngoogle = "x"',
        '[people.providers.google.more]\nissuer = "x"',
        '[people.providers.google]\nkind = "saml"',
    ],
)
def test_a_provider_that_is_set_up_otherwise_is_refused(file):
    with pytest.raises(SettingsInvalid, match=r"people\.providers"):
        load(file=file, environment={}, flags={})
