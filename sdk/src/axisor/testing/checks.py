"""The conformance checks: what every strategy must hold to, whoever wrote it."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from axisor.errors import ConfigInvalid
from axisor.intents import (
    AddMargin,
    CashIn,
    DepositCross,
    Intent,
    Notice,
    Wake,
    WithdrawCross,
)
from axisor.model import FeedQuality, Permission
from axisor.strategy import Strategy, decode_config, decode_memory, encode_memory
from axisor.testing import market, script
from axisor.testing.configs import extreme_config, is_legal, plain_config
from axisor.testing.harness import Harness

if TYPE_CHECKING:
    import pytest

AnyStrategy: TypeAlias = type[Strategy[Any, Any]]
Check: TypeAlias = Callable[[AnyStrategy, dict[str, Any]], None]

MOST_ACTIONS_A_MINUTE = 120
MOST_MEMORY = 1_000_000
RANDOM_TICKS = 10_000
_encode = msgspec.json.Encoder(order="deterministic").encode


class CheckFailed(AssertionError):
    """A strategy does not hold to a conformance check; the text says which and how."""


def _require(holds: bool, complaint: str) -> None:
    if not holds:
        raise CheckFailed(complaint)


def check_strategy(strategy: AnyStrategy, **config: Any) -> None:
    """Hold a strategy to every check. Raises CheckFailed naming the first that does not hold.

    `config` is the configuration to play with; without one, only what must be given is.
    """
    raw = msgspec.json.encode(config) if config else None
    for name, failure in run_checks(strategy, raw):
        if failure is not None:
            raise CheckFailed(f"{strategy.__name__}, {name}: {failure}") from failure


def run_checks(
    strategy: AnyStrategy, config: bytes | None = None
) -> Iterator[tuple[str, Exception | None]]:
    """Yield each check's sentence, and what it failed with or None."""
    given: dict[str, Any] = (
        plain_config(strategy) if config is None else msgspec.json.decode(config)
    )
    for name, check in checks_of():
        try:
            check(strategy, given)
        except Exception as error:  # whatever a stranger's strategy raises is its failure
            yield name, error
        else:
            yield name, None


def checks_of() -> tuple[tuple[str, Check], ...]:
    """Return all checks with the sentence that each asserts."""
    return (
        ("has a docstring and a name in kebab-case", has_docstring_and_name),
        ("describes every field of its configuration", describes_its_fields),
        ("refuses a configuration outside its schema", refuses_foreign_config),
        ("works with the smallest and the largest legal configuration", works_at_extremes),
        ("memory survives JSON", memory_survives_json),
        ("answers the same again, and in other processes", is_deterministic),
        ("a restart at any event changes nothing", is_restart_proof),
        ("asks only for what its permissions allow", honours_permissions),
        ("asks for nothing after it has stopped", is_silent_after_stop),
        ("stays within bounds on 10,000 random ticks", is_bounded),
        ("decides the same when woken as on each tick", is_sparse_equivalent),
    )


def has_docstring_and_name(strategy: AnyStrategy, config: dict[str, Any]) -> None:
    """Require a docstring of its own and a stable name."""
    text = strategy.__doc__ or ""
    _require(bool(text.strip()) and text != Strategy.__doc__, "the class has no docstring")
    name = getattr(strategy, "name", "")
    good = re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) is not None
    _require(good, f"the name {name!r} is not kebab-case")


def describes_its_fields(strategy: AnyStrategy, config: dict[str, Any]) -> None:
    """Require a description on every field, nested ones too."""
    schema = msgspec.json.schema(strategy.config_type)
    for kind, part in schema.get("$defs", {}).items():
        for field, about in part.get("properties", {}).items():
            found = bool(about.get("description")) or field == part.get("tag_field")
            _require(found, f"{kind}.{field} has no description")


def refuses_foreign_config(strategy: AnyStrategy, config: dict[str, Any]) -> None:
    """Require that unknown fields and wrong types are refused."""
    _require(is_legal(strategy, config), f"it refuses the configuration {config!r} itself")
    _require(
        not is_legal(strategy, {**config, "no-such-field": 1}), "it takes a field it does not know"
    )
    try:
        decode_config(strategy, b"[1]")
    except ConfigInvalid:
        return
    raise CheckFailed("it takes a list for a configuration")


def works_at_extremes(strategy: AnyStrategy, config: dict[str, Any]) -> None:
    """Play the history with the smallest and the largest configuration."""
    for largest in (False, True):
        for _ in script.play(strategy, extreme_config(strategy, largest=largest), script.events()):
            pass


def memory_survives_json(strategy: AnyStrategy, config: dict[str, Any]) -> None:
    """Require a memory without arguments, and the same bytes after decoding and encoding."""
    strategy.memory_type()
    harness = Harness(strategy, **config)
    for event in script.events():
        event(harness)
        again = encode_memory(decode_memory(strategy, harness.saved))
        _require(again == harness.saved, f"memory changes in JSON: {harness.saved!r}")


def digest(strategy: AnyStrategy, config: dict[str, Any]) -> str:
    """Return a digest of everything a strategy asks for over the standard history."""
    summary = hashlib.sha256()
    for answer in script.play(strategy, config, script.events()):
        summary.update(_encode(answer))
    return summary.hexdigest()


def is_deterministic(strategy: AnyStrategy, config: dict[str, Any]) -> None:
    """Compare digests: twice here, and in two processes with other hash seeds and time zones."""
    here = digest(strategy, config)
    _require(digest(strategy, config) == here, "the second time it answers otherwise")
    if "<locals>" in strategy.__qualname__ or strategy.__module__ == "__main__":
        return  # such a class cannot be imported elsewhere
    for seed, zone in (("1", "UTC"), ("4242", "Asia/Tokyo")):
        there = _digest_elsewhere(strategy, config, {"PYTHONHASHSEED": seed, "TZ": zone})
        _require(there == here, f"with hash seed {seed} in {zone} it answers otherwise")


_ELSEWHERE = """
import importlib, sys, msgspec
path, module, name, config = msgspec.json.decode(sys.stdin.buffer.read())
sys.path[:0] = path
strategy = importlib.import_module(module)
for part in name.split("."):
    strategy = getattr(strategy, part)
from axisor.testing.checks import digest
print(digest(strategy, config))
"""


def _digest_elsewhere(
    strategy: AnyStrategy, config: dict[str, Any], environment: dict[str, str]
) -> str:
    asked = (sys.path, strategy.__module__, strategy.__qualname__, config)
    result = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", _ELSEWHERE],
        input=msgspec.json.encode(asked),
        env={**os.environ, **environment},
        capture_output=True,
        timeout=60,
        check=False,
    )
    _require(result.returncode == 0, result.stderr.decode(errors="replace")[-2_000:])
    return result.stdout.decode().strip()


def _actions(answers: Iterator[script.Answer]) -> list[script.Answer]:
    return [answer for answer in answers if not isinstance(answer[1], Notice | Wake)]


def is_restart_proof(strategy: AnyStrategy, config: dict[str, Any]) -> None:
    """Restart before each event in turn and compare all actions."""
    history = script.events(length=40)
    undisturbed = _actions(script.play(strategy, config, history))
    for place in range(1, len(history)):
        restarted = _actions(script.play(strategy, config, history, restart_at=place))
        _require(restarted == undisturbed, f"a restart before event {place} changes its actions")


def honours_permissions(strategy: AnyStrategy, config: dict[str, Any]) -> None:
    """Require the right for each kind of action it asks for."""
    for _, intent in _actions(script.play(strategy, config, script.events())):
        needed = permission_for(intent)
        _require(needed in strategy.permissions, f"{type(intent).__name__} needs {needed.name}")


def permission_for(intent: Intent) -> Permission:
    """Return the right that an intent needs."""
    if isinstance(intent, Notice | Wake):
        return Permission.READ
    moves_margin = isinstance(intent, AddMargin | CashIn | DepositCross | WithdrawCross)
    return Permission.ADJUST_MARGIN if moves_margin else Permission.TRADE


def is_silent_after_stop(strategy: AnyStrategy, config: dict[str, Any]) -> None:
    """Call the handlers once more after `on_stop`, on the same memory."""
    harness = Harness(strategy, **config)
    for event in script.events(length=30):
        event(harness)
    harness.stop()
    _require(harness.tick(50_000) == [], "it asks for something after its stop")
    _require(harness.set_feed(FeedQuality.STALE) == [], "it asks for something after its stop")


def is_bounded(strategy: AnyStrategy, config: dict[str, Any]) -> None:
    """Play random ticks, a second apart, and bound actions a minute and memory."""
    harness = Harness(strategy, **config)
    harness.set_positions(*script.POSITIONS)
    count, minute = 0, harness.now
    for price in market.walk(script.SEED, RANDOM_TICKS):
        asked = harness.tick(price) + harness.advance(seconds=1)
        count += sum(not isinstance(intent, Notice | Wake) for intent in asked)
        _require(count <= MOST_ACTIONS_A_MINUTE, f"more than {MOST_ACTIONS_A_MINUTE} actions")
        if harness.now >= minute + timedelta(minutes=1):
            count, minute = 0, harness.now
        _require(len(harness.saved) <= MOST_MEMORY, f"more than {MOST_MEMORY} bytes of memory")


def is_sparse_equivalent(strategy: AnyStrategy, config: dict[str, Any]) -> None:
    """Compare the actions of a run woken by its bounds with one called on each tick."""
    if strategy.every_tick:
        return
    for seed in range(script.SEED, script.SEED + 10):
        history = script.events(seed, 100)
        woken = _actions(script.play(strategy, config, history))
        always = _actions(script.play(strategy, config, history, every_tick=True))
        _require(woken == always, f"with seed {seed} it decides otherwise on each tick")


def parametrize_with_checks(strategy: AnyStrategy, **config: Any) -> pytest.MarkDecorator:
    """Make a test of each check; the test takes `check` and calls it.

    `config` is the configuration to play with; without one, only what must be given is. Needs
    pytest, of which it returns the mark.
    """
    import pytest

    given = msgspec.json.decode(msgspec.json.encode(config)) if config else plain_config(strategy)
    cases = [pytest.param(partial(check, strategy, given), id=name) for name, check in checks_of()]
    return pytest.mark.parametrize("check", cases)
