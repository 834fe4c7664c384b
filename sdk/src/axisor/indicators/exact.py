"""How indicators divide, take roots and smooth: to 28 digits, half to even."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

_CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN)


def must_be_period(period: int) -> None:
    """Raise ValueError unless a period is at least 1."""
    if period < 1:
        raise ValueError(f"an indicator needs a period of at least 1, not {period}")


def mean(total: Decimal, count: int) -> Decimal:
    """Return a sum divided by how many were summed, to 28 digits."""
    return _CONTEXT.divide(total, Decimal(count))


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    """Return a quotient, to 28 digits."""
    return _CONTEXT.divide(part, whole)


def root(value: Decimal) -> Decimal:
    """Return the square root of a value, of 0 where it is below 0, to 28 digits."""
    return _CONTEXT.sqrt(max(value, Decimal(0)))


def smoothed(before: Decimal, value: Decimal, period: int) -> Decimal:
    """Return Wilder's average: `period - 1` parts of what it was, one part of the new value."""
    return mean(_CONTEXT.fma(before, Decimal(period - 1), value), period)


def moved(before: Decimal, value: Decimal, period: int) -> Decimal:
    """Return the exponential average: it goes 2/(period + 1) of the way to the new value."""
    step = _CONTEXT.divide(_CONTEXT.multiply(2, _CONTEXT.subtract(value, before)), period + 1)
    return _CONTEXT.add(before, step)
