"""Named market stories as price paths: anchors in time, interpolated on the half dollar.

A path is a function of scenario time alone, so it can be read from any point and played at any
speed. The same name and seed give the same path for ever.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import FieldInvalid
from axisor.exchange.chance import between
from axisor.exchange.quote import Quote
from axisor.model import Price

FLASH_CRASH = "flash-crash"
DEMO_SEED = 21
"""The seed for which the flash crash follows the worked example to the half dollar."""

MOST_STRENGTH = 20
"""How many times as far from its first price a scenario may go."""

_LEAST = 2
_USUAL_RATE = Decimal("0.0001")

Anchor: TypeAlias = tuple[int, int]
"""Milliseconds of scenario time, and the price then in half dollars."""


class Scenario(Struct, frozen=True, kw_only=True):
    """A price path; before the first anchor and after the last the price stands still.

    `tick_ms` is the spacing of prints, `wobble` the most half dollars a print may lie beside the
    line between anchors, `spread` the half dollars between bid and ask, `funding_rate` the rate
    of every settlement, a fraction for eight hours.
    """

    name: str
    seed: int
    anchors: tuple[Anchor, ...]
    tick_ms: int = 250
    wobble: int = 0
    spread: int = 0
    funding_rate: Decimal = _USUAL_RATE

    @property
    def length(self) -> timedelta:
        """Return the scenario time of the last anchor."""
        return timedelta(milliseconds=self.anchors[-1][0])

    def half_dollars(self, ms: int) -> int:
        """Return the price in half dollars at a scenario time in milliseconds."""
        place = bisect_right(self.anchors, (ms, 1 << 62))
        if place == 0:
            return self.anchors[0][1]
        start, price = self.anchors[place - 1]
        if place == len(self.anchors) or ms == start:
            return price
        end, target = self.anchors[place]
        whole = end - start
        line = price + (2 * (target - price) * (ms - start) + whole) // (2 * whole)
        if not self.wobble:
            return line
        return max(_LEAST, line + between(self.seed, ms, -self.wobble, self.wobble))

    def price(self, elapsed: timedelta) -> Price:
        """Return the price at a scenario time, in dollars."""
        return Decimal(self.half_dollars(elapsed // timedelta(milliseconds=1))) / 2

    def quote(self, start: datetime, elapsed: timedelta) -> Quote:
        """Return the quote at a scenario time; bid and ask each lie half the spread away."""
        last = self.half_dollars(elapsed // timedelta(milliseconds=1))
        below, above = self.spread // 2, self.spread - self.spread // 2
        return Quote(
            time=start + elapsed,
            last=Decimal(last) / 2,
            bid=Decimal(max(_LEAST, last - below)) / 2,
            ask=Decimal(last + above) / 2,
        )

    def quotes(self, start: datetime) -> Iterator[Quote]:
        """Yield the quotes from the first to the last anchor, one every tick."""
        for ms in range(0, self.anchors[-1][0] + 1, self.tick_ms):
            yield self.quote(start, timedelta(milliseconds=ms))


def scenario(name: str, seed: int = DEMO_SEED, *, spread: int = 0) -> Scenario:
    """Return a named scenario; raises FieldInvalid for a name that is not in `SCENARIOS`."""
    make = SCENARIOS.get(name)
    if make is None:
        raise FieldInvalid(
            f"There is no scenario {name!r}; there are {', '.join(SCENARIOS)}.", field="scenario"
        )
    made = make(seed)
    return made if not spread else _spread(made, spread)


def shaped(
    made: Scenario,
    *,
    duration: timedelta | None = None,
    start: int | None = None,
    strength: Decimal = Decimal(1),
    tick: timedelta | None = None,
    funding_rate: Decimal | None = None,
) -> Scenario:
    """Return a scenario played longer or shorter, from another price, or more or less strongly.

    Anchors are spread over `duration`; every price keeps its proportion to `start`, the first one
    in half dollars; `strength` multiplies how far each lies from the first; `tick` is the spacing
    of prints. What is not given stays. Raises FieldInvalid for what makes no market.
    """
    length, first = made.anchors[-1][0], made.anchors[0][1]
    wanted = length if duration is None else duration // timedelta(milliseconds=1)
    tick_ms = made.tick_ms if tick is None else tick // timedelta(milliseconds=1)
    begin = first if start is None else start
    if not 1 <= tick_ms <= wanted or begin < _LEAST or not 0 <= strength <= MOST_STRENGTH:
        raise FieldInvalid(
            f"A scenario needs a print within its duration, a price above zero, and a strength "
            f"from 0 to {MOST_STRENGTH}.",
            field="scenario",
        )
    anchors = [
        (ms * wanted // length, _scaled(price, first, begin, strength))
        for ms, price in made.anchors
    ]
    return replace(
        made,
        anchors=tuple({ms: (ms, price) for ms, price in anchors}.values()),
        tick_ms=tick_ms,
        wobble=made.wobble * begin // first,
        funding_rate=made.funding_rate if funding_rate is None else funding_rate,
    )


def _scaled(price: int, first: int, begin: int, strength: Decimal) -> int:
    moved = Decimal(price - first) * strength * begin / first
    return max(_LEAST, begin + int(moved.to_integral_value(ROUND_HALF_EVEN)))


def walk(
    seed: int, *, start: int = 200_000, steps: int = 3_600, step: int = 60, tick_ms: int = 250
) -> Scenario:
    """Return a random walk: `start` and the most it moves in a `step` in half dollars."""
    anchors = _wander(seed, start, steps, every_ms=tick_ms, step=step, drift=0)
    return Scenario(name="walk", seed=seed, anchors=anchors, tick_ms=tick_ms)


def _spread(made: Scenario, spread: int) -> Scenario:
    if spread < 0:
        raise FieldInvalid("The spread cannot be negative.", field="spread")
    return replace(made, spread=spread)


def _dollars(*points: tuple[int, int]) -> tuple[Anchor, ...]:
    return tuple((ms, 2 * dollars) for ms, dollars in points)


def _wander(
    seed: int, start: int, steps: int, *, every_ms: int, step: int, drift: int
) -> tuple[Anchor, ...]:
    """Return anchors of a walk with a drift a step, all in half dollars."""
    price = start
    anchors = [(0, price)]
    for place in range(1, steps + 1):
        price = max(_LEAST, price + drift + between(seed, place, -step, step))
        anchors.append((place * every_ms, price))
    return tuple(anchors)


# The price holds at first, for positions to be opened; the last quarter second before twelve takes
# it through the three-percent line of the worked example at once. It rests a second where the guard
# acts and at the low, so that a reader who misses a print still sees the prices of the example.
_CRASH = _dollars(
    (0, 100_000),
    (2_000, 100_000),
    (11_750, 99_150),
    (12_000, 98_900),
    (18_000, 98_100),
    (19_000, 98_100),
    (26_000, 96_150),
    (31_000, 95_200),
    (32_000, 95_200),
    (38_000, 99_400),
    (42_000, 99_400),
)


def _flash_crash(seed: int) -> Scenario:
    anchors = _CRASH
    if seed != DEMO_SEED:
        # The start is kept, and the order of the anchors: none moves more than a hundred dollars,
        # and those of one price move together.
        prices = list(dict.fromkeys(price for _, price in _CRASH[2:]))
        moved = {price: price + between(seed, n, -200, 200) for n, price in enumerate(prices)}
        anchors = (*_CRASH[:2], *((ms, moved[price]) for ms, price in _CRASH[2:]))
    return Scenario(name=FLASH_CRASH, seed=seed, anchors=anchors)


def _bull(seed: int) -> Scenario:
    anchors = _wander(seed, 200_000, 360, every_ms=5_000, step=150, drift=45)
    return Scenario(name="bull", seed=seed, anchors=anchors, wobble=8)


def _bear(seed: int) -> Scenario:
    anchors = _wander(seed, 200_000, 360, every_ms=5_000, step=150, drift=-45)
    return Scenario(name="bear", seed=seed, anchors=anchors, wobble=8)


def _sideways(seed: int) -> Scenario:
    anchors = tuple(
        (place * 5_000, 200_000 + (between(seed, place, -400, 400) if place else 0))
        for place in range(361)
    )
    return Scenario(name="sideways", seed=seed, anchors=anchors, wobble=8)


def _volatile(seed: int) -> Scenario:
    anchors = _wander(seed, 200_000, 1_800, every_ms=1_000, step=400, drift=0)
    return Scenario(name="volatile", seed=seed, anchors=anchors, wobble=40)


def _gap(seed: int) -> Scenario:
    depth = 2 * between(seed, 0, 4_000, 8_000)
    anchors = ((0, 200_000), (20_000, 199_600), (20_250, 200_000 - depth), (60_000, 190_000))
    return Scenario(name="gap", seed=seed, anchors=anchors)


def _slow_bleed(seed: int) -> Scenario:
    anchors = _wander(seed, 200_000, 1_440, every_ms=60_000, step=60, drift=-14)
    return Scenario(name="slow-bleed", seed=seed, anchors=anchors, tick_ms=1_000, wobble=6)


def _funding_squeeze(seed: int) -> Scenario:
    anchors = tuple(
        (place * 60_000, 200_000 + (between(seed, place, -200, 200) if place else 0))
        for place in range(2 * 1_440 + 1)
    )
    return Scenario(
        name="funding-squeeze",
        seed=seed,
        anchors=anchors,
        tick_ms=1_000,
        wobble=6,
        funding_rate=Decimal("0.005"),
    )


SCENARIOS: dict[str, Callable[[int], Scenario]] = {
    FLASH_CRASH: _flash_crash,
    "bull": _bull,
    "bear": _bear,
    "sideways": _sideways,
    "volatile": _volatile,
    "gap": _gap,
    "slow-bleed": _slow_bleed,
    "funding-squeeze": _funding_squeeze,
}
"""Every named scenario and how a seed makes it."""
