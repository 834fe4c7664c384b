"""Keeps a share of the account's sats worth the same in dollars, by a short on cross margin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from msgspec import Meta

from axisor import trust
from axisor.events import (
    BalanceChanged,
    FeedChanged,
    IntentState,
    Outcome,
    PositionChanged,
    PositionClosed,
)
from axisor.intents import (
    Action,
    CrossOrder,
    DepositCross,
    Intent,
    Notice,
    SetCrossLeverage,
    Wake,
    Why,
)
from axisor.model import CROSS, Permission, Price, Severity, Side, Tick
from axisor.strategy import Config, Memory, Strategy, View
from axisor_balance.asked import Asked
from axisor_balance.shorting import Held, margin_needed, most_short

HUNDRED = Decimal(100)
AGAIN = timedelta(seconds=60)
"""After something was refused nothing is asked for until so much later."""

ON = frozenset({"position", "outcome", "balance", "feed"})


class HedgeConfig(Config, frozen=True, kw_only=True):
    """How much is held as dollars, and how closely."""

    share: Annotated[
        Decimal, Meta(description="Percent of balance and cross wallet to hold as dollars, to 99.")
    ] = Decimal(50)
    tolerance: Annotated[
        Decimal, Meta(description="Percent the short may be off before it is changed.")
    ] = Decimal(2)
    least_usd: Annotated[
        int, Meta(ge=1, le=500_000, description="Fewest dollars that are traded at once.")
    ] = 10
    leverage: Annotated[
        int, Meta(ge=1, le=100, description="Leverage of the cross wallet; 1 holds it all there.")
    ] = 1
    deposit: Annotated[
        bool, Meta(description="Move what the short needs from the balance into the wallet.")
    ] = False
    reserve: Annotated[
        int, Meta(ge=0, description="Sats that stay in the balance all the same.")
    ] = 0


class HedgeMemory(Memory):
    """The action under way, when to try again, and what was said."""

    asked: Asked | None = None
    retry_at: datetime | None = None
    told: str = ""


class Hedge(Strategy[HedgeConfig, HedgeMemory]):
    """Holds a share of the sats as dollars: a short on cross margin that follows the balance."""

    name = "hedge"
    permissions = Permission.TRADE | Permission.ADJUST_MARGIN

    @classmethod
    def check(cls, config: HedgeConfig) -> Iterator[str]:
        """Return what contradicts itself in the configuration."""
        if not (config.share.is_finite() and 0 < config.share <= 99):
            yield "The share must lie above 0 and be at most 99 percent: fees need the rest."
        if not (config.tolerance.is_finite() and 0 < config.tolerance < HUNDRED):
            yield "The tolerance must lie between 0 and 100 percent."

    def on_start(self, view: View) -> Iterable[Intent]:
        """Compare the short with what is held."""
        return self._answer(view)

    def on_wake(self, tick: Tick, view: View) -> Iterable[Intent]:
        """Compare them at the price that was reached."""
        return self._answer(view)

    def on_timer(self, at: datetime, view: View) -> Iterable[Intent]:
        """Compare them once a wait is over."""
        return self._answer(view)

    def on_position(self, change: PositionChanged | PositionClosed, view: View) -> Iterable[Intent]:
        """Compare them when the cross position is another."""
        return self._answer(view)

    def on_balance(self, change: BalanceChanged, view: View) -> Iterable[Intent]:
        """Compare them when there are more sats, or fewer."""
        return self._answer(view)

    def on_feed(self, change: FeedChanged, view: View) -> Iterable[Intent]:
        """Compare them when the price can be trusted again."""
        return self._answer(view)

    def on_outcome(self, outcome: Outcome, view: View) -> Iterable[Intent]:
        """Settle what was asked for, and go on."""
        if self.memory.asked is not None and not outcome.state.is_open:
            yield from self._settle(self.memory.asked, outcome, view)
        yield from self._answer(view)

    def _settle(self, asked: Asked, outcome: Outcome, view: View) -> Iterator[Intent]:
        if outcome.state is IntentState.CONFIRMED:
            asked.done = True
            return
        self.memory.asked, self.memory.retry_at = None, view.now + AGAIN
        reason = outcome.reason or outcome.state.value.upper()
        yield Notice(
            severity=Severity.WARN,
            code="HEDGE_REFUSED",
            text=f"The hedge could not be changed ({reason}): "
            f"{outcome.message or 'no more is known'}. It is tried again in a minute.",
            data={"reason": reason},
        )

    def _answer(self, view: View) -> Iterator[Intent]:
        memory = self.memory
        if memory.asked is not None and memory.asked.is_over(view.now, _shape(view)):
            memory.asked = None
        position = view.position(CROSS)
        if position is not None and position.side is Side.BUY:
            yield from self._tell("The cross position is a long: the hedge needs it for itself.")
            yield Wake(on=ON)
            return
        held = _held(view)
        waits = memory.retry_at is not None and view.now < memory.retry_at
        tick = trust.usable_tick(view)
        if tick is not None and memory.asked is None and not waits:
            yield from self._change(held, tick, view)
        below, above = held.bounds(self.config.share / HUNDRED, self._band(held))
        times = [memory.retry_at, *(() if memory.asked is None else memory.asked.times)]
        at = min((time for time in times if time is not None and time > view.now), default=None)
        yield Wake(below=below, above=above, at=at, on=ON)

    def _band(self, held: Held) -> Fraction:
        drift = Fraction(self.config.tolerance) * held.short / 100
        return max(Fraction(self.config.least_usd), drift)

    def _change(self, held: Held, tick: Tick, view: View) -> Iterator[Intent]:
        price, band = tick.last, self._band(held)
        wanted = held.wanted(price, self.config.share / HUNDRED)
        if abs(wanted - held.short) < band:
            self.memory.told = ""
            return
        why = Why(rule="hedge", inputs={"price": str(price), "wanted_usd": str(wanted)})
        if wanted < held.short:
            fewer = held.short - wanted
            yield self._ask(CrossOrder(side=Side.BUY, quantity=fewer, reduce=True, why=why), view)
            return
        yield from self._enlarge(held, wanted, price, why, view)

    def _enlarge(
        self, held: Held, wanted: int, price: Price, why: Why, view: View
    ) -> Iterator[Intent]:
        config, wallet = self.config, view.cross.margin
        if view.cross.leverage != config.leverage:
            yield self._ask(SetCrossLeverage(leverage=config.leverage, why=why), view)
            return
        lacking = margin_needed(wanted, price, config.leverage) - wallet
        amount = min(lacking, view.balance.free - config.reserve)
        if lacking > 0 and config.deposit and amount > 0:
            yield self._ask(DepositCross(amount=amount, why=why), view)
            return
        most = min(wanted, most_short(wallet, price, config.leverage))
        if most - held.short < self._band(held):
            yield from self._tell(f"The cross wallet lacks {lacking:,} sat for the hedge.")
            return
        yield self._ask(CrossOrder(side=Side.SELL, quantity=most - held.short, why=why), view)

    def _ask(self, action: Action, view: View) -> Action:
        self.memory.asked = Asked(view.now, _shape(view))
        return action

    def _tell(self, text: str) -> Iterator[Intent]:
        """Yield a notice, once until the hedge is right again."""
        if not self.memory.told:
            self.memory.told = text
            yield Notice(severity=Severity.WARN, code="HEDGE_INCOMPLETE", text=text)


def _held(view: View) -> Held:
    position, sats = view.position(CROSS), view.balance.free + view.cross.margin
    if position is None:
        return Held(sats)
    return Held(sats, position.quantity, position.entry)


def _shape(view: View) -> str:
    held = _held(view)
    return (
        f"{held.short} {held.entry} {view.balance.free} {view.cross.margin} {view.cross.leverage}"
    )
