"""A back-test of any strategy on accounts with positions of their own, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from axisor.backtest.data import Market
from axisor.backtest.decisions import Decision, Names, decision_hash
from axisor.backtest.pilot import Pilot
from axisor.backtest.recorder import Event, Recorder, Sample, sample_places, spacing_of
from axisor.backtest.walk import Costs, Walk
from axisor.exchange import Account, NewTrade, Quote, Rules, seeded_ids
from axisor.metrics import Metrics, Protection, judge, time_at_risk
from axisor.model import OrderType, Sats, Side
from axisor.strategy import Config, Strategy

MOST_ACCOUNTS = 100
MOST_POSITIONS = 100

Progress = Callable[[int, int], None]
"""Hears how much is done, and of how much."""


class Opening(Struct, frozen=True):
    """A position that is opened at the market at the first print."""

    side: Side
    leverage: Decimal
    quantity: int


class Plan(Struct, frozen=True, kw_only=True):
    """One account: its balance before its positions are opened, and the strategy that runs it."""

    name: str
    balance: Sats
    strategy: type[Strategy[Any, Any]]
    config: Config
    openings: tuple[Opening, ...] = ()


class Terms(Struct, frozen=True, kw_only=True):
    """What all accounts of a back-test share.

    `costs` are None for the usual ones with the market's own funding rate. `line` is the distance
    to liquidation, a fraction, below which time is time at risk; `spacing` how far apart samples
    are, None for what suits the path. `each` calls the strategy on every print, whatever it waits
    for: slower by far, and nothing may come out differently.
    """

    costs: Costs | None = None
    line: Decimal = Decimal("0.05")
    spacing: timedelta | None = None
    each: bool = False


class Lived(Struct, frozen=True, kw_only=True):
    """How one account fared. `fees` and `funding` are positive where they were paid."""

    plan: Plan
    decisions: tuple[Decision, ...]
    events: tuple[Event, ...]
    samples: tuple[Sample, ...]
    notices: tuple[str, ...]
    metrics: Metrics
    least: Decimal | None
    added: Sats
    actions: int
    fees: Sats
    funding: Sats
    results: tuple[Sats, ...]
    at_risk: timedelta

    @property
    def decision_hash(self) -> str:
        """Return the hash of what the strategy asked for."""
        return decision_hash(self.decisions)


class Outcome(Struct, frozen=True, kw_only=True):
    """How all accounts fared, and the figures of them together."""

    market: Market
    terms: Terms
    costs: Costs
    spacing: timedelta
    accounts: tuple[Lived, ...]
    metrics: Metrics

    @property
    def decision_hash(self) -> str:
        """Return the hash of what all strategies asked for, account by account."""
        return decision_hash(decision for each in self.accounts for decision in each.decisions)


def back_test(
    market: Market,
    plans: Sequence[Plan],
    terms: Terms | None = None,
    *,
    progress: Progress = lambda done, of: None,
) -> Outcome:
    """Walk every account over a market and return how they fared.

    An account that is given positions is walked a second time without its strategy, to tell what
    the strategy changed. Raises VenueRefused where a balance does not bear its positions. Equal
    arguments give equal outcomes; `progress` may raise to end the run.
    """
    terms = terms or Terms()
    spacing = terms.spacing or spacing_of(market.path)
    costs = terms.costs or usual_costs(market)
    of = len(market.path) * sum(2 if plan.openings else 1 for plan in plans)
    done = 0
    lived: list[Lived] = []
    for number, plan in enumerate(plans):
        stage = _Stage(market, plan, costs, terms, spacing, number)
        kept = stage.walk(_onwards(progress, done, of), guarded=True)
        done += len(market.path)
        bare = None
        if plan.openings:
            bare = stage.walk(_onwards(progress, done, of), guarded=False)
            done += len(market.path)
        lived.append(_lived(stage, kept, bare))
    progress(of, of)
    return Outcome(
        market=market,
        terms=terms,
        costs=costs,
        spacing=spacing,
        accounts=tuple(lived),
        metrics=_together(market, spacing, lived),
    )


def _onwards(progress: Progress, done: int, of: int) -> Callable[[int], None]:
    return lambda index: progress(done + index, of)


def usual_costs(market: Market) -> Costs:
    """Return the dearest fees and the market's own funding rate."""
    rate = market.funding_rate
    return Costs() if rate is None else Costs(funding_rate=rate)


class _Walked(Struct, frozen=True):
    account: Account
    recorder: Recorder
    pilot: Pilot | None

    @property
    def paid(self) -> Sats:
        """Return the fees and the funding that were paid."""
        return self.account.books.sums.fees + self.account.books.sums.funding

    @property
    def equity(self) -> list[Sats]:
        return [sample.equity for sample in self.recorder.samples]


class _Stage(Struct, frozen=True):
    market: Market
    plan: Plan
    costs: Costs
    terms: Terms
    spacing: timedelta
    number: int

    def walk(self, progress: Callable[[int], None], *, guarded: bool) -> _Walked:
        """Open the account and its positions and walk it to the end, with its strategy or not."""
        path, plan, costs, names = self.market.path, self.plan, self.costs, Names()
        now = path.time(0)
        rules = Rules(fee_tier=costs.fee_tier)
        ids = seeded_ids(self.number)
        account = Account.new(plan.name, now, ids, balance=plan.balance, rules=rules)
        places = sample_places(path, self.spacing)
        line = self.terms.line
        recorder = Recorder(path, account, names, places=places, line=line, progress=progress)
        quote = Quote.at(path.price(0), now)
        for each in plan.openings:
            order = NewTrade(
                type=OrderType.MARKET,
                side=each.side,
                leverage=each.leverage,
                quantity=each.quantity,
            )
            account.isolated.new_trade(now, quote, order)
            recorder.met(0, account.happened)
        pilot = None
        if guarded:
            strategy, latency, each_print = plan.strategy, costs.latency, self.terms.each
            pilot = Pilot(strategy, plan.config, account, latency, each=each_print, names=names)
        Walk(path, account, costs, recorder, pilot, 0).run()
        return _Walked(account, recorder, pilot)


def _lived(stage: _Stage, kept: _Walked, bare: _Walked | None) -> Lived:
    pilot, recorder = kept.pilot, kept.recorder
    assert pilot is not None
    at_risk = timedelta(milliseconds=recorder.at_risk_ms)
    protection = None
    if bare is not None:
        protection = Protection(
            liquidations_avoided=len(bare.recorder.dead - recorder.dead),
            cost_sats=kept.paid - bare.paid,
            net_sats=kept.equity[-1] - bare.equity[-1],
        )
    return Lived(
        plan=stage.plan,
        decisions=tuple(pilot.decisions),
        events=tuple(recorder.events),
        samples=tuple(recorder.samples),
        notices=tuple(pilot.notices),
        metrics=judge(
            kept.equity,
            recorder.results,
            spacing=stage.spacing,
            before=stage.plan.balance,
            risk=time_at_risk(at_risk, _span(stage.market)),
            liquidations=len(recorder.dead),
            protection=protection,
        ),
        least=recorder.least,
        added=pilot.added,
        actions=pilot.actions,
        fees=kept.account.books.sums.fees,
        funding=kept.account.books.sums.funding,
        results=tuple(recorder.results),
        at_risk=at_risk,
    )


def _together(market: Market, spacing: timedelta, lived: Sequence[Lived]) -> Metrics:
    """Return the figures of the sum of all accounts; time at risk is the mean."""
    columns = zip(*(each.samples for each in lived), strict=True)
    equity = [sum(sample.equity for sample in column) for column in columns]
    beside = [each.metrics.protection for each in lived if each.metrics.protection is not None]
    protection = Protection(
        liquidations_avoided=sum(each.liquidations_avoided for each in beside),
        cost_sats=sum(each.cost_sats for each in beside),
        net_sats=sum(each.net_sats for each in beside),
    )
    return judge(
        equity,
        [result for each in lived for result in each.results],
        spacing=spacing,
        before=equity[-1] - sum(each.metrics.net_pl_sats for each in lived),
        risk=time_at_risk(
            sum((each.at_risk for each in lived), timedelta(0)), len(lived) * _span(market)
        ),
        liquidations=sum(each.metrics.liquidations for each in lived),
        protection=protection if beside else None,
    )


def _span(market: Market) -> timedelta:
    path = market.path
    return path.time(len(path) - 1) - path.time(0)
