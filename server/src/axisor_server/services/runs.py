"""Strategies and their runs: the catalogue, and the verbs that move a run through its life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from axisor.errors import (
    PermissionDenied,
    RequestExpired,
    RunNotFound,
    RunStateInvalid,
    StrategyNotFound,
)
from axisor.events import RunState
from axisor.model import Leash, Mode, Permission
from axisor.strategy import Protection, Strategy, decode_config
from axisor_server.domain.hosting import Hosted
from axisor_server.domain.journal import Entry
from axisor_server.domain.plans import Plan, withheld
from axisor_server.domain.records import RunRecord
from axisor_server.domain.run import after_verb
from axisor_server.engine.asks import CreateRun, MoveRun
from axisor_server.engine.facade import Engine
from axisor_server.engine.verbs import check_etag
from axisor_server.ports import Clock, Reader, Store
from axisor_server.services.accounts import Accounts, stream_of
from axisor_server.services.plans import Plans
from axisor_server.services.requests import Request

Await: TypeAlias = Callable[[str], Awaitable[None]]
"""Waits for a moment for a strategy that somebody may still offer."""

STARTABLE = (RunState.CREATED, RunState.STOPPED, RunState.FAILED)


class RunAnswer(Struct, frozen=True, kw_only=True):
    """A run after a change, what to know about it, and the journal's end."""

    run: RunRecord
    sequence: int
    warnings: tuple[str, ...] = ()


class Change(Struct, frozen=True, kw_only=True):
    """What of a run is to change; None keeps it."""

    config: bytes | None = None
    leash: Leash | None = None
    label: str | None = None


async def nobody(strategy: str) -> None:
    """Wait for nobody: all that is offered is offered from the beginning."""


class Runs:
    """The runs of all accounts."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        accounts: Accounts,
        clock: Clock,
        plans: Plans,
        offered: Await = nobody,
    ) -> None:
        self._engine = engine
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._plans = plans
        self._offered = offered

    @property
    def strategies(self) -> Mapping[str, type[Strategy[Any, Any]]]:
        """Return every strategy that can be run, by name."""
        return self._engine.strategies

    def strategy(self, name: str) -> type[Strategy[Any, Any]]:
        """Return a strategy. Raises StrategyNotFound."""
        if name not in self.strategies:
            raise StrategyNotFound(f"No enabled plugin offers `{name}`.", strategy=name)
        return self.strategies[name]

    async def list(self, account: str) -> Sequence[RunRecord]:
        """Return the runs of an account, oldest first. Raises AccountNotFound."""
        await self._accounts.get(account)
        return await self._store.read(lambda view: view.runs(account))

    async def get(self, account: str, id: str) -> RunRecord:
        """Return a run of an account. Raises AccountNotFound, RunNotFound."""
        await self._accounts.get(account)
        found = await self._store.read(lambda view: view.run(id))
        if found is None or found.account != account:
            raise RunNotFound(f"The account has no run `{id}`.", run=id)
        return found

    async def steps(
        self, account: str, id: str, *, before: int | None, limit: int
    ) -> Sequence[Entry]:
        """Return the journaled steps of a run, newest first."""
        await self.get(account, id)
        stream, marker = stream_of(account), f'"run":"{id}"'.encode()

        def unit(view: Reader) -> list[Entry]:
            found: list[Entry] = []
            at = before
            while len(found) < limit:
                chunk = view.entries_before(stream, before=at, kinds=["StepTaken"], limit=500)
                found += [entry for entry in chunk if marker in entry.payload]
                if len(chunk) < 500:
                    break
                at = chunk[-1].sequence
            return found[:limit]

        return await self._store.read(unit)

    async def create(
        self,
        account: str,
        *,
        strategy: str,
        config: bytes,
        leash: Leash,
        label: str,
        rights: Permission,
        request: Request,
    ) -> RunAnswer:
        """Create a run without starting it.

        Raises StrategyNotFound, ConfigInvalid, PermissionDenied.
        """
        record = await self._accounts.get(account)
        await self._offered(strategy)
        kind = self.strategy(strategy)
        decode_config(kind, config)
        check_rights(kind, rights)
        warnings = _warnings(kind, record.mode, leash)
        if request.validate_only:
            now = self._clock.now()
            draft = _draft(account, strategy, config, leash, label, now_us=int(now.timestamp()))
            return RunAnswer(run=draft, sequence=await self.sequence(account), warnings=warnings)

        ask = CreateRun(run="", strategy=strategy, config=config, leash=leash, label=label)
        return await self._change(account, ask, request, warnings)

    async def configure(
        self, account: str, id: str, change: Change, *, etag: str, request: Request
    ) -> RunAnswer:
        """Change a run's configuration, leash or label. Raises ConfigInvalid, EtagMismatch."""
        run = await self.get(account, id)
        kind = self.strategy(run.strategy)
        if change.config is not None:
            decode_config(kind, change.config)
        if request.validate_only:
            check_etag(etag, run.revision)
            self.check_time(request)
            return RunAnswer(run=run, sequence=await self.sequence(account))

        ask = MoveRun(
            run=id,
            verb="configure",
            config=change.config,
            leash=change.leash,
            label=change.label,
            etag=etag,
        )
        return await self._change(account, ask, request)

    async def start(
        self, account: str, id: str, *, verb: str, rights: Permission, request: Request
    ) -> RunAnswer:
        """Start or resume a run.

        Raises PermissionDenied, ConfigInvalid, RunStateInvalid where it runs already, and PlanLimit
        where the plan of those who own the account has no room for it.
        """
        run = await self.get(account, id)
        await self._offered(run.strategy)
        kind = self.strategy(run.strategy)
        decode_config(kind, run.config)
        check_rights(kind, rights)
        check_plan(kind, request.caller.plan)
        if request.validate_only:
            fits = (RunState.PAUSED,) if verb == "resume" else STARTABLE
            if run.state not in fits:
                raise RunStateInvalid(
                    f"The run is {run.state.value.upper()}.", run=id, state=run.state.value
                )
            self.check_time(request)
            await self._plans.check_run(account, id)
            return RunAnswer(run=run, sequence=await self.sequence(account))
        async with self._plans.beginning(account, id, request_id=request.request_id):
            return await self.verb(account, id, verb, request)

    async def verb(
        self,
        account: str,
        id: str,
        verb: str,
        request: Request,
        *,
        reason: str = "",
        pause_for: timedelta | None = None,
    ) -> RunAnswer:
        """Do `start`, `pause`, `resume` or `stop`, and keep why. Raises RunStateInvalid.

        A pause for a time ends by itself then.
        """
        run = await self.get(account, id)
        if request.validate_only:
            after_verb(run.state, verb)
            self.check_time(request)
            return RunAnswer(run=run, sequence=await self.sequence(account))
        pause_us = 0 if pause_for is None else pause_for // timedelta(microseconds=1)
        ask = MoveRun(run=id, verb=verb, reason=reason, pause_us=pause_us)
        return await self._change(account, ask, request)

    async def _change(
        self,
        account: str,
        ask: CreateRun | MoveRun,
        request: Request,
        warnings: tuple[str, ...] = (),
    ) -> RunAnswer:
        now = await self._engine.change_run(account, ask, request.asked)
        return RunAnswer(run=now.run, sequence=now.sequence, warnings=warnings)

    def check_time(self, request: Request) -> None:
        """Refuse a request whose time is over. Raises RequestExpired."""
        if request.not_after is not None and self._clock.now() > request.not_after:
            raise RequestExpired(notAfterTime=request.not_after.isoformat())

    async def sequence(self, account: str) -> int:
        """Return the last sequence of an account's journal."""
        return await self._store.read(lambda view: view.head(stream_of(account)).sequence)


def schema_of(strategy: type[Strategy[Any, Any]]) -> bytes:
    """Return the JSON Schema of a strategy's configuration."""
    if issubclass(strategy, Hosted):
        return msgspec.json.encode(strategy.offer.config)
    return msgspec.json.encode(msgspec.json.schema(strategy.config_type))


def protects(strategy: type[Strategy[Any, Any]]) -> bool:
    """Return whether runs of a strategy answer the guard's questions."""
    return issubclass(strategy, Protection)


def check_rights(strategy: type[Strategy[Any, Any]], rights: Permission) -> None:
    """Refuse a strategy that needs more than its caller may. Raises PermissionDenied."""
    lacking = strategy.permissions & ~rights
    if lacking:
        names = ", ".join(str(right.name) for right in lacking)
        raise PermissionDenied(
            f"{strategy.name} acts with rights this token lacks: {names}.", permission=names
        )


def check_plan(strategy: type[Strategy[Any, Any]], plan: Plan) -> None:
    """Refuse a strategy that a plan withholds. Raises PlanLimit."""
    if strategy.permissions & plan.withheld and not protects(strategy):
        raise withheld(plan, strategy.name)


def _warnings(strategy: type[Strategy[Any, Any]], mode: Mode, leash: Leash) -> tuple[str, ...]:
    found = []
    if mode is Mode.SHADOW:
        found.append("The account is in SHADOW: the run says what it would do and does nothing.")
    if strategy.permissions != Permission.READ and leash == Leash():
        found.append("The run has no leash but the usual one: only its own settings bound it.")
    return tuple(found)


def _draft(
    account: str, strategy: str, config: bytes, leash: Leash, label: str, *, now_us: int
) -> RunRecord:
    return RunRecord(
        id="",
        account=account,
        strategy=strategy,
        label=label,
        config=config,
        leash=msgspec.json.encode(leash),
        state=RunState.CREATED,
        created_us=now_us,
        updated_us=now_us,
    )
