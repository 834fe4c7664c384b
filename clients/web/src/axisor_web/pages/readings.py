"""What the pages show of an account: read from the core at one moment, as the core says it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from axisor.client import Client, every
from axisor.client.guard import Floors, Plan
from axisor.errors import AxisorError, NotSupported, RunNotFound, StalePrice
from axisor.events import Cause, CoverageState, HaltLevel, RunState, Standing
from axisor.model import FeedQuality, Mode, Permission
from axisor.wire.records import Account, AccountBalance, PositionReport, Run, TickReport
from axisor.wire.scalars import enum_from_wire, permissions_from_wire
from axisor.words import short
from axisor_web.pages.rights import allowed

WORKING = (RunState.RUNNING, RunState.STARTING)
STILL = (HaltLevel.ALL, HaltLevel.FLATTEN)


class Forecast(Struct, frozen=True):
    """What a guard will do and how far it holds, or why nobody can tell."""

    plan: Plan | None = None
    floors: Floors | None = None
    why_not: str = ""


class Reading(Struct, frozen=True, kw_only=True):
    """An account at one moment. `age` is that of its price, None before the first one.

    `rights` are those of its reader on the account, `core_rights` in calls about none.
    """

    account: Account
    accounts: tuple[Account, ...]
    version: str
    platform_halt: HaltLevel
    standing: Standing
    causes: tuple[Cause, ...]
    balance: AccountBalance
    positions: tuple[PositionReport, ...]
    runs: tuple[Run, ...]
    tick: TickReport | None
    rights: Permission
    core_rights: Permission
    forecast: Forecast = Forecast()

    def may(self, call: str) -> bool:
        """Return whether whoever reads may make a call with this account, or with the core."""
        return allowed(call, self.rights, self.core_rights)

    @property
    def only_reads(self) -> bool:
        """Return whether whoever reads may change nothing of this account."""
        return self.rights in (Permission.READ, Permission.NONE)

    @property
    def mode(self) -> Mode:
        """Return how real the account is, as the core stamps it."""
        return self.account.mode

    @property
    def age(self) -> timedelta | None:
        """Return how old the price was when it was read."""
        return None if self.tick is None else self.tick.age or timedelta(0)

    @property
    def quality(self) -> FeedQuality:
        """Return how far the price can be trusted."""
        return FeedQuality.NONE if self.tick is None else self.tick.quality

    @property
    def halt(self) -> HaltLevel:
        """Return the stricter of the account's own halt and that of all accounts."""
        order = list(HaltLevel)
        return max(self.account.halt, self.platform_halt, key=order.index)

    @property
    def guard(self) -> Run | None:
        """Return the run that guards: one at work if there is one, else the newest."""
        guards = [run for run in self.runs if "guard" in run.strategy]
        working = [run for run in guards if run.state in WORKING]
        found = working or guards
        return found[0] if found else None

    @property
    def guard_word(self) -> str:
        """Return what the guard does, in one word of the same few everywhere."""
        run = self.guard
        if self.halt in STILL:
            return "HALTED"
        if run is None:
            return "NONE"
        if run.state is not RunState.RUNNING:
            return run.state.value.upper()
        if self.standing is Standing.RECONCILE_ONLY:
            return "RECONCILING"
        covers = {each.coverage.state for each in self.positions if each.coverage}
        blind = self.standing is Standing.DEGRADED or CoverageState.DEGRADED in covers
        return "DEGRADED" if blind else "ARMED"

    @property
    def closest(self) -> PositionReport | None:
        """Return the position that is nearest to liquidation; the core lists it first."""
        known = [each for each in self.positions if each.distance_percent is not None]
        return known[0] if known else None

    def run(self, id: str) -> Run | None:
        """Return a run of the account, None where there is none of this id."""
        return next((each for each in self.runs if each.id == id), None)

    def name_of(self, id: str) -> str:
        """Return what people call a position: the client's name of it, or the short id."""
        for each in self.positions:
            if each.position.id == id and each.position.client_id:
                return each.position.client_id
        return short(id)

    def triggers(self) -> dict[str, Decimal]:
        """Return the price at which the guard first acts, by position."""
        found: dict[str, Decimal] = {}
        for row in self.forecast.plan.rows if self.forecast.plan else ():
            found.setdefault(row.position, row.price)
        return found


async def read(client: Client, wanted: str | None) -> Reading:
    """Read an account, the first one where none is named. Raises what the core refuses with."""
    accounts = await every(lambda token: client.accounts.list(page_token=token))
    if wanted is None and accounts:
        wanted = accounts[0].id
    account = await client.accounts.choose(wanted) if len(accounts) != 1 else accounts[0]
    status, balance, positions, runs, tick = await asyncio.gather(
        client.system.status(),
        client.accounts.balance(account.id),
        positions_of(client, account.id),
        every(lambda token: client.strategies.list_runs(account.id, page_token=token)),
        client.market.ticker(account.id),
    )
    said = next(each for each in status.accounts if each.account.endswith(f"/{account.id}"))
    reading = Reading(
        account=account,
        accounts=accounts,
        version=status.version,
        platform_halt=enum_from_wire(HaltLevel, status.halt.level),
        standing=enum_from_wire(Standing, said.standing),
        causes=tuple(Cause(each.code, each.text) for each in said.standing_causes),
        balance=balance,
        positions=positions,
        runs=runs,
        tick=tick,
        rights=permissions_from_wire(said.permissions),
        core_rights=permissions_from_wire(status.permissions),
    )
    return replace(reading, forecast=await foresee(client, reading))


async def positions_of(client: Client, account: str) -> tuple[PositionReport, ...]:
    """Return the open positions, the nearest to liquidation first."""
    return await every(lambda token: client.margin.list_positions(account, page_token=token))


async def foresee(client: Client, reading: Reading) -> Forecast:
    """Ask what the guard will do; without one at work, or without a price, nobody can tell."""
    run = reading.guard
    if run is None or run.state is not RunState.RUNNING:
        return Forecast()
    return await foresee_run(client, reading.account.id, run.id)


async def foresee_run(client: Client, account: str, run: str) -> Forecast:
    """Ask what one guard will do, or would, or why nobody can tell."""
    try:
        plan, floors = await asyncio.gather(
            client.guard.plan(account, run=run), client.guard.floor(account, run=run)
        )
    except (RunNotFound, NotSupported, StalePrice) as error:
        return Forecast(why_not=_sentence(error))
    return Forecast(plan, floors)


def _sentence(error: AxisorError) -> str:
    return str(error).partition("\n")[0]
