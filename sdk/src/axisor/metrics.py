"""Figures that judge how an account fared, each with its one definition.

The same functions serve back-tests and live accounts. Money is whole sats; ratios are `Decimal`,
rounded half to even on six places. A ratio that cannot be formed is None, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from itertools import pairwise

from msgspec import Struct

from axisor.model import Sats

YEAR = timedelta(days=365)
"""What ratios are annualised to: this market never closes."""

LEAST_SPAN = timedelta(days=1)
"""Below this no ratio is annualised."""

_PLACES = Decimal("0.000001")
_CONTEXT = Context(prec=40, rounding=ROUND_HALF_EVEN)
_MICROSECOND = timedelta(microseconds=1)


class Drawdown(Struct, frozen=True, kw_only=True):
    """The deepest fall from a peak: how many sats, what fraction of the peak, and where.

    `peak` and `trough` are places in the samples. The fraction is None where the peak is not above
    zero.
    """

    sats: Sats
    fraction: Decimal | None
    peak: int
    trough: int


class Protection(Struct, frozen=True, kw_only=True):
    """What a strategy did to the positions it was given, beside the same account without it.

    `liquidations_avoided` counts positions that were liquidated without it and not with it.
    `cost_sats` is the cost of protection: trading fees and funding paid beyond those of the account
    without it, negative where less was paid. Margin that was moved is no cost, for it stays the
    account's. `net_sats` is the equity at the end less that of the account without it: all in all.
    """

    liquidations_avoided: int
    cost_sats: Sats
    net_sats: Sats


class Metrics(Struct, frozen=True, kw_only=True):
    """All figures of one account or run.

    `closed` counts the positions `win_rate` and `profit_factor` are taken over; `protection` is
    None where there is nothing to compare with.
    """

    net_pl_sats: Sats
    max_drawdown_sats: Sats
    max_drawdown: Decimal | None
    sharpe: Decimal | None
    sortino: Decimal | None
    closed: int
    win_rate: Decimal | None
    profit_factor: Decimal | None
    time_at_risk: Decimal | None
    liquidations: int
    protection: Protection | None = None


def net_pl(equity: Sequence[Sats], *, moved_in: Sats = 0) -> Sats:
    """Return the net profit or loss: the last equity less the first, less what was moved in.

    `moved_in` is deposits less withdrawals meanwhile. Equity is what the account would be worth at
    the price of that moment before fees of closing: free balance, margins and unrealised profit.
    Zero without a sample.
    """
    return equity[-1] - equity[0] - moved_in if equity else 0


def max_drawdown(equity: Sequence[Sats]) -> Drawdown:
    """Return the largest fall in sats from any sample to a later one, the earliest on a tie."""
    deepest = Drawdown(sats=0, fraction=None, peak=0, trough=0)
    peak = 0
    for place, value in enumerate(equity):
        if value > equity[peak]:
            peak = place
        fall = equity[peak] - value
        if fall > deepest.sats:
            fraction = _ratio(Decimal(fall), Decimal(equity[peak])) if equity[peak] > 0 else None
            deepest = Drawdown(sats=fall, fraction=fraction, peak=peak, trough=place)
    return deepest


def returns(equity: Sequence[Sats]) -> tuple[Decimal, ...] | None:
    """Return the change of equity from each sample to the next as a fraction of the former.

    None where a sample but the last is not above zero: of nothing there is no fraction.
    """
    if any(value <= 0 for value in equity[:-1]):
        return None
    with localcontext(_CONTEXT):
        return tuple(Decimal(after - before) / before for before, after in pairwise(equity))


def sharpe(equity: Sequence[Sats], spacing: timedelta) -> Decimal | None:
    """Return the Sharpe ratio of equally spaced samples, annualised, over a rate of zero.

    The mean of the returns by their standard deviation (of a sample, n - 1), times the root of the
    number of spacings in a year. None below two returns and where they do not differ.
    """
    found = returns(equity)
    if found is None or len(found) < 2:
        return None
    with localcontext(_CONTEXT):
        mean = sum(found, Decimal(0)) / len(found)
        variance = sum(((each - mean) ** 2 for each in found), Decimal(0)) / (len(found) - 1)
        return _annual(mean, variance, spacing)


def sortino(equity: Sequence[Sats], spacing: timedelta) -> Decimal | None:
    """Return the Sortino ratio of equally spaced samples, annualised, over a rate of zero.

    The mean of the returns by the root of the mean square of the negative ones (over all returns,
    a gain counting as zero), times the root of the number of spacings in a year. None below two
    returns and where none is negative.
    """
    found = returns(equity)
    if found is None or len(found) < 2:
        return None
    with localcontext(_CONTEXT):
        mean = sum(found, Decimal(0)) / len(found)
        below = sum((min(each, Decimal(0)) ** 2 for each in found), Decimal(0)) / len(found)
        return _annual(mean, below, spacing)


def win_rate(results: Sequence[Sats]) -> Decimal | None:
    """Return the share of closed positions whose result is above zero; None without one.

    A result is profit less all fees and funding of the position. Zero is no win.
    """
    if not results:
        return None
    return _ratio(Decimal(sum(result > 0 for result in results)), Decimal(len(results)))


def profit_factor(results: Sequence[Sats]) -> Decimal | None:
    """Return the gains of closed positions by their losses; None where nothing was lost."""
    lost = -sum(result for result in results if result < 0)
    gained = sum(result for result in results if result > 0)
    return _ratio(Decimal(gained), Decimal(lost)) if lost else None


def time_at_risk(at_risk: timedelta, whole: timedelta) -> Decimal | None:
    """Return the share of time in which a position was nearer to liquidation than the line drawn.

    None over no time.
    """
    if not whole:
        return None
    return _ratio(Decimal(at_risk // _MICROSECOND), Decimal(whole // _MICROSECOND))


def judge(
    equity: Sequence[Sats],
    results: Sequence[Sats],
    *,
    spacing: timedelta,
    before: Sats,
    risk: Decimal | None,
    liquidations: int,
    protection: Protection | None = None,
) -> Metrics:
    """Return the figures of equity samples and of the results of closed positions.

    The last sample is the end, which may lie nearer to the one before it than `spacing`; ratios of
    returns leave it out, and there are none over less than a day: a year made of minutes says
    nothing. `before` is what there was before anything was opened.
    """
    fall = max_drawdown((before, *equity))
    regular = equity[:-1] if spacing * (len(equity) - 2) >= LEAST_SPAN else ()
    return Metrics(
        net_pl_sats=net_pl((before, *equity)),
        max_drawdown_sats=fall.sats,
        max_drawdown=fall.fraction,
        sharpe=sharpe(regular, spacing),
        sortino=sortino(regular, spacing),
        closed=len(results),
        win_rate=win_rate(results),
        profit_factor=profit_factor(results),
        time_at_risk=risk,
        liquidations=liquidations,
        protection=protection,
    )


def _annual(mean: Decimal, variance: Decimal, spacing: timedelta) -> Decimal | None:
    if not variance or not spacing:
        return None
    a_year = Decimal(YEAR // _MICROSECOND) / Decimal(spacing // _MICROSECOND)
    return _rounded(mean / variance.sqrt() * a_year.sqrt())


def _ratio(part: Decimal, whole: Decimal) -> Decimal:
    with localcontext(_CONTEXT):
        return _rounded(part / whole)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_PLACES, context=_CONTEXT)


DEFINITIONS = {
    "net_pl_sats": "Equity at the end less the balance at the start, less what was moved in "
    "meanwhile. Equity is the free balance, all margins and reserves, and unrealised profit at the "
    "last price, before fees of closing.",
    "max_drawdown_sats": "The largest fall of equity from any sample to a later one.",
    "max_drawdown": "That fall as a share of the equity it fell from.",
    "sharpe": "Mean of the returns between equally spaced samples by their standard deviation "
    "(n - 1), times the root of the samples in a year of 365 days. The rate without risk is zero. "
    "None over less than a day.",
    "sortino": "As the Sharpe ratio, by the root of the mean square of the negative returns, a "
    "gain counting as zero.",
    "closed": "Positions that ended, by closing, stop, target or liquidation.",
    "win_rate": "Share of those whose profit less all their fees and funding is above zero.",
    "profit_factor": "Their gains by their losses.",
    "time_at_risk": "Share of time in which a position was nearer to liquidation than the line "
    "drawn, 5 % of the price unless said otherwise.",
    "liquidations": "Positions that were liquidated, or closed by force when funding was due.",
    "liquidations_avoided": "Positions liquidated without the strategy and not with it.",
    "cost_sats": "Cost of protection: fees and funding paid beyond those of the same account "
    "without the strategy. Margin that was moved is no cost.",
    "net_sats": "Net of protection: equity at the end less that of the same account without the "
    "strategy.",
}
"""The definition of each figure, by its name, for those who read reports."""
