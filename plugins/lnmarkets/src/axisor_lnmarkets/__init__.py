"""The venue LN Markets: a client of its REST and Stream API, and a simulator of both."""

from __future__ import annotations

from axisor.hookspecs import RegisterVenue, hookimpl


@hookimpl
def register_venues(register: RegisterVenue) -> None:
    """Offer LN Markets."""
    # The HTTP stack is loaded only where venues are asked for, so that help texts stay quick.
    from axisor_lnmarkets.venue import LnMarkets

    register(LnMarkets())
