"""What a seed's world is like: accounts, positions, guards, budgets, and the way prices go."""

from __future__ import annotations

import random
from decimal import Decimal

from msgspec import Struct

PRICE = Decimal(100_000)
HALF = Decimal("0.5")


class PositionPlan(Struct, frozen=True):
    """A position that is open when the world begins."""

    quantity: int
    leverage: int
    short: bool = False


class AccountPlan(Struct, frozen=True):
    """One account: what it holds, and what its guard is told."""

    id: str
    run: str
    positions: tuple[PositionPlan, ...]
    balance: int
    config: dict[str, object]

    @property
    def budget(self) -> tuple[int | None, int | None, int | None]:
        """Return the most sats for an action, a position and a day."""
        config = self.config
        return (
            _amount(config, "budget_action"),
            _amount(config, "budget_position"),
            _amount(config, "budget_day"),
        )


def _amount(config: dict[str, object], name: str) -> int | None:
    value = config.get(name)
    return value if isinstance(value, int) else None


class Workload(Struct, frozen=True):
    """Everything a seed decides before its world begins."""

    accounts: tuple[AccountPlan, ...]
    replicas: int
    back_date_ms: int
    drift: float
    jitter: float
    commands_a_minute: float
    tick_s: tuple[float, float] = (0.7, 1.6)
    lease_ms: int = 5_000
    renew_ms: int = 1_500
    poll_ms: int = 2_000
    others_write: bool = True
    closes: bool = True
    anchor: float = 0.0
    """A price that pulls the present one back; 0 for none."""


def workload(seed: int) -> Workload:
    """Draw the world of a seed."""
    chance = random.Random(f"{seed}/workload")
    accounts = tuple(_account(chance, number) for number in range(chance.choice((1, 1, 2, 3))))
    return Workload(
        accounts=accounts,
        replicas=chance.choice((1, 2, 2, 3)),
        back_date_ms=chance.choice((0, 25_000)),
        drift=chance.uniform(-0.14, 0.01),
        jitter=chance.uniform(0.0002, 0.0012),
        commands_a_minute=chance.choice((0.0, 0.5, 3.0)),
    )


def _account(chance: random.Random, number: int) -> AccountPlan:
    positions = tuple(
        PositionPlan(chance.randint(500, 5_000), chance.randint(12, 30))
        for _ in range(chance.choice((1, 2)))
    )
    margin = sum(p.quantity * 1_000 // p.leverage for p in positions)
    config: dict[str, object] = {
        "ladder": chance.choice((["add_margin", "alert"], ["add_margin", "close"])),
        "native_stop": chance.choice(("on", "off")),
        "on_ambiguous": chance.choice(("wait", "close", "duplicate_within_budget")),
        "cooldown_s": chance.choice((0, 3, 10)),
        "reserve": chance.choice((0, 10_000)),
    }
    if chance.random() < 0.3:
        config["budget_action"] = chance.randint(20_000, 200_000)
    if chance.random() < 0.3:
        config["budget_position"] = chance.randint(50_000, 500_000)
    if chance.random() < 0.3:
        config["budget_day"] = chance.randint(50_000, 1_000_000)
    return AccountPlan(
        id=f"0190f5a0-0000-7000-8000-00000000000{number + 1}",
        run=f"0190f5a0-0000-7000-9000-00000000000{number + 1}",
        positions=positions,
        balance=margin * chance.randint(3, 20),
        config=config,
    )


def next_price(price: Decimal, chance: random.Random, *, drift: float, jitter: float) -> Decimal:
    """Return the price that follows, on the half-dollar."""
    factor = Decimal(repr(round(1 + drift + chance.gauss(0, 1) * jitter, 9)))
    return max(Decimal(1_000), (price * factor / HALF).to_integral_value() * HALF)
