"""Changes a seed's world before it runs: more of one fault, other settings, a guard less."""

from __future__ import annotations

import random
from functools import partial

from msgspec.structs import replace

from axisor_server.engine import EngineSettings
from tests.simulation.exchange import Request, SimExchange
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


class _Last(random.Random):
    """Draws from the last hundredth of any range."""

    def uniform(self, a: float, b: float) -> float:
        """Return a figure just below the larger one."""
        return super().uniform(b - (b - a) / 100, b)


def late_and_slow(world: World) -> None:
    """Let requests take effect at the very last moment, and readings come late or old."""
    world.plan = replace(world.plan, back_date_ms=0)
    _more(world, late=0.8, slow_venue=0.8, read_slow=0.3, read_stale=0.8)
    for kind in ("late", "slow-venue", "read-stale"):
        world.faults._chance[kind] = _Last(f"{world.seed}/last/{kind}")


def meddling_user(world: World) -> None:
    """Have the user add a little margin again and again, while requests are lost."""
    _more(world, user_adds=6.0, request_lost=0.3)


def closing_user(world: World) -> None:
    """Have the user close positions now and then, while answers are lost and requests late."""
    _more(world, user_closes=1.5, response_lost=0.4, late=0.3)


def garbled(world: World) -> None:
    """Let every other answer be unreadable."""
    _more(world, mangled_answer=0.5)


def busy_clients(world: World) -> None:
    """Have people ask for much, on a platform where one core serves all accounts."""
    world.plan = replace(world.plan, commands_a_minute=8.0, replicas=1)


def many_pauses(world: World) -> None:
    """Stop cores again and again between a stamp and its bytes."""
    _more(world, pause_at=0.05)


def stopped_while_waiting(world: World) -> None:
    """Stop cores again and again, wherever they are, with much to send that waits its turn."""
    world.plan = replace(world.plan, commands_a_minute=20.0)
    _more(world, pause=6.0)


def stopped_at_the_byte(world: World) -> None:
    """Stop cores at the worst of moments, at a venue that takes signatures dated back."""
    world.plan = replace(world.plan, back_date_ms=25_000)
    _more(world, pause_at_byte=0.4)


def outages(world: World) -> None:
    """Take the database away again and again while prices fall; guards may close or set stops."""
    _more(world, store_lost=2.0, store_down=2.0, user_stops=2.0, price_gap=3.0)
    accounts = tuple(
        replace(a, config={**a.config, "native_stop": "on", "on_ambiguous": "close"})
        for a in world.plan.accounts
    )
    world.plan = replace(world.plan, accounts=accounts)


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


def core_only(world: World) -> None:
    """Have the protocol alone: log, a lease of 15 s, fence and witness; wait while unknown."""
    _settings(world, back_date_ms=0, native_stop="off", on_ambiguous="wait")
    _lease(world, 15_000)


def quick_and_closing(world: World) -> None:
    """Shorten the ambiguity by back-dating, and close where it becomes critical."""
    _settings(world, back_date_ms=25_000, native_stop="off", on_ambiguous="close")
    _lease(world, 15_000)


def full_design(world: World) -> None:
    """Have everything: a lease of 5 s and a stop at the venue besides."""
    _settings(world, back_date_ms=25_000, native_stop="on", on_ambiguous="close")


def full_and_funded(world: World) -> None:
    """Have everything, and settlements of both signs every minute or so."""
    full_design(world)
    often_funded(world)


def ignores_signatures(world: World) -> None:
    """Have everything, at a venue that takes requests however old their signature is."""
    full_design(world)
    world.exchange.arrive = partial(_arrive, world.exchange)  # type: ignore[method-assign]


def _arrive(exchange: SimExchange, request: Request) -> None:
    request.arrived = exchange.loop.time()


def _settings(world: World, *, back_date_ms: int, **config: object) -> None:
    accounts = tuple(
        replace(a, config={**_unlimited(a.config), **config}) for a in world.plan.accounts
    )
    world.plan = replace(world.plan, accounts=accounts, back_date_ms=back_date_ms)


def _unlimited(config: dict[str, object]) -> dict[str, object]:
    """Return a guard's settings without limits to its spending: the other designs have none."""
    kept = {name: value for name, value in config.items() if not name.startswith("budget")}
    return {**kept, "reserve": 0}


def _lease(world: World, ms: int) -> None:
    plain = world.engine_settings

    def longer(owner: str) -> EngineSettings:
        return replace(plain(owner), lease_ms=ms, renew_ms=ms * 3 // 10)

    world.engine_settings = longer  # type: ignore[method-assign]
