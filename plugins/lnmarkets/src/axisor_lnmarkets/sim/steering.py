"""What a core asks of a simulator that runs beside it."""

from __future__ import annotations

from decimal import Decimal

from axisor.errors import NotSupported, VenueUnavailable
from axisor.model import Price
from axisor_lnmarkets.sim.remote import Remote


def move_price(url: str, percent: Decimal, over_s: int) -> Price:
    """Move the price of the simulator at an address, noted on this machine for this user.

    Returns the last price. Raises NotSupported where none is noted, VenueUnavailable where it does
    not answer, FieldInvalid where it refuses.
    """
    try:
        remote = Remote.of(url, None)
    except VenueUnavailable as missing:
        raise NotSupported(
            f"No simulator that may be steered runs at {url}.",
            money="No price was moved.",
            fix="Run it on the core's machine as the core's user: axisor up --sim.",
            feature="moving the price",
        ) from missing
    body = {"action": "move", "percent": percent, "over": f"{over_s}s"}
    price: Price = remote.call("POST", "price", body)["lastPrice"]
    return Decimal(price)
