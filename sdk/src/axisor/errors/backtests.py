"""Errors about back-tests that a core makes and keeps."""

from __future__ import annotations

from axisor.errors.base import NotFound, StateError


class BacktestNotFound(NotFound):
    """There is no such back-test, or it is no longer kept."""

    reason = "BACKTEST_NOT_FOUND"
    fix = "See which there are: axisor backtests list."


class BacktestInterrupted(StateError):
    """The core that made the back-test ended, or was not heard of for a minute."""

    reason = "BACKTEST_INTERRUPTED"
    money = "A back-test touches no account."
    fix = "Start it again."


class BacktestCanceled(StateError):
    """Somebody canceled the back-test, so it has no report."""

    reason = "BACKTEST_CANCELED"
    money = "A back-test touches no account."
    fix = "Start it again."
