"""Errors of calls that wait for somebody's word."""

from __future__ import annotations

from axisor.errors.base import AuthError, NotFound, StateError


class ConfirmationRequired(AuthError):
    """The token may only propose: somebody else has to approve the call."""

    reason = "CONFIRMATION_REQUIRED"
    fix = "Prepare the call with --propose, and have somebody approve it: axisor approve yes."


class ConfirmationNotFound(NotFound):
    """The account has no such confirmation."""

    reason = "CONFIRMATION_NOT_FOUND"
    fix = "List them: axisor approve list --all. Those older than a day are in the journal alone."


class ConfirmationStale(StateError):
    """What was shown does not hold any more."""

    reason = "CONFIRMATION_STALE"
    fix = "Prepare it again and look at the new figures."


class ConfirmationSettled(StateError):
    """The confirmation ended before."""

    reason = "CONFIRMATION_SETTLED"
    fix = "See how it ended: axisor approve show. Prepare it again if it is still wanted."
