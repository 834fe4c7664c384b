"""What a user may set: when positions are closed, and which positions are meant."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from axisor.model import Position, Side
from axisor.strategy import Config

By = Literal["percent", "price", "pl"]
Minutes = Annotated[int, Meta(ge=1, le=525_600)]
FundingMinutes = Annotated[int, Meta(ge=1, le=480)]
HUNDRED = Decimal(100)


class ExitsConfig(Config, frozen=True, kw_only=True):
    """The exits of one account. Percentages are plain and of the entry price: 2 is two percent."""

    take_profit: Annotated[
        Decimal | None, Meta(description="Close at this profit: percent, a price, or sats.")
    ] = None
    take_profit_by: Annotated[
        By, Meta(description="What the profit is measured in: percent, price, or P/L in sats.")
    ] = "percent"
    take_profit_share: Annotated[
        int,
        Meta(
            ge=1,
            le=100,
            description="Percent of a cross position that is closed at the profit, once. The "
            "venue closes isolated positions whole, and so it is done.",
        ),
    ] = 100
    stop_loss: Annotated[
        Decimal | None, Meta(description="Close at this loss: percent, a price, or sats.")
    ] = None
    stop_loss_by: Annotated[
        By, Meta(description="What the loss is measured in: percent, price, or P/L in sats.")
    ] = "percent"
    trailing: Annotated[
        Decimal | None,
        Meta(description="Close when the price comes this many percent back from its best."),
    ] = None
    trailing_from: Annotated[
        Decimal,
        Meta(description="Trail only once the profit was this many percent; 0 is at once."),
    ] = Decimal(0)
    break_even: Annotated[
        Decimal | None,
        Meta(description="Once this many percent in profit, close before it turns to a loss."),
    ] = None
    break_even_keep: Annotated[
        Decimal, Meta(description="Percent beyond the entry price at which it then closes.")
    ] = Decimal(0)
    close_after_min: Annotated[
        Minutes | None, Meta(description="Close this many minutes after the opening.")
    ] = None
    before_funding_min: Annotated[
        FundingMinutes | None,
        Meta(description="Close this many minutes before a funding fee is to be paid."),
    ] = None
    side: Annotated[
        Literal["both", "long", "short"], Meta(description="Which positions are meant, by side.")
    ] = "both"
    scope: Annotated[
        Literal["all", "listed", "except"],
        Meta(description="All positions, only those listed, or all except those listed."),
    ] = "all"
    positions: Annotated[
        tuple[str, ...],
        Meta(description="Ids that the scope means; 'cross' is the cross position."),
    ] = ()

    def means(self, position: Position) -> bool:
        """Return whether a position is to be closed by these exits."""
        if self.side != "both" and (position.side is Side.BUY) != (self.side == "long"):
            return False
        listed = position.id in self.positions
        return self.scope == "all" or listed == (self.scope == "listed")


def complaints(config: ExitsConfig) -> Iterator[str]:
    """Yield what contradicts itself in a configuration, one sentence each."""
    rules = (config.take_profit, config.stop_loss, config.trailing, config.break_even)
    times = (config.close_after_min, config.before_funding_min)
    if all(rule is None for rule in (*rules, *times)):
        yield "No exit is set: set at least one, such as stop_loss."
    for name, value in zip(
        ("take_profit", "stop_loss", "trailing", "break_even"), rules, strict=True
    ):
        if value is not None and not (value.is_finite() and value > 0):
            yield f"The setting {name} must be a number above zero."
    yield from _about_measures(config)
    yield from _about_stops(config)
    if config.scope != "all" and not config.positions:
        yield f"The scope is '{config.scope}' but no positions are named: list their ids."
    if config.scope == "all" and config.positions:
        yield "Positions are named but the scope is 'all': use 'listed' or 'except'."


def _about_measures(config: ExitsConfig) -> Iterator[str]:
    measured = (
        ("take_profit", config.take_profit, config.take_profit_by),
        ("stop_loss", config.stop_loss, config.stop_loss_by),
    )
    for name, value, by in measured:
        if value is None or not value.is_finite():
            continue
        if by == "price" and config.side == "both":
            yield f"A {name} at a price means longs or shorts: set side to one of them."
        if by == "pl" and value != value.to_integral_value():
            yield f"A {name} in sats must be a whole number."
        if by == "percent" and name == "stop_loss" and value >= HUNDRED:
            yield "The stop_loss must lie below 100 percent."


def _about_stops(config: ExitsConfig) -> Iterator[str]:
    for name, value in (
        ("trailing_from", config.trailing_from),
        ("break_even_keep", config.break_even_keep),
    ):
        if not value.is_finite() or value < 0:
            yield f"The setting {name} must be a number from zero."
            return
    if config.trailing is not None and config.trailing >= HUNDRED:
        yield "The trailing distance must lie below 100 percent."
    if config.break_even is not None and config.break_even_keep >= config.break_even:
        yield (
            f"Closing {config.break_even_keep} % beyond the entry price lies at or beyond the "
            f"{config.break_even} % from which it holds: it would close at once."
        )
