"""The conformance checks of a whole plugin: its hooks, and all that it offers by them."""

from __future__ import annotations

import asyncio
import difflib
import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

import msgspec
import pluggy
from msgspec import Struct

from axisor import hookspecs
from axisor.errors import AxisorError, SettingsInvalid
from axisor.events import (
    Event,
    IntentSettled,
    IntentState,
    NoticeGiven,
    Payload,
    PositionClosed,
    PositionEnd,
    RunChanged,
    RunState,
)
from axisor.intents import (
    Action,
    AddMargin,
    CancelAllOrders,
    CashIn,
    ClosePosition,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetStop,
    WithdrawCross,
)
from axisor.model import Balance, Mode, Severity, Side
from axisor.notices import Notifier
from axisor.ports import Venue
from axisor.strategy import Strategy, View, decode_config
from axisor.testing.checks import CheckFailed, run_checks
from axisor.testing.configs import plain_config
from axisor.testing.notifiers import check_answers, check_fields
from axisor.testing.script import POSITIONS
from axisor.testing.venues import Where, venue_checks

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
VIEW = View(now=NOON, balance=Balance(free=1_000_000), positions=POSITIONS)
ACTIONS: tuple[Action, ...] = (
    OpenPosition(side=Side.BUY, quantity=100, leverage=10),
    CrossOrder(side=Side.SELL, quantity=100),
    AddMargin(position=POSITIONS[0].id, amount=1_000),
    CashIn(position=POSITIONS[0].id, amount=1_000),
    ClosePosition(position=POSITIONS[0].id),
    SetStop(position=POSITIONS[0].id, price=None),
    CancelAllOrders(),
    DepositCross(amount=1_000),
    WithdrawCross(amount=1_000),
)
"""One of each kind that reviewers tell apart."""

PAYLOADS: tuple[Payload, ...] = (
    *(NoticeGiven(severity=each, code="CHECK", text="A check.") for each in Severity),
    IntentSettled(intent="i", state=IntentState.CONFIRMED),
    IntentSettled(intent="i", state=IntentState.UNKNOWN),
    PositionClosed(position=POSITIONS[0], end=PositionEnd.LIQUIDATED, pl=-1_000),
    RunChanged(run="r", strategy="s", state=RunState.FAILED, reason="A check."),
)

Module: TypeAlias = Any
"""What an entry point names: a module, or an object with the hooks as its methods."""


class Verdict(Struct, frozen=True):
    """What came of one check: it holds, it failed, or it was left out and why."""

    check: str
    failure: Exception | None = None
    left_out: str = ""


class Given(Struct, frozen=True):
    """What a plugin is tried with: a configuration by strategy, its settings, where venues are.

    The configuration under the empty name is that of every strategy without one of its own.
    """

    configs: dict[str, dict[str, Any]] = {}
    settings: dict[str, Any] = {}
    where: Where = Where()


class Found(Struct, frozen=True):
    """What a plugin implements and offers."""

    hooks: dict[str, Callable[..., Any]]
    strategies: tuple[type[Strategy[Any, Any]], ...] = ()
    venues: tuple[Venue, ...] = ()
    notifiers: tuple[Notifier, ...] = ()


def look_into(name: str, module: Module) -> Found:
    """Return what an imported plugin implements and offers, nothing of it having run before.

    Raises CheckFailed for a hook that is misspelt, not marked, asynchronous, or takes what there is
    not; what registering raises passes through.
    """
    hooks = _hooks(name, module)
    if not hooks:
        raise CheckFailed("it implements no hook; mark functions with `axisor.hookspecs.hookimpl`")
    strategies: dict[str, type[Strategy[Any, Any]]] = {}
    venues: dict[str, Venue] = {}
    if "register_strategies" in hooks:
        _asked(hooks["register_strategies"], register=_taker(strategies))
    if "register_venues" in hooks:
        _asked(hooks["register_venues"], register=_taker(venues))
    notifiers: dict[str, Notifier] = {}
    if "register_notifiers" in hooks:
        _asked(hooks["register_notifiers"], register=_taker(notifiers))
    return Found(
        hooks,
        tuple(strategies.values()),
        tuple(venues.values()),
        tuple(notifiers.values()),
    )


def _hooks(name: str, module: Module) -> dict[str, Callable[..., Any]]:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    known = hookspecs.hooks()
    try:
        manager.register(module, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        first = str(error).strip().splitlines()[-1]
        raise CheckFailed(f"{first}{_hint(module, known)}") from error
    found = {
        hook: impl.function
        for hook in known
        for impl in getattr(manager.hook, hook).get_hookimpls()
    }
    for hook in known:
        offered = getattr(module, hook, None)
        if hook not in found and inspect.isroutine(offered):
            raise CheckFailed(f"`{hook}` is not marked with hookimpl, so it is never called")
    for hook, function in found.items():
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise CheckFailed(f"`{hook}` is asynchronous; hooks are called without a loop")
    return found


def _hint(module: Module, known: dict[str, Callable[..., Any]]) -> str:
    marked = [n for n in dir(module) if hasattr(getattr(module, n), f"{hookspecs.PROJECT}_impl")]
    for name in marked:
        near = difflib.get_close_matches(name, known, n=1)
        if name not in known and near:
            return f" (did you mean `{near[0]}`?)"
    return ""


def _taker(taken: dict[str, Any]) -> Callable[[Any], None]:
    def take(offered: Any) -> None:
        name = getattr(offered, "name", "")
        if not name or name in taken:
            raise CheckFailed(f"it offers the name {name!r}, which is empty or taken")
        taken[name] = offered

    return take


def _asked(function: Callable[..., Any], **arguments: Any) -> Any:
    """Call an implementation with those arguments that it takes, as a core does."""
    takes = inspect.signature(function).parameters
    return function(**{name: value for name, value in arguments.items() if name in takes})


def plugin_checks(name: str, module: Module, given: Given) -> Iterator[Verdict]:
    """Yield what came of each check of an imported plugin. A venue is traded at, on its `sim`."""
    try:
        found = look_into(name, module)
    except Exception as error:  # whatever a stranger's plugin raises is its failure
        yield Verdict("implements hooks that there are", error)
        return
    yield Verdict("implements hooks that there are")
    for strategy in found.strategies:
        yield from _of_strategy(strategy, given)
    for venue in found.venues:
        yield from _of_venue(venue, given.where)
    for notifier in found.notifiers:
        yield _tried(f"{notifier.name} makes targets", partial(check_fields, notifier))
        yield _tried(f"{notifier.name} ends each try in words", partial(_answers, notifier))
    if "describe_settings" in found.hooks:
        yield _tried("describes its settings", lambda: _describe(found, given.settings))
    if "configure" in found.hooks:
        taken = _tried("takes its settings", lambda: _configure(found, given.settings))
        yield taken
        if taken.failure is not None:
            return
    if "review_intent" in found.hooks:
        yield _tried("reviews every action with an error or None", lambda: _review(found))
    if "observe_event" in found.hooks:
        yield _tried("observes events, also twice", lambda: _observe(found))


def _tried(check: str, run: Callable[[], None]) -> Verdict:
    try:
        run()
    except Exception as error:  # as above
        return Verdict(check, error)
    return Verdict(check)


def _of_strategy(strategy: type[Strategy[Any, Any]], given: Given) -> Iterator[Verdict]:
    config = given.configs.get(strategy.name, given.configs.get("", plain_config(strategy)))
    takes = _tried(
        f"{strategy.name} takes the configuration to play with",
        lambda: _configured(strategy, config),
    )
    yield takes
    if takes.failure is not None:
        return
    for check, failure in run_checks(strategy, msgspec.json.encode(config)):
        yield Verdict(f"{strategy.name} {check}", failure)
    probes = ("decides by the past alone", "is woken often enough over a market")
    try:
        from axisor.testing import probing
    except ImportError as error:
        why = f"it needs {error.name}: pip install 'axisor[backtest]'"
        yield from (Verdict(f"{strategy.name} {probe}", left_out=why) for probe in probes)
        return
    for probe, hold in zip(probes, (probing.no_lookahead, probing.wakes), strict=True):
        yield _tried(f"{strategy.name} {probe}", partial(hold, strategy, config))


def _configured(strategy: type[Strategy[Any, Any]], config: dict[str, Any]) -> None:
    decode_config(strategy, msgspec.json.encode(config))


def _of_venue(venue: Venue, where: Where) -> Iterator[Verdict]:
    async def all_of_them() -> list[tuple[str, Exception | None]]:
        return [verdict async for verdict in venue_checks(venue, where)]

    try:
        verdicts = asyncio.run(all_of_them())
    except SettingsInvalid as error:
        yield Verdict(f"{venue.name} does what a venue must", left_out=error.message)
        return
    except Exception as error:  # as above
        yield Verdict(f"{venue.name} can be reached", error)
        return
    yield from (Verdict(f"{venue.name} {check}", failure) for check, failure in verdicts)


def _answers(notifier: Notifier) -> None:
    asyncio.run(check_answers(notifier))


def _configure(found: Found, settings: dict[str, Any]) -> None:
    _asked(found.hooks["configure"], settings=settings)


def _describe(found: Found, settings: dict[str, Any]) -> None:
    shape = _asked(found.hooks["describe_settings"])
    if not (isinstance(shape, type) and issubclass(shape, Struct)):
        raise CheckFailed(f"it answers {shape!r}, which is no type of msgspec's")
    msgspec.json.schema(shape)
    msgspec.convert(settings, shape)


def _review(found: Found) -> None:
    for action in ACTIONS:
        for run in ("", "a-run"):
            answers = [
                _asked(found.hooks["review_intent"], action=action, run=run, view=VIEW)
                for _ in range(2)
            ]
            for answer in answers:
                if answer is not None and not isinstance(answer, AxisorError):
                    raise CheckFailed(f"{type(action).__name__}: it answers {answer!r}")
            if str(answers[0]) != str(answers[1]):
                raise CheckFailed(f"{type(action).__name__}: the second time it answers otherwise")


def _observe(found: Found) -> None:
    for sequence, payload in enumerate(PAYLOADS, 1):
        event = Event(
            stream="accounts/check", sequence=sequence, time=NOON, mode=Mode.SIM, payload=payload
        )
        for _ in range(2):
            if _asked(found.hooks["observe_event"], event=event) is not None:
                raise CheckFailed("it returns something; an observer's word is not asked for")
