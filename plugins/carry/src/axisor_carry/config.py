"""What a user may set: from which funding rate on, and what is done then."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from axisor.strategy import Config

HUNDRED = Decimal(100)
Amount = Annotated[int, Meta(ge=1)]


class CarryConfig(Config, frozen=True, kw_only=True):
    """Rates are in percent of the position for each settlement, as the venue shows them."""

    alert_above: Annotated[
        Decimal | None, Meta(description="Tell when a position is to pay more than this rate.")
    ] = None
    avoid_above: Annotated[
        Decimal | None, Meta(description="Close positions that are to pay more than this rate.")
    ] = None
    avoid_before_min: Annotated[
        int, Meta(ge=1, le=480, description="Minutes before the settlement at which they close.")
    ] = 10
    avoid_share: Annotated[
        int,
        Meta(
            ge=1,
            le=100,
            description="Percent of a cross position that is closed then. The venue closes "
            "isolated positions whole, and so it is done.",
        ),
    ] = 100
    keep: Annotated[
        tuple[str, ...],
        Meta(description="Ids of positions that are not closed; 'cross' is the cross position."),
    ] = ()
    collect_above: Annotated[
        Decimal | None,
        Meta(description="Open a position that receives the fee at this rate or a higher one."),
    ] = None
    collect_margin: Annotated[
        Amount | None, Meta(description="Sats of margin in the position that collects.")
    ] = None
    collect_leverage: Annotated[
        Decimal, Meta(description="Leverage of the position that collects, 1 to 100.")
    ] = Decimal(1)
    collect_before_min: Annotated[
        int, Meta(ge=1, le=480, description="Minutes before the settlement at which it opens.")
    ] = 10
    collect_after_min: Annotated[
        int, Meta(ge=1, le=480, description="Minutes after the settlement at which it closes.")
    ] = 1


def complaints(config: CarryConfig) -> Iterator[str]:
    """Yield what contradicts itself in a configuration, one sentence each."""
    rates = {
        "alert_above": config.alert_above,
        "avoid_above": config.avoid_above,
        "collect_above": config.collect_above,
    }
    if all(rate is None for rate in rates.values()):
        yield "No rate is set: set alert_above, avoid_above or collect_above."
    for name, rate in rates.items():
        if rate is not None and not (rate.is_finite() and 0 <= rate < HUNDRED):
            yield f"The setting {name} must lie between 0 and 100 percent."
    if config.collect_above is not None and config.collect_margin is None:
        yield "Collecting takes margin: set collect_margin."
    if not (config.collect_leverage.is_finite() and 1 <= config.collect_leverage <= HUNDRED):
        yield "The collect_leverage must lie between 1 and 100."
