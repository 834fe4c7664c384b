"""The settings that all entries share, and the opening that is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from axisor.events import IntentState, Outcome
from axisor.intents import Notice, OpenPosition, Why
from axisor.maths import round_to_step
from axisor.model import Price, Severity, Side
from axisor.strategy import Config

HUNDRED = Decimal(100)


class OrderConfig(Config, frozen=True, kw_only=True):
    """What a position is opened with."""

    margin: Annotated[int, Meta(ge=1, description="Sats of margin in each position.")]
    side: Annotated[
        Literal["long", "short"], Meta(description="Whether to open longs or shorts.")
    ] = "long"
    leverage: Annotated[Decimal, Meta(description="Leverage of each position, 1 to 100.")] = (
        Decimal(1)
    )
    stop_loss: Annotated[
        Decimal | None,
        Meta(description="Stop at the venue this many percent from the opening; none is no stop."),
    ] = None

    @property
    def direction(self) -> Side:
        """Return the side of the positions."""
        return Side.BUY if self.side == "long" else Side.SELL


class EntryConfig(OrderConfig, frozen=True, kw_only=True):
    """What a position is opened with, and where it takes its profit."""

    take_profit: Annotated[
        Decimal | None,
        Meta(description="Take-profit at the venue this many percent from the opening, or none."),
    ] = None


def complaints(config: OrderConfig) -> Iterator[str]:
    """Yield what contradicts itself in the shared settings, one sentence each."""
    if not (config.leverage.is_finite() and 1 <= config.leverage <= HUNDRED):
        yield "The leverage must lie between 1 and 100."
        return
    stop = config.stop_loss
    if stop is not None and not (stop.is_finite() and 0 < stop < HUNDRED):
        yield "The stop_loss must lie between 0 and 100 percent."
    elif stop is not None and _beyond_liquidation(config, stop):
        yield (
            f"A stop {stop} % away lies beyond liquidation at {config.leverage}x: "
            "bring it nearer, or lower the leverage."
        )
    if isinstance(config, EntryConfig):
        yield from _about_profit(config)


def _about_profit(config: EntryConfig) -> Iterator[str]:
    profit = config.take_profit
    if profit is None:
        return
    if not (profit.is_finite() and profit > 0):
        yield "The take_profit must lie above 0 percent."
    elif config.side == "short" and profit >= HUNDRED:
        yield "The take_profit of a short must lie below 100 percent."


def _beyond_liquidation(config: OrderConfig, stop: Decimal) -> bool:
    # A long of leverage L is liquidated 1/(L+1) below its entry price, a short 1/(L-1) above it.
    room = config.leverage + (1 if config.side == "long" else -1)
    return stop * room >= HUNDRED


def opening(
    config: OrderConfig, price: Price, why: Why, profit: Price | None = None
) -> OpenPosition:
    """Return the opening of a position at about this price.

    `profit` is its take-profit where the settings do not say one.
    """
    side = config.direction
    if isinstance(config, EntryConfig) and config.take_profit is not None:
        profit = price * (1 + side.sign * config.take_profit / HUNDRED)
    stop = None
    if config.stop_loss is not None:
        stop = round_to_step(price * (1 - side.sign * config.stop_loss / HUNDRED))
    return OpenPosition(
        side=side,
        leverage=config.leverage,
        margin=config.margin,
        stoploss=stop,
        takeprofit=None if profit is None else round_to_step(profit),
        why=why,
    )


def told(outcome: Outcome) -> Iterator[Notice]:
    """Yield a notice where an opening did not happen. It is not asked for again.

    What opens twice costs twice, so the next chance is the next one that the rule finds.
    """
    if outcome.state.is_open or outcome.state is IntentState.CONFIRMED:
        return
    reason = outcome.reason or outcome.state.value.upper()
    lost = outcome.state is IntentState.DEAD
    what = "It will not be known whether a position was opened" if lost else "None was opened"
    yield Notice(
        severity=Severity.WARN,
        code="ENTRY_REFUSED",
        text=f"{what} ({reason}): {outcome.message or 'no more is known'}. "
        "It is not tried again before the rule is met anew.",
        data={"reason": reason},
    )
