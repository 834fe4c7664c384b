"""The checks of a whole plugin catch what is wrong with its hooks, and with what they offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec import Struct

from axisor.errors import ConfigInvalid, Halted
from axisor.hookspecs import hookimpl, hooks
from axisor.intents import Intent
from axisor.strategy import Config, Memory, Strategy, View
from axisor.testing import CheckFailed, Simulator
from axisor.testing.plugins import Given, Verdict, look_into, plugin_checks
from axisor.testing.venues import Where
from axisor_lnmarkets.venue import LnMarkets


class Needy(Config, frozen=True):
    size: int


class Needing(Strategy[Needy, Memory]):
    """Needs a size that is not odd."""

    name = "needing"

    @classmethod
    def check(cls, config: Needy) -> Iterable[str]:
        if config.size % 2:
            yield "The size is odd."

    def on_start(self, view: View) -> Iterable[Intent]:
        return ()


def failures(plugin: object, given: Given | None = None) -> dict[str, str]:
    """Return what a plugin fails, with what each says."""
    verdicts = plugin_checks("tried", plugin, given or Given())
    return {each.check: str(each.failure) for each in verdicts if each.failure is not None}


class Nothing:
    pass


class Misspelt:
    @hookimpl
    def review_intents(self, action):
        raise AssertionError("never called")


class Unmarked:
    @hookimpl
    def configure(self, settings):
        pass

    def observe_event(self, event):
        raise AssertionError("never called")


class Asking:
    @hookimpl
    def review_intent(self, action, server):
        raise AssertionError("never called")


class Waiting:
    @hookimpl
    async def observe_event(self, event):
        raise AssertionError("never called")


class Twice:
    @hookimpl
    def register_strategies(self, register):
        register(Needing)
        register(Needing)


@pytest.mark.parametrize(
    ("plugin", "complaint"),
    [
        (Nothing, "implements no hook"),
        (Misspelt, "did you mean `review_intent`"),
        (Unmarked, "`observe_event` is not marked"),
        (Asking, "server"),
        (Waiting, "asynchronous"),
        (Twice, "'needing', which is empty or taken"),
    ],
    ids=lambda given: given.__name__ if isinstance(given, type) else None,
)
def test_hooks_that_cannot_work_are_caught(plugin, complaint):
    assert complaint in failures(plugin())["implements hooks that there are"]


def test_what_a_plugin_offers_is_found():
    class Offers:
        @hookimpl
        def register_strategies(self, register):
            register(Needing)

        @hookimpl
        def register_venues(self, register):
            register(Simulator())

    found = look_into("offers", Offers())

    assert list(found.hooks) == ["register_strategies", "register_venues"]
    assert (found.strategies, [venue.name for venue in found.venues]) == (
        (Needing,),
        ["simulator"],
    )


def reviewer(answer: Any) -> object:
    """Return a plugin that answers every action so."""

    class Reviewer:
        @hookimpl
        def review_intent(self, action):
            return answer() if callable(answer) else answer

    return Reviewer()


REVIEWS = "reviews every action with an error or None"


@pytest.mark.parametrize("answer", [None, Halted("Not today.")], ids=["lets pass", "refuses"])
def test_a_reviewer_may_answer_with_an_error_or_nothing(answer):
    assert failures(reviewer(answer)) == {}


def test_a_reviewer_that_answers_otherwise_is_caught():
    turns = iter(range(1_000))

    assert "it answers True" in failures(reviewer(True))[REVIEWS]
    assert "the second time" in failures(reviewer(lambda: Halted(str(next(turns)))))[REVIEWS]
    assert "division" in failures(reviewer(lambda: 1 // 0))[REVIEWS]


def test_an_observer_that_raises_is_caught():
    class Observer:
        @hookimpl
        def observe_event(self, event):
            raise KeyError(event.kind)

    assert "NoticeGiven" in failures(Observer())["observes events, also twice"]


def test_settings_are_held_to_what_the_plugin_says_of_them():
    class Sized(Struct):
        size: int = 1

    class Tells:
        shape: Any = Sized

        @hookimpl
        def describe_settings(self):
            return self.shape

    class Odd(Tells):
        shape = 7

    assert failures(Tells(), Given(settings={"size": 2})) == {}
    assert "size" in failures(Tells(), Given(settings={"size": "x"}))["describes its settings"]
    assert "no type" in failures(Odd())["describes its settings"]


def test_settings_that_are_refused_are_the_only_failure():
    class Strict:
        @hookimpl
        def configure(self, settings):
            if not settings:
                raise ConfigInvalid("Nothing is set.")

        @hookimpl
        def observe_event(self, event):
            pass

    assert "Nothing is set" in failures(Strict())["takes its settings"]
    assert failures(Strict(), Given(settings={"a": 1})) == {}


def offering(strategy: type[Strategy[Any, Any]]) -> object:
    """Return a plugin that offers a strategy."""

    class Offers:
        @hookimpl
        def register_strategies(self, register):
            register(strategy)

    return Offers()


def test_a_strategy_is_played_with_the_configuration_given():
    refused = failures(offering(Needing))
    played = failures(offering(Needing), Given(configs={"needing": {"size": 2}}))

    assert refused == {
        "needing takes the configuration to play with": str(ConfigInvalid("The size is odd."))
    }
    assert "needing describes every field of its configuration" in played
    assert next(iter(refused)) not in played
    assert list(failures(offering(Needing), Given(configs={"": {"size": 3}}))) == list(refused)


def test_a_venue_is_tried_at_its_simulator():
    class Offers:
        venue: Any = Simulator()

        @hookimpl
        def register_venues(self, register):
            register(self.venue)

    plugin, simulator = Offers(), Offers.venue
    assert failures(plugin, Given(where=Where(clock=simulator.clock))) == {}

    plugin.venue = LnMarkets()
    (_, left) = plugin_checks("tried", plugin, Given())
    assert left == Verdict(
        "lnmarkets does what a venue must",
        left_out="The network sim needs the address of a simulator.",
    )


def test_the_checks_know_every_hook():
    with pytest.raises(CheckFailed):
        look_into("nothing", Nothing())
    assert list(hooks()) == [
        "register_strategies",
        "register_venues",
        "register_notifiers",
        "configure",
        "describe_settings",
        "review_intent",
        "observe_event",
    ]
