"""Many configurations over one market: which fares best, and whether the choice holds afterwards.

What is tried is a list of jobs, each of which depends on its number alone; whoever runs them may do
so in any order and in as many processes as there are, and the report is the same.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.backtest.data import Market
from axisor.backtest.path import Path, to_ms
from axisor.backtest.run import Plan, Terms, back_test
from axisor.errors import ConfigInvalid
from axisor.metrics import Metrics
from axisor.strategy import decode_config

VERSION = 1
MOST_VARIANTS = 10_000
MOST_PARTS = 100

OBJECTIVES = ("net-pl", "net-of-protection", "sharpe", "sortino", "drawdown")
"""By what variants are ranked: the most of it, but of drawdown the least."""

_EXAMPLE = "Write it like: --sweep 'trigger=1,2,3 target=4,5'."
_WORD = re.compile(r"([a-z][a-z0-9_]*)=([^=\s]+)")


class Variant(Struct, frozen=True):
    """One point of a sweep: its number, and the fields it sets."""

    number: int
    values: dict[str, str]


class Job(Struct, frozen=True):
    """One back-test to make: a variant over the prints from `start` to before `end`."""

    variant: int
    start: int
    end: int


class Row(Struct, frozen=True, kw_only=True):
    """How one variant fared. `decision_hash` is that of the back-test by itself."""

    number: int
    values: dict[str, str]
    metrics: Metrics
    decision_hash: str


class Fold(Struct, frozen=True, kw_only=True):
    """One step of walking forward: chosen on one part of the market, judged on the next."""

    chosen_from: datetime
    judged_from: datetime
    judged_until: datetime
    chosen: Row
    judged: Row


class SweepSheet(Struct, frozen=True, kw_only=True):
    """The report of a sweep. With folds, `forward_net_pl_sats` sums what was judged.

    `rows` are over the whole market, in order of rank.
    """

    version: int = VERSION
    market: str
    objective: str
    rows: tuple[Row, ...]
    folds: tuple[Fold, ...] = ()
    forward_net_pl_sats: int | None = None


Run = Callable[[Sequence[Job]], Iterable[Row]]
"""Runs jobs, anywhere, and gives their rows in the order of the jobs."""


def parse_sweep(text: str) -> tuple[Variant, ...]:
    """Return every combination of what a person wrote, such as `trigger=1,2 target=4,5`.

    The last word varies first. Raises ConfigInvalid naming the word.
    """
    names: list[str] = []
    choices: list[list[str]] = []
    for word in text.split():
        match = _WORD.fullmatch(word)
        values = match[2].split(",") if match else []
        if match is None or "" in values or match[1] in names:
            raise ConfigInvalid(f"In the sweep, `{word}` is no field with values.", fix=_EXAMPLE)
        names.append(match[1])
        choices.append(values)
    count = 1
    for values in choices:
        count *= len(values)
    if not names or count > MOST_VARIANTS:
        raise ConfigInvalid(f"A sweep has 1 to {MOST_VARIANTS:,} variants.", fix=_EXAMPLE)
    return tuple(
        Variant(number, dict(zip(names, values, strict=True)))
        for number, values in enumerate(itertools.product(*choices))
    )


class Sweep:
    """A sweep that knows its jobs and makes any of them. It can be sent to other processes."""

    def __init__(
        self,
        market: Market,
        plans: Sequence[Plan],
        variants: Sequence[Variant],
        terms: Terms | None = None,
    ) -> None:
        """Check every variant: those accounts are varied that run the first account's strategy.

        Raises ConfigInvalid for values that its configuration refuses.
        """
        self._market, self._terms = market, terms
        self.variants = tuple(variants)
        self._plans = [_varied(plans, variant.values) for variant in variants]

    def make(self, job: Job) -> Row:
        """Make one back-test."""
        variant = self.variants[job.variant]
        whole = self._market.path
        part = Path(whole.times[job.start : job.end], whole.halves[job.start : job.end])
        market = replace(self._market, path=part)
        outcome = back_test(market, self._plans[job.variant], self._terms)
        return Row(
            number=variant.number,
            values=variant.values,
            metrics=outcome.metrics,
            decision_hash=outcome.decision_hash,
        )

    def whole(self) -> tuple[Job, ...]:
        """Return every variant over the whole market."""
        end = len(self._market.path)
        return tuple(Job(place, 0, end) for place in range(len(self.variants)))

    def rank(self, run: Run, objective: str) -> SweepSheet:
        """Run every variant over the whole market and return them, the best first."""
        rows = tuple(sorted(run(self.whole()), key=lambda row: _order(row, objective)))
        return SweepSheet(market=self._market.name, objective=objective, rows=rows)

    def walk_forward(self, run: Run, objective: str, parts: int) -> SweepSheet:
        """Rank over the whole, then cut the market into equal times and walk forward through them.

        On each part but the last the best variant is chosen, and judged on the part after it, which
        it has not seen. Raises ConfigInvalid where a part would have no print.
        """
        edges = self._edges(parts)
        ranked = self.rank(run, objective)
        spans = list(itertools.pairwise(edges))
        trials = [
            Job(place, start, end)
            for start, end in spans[:-1]
            for place in range(len(self.variants))
        ]
        rows = list(run(trials))
        size = len(self.variants)
        chosen = [
            min(rows[part * size : (part + 1) * size], key=lambda row: _order(row, objective))
            for part in range(parts - 1)
        ]
        places = {variant.number: place for place, variant in enumerate(self.variants)}
        judged = list(
            run(
                [
                    Job(places[row.number], start, end)
                    for row, (start, end) in zip(chosen, spans[1:], strict=True)
                ]
            )
        )
        path = self._market.path
        folds = tuple(
            Fold(
                chosen_from=path.time(spans[part][0]),
                judged_from=path.time(spans[part + 1][0]),
                judged_until=path.time(spans[part + 1][1] - 1),
                chosen=chosen[part],
                judged=judged[part],
            )
            for part in range(parts - 1)
        )
        forward = sum(fold.judged.metrics.net_pl_sats for fold in folds)
        return replace(ranked, folds=folds, forward_net_pl_sats=forward)

    def size(self, parts: int | None = None) -> int:
        """Return how many jobs there are, walking forward through `parts` or not."""
        count = len(self.variants)
        return count if parts is None else count * parts + parts - 1

    def _edges(self, parts: int) -> list[int]:
        path = self._market.path
        if not 2 <= parts <= MOST_PARTS:
            raise ConfigInvalid(f"Walking forward needs 2 to {MOST_PARTS} parts.")
        start, end = to_ms(path.time(0)), to_ms(path.time(len(path) - 1)) + 1
        edges = [
            path.at_or_after(start + (end - start) * part // parts) for part in range(parts + 1)
        ]
        if any(after <= before for before, after in itertools.pairwise(edges)):
            raise ConfigInvalid(f"The market has too few prints for {parts} parts.")
        return edges


def score(metrics: Metrics, objective: str) -> Decimal | None:
    """Return a figure to be as large as can be; None where it cannot be formed."""
    protection = metrics.protection
    match objective:
        case "net-pl":
            return Decimal(metrics.net_pl_sats)
        case "net-of-protection":
            return None if protection is None else Decimal(protection.net_sats)
        case "sharpe":
            return metrics.sharpe
        case "sortino":
            return metrics.sortino
        case "drawdown":
            return -Decimal(metrics.max_drawdown_sats)
        case _:
            raise ConfigInvalid(f"There is no objective {objective}: {', '.join(OBJECTIVES)}.")


def _order(row: Row, objective: str) -> tuple[bool, Decimal, int]:
    """Order rows: the best first, those without a score last, equal ones by their number."""
    value = score(row.metrics, objective)
    return (value is None, -(value or Decimal(0)), row.number)


def _varied(plans: Sequence[Plan], values: dict[str, str]) -> tuple[Plan, ...]:
    strategy = plans[0].strategy
    return tuple(
        replace(plan, config=_with(plan, values)) if plan.strategy is strategy else plan
        for plan in plans
    )


def _with(plan: Plan, values: dict[str, str]) -> Any:
    fields = msgspec.to_builtins(plan.config) | values
    return decode_config(plan.strategy, msgspec.json.encode(fields))
