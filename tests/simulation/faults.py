"""Every kind of fault by name: whether this seed has it, how often, and how often it struck."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from types import MappingProxyType

KINDS: Mapping[str, float] = MappingProxyType(
    {
        # What can happen to a request that changes something: the share of requests at the most.
        "request-lost": 0.3,
        "response-lost": 0.3,
        "late": 0.25,
        "beyond-window": 0.2,
        "error-before": 0.25,
        "error-after": 0.25,
        "mangled-answer": 0.2,
        "client-broke": 0.2,
        "slow-venue": 0.5,
        "not-sent": 0.25,
        "too-many": 0.25,
        "unauthorized": 0.15,
        "refused": 0.2,
        # What can happen to a reading: the share of readings at the most.
        "read-failed": 0.3,
        "read-slow": 0.2,
        "read-stale": 0.5,
        "unreadable": 0.15,
        "retired": 0.1,
        "witness-failed": 0.3,
        "hint-lost": 0.8,
        # What the venue or its user does: times a minute at the most.
        "venue-down": 0.5,
        "funding-paid": 1.5,
        "funding-received": 1.5,
        "user-adds": 0.8,
        "user-cashes-in": 0.8,
        "user-closes": 0.15,
        "user-stops": 0.4,
        # What can happen to prices: the share of ticks at the most, or times a minute.
        "price-gap": 1.0,
        "feed-silent": 0.5,
        "tick-dropped": 0.5,
        "tick-doubled": 0.3,
        "tick-delayed": 0.3,
        "price-incomplete": 0.1,
        "price-disagrees": 0.05,
        # Our clocks: skew and drift once for each life, the others a minute or a measure.
        "clock-skewed": 1.0,
        "clock-drifts": 1.0,
        "clock-steps": 0.6,
        "clock-unread": 0.5,
        "clock-vague": 0.3,
        # The database: the share of transactions at the most, or times a minute.
        "store-down": 0.5,
        "store-cut": 0.5,
        "store-slow": 0.05,
        "store-busy": 0.1,
        "ack-lost": 0.05,
        "commit-lost": 0.05,
        # Processes: times a minute, and the share of failpoints passed.
        "kill": 1.2,
        "pause": 0.8,
        "machine-frozen": 0.4,
        "kill-at": 0.06,
        "pause-at": 0.06,
        "pause-at-byte": 0.2,
        # The database again, for longer than a position may be left alone: times a minute.
        "store-lost": 0.4,
    }
)


class Faults:
    """The faults of one seed. Each kind draws from chance of its own, so that one can be left out
    without moving the others."""

    def __init__(
        self, seed: int, *, only: Iterable[str] | None = None, without: Iterable[str] = ()
    ) -> None:
        swarm = random.Random(f"{seed}/swarm")
        left_out = set(without)
        wanted = set(KINDS) if only is None else set(only)
        self.hits: dict[str, int] = {}
        self.rates: dict[str, float] = {}
        self.healed = False
        self._chance: dict[str, random.Random] = {}
        self._seed = seed
        rates: dict[str, float] = {}
        for name, most in KINDS.items():
            on, share = swarm.random() < 0.5, swarm.random()
            if on and name in wanted and name not in left_out:
                rates[name] = most * share * share
        self.set(rates)

    def set(self, rates: Mapping[str, float]) -> None:
        """Have exactly these kinds from now on, this often."""
        self.rates = dict(rates)
        for name in rates:
            self._chance.setdefault(name, random.Random(f"{self._seed}/fault/{name}"))

    def chance(self, name: str) -> random.Random:
        """Return a kind's own chance, for the particulars of a fault."""
        return self._chance[name]

    def strikes(self, name: str, odds: float = 1.0) -> bool:
        """Return whether a fault strikes now, and count it if it does."""
        rate = self.rates.get(name)
        if rate is None or self.healed or self._chance[name].random() >= rate * odds:
            return False
        self.hits[name] = self.hits.get(name, 0) + 1
        return True

    def pause_s(self, name: str) -> float | None:
        """Return seconds until a kind that comes by the minute strikes next; None for never."""
        rate = self.rates.get(name)
        if not rate or self.healed:
            return None
        return self._chance[name].expovariate(rate / 60)

    def count(self, name: str) -> None:
        """Count a fault that was brought about by other means."""
        self.hits[name] = self.hits.get(name, 0) + 1
