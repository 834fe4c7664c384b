"""Changes a seed's world before it runs: more of one fault, other settings, a guard less."""

from __future__ import annotations

import random

from msgspec.structs import replace

from tests.simulation.world import World


def _more(world: World, **rates: float) -> None:
    """Have kinds of faults strike at a rate, whether this seed had them or not."""
    faults = world.faults
    for word, rate in rates.items():
        name = word.replace("_", "-")
        faults.rates[name] = rate
        faults._chance[name] = random.Random(f"{world.seed}/fault/{name}")


def often_funded(world: World) -> None:
    """Settle funding every minute or so, of both signs."""
    _more(world, funding_paid=0.75, funding_received=0.75, response_lost=0.2, request_lost=0.1)


def late_and_slow(world: World) -> None:
    """Let requests arrive at the last moment, and readings take long."""
    world.plan = replace(world.plan, back_date_ms=0)
    _more(world, late=0.5, slow_venue=0.5, read_slow=0.4, read_stale=0.4)


def many_pauses(world: World) -> None:
    """Stop cores again and again between a stamp and its bytes."""
    _more(world, pause_at=0.05)


def no_index(world: World) -> None:
    """Drop the index that allows one open additive action for a target."""
    world.database.connection.execute("DROP INDEX one_open_additive_intent")


def tight_budgets(world: World) -> None:
    """Give every guard a budget that a rescue or two use up."""
    accounts = tuple(
        replace(a, config={**a.config, "budget_position": 60_000, "budget_day": 90_000})
        for a in world.plan.accounts
    )
    world.plan = replace(world.plan, accounts=accounts)
