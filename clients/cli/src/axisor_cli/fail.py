"""How an error looks on a terminal, and the exit code it leaves.

The shape is the same everywhere: what happened with its reason, what it means for the money, what
to do. Exit codes are stable, so that scripts can tell a refusal from a core that is not there.
"""

from __future__ import annotations

import enum
from typing import IO, Any

import click

from axisor import errors
from axisor.errors import AxisorError
from axisor.wire.failures import CoreUnreachable, DeadlineExceeded


class ExitCode(enum.IntEnum):
    """What a finished command tells a script."""

    OK = 0
    ERROR = 1
    USAGE = 2
    AUTH = 3
    RATE_LIMITED = 4
    NOT_FOUND = 5
    UNREACHABLE = 6
    VENUE = 7
    REFUSED = 8
    NOT_CONFIRMED = 9
    DEGRADED = 10
    PAUSED = 11
    MODE_MISMATCH = 12
    DIVERGED = 20
    CORRUPT = 21


_CODES: tuple[tuple[type[AxisorError], ExitCode], ...] = (
    (CoreUnreachable, ExitCode.UNREACHABLE),
    (DeadlineExceeded, ExitCode.UNREACHABLE),
    (errors.ModeMismatch, ExitCode.MODE_MISMATCH),
    (errors.RateLimited, ExitCode.RATE_LIMITED),
    (errors.PlanLimit, ExitCode.RATE_LIMITED),
    (errors.VenueRateLimited, ExitCode.RATE_LIMITED),
    (errors.Halted, ExitCode.PAUSED),
    (errors.RequestExpired, ExitCode.NOT_CONFIRMED),
    (errors.ShuttingDown, ExitCode.UNREACHABLE),
    (errors.NoEngine, ExitCode.UNREACHABLE),
    (errors.AuthError, ExitCode.AUTH),
    (errors.FormatError, ExitCode.USAGE),
    (errors.NotFound, ExitCode.NOT_FOUND),
    (errors.RiskError, ExitCode.REFUSED),
    (errors.VenueError, ExitCode.VENUE),
    (errors.ModeNotAllowed, ExitCode.REFUSED),
    (errors.ReplayDiverged, ExitCode.DIVERGED),
    (errors.JournalCorrupt, ExitCode.CORRUPT),
)


def exit_code(error: AxisorError) -> ExitCode:
    """Return the exit code of an error; the first row that fits counts."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.ERROR)


class NotConfirmed(click.ClickException):
    """Nobody said yes to what cannot be undone, so it was not done."""

    exit_code = ExitCode.NOT_CONFIRMED

    def __init__(self, question: str) -> None:
        super().__init__(f"nobody could be asked: {question}")

    def show(self, file: IO[Any] | None = None) -> None:
        """Write it in the shape of all errors."""
        click.echo(f"error: {self.message}", err=True)
        click.echo("       Nothing was sent.", err=True)
        click.echo("       Say --yes where there is no terminal.", err=True)


def show_error(error: AxisorError) -> ExitCode:
    """Write an error to standard error in the common shape, and return its exit code."""
    reason = f"  [{error.reason}]" if error.reason else ""
    click.echo(f"error: {error.message}{reason}", err=True)
    for line in (error.means, error.todo):
        if line:
            click.echo(f"       {line}", err=True)
    return exit_code(error)
