"""The plugin host: what is offered, what fails, and what still stands then."""

from collections.abc import Iterable
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import structlog
from docs import generate

from axisor.errors import ConfigInvalid, Halted, ReviewRefused, SettingsInvalid, StrategyNotFound
from axisor.events import AccountClosed, Event
from axisor.hookspecs import hookimpl
from axisor.intents import AddMargin, Intent, OpenPosition
from axisor.model import Mode, Side
from axisor.strategy import Config, Memory, Strategy, View
from axisor_channels import Discord
from axisor_server.plugins import Plugins
from axisor_server.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACTION = AddMargin(position="p", amount=1)
VIEW = View(now=NOW)
EVENT = Event(
    stream="accounts/a", sequence=1, time=NOW, mode=Mode.SIM, payload=AccountClosed(label="a")
)


class Quiet(Strategy[Config, Memory]):
    """Does nothing."""

    name = "quiet"

    def on_start(self, view: View) -> Iterable[Intent]:
        return ()


class Offers:
    @hookimpl
    def register_strategies(self, register):
        register(Quiet)


class Raises:
    @hookimpl
    def register_strategies(self, register):
        register(Quiet)
        raise RuntimeError("no")


def test_hook_register_strategies():
    host = Plugins()

    host.register("offers", Offers())

    assert host.strategy("quiet") is Quiet
    assert host.states["offers"].strategies == ["quiet"]


def test_hook_register_notifiers():
    class Notifiers:
        @hookimpl
        def register_notifiers(self, register):
            register(Discord())

    class Again(Notifiers):
        pass

    host = Plugins()
    host.register("talk", Notifiers())
    host.register("again", Again())

    assert list(host.notifiers) == ["discord"]
    assert host.states["talk"].notifiers == ["discord"]
    assert "is no name or taken" in host.states["again"].error


def test_hook_register_venues():
    class Venues:
        @hookimpl
        def register_venues(self, register):
            register(SimpleNamespace(name="somewhere", networks={}))

    host = Plugins()

    host.register("venues", Venues())

    assert host.venue("somewhere").name == "somewhere"


def test_a_plugin_that_fails_to_register_is_quarantined_and_offers_nothing():
    host = Plugins()

    host.register("raises", Raises())
    host.register("offers", Offers())

    assert host.states["raises"].quarantined
    assert "RuntimeError" in host.states["raises"].error
    assert host.owners["quiet"] == "offers"


def test_two_strategies_of_one_name_are_refused():
    host = Plugins()

    host.register("first", Offers())
    host.register("second", Offers())

    assert not host.states["first"].quarantined
    assert "taken" in host.states["second"].error


def test_a_misspelt_hook_is_an_error():
    class Misspelt:
        @hookimpl
        def register_strategie(self, register):
            raise AssertionError("never called")

    host = Plugins()

    host.register("misspelt", Misspelt())

    assert "register_strategie" in host.states["misspelt"].error


def test_hook_review_intent():
    class Reviewer:
        @hookimpl
        def review_intent(self, action):
            return Halted("not today") if action.amount > 0 else None

    host = Plugins()
    host.register("reviewer", Reviewer())

    assert isinstance(host.review(ACTION, "run", VIEW), Halted)


@pytest.mark.parametrize("answer", ["yes", 0, True])
def test_a_reviewer_that_answers_nonsense_has_refused(answer):
    class Reviewer:
        @hookimpl
        def review_intent(self, action):
            return answer

    host = Plugins()
    host.register("reviewer", Reviewer())

    assert isinstance(host.review(ACTION, "run", VIEW), ReviewRefused)


def test_a_reviewer_that_raises_has_refused_even_after_its_quarantine():
    class Reviewer:
        @hookimpl
        def review_intent(self, action):
            raise ZeroDivisionError

    host = Plugins()
    host.register("reviewer", Reviewer())

    answers = [host.review(ACTION, "run", VIEW) for _ in range(5)]

    assert all(isinstance(answer, ReviewRefused) for answer in answers)
    assert host.states["reviewer"].quarantined


def test_hook_observe_event():
    seen = []

    class Observer:
        @hookimpl
        def observe_event(self, event):
            seen.append(event.sequence)

    host = Plugins()
    host.register("observer", Observer())

    host.observe(EVENT)

    assert seen == [1]


def test_a_reviewer_that_is_missed_refuses_what_adds_risk_until_it_is_taken_away():
    host = Plugins()

    host.miss("judge", "It is gone.")
    before = host.review(OPENING, "run", VIEW)
    host.withdraw("judge")

    assert isinstance(before, ReviewRefused)
    assert host.review(OPENING, "run", VIEW) is None


class Clumsy:
    """An observer that drops an event so many times before it holds it."""

    def __init__(self, drops: int) -> None:
        self.drops = drops
        self.calls = 0

    @hookimpl
    def observe_event(self, event):
        self.calls += 1
        if self.drops:
            self.drops -= 1
            raise ValueError


def test_an_observer_that_fails_is_shown_the_event_again_after_a_pause():
    host, calm, clumsy = Plugins(), Clumsy(0), Clumsy(2)
    pauses: list[float] = []
    host.register("calm", calm)
    host.register("clumsy", clumsy)

    host.observe(EVENT, pauses.append)

    assert (calm.calls, clumsy.calls, pauses) == (1, 3, [0.05, 0.25])
    assert host.states["clumsy"].faults == 0


def test_an_event_that_an_observer_cannot_take_is_logged_by_its_place_and_passed_over():
    host, clumsy = Plugins(), Clumsy(3)
    host.register("clumsy", clumsy)

    with structlog.testing.capture_logs() as logs:
        host.observe(EVENT)
        host.observe(EVENT)

    told = [entry for entry in logs if entry["event"] == "event not observed"]
    assert [(e["plugin"], e["stream"], e["sequence"]) for e in told] == [
        ("clumsy", EVENT.stream, EVENT.sequence)
    ]
    assert (clumsy.calls, host.states["clumsy"].faults) == (4, 1)


def test_an_observer_that_cannot_take_three_events_is_called_no_more():
    host, clumsy = Plugins(), Clumsy(1_000)
    host.register("clumsy", clumsy)

    for _ in range(10):
        host.observe(EVENT)

    assert clumsy.calls == 9
    assert host.states["clumsy"].quarantined


def test_an_unknown_strategy_names_the_nearest():
    host = Plugins()
    host.register("offers", Offers())

    with pytest.raises(StrategyNotFound, match="quiet"):
        host.strategy("quite")


def test_enabling_what_is_not_installed_is_refused():
    with pytest.raises(SettingsInvalid, match="nowhere"):
        Plugins.discover(["nowhere"])


def test_found_is_not_enabled():
    host = Plugins.discover([])

    assert not host.strategies
    assert not any(state.enabled for state in host.states.values())


class Takes:
    def __init__(self):
        self.taken = []

    @hookimpl
    def configure(self, settings):
        if "bad" in settings:
            raise ConfigInvalid("Bad is not allowed.")
        self.taken.append(dict(settings))
        return 1 // settings.get("divide", 1)


def test_hook_configure():
    host, one, other = Plugins(), Takes(), Takes()
    host.register("one", one)
    host.register("other", other)
    host.register("offers", Offers())

    host.configure({"one": {"size": 3}})

    assert one.taken == [{"size": 3}]
    assert other.taken == [{}]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"takes": {"bad": 1}}, "Bad is not allowed"),
        ({"takes": {"divide": 0}}, "ZeroDivisionError"),
        ({"offers": {"size": 1}}, "takes none"),
        ({"raises": {"size": 1}}, "cannot be used: register_strategies"),
        ({"take": {"size": 1}}, "not enabled. Did you mean `takes`"),
    ],
)
def test_settings_that_reach_nobody_keep_the_core_from_starting(given, why):
    host = Plugins()
    host.register("takes", Takes())
    host.register("offers", Offers())
    host.register("raises", Raises())

    with pytest.raises(SettingsInvalid, match=why):
        host.configure(given)


def test_the_limits_are_found_and_configured():
    with pytest.raises(SettingsInvalid, match="No limit is set"):
        Plugins.discover(["limits"], {})

    host = Plugins.discover(["limits"], {"limits": {"max_exposure_usd": 100}})

    opening = OpenPosition(side=Side.BUY, leverage=1, quantity=101)
    assert isinstance(host.review(opening, "", VIEW), ReviewRefused)
    assert host.review(ACTION, "", VIEW) is None


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Return a function that installs a plugin which cannot be imported, made of some source."""

    def install(name, source):
        package = tmp_path / f"axisor_{name}"
        package.mkdir()
        (package / "__init__.py").write_text(source + "\nraise ImportError('lost')\n")
        about = tmp_path / f"axisor_{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: axisor-{name}\nVersion: 1.0\n"
        )
        (about / "entry_points.txt").write_text(f"[axisor]\n{name} = axisor_{name}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        return Plugins.discover([name])

    return install


OPENING = OpenPosition(side=Side.BUY, leverage=1, quantity=101)


@pytest.mark.parametrize(
    "source",
    ["def review_intent(action): ...", "review = 'review_intent'"],
    ids=["in its module", "by another name"],
)
def test_a_reviewer_that_cannot_be_loaded_has_refused_what_adds_risk(broken, source):
    host = broken("strict", source)

    refusal = host.review(OPENING, "run", VIEW)
    assert isinstance(refusal, ReviewRefused)
    assert "strict is enabled and could not be loaded" in refusal.message
    assert host.review(ACTION, "run", VIEW) is None, "what protects goes on"
    assert host.states["strict"].quarantined


def test_an_absent_plugin_that_reviews_nothing_refuses_nothing(broken):
    host = broken("buyer", "def register_strategies(register): ...")

    assert host.review(OPENING, "run", VIEW) is None
    assert host.states["buyer"].quarantined


def test_a_reviewer_with_a_misspelt_hook_has_refused_what_adds_risk():
    class Misspelt:
        @hookimpl
        def review_intents(self, action):
            raise AssertionError("never called")

    host = Plugins()
    host.register("misspelt", Misspelt())

    assert isinstance(host.review(OPENING, "run", VIEW), ReviewRefused)
    assert host.review(ACTION, "run", VIEW) is None


def test_a_plugin_is_shown_with_its_hooks_and_where_it_runs():
    host = Plugins()
    host.register("takes", Takes())
    host.register("offers", Offers())
    host.bar("away", "it cannot say what it offers")

    assert host.states["takes"].hooks == ["configure"]
    assert [host.states[name].place for name in ("takes", "offers", "away")] == ["core", "core", ""]


def test_our_strategies_are_found_and_not_enabled():
    host = Plugins.discover(Settings().plugins, {})

    ours = {"balance", "carry", "entries", "exits", "limits"}
    assert {name for name in ours if name in host.states and not host.states[name].enabled} == ours
    assert sorted(host.strategies) == ["margin-guard"]


def test_our_strategies_are_offered_once_they_are_enabled():
    host = Plugins.discover(["balance", "carry", "entries", "exits"])

    assert [state.error for state in host.states.values() if state.quarantined] == []
    assert sorted(host.strategies) == sorted(strategy.name for strategy in generate.shipped())
