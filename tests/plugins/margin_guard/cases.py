"""Positions, ticks and views that the guard's tests are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from axisor import maths
from axisor.events import Started
from axisor.model import CROSS, Balance, MarginMode, Position, Side, Tick
from axisor.strategy import StepResult, View, take_step
from axisor_margin_guard import GuardConfig, MarginGuard

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
AMPLE = 10**15
CASES = 2_000
many = settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def tick(price: Decimal | int | str, now: datetime = NOON, **changes: Any) -> Tick:
    """Return a tick without spread."""
    value = Decimal(price)
    return replace(Tick(now, now, value, value, value), **changes)


def isolated(
    id: str, side: Side, quantity: int, entry: Decimal | int, leverage: int, **changes: Any
) -> Position:
    """Return an isolated position as just opened."""
    price = Decimal(entry)
    margin = maths.margin_for(quantity, price, leverage)
    return replace(
        Position(
            id=id,
            side=side,
            quantity=quantity,
            entry=price,
            margin=margin,
            leverage=Decimal(leverage),
            liquidation=maths.liquidation(side, quantity, price, margin),
        ),
        **changes,
    )


def cross(side: Side, quantity: int, entry: Decimal | int, wallet: int) -> Position:
    """Return the cross position with a wallet behind it."""
    price = Decimal(entry)
    return Position(
        id=CROSS,
        side=side,
        quantity=quantity,
        entry=price,
        margin=wallet,
        leverage=Decimal(10),
        liquidation=maths.cross_liquidation(side, quantity, price, wallet),
        margin_mode=MarginMode.CROSS,
    )


def view(
    positions: tuple[Position, ...], price: Decimal | int | str, free: int = AMPLE, **changes: Any
) -> View:
    """Return a view with a fresh price."""
    made = View(
        now=NOON, balance=Balance(free), positions=positions, tick=tick(price), price_age_ms=0
    )
    return replace(made, **changes)


def step(seen: View, config: GuardConfig | None = None, memory: bytes = b"") -> StepResult:
    """Call the guard once."""
    return take_step(MarginGuard, config or GuardConfig(), memory, Started(), seen)


class Drawn(Struct, frozen=True):
    """A drawn position in both tongues: the SDK's, and the oracle's whole numbers."""

    position: Position
    long: bool
    quantity: int
    entry2: int
    margin: int
    price2: int

    @property
    def price(self) -> Decimal:
        """Return the drawn price."""
        return Decimal(self.price2) / 2


@st.composite
def drawn(draw: st.DrawFn, *, near: bool = True) -> Drawn:
    """Draw a position, isolated or cross, long or short, and a price.

    `near` puts the price within some percent of liquidation on the living side.
    """
    side = draw(st.sampled_from(Side))
    quantity = draw(st.integers(1, 500_000))
    entry2 = draw(st.integers(2_000, 400_000))
    leverage = draw(st.integers(2, 100))
    entry = Decimal(entry2) / 2
    margin = maths.margin_for(quantity, entry, leverage)
    is_cross = draw(st.booleans())
    reserve = maths.cross_maintenance_margin(quantity, entry) if is_cross else 0
    if is_cross:
        position = cross(side, quantity, entry, margin + reserve)
    else:
        position = isolated("a", side, quantity, entry, leverage)
    edge2 = int(position.liquidation * 2)
    away = draw(st.integers(1, 400 if near else 3_000))
    price2 = max(1, edge2 + side.sign * max(1, edge2 * away // 10_000))
    return Drawn(position, side is Side.BUY, quantity, entry2, position.margin - reserve, price2)


@st.composite
def rules(draw: st.DrawFn) -> tuple[GuardConfig, int, int]:
    """Draw a rule by distance, with its trigger and target in hundredths of a percent."""
    trigger = draw(st.integers(70, 500))
    target = draw(st.integers(trigger + 1, 1_500))
    config = GuardConfig(
        trigger=Decimal(trigger) / 100,
        target=Decimal(target) / 100,
        cooldown_s=draw(st.sampled_from((0, 10, 60))),
    )
    return config, trigger, target


def later(seen: View, seconds: int) -> View:
    """Return a view that much later, its price still fresh."""
    now = seen.now + timedelta(seconds=seconds)
    assert seen.tick is not None
    return replace(seen, now=now, tick=replace(seen.tick, time=now, received=now))
