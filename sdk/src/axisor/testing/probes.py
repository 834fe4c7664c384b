"""Probes a strategy over a market: whether it sees the future, and is woken often enough.

They need the extra `backtest`. Import them from here; the rest of the kit does without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import numpy
from msgspec.structs import replace

from axisor.backtest import Decision, Market, Path, Plan, Terms, back_test

Prepare = Callable[[Market], Plan]
"""Makes the plan of an account from the market it will be walked over.

A plan that is the same for every market ignores it. One that is reckoned from the market, such as a
configuration fitted to it, is where the future leaks in.
"""

CUTS = 16


class SeesTheFuture(AssertionError):
    """A decision depends on prints that come after it."""


class SleepsTooLong(AssertionError):
    """A strategy would have decided otherwise, had it been called at each print."""


def check_no_lookahead(prepare: Prepare, market: Market, *, cuts: int = CUTS) -> None:
    """Hold every decision to the past: cut the market off, and give it another future.

    At `cuts` places spread over the market, and right after each of the first `cuts` decisions,
    everything is made again with the market ended there and with what follows turned upside down.
    What was decided until then must stay. Raises SeesTheFuture naming the first difference.
    """
    whole = _decisions(prepare(market), market)
    for place in _places(market, whole, cuts):
        until = market.path.time(place - 1)
        known = [each for each in whole if each.time <= until]
        for what, other in (
            ("the market ends", _ended(market, place)),
            ("the market turns", _turned(market, place)),
        ):
            again = [each for each in _decisions(prepare(other), other) if each.time <= until]
            if again != known:
                raise SeesTheFuture(
                    f"Where {what} after {until.isoformat()}, {_difference(known, again)}"
                )


def check_wakes(plan: Plan, market: Market) -> None:
    """Hold a strategy that waits for bounds to what it does when it is called at every print.

    Raises SleepsTooLong naming the first difference.
    """
    woken = _decisions(plan, market)
    called = _decisions(plan, market, each=True)
    if woken != called:
        raise SleepsTooLong(f"Called at every print, {_difference(woken, called)}")


def _decisions(plan: Plan, market: Market, *, each: bool = False) -> list[Decision]:
    (lived,) = back_test(market, [plan], Terms(each=each)).accounts
    return list(lived.decisions)


def _places(market: Market, decisions: Sequence[Decision], cuts: int) -> list[int]:
    """Return where the market is cut: before which print, the same time never on both sides."""
    path, count = market.path, len(market.path)
    spread = {count * part // (cuts + 1) for part in range(1, cuts + 1)}
    after = {path.at_or_after(_ms_after(each.time)) for each in decisions[:cuts]}
    return sorted(
        place
        for place in spread | after
        if 0 < place < count and path.times[place] > path.times[place - 1]
    )


def _ms_after(time: datetime) -> int:
    return int(time.timestamp() * 1000) + 1


def _ended(market: Market, place: int) -> Market:
    path = market.path
    return replace(market, path=Path(path.times[:place], path.halves[:place]))


def _turned(market: Market, place: int) -> Market:
    """Return a market that falls where it rose, and rises where it fell, from a print on."""
    path = market.path
    future = numpy.maximum(2, 2 * path.halves[place - 1] - path.halves[place:])
    halves = numpy.concatenate((path.halves[:place], future))
    return replace(market, path=Path(path.times, halves))


def _difference(before: Sequence[Decision], after: Sequence[Decision]) -> str:
    for was, is_now in _paired(before, after):
        if was != is_now:
            return f"it decided {_said(is_now)} and not {_said(was)}."
    return "nothing differs."


def _paired(
    before: Sequence[Decision], after: Sequence[Decision]
) -> Iterator[tuple[Decision | None, Decision | None]]:
    for place in range(max(len(before), len(after))):
        yield (
            before[place] if place < len(before) else None,
            after[place] if place < len(after) else None,
        )


def _said(decision: Decision | None) -> str:
    if decision is None:
        return "nothing"
    actions = ", ".join(type(action).__name__ for action in decision.actions)
    return f"{actions} at {decision.time.isoformat()} and ${decision.price:,}"
