"""Holds an agent's token to reading and proposing, before anything is served with it."""

from __future__ import annotations

from axisor.errors import TokenInvalid
from axisor.model import Permission
from axisor.ports import Secret
from axisor.tokens import attenuate, bounds_of, caveat, parse
from axisor_bot.errors import TokenTooWide


def narrowed(token: Secret) -> Secret:
    """Return a token that reads, and proposes at most; one that may do more is narrowed here.

    The core does not have to be asked for that. Raises TokenTooWide for what cannot be narrowed:
    the owner token and sign-ins of people.
    """
    try:
        given = parse(token.reveal())
    except TokenInvalid:
        raise TokenTooWide(
            "An agent gets a token for programs, not the owner token and no sign-in."
        ) from None
    bounds = bounds_of(given.caveats)
    if bounds.propose_only or bounds.permissions in (Permission.READ, Permission.NONE):
        return token
    return Secret(attenuate(given, caveat("propose_only", "true")).text())
