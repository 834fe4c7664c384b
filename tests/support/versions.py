"""Versions of one strategy that decide differently in a known way, and what they must have decided.

Each walks with the price: woken when it has moved far enough, it tells, now and then adds margin,
and waits for the next move. How far, how often and how much differs from version to version, and
so does the form of its memory.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from axisor.events import RunUpgraded, StepTaken
from axisor.intents import AddMargin, Intent, Notice, Wake
from axisor.model import Permission, Severity, Tick
from axisor.strategy import Config, Memory, Strategy, View
from axisor.versions import UpgradeEnd, Version
from axisor_server.domain.editions import Edition

NAME = "walker"


class EvenMemory(Memory):
    """How often it was woken."""

    woken: int = 0

    @classmethod
    def upgrade(cls, old: dict[str, Any]) -> dict[str, Any]:
        """Read the odd form too."""
        return {"woken": old.get("woken", old.get("count", 0))}


class OddMemory(Memory):
    """How often it was woken, in another form."""

    count: int = 0

    @classmethod
    def upgrade(cls, old: dict[str, Any]) -> dict[str, Any]:
        """Read the even form too."""
        return {"count": old.get("count", old.get("woken", 0))}


class Rule(Struct, frozen=True):
    """How a version decides: what it waits for, and when it adds how much."""

    number: int
    stride: int
    every: int
    amount: int

    @property
    def version(self) -> Version:
        """Return its name."""
        return Version(f"1.{self.number}", f"{self.number:064x}")


def rule(number: int) -> Rule:
    """Return the rule of a version."""
    return Rule(number, stride=3 + number % 5, every=2 + number % 3, amount=100 + number)


def edition(its: Rule, broken: Container[int] = ()) -> Edition:
    """Return a version as a strategy that raises as soon as it is among the broken ones."""

    class Walker(Strategy[Config, Memory]):
        """Walks with the price."""

        name = NAME
        permissions = Permission.ADJUST_MARGIN

        def on_start(self, view: View) -> list[Intent]:
            """Wait for the first move."""
            return [] if view.tick is None else [self._wake(view.tick)]

        def on_wake(self, tick: Tick, view: View) -> list[Intent]:
            """Tell, add, wait."""
            memory: Any = self.memory
            field = "count" if its.number % 2 else "woken"
            woken = getattr(memory, field) + 1
            setattr(memory, field, woken)
            if its.number in broken:
                raise RuntimeError(f"version {its.number} is broken")
            text = f"{its.number} saw {tick.price}"
            found: list[Intent] = [Notice(severity=Severity.OK, code="SAW", text=text)]
            if woken % its.every == 0:
                found += [AddMargin(position=p.id, amount=its.amount) for p in view.positions]
            return [*found, self._wake(tick)]

        def _wake(self, tick: Tick) -> Wake:
            return Wake(
                below=tick.price - its.stride,
                above=tick.price + its.stride,
                on=frozenset(),
            )

    Walker.memory_type = OddMemory if its.number % 2 else EvenMemory
    return Edition(its.version, Walker)


class Woke(Struct, frozen=True):
    """One wake as it must have been: at which price, who decided, and the sats it added."""

    price: Decimal
    number: int
    added: int


def oracle(
    prices: Sequence[Decimal],
    rules: Sequence[Rule],
    cuts: Sequence[tuple[int, int]],
    starts: Mapping[int, int],
) -> list[Woke]:
    """Return every wake of a run that begins at the first price.

    `cuts` say after which step which version decides; the start is the first. Each wake is a step,
    since each is remembered. `starts` are the places of the prices at which a core started, each
    with the version that decided then: there the run waits anew.
    """
    by_number = {each.number: each for each in rules}
    pieces = list(cuts)
    _, number = pieces.pop(0)
    below = above = prices[0]
    found: list[Woke] = []
    for place, price in enumerate(prices):
        step = len(found) + 1
        while pieces and pieces[0][0] < step:
            _, number = pieces.pop(0)
        its = by_number[number]
        if place in starts:
            stride = by_number[starts[place]].stride
            below, above = price - stride, price + stride
        if below < price < above:
            continue
        found.append(Woke(price, number, its.amount if step % its.every == 0 else 0))
        below, above = price - its.stride, price + its.stride
    return found


def walked(payloads: Sequence[object]) -> tuple[list[Woke], list[tuple[int, int]]]:
    """Return the wakes that a journal holds, and after which step which version decided."""
    wakes: list[Woke] = []
    cuts: list[tuple[int, int]] = []
    for payload in payloads:
        if isinstance(payload, RunUpgraded):
            number = int(payload.after.code, 16)
            if payload.by is not UpgradeEnd.STARTED:
                assert payload.step == len(wakes), "between two steps"
            cuts.append((payload.step, number))
        elif isinstance(payload, StepTaken):
            cause: Any = payload.cause
            told = [each for each in payload.intents if isinstance(each, Notice)]
            added = [each.amount for each in payload.intents if isinstance(each, AddMargin)]
            assert len(told) == 1
            number = int(told[0].text.split()[0])
            wakes.append(Woke(cause.tick.price, number, sum(added)))
    return wakes, cuts
