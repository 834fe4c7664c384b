"""Named courses of the price, each a handful of anchors that a seed may jitter."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from axisor.errors import SettingsInvalid
from axisor.maths import round_to_step
from axisor.model import Price
from axisor_lnmarkets.sim.prices import Print

PRINT_EVERY = timedelta(seconds=5)
"""Market time between two prints of a scenario."""

EXACT_SEED = 21
"""The seed whose anchors are as written; any other moves each by up to half a percent."""

_JITTER_BASIS_POINTS = 50


class Scenario(Struct, frozen=True):
    """A course of anchors (prints since the start, price) with straight lines between them."""

    name: str
    summary: str
    anchors: tuple[tuple[int, Decimal], ...]
    spread: Decimal = Decimal(0)


def _course(name: str, summary: str, *anchors: tuple[int, int], spread: int = 0) -> Scenario:
    points = tuple((at, Decimal(price)) for at, price in anchors)
    return Scenario(name, summary, points, Decimal(spread))


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        _course("still", "The price stands at 100,000.", (0, 100_000)),
        _course(
            "flash-crash",
            "Falls from 100,000 to 95,200 within minutes and comes back to 99,400.",
            (0, 100_000),
            (24, 100_000),
            (60, 98_200),
            (61, 98_120),
            (62, 98_100),
            (90, 98_100),
            (130, 96_180),
            (131, 96_150),
            (150, 95_200),
            (170, 95_200),
            (239, 99_400),
        ),
        _course(
            "slow-bleed",
            "Loses a sixth of its value over eight hours, without a bounce.",
            (0, 100_000),
            (5760, 83_500),
        ),
        _course(
            "gap-down",
            "Stands at 100,000, then one print lies 12 % lower.",
            (0, 100_000),
            (59, 100_000),
            (60, 88_000),
            (240, 90_000),
        ),
        _course(
            "short-squeeze",
            "Rises from 100,000 to 112,000 within half an hour and settles at 108,000.",
            (0, 100_000),
            (24, 100_000),
            (300, 112_000),
            (360, 108_000),
        ),
        _course(
            "whipsaw",
            "Swings three times between 97,000 and 103,000, with a spread of 20 dollars.",
            (0, 100_000),
            (40, 97_000),
            (120, 103_000),
            (200, 97_000),
            (280, 103_000),
            (360, 97_000),
            (400, 100_000),
            spread=20,
        ),
    )
}


def scenario(name: str) -> Scenario:
    """Return a scenario by its name. Raises SettingsInvalid."""
    found = SCENARIOS.get(name)
    if found is None:
        raise SettingsInvalid(
            f"There is no scenario '{name}'.", fix=f"Use one of: {', '.join(SCENARIOS)}."
        )
    return found


def scenario_prints(course: Scenario, *, seed: int, start: datetime) -> Iterator[Print]:
    """Yield the prints of a scenario, the first at `start`, one every `PRINT_EVERY`."""
    anchors = _jittered(course.anchors, seed)
    for at, price in _lines(anchors):
        yield Print(start + at * PRINT_EVERY, price)


def _jittered(
    anchors: tuple[tuple[int, Decimal], ...], seed: int
) -> tuple[tuple[int, Decimal], ...]:
    if seed == EXACT_SEED or len(anchors) == 1:
        return anchors
    chance = random.Random(seed)  # noqa: S311 - a replayable course, not a secret
    moved: dict[Decimal, Decimal] = {anchors[0][1]: anchors[0][1]}
    for _, price in anchors:
        # Anchors of one price stay of one price, so that a plateau remains a plateau.
        if price not in moved:
            points = chance.randint(-_JITTER_BASIS_POINTS, _JITTER_BASIS_POINTS)
            moved[price] = round_to_step(price * (10_000 + points) / 10_000)
    return tuple((at, moved[price]) for at, price in anchors)


def _lines(anchors: tuple[tuple[int, Decimal], ...]) -> Iterator[tuple[int, Price]]:
    yield anchors[0]
    for (begin, here), (end, there) in pairwise(anchors):
        for at in range(begin + 1, end + 1):
            yield at, round_to_step(here + (there - here) * (at - begin) / (end - begin))
