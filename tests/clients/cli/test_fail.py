"""Every class of error leaves its exit code, in one shape."""

from __future__ import annotations

import pytest

from axisor import errors
from axisor.errors import AxisorError, reasons
from axisor.wire.failures import CallFailed, CoreUnreachable, DeadlineExceeded
from axisor_cli.fail import ExitCode, exit_code, show_error

CASES: list[tuple[type[AxisorError], int]] = [
    (errors.FieldInvalid, 2),
    (errors.ConfigInvalid, 2),
    (errors.TokenInvalid, 3),
    (errors.PermissionDenied, 3),
    (errors.RateLimited, 4),
    (errors.VenueRateLimited, 4),
    (errors.AccountNotFound, 5),
    (errors.PositionNotFound, 5),
    (CoreUnreachable, 6),
    (DeadlineExceeded, 6),
    (errors.ShuttingDown, 6),
    (errors.VenueRefused, 7),
    (errors.OutcomeUnknown, 7),
    (errors.InsufficientBalance, 8),
    (errors.ReviewRefused, 8),
    (errors.ModeNotAllowed, 8),
    (errors.RequestExpired, 9),
    (errors.Halted, 11),
    (errors.ModeMismatch, 12),
    (errors.EtagMismatch, 1),
    (CallFailed, 1),
]


@pytest.mark.parametrize(("kind", "code"), CASES, ids=lambda case: getattr(case, "__name__", case))
def test_an_error_leaves_the_code_of_its_class(kind, code):
    assert exit_code(kind("It broke.")) == code


def test_every_error_that_exists_has_a_code():
    for kind in reasons().values():
        assert exit_code(kind()) in set(ExitCode) - {ExitCode.OK}


def test_an_error_says_what_happened_what_it_means_and_what_to_do(capsys):
    error = errors.InsufficientBalance(
        "The balance is 1 sat.", money="It is NOT protected.", fix="Deposit."
    )

    code = show_error(error)

    assert code == ExitCode.REFUSED
    assert capsys.readouterr().err.splitlines() == [
        "error: The balance is 1 sat.  [INSUFFICIENT_BALANCE]",
        "       It is NOT protected.",
        "       Deposit.",
    ]
