"""Errors of people: how they sign in, what they choose, and whom they name."""

from __future__ import annotations

from axisor.errors.base import AuthError, FormatError, NotFound, StateError


class SignInRefused(AuthError):
    """The address, the password or the code is not right."""

    reason = "SIGN_IN_REFUSED"
    fix = "Try again, or have a letter sent: axisor auth reset."


class EmailUnverified(StateError):
    """Nobody has shown yet that letters to this address are read."""

    reason = "EMAIL_UNVERIFIED"
    fix = "Follow the letter, or have another one sent: axisor auth verify."


class PasswordRefused(FormatError):
    """This password is too easily guessed."""

    reason = "PASSWORD_REFUSED"
    fix = "Choose 12 characters or more that nobody would try for you; four words do well."


class ProofInvalid(StateError):
    """This was used before, is over, or was not made by this core."""

    reason = "PROOF_INVALID"
    fix = "Ask for another one."


class PersonNotFound(NotFound):
    """There is no such person."""

    reason = "PERSON_NOT_FOUND"
    fix = "List them: axisor user list."


class PlanNotFound(NotFound):
    """The settings of the core name no such plan."""

    reason = "PLAN_NOT_FOUND"
    fix = "Use one that they name, or none: axisor config show."


class RegistrationClosed(AuthError):
    """Nobody registers here without an invitation."""

    reason = "REGISTRATION_CLOSED"
    fix = "Ask whoever runs the core for one: axisor user invite."


class IdentityRefused(AuthError):
    """What the identity provider says does not prove who signs in."""

    reason = "IDENTITY_REFUSED"
    fix = "Begin again: axisor auth login --with PROVIDER."


class IdentityNotLinked(StateError):
    """This address has a person here, whom the provider's identity does not sign in yet."""

    reason = "IDENTITY_NOT_LINKED"
    fix = "Sign in as before, then link it: axisor user identities link PROVIDER."


class ProviderUnavailable(StateError):
    """The identity provider does not answer, or answers nonsense."""

    reason = "PROVIDER_UNAVAILABLE"
    fix = "Try again, or sign in another way: axisor auth login."


class PersonStateInvalid(StateError):
    """As things stand with this person, that cannot be done."""

    reason = "PERSON_STATE_INVALID"
    fix = "See how things stand: axisor auth status, axisor user list."
