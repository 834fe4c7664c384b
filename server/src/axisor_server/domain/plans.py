"""Plans: how much of a core a person may use, from one catalogue that the settings make.

A plan bounds what begins, never what goes on: runs are not stopped for it, and calls that lower a
risk are neither counted nor refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from axisor.errors import PlanLimit, PlanNotFound
from axisor.model import Permission
from axisor_server.domain.rates import Rate


class Plan(Struct, frozen=True, kw_only=True):
    """What a person may use; None is without a bound.

    `calls` is the rate of all calls together, `streams` how many are open at once, `accounts` how
    many they may own, `runs` how many run on those, `backtests` how many of theirs are made at
    once, `trade` whether they may take on new risk.
    """

    name: str = ""
    calls: Rate | None = None
    streams: int | None = None
    accounts: int | None = None
    runs: int | None = None
    backtests: int | None = None
    trade: bool = True

    @property
    def withheld(self) -> Permission:
        """Return the rights that the plan takes from whatever a caller holds."""
        return Permission.NONE if self.trade else Permission.TRADE


UNBOUND = Plan()
"""The plan of who is on none."""


class Catalogue(Struct, frozen=True, kw_only=True):
    """All plans by name, and the one that newcomers are put on."""

    plans: Mapping[str, Plan] = {}
    newcomers: str = ""

    def named(self, name: str) -> Plan:
        """Return a plan, for no name the one without bounds. Raises PlanNotFound."""
        if not name:
            return UNBOUND
        if name not in self.plans:
            raise PlanNotFound(f"The settings name no plan `{name}`.", plan=name)
        return self.plans[name]

    def of(self, name: str) -> Plan:
        """Return the plan of somebody who is on it.

        One that the settings no longer name lets nothing begin: who removed it has not said what
        its people get instead.
        """
        if name and name not in self.plans:
            return Plan(name=name, accounts=0, runs=0, backtests=0)
        return self.named(name)


NO_PLANS = Catalogue()
"""The catalogue of who runs a core for themselves."""


def withheld(plan: Plan, what: str) -> PlanLimit:
    """Return the refusal of something that takes on new risk, which a plan does not allow."""
    return PlanLimit(
        f"{what} takes on new risk, which the plan {plan.name} does not allow.",
        fix="Close, reduce or protect what is open, or ask for another plan.",
        plan=plan.name,
        limit="trade",
        most=0,
    )


def check(plan: Plan, limit: str, most: int | None, there: int, *, what: str) -> None:
    """Refuse one more of what a plan bounds. Raises PlanLimit."""
    if most is not None and there >= most:
        raise PlanLimit(
            f"Of {what} the plan {plan.name} allows {most}, and there are {there}.",
            plan=plan.name,
            limit=limit,
            most=most,
        )
