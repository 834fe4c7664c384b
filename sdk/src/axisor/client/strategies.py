"""Calls about strategies, plugins and runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from msgspec import Struct

from axisor.client.calls import Page, new_request_id
from axisor.client.plugins import PluginCalls
from axisor.events import Coverage, RunState
from axisor.model import Leash
from axisor.v1 import strategies_pb2 as pb
from axisor.versions import Upgrade
from axisor.watch import WatchItem
from axisor.wire.model import coverage_from_wire, leash_to_wire
from axisor.wire.names import account_name, run_name, strategy_name
from axisor.wire.records import Run, StepSummary
from axisor.wire.resources import run_from_wire
from axisor.wire.scalars import enum_to_wire, span_to_wire, time_from_wire, time_to_wire
from axisor.wire.seen import step_from_wire
from axisor.wire.upgrades import upgrade_from_wire


class RunResult(Struct, frozen=True, kw_only=True):
    """A run after a call, what it protects where it was started, and what to know about it."""

    run: Run
    coverages: tuple[Coverage, ...] = ()
    warnings: tuple[str, ...] = ()
    sequence: int = 0


class RunStep(Struct, frozen=True, kw_only=True):
    """One step of a run and its place in the journal."""

    sequence: int
    time: datetime
    step: StepSummary


class Strategies(PluginCalls):
    """The methods of StrategyService."""

    async def list(self, *, page_size: int = 0, page_token: str = "") -> Page[pb.Strategy]:
        """Return the strategies of enabled plugins. Raises PageTokenInvalid."""
        request = pb.ListStrategiesRequest(page_size=page_size, page_token=page_token)
        answer = await self._call.unary(self._stub.ListStrategies, request, of_account=False)
        return Page(tuple(answer.strategies), answer.next_page_token)

    async def get(self, strategy: str) -> pb.Strategy:
        """Return one strategy with its schema and documentation. Raises StrategyNotFound."""
        request = pb.GetStrategyRequest(name=strategy_name(strategy))
        answer = await self._call.unary(self._stub.GetStrategy, request, of_account=False)
        return answer.strategy

    async def list_runs(
        self,
        account: str,
        *,
        strategy: str = "",
        states: Iterable[RunState] = (),
        page_size: int = 0,
        page_token: str = "",
    ) -> Page[Run]:
        """Return runs, newest first. Raises AccountNotFound, PageTokenInvalid."""
        request = pb.ListRunsRequest(
            parent=account_name(account),
            page_size=page_size,
            page_token=page_token,
            strategy=strategy_name(strategy),
            states=map(enum_to_wire, states),
        )
        answer = await self._call.unary(self._stub.ListRuns, request)
        return Page(tuple(map(run_from_wire, answer.runs)), answer.next_page_token)

    async def get_run(self, account: str, run: str) -> Run:
        """Return one run. Raises RunNotFound."""
        request = pb.GetRunRequest(name=run_name(account, run))
        return run_from_wire((await self._call.unary(self._stub.GetRun, request)).run)

    async def create_run(
        self,
        account: str,
        strategy: str,
        *,
        config: str = "",
        leash: Leash | None = None,
        label: str = "",
        validate_only: bool = False,
        request_id: str | None = None,
    ) -> RunResult:
        """Create a run without starting it; `config` is JSON. Raises ConfigInvalid."""
        request = pb.CreateRunRequest(
            parent=account_name(account),
            request_id=request_id or new_request_id(),
            validate_only=validate_only,
            strategy=strategy_name(strategy),
            config=config,
            leash=None if leash is None else leash_to_wire(leash),
            label=label,
        )
        return _result(await self._call.unary(self._stub.CreateRun, request))

    async def configure_run(  # noqa: PLR0913 - as many as the call has
        self,
        account: str,
        run: str,
        *,
        etag: str,
        config: str | None = None,
        leash: Leash | None = None,
        label: str | None = None,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> RunResult:
        """Change what is given, leaving None as it is. Raises ConfigInvalid, EtagMismatch."""
        given = {"config": config, "leash": leash, "label": label}
        paths = [name for name, value in given.items() if value is not None]
        request = pb.ConfigureRunRequest(
            name=run_name(account, run),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
            etag=etag,
            update_mask=FieldMask(paths=paths),
            config=config or "",
            leash=None if leash is None else leash_to_wire(leash),
            label=label or "",
        )
        return _result(await self._call.unary(self._stub.ConfigureRun, request))

    async def start_run(
        self,
        account: str,
        run: str,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> RunResult:
        """Start a run that was created, stopped or failed. Raises RunStateInvalid, Halted."""
        request = pb.StartRunRequest(
            name=run_name(account, run),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
        )
        return _result(await self._call.unary(self._stub.StartRun, request))

    async def pause_run(
        self,
        account: str,
        run: str,
        *,
        pause_for: timedelta | None = None,
        reason: str = "",
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> RunResult:
        """Pause a run; it protects nothing meanwhile.

        With `pause_for`, a minute to a day, it goes on by itself then. Raises RunStateInvalid,
        FieldInvalid.
        """
        request = pb.PauseRunRequest(
            name=run_name(account, run),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
            reason=reason,
            pause_for=span_to_wire(pause_for),
        )
        return _result(await self._call.unary(self._stub.PauseRun, request))

    async def resume_run(
        self,
        account: str,
        run: str,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> RunResult:
        """Resume a paused run. Raises RunStateInvalid, Halted."""
        request = pb.ResumeRunRequest(
            name=run_name(account, run),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
        )
        return _result(await self._call.unary(self._stub.ResumeRun, request))

    async def stop_run(
        self,
        account: str,
        run: str,
        *,
        reason: str = "",
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> RunResult:
        """Stop a run after one last call. Raises RunStateInvalid."""
        request = pb.StopRunRequest(
            name=run_name(account, run),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
            reason=reason,
        )
        return _result(await self._call.unary(self._stub.StopRun, request))

    async def start_upgrade(
        self,
        account: str,
        run: str,
        *,
        version: str = "",
        equal_steps: int = 0,
        probation_steps: int | None = None,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> Upgrade:
        """Have another version of a run's strategy asked beside the one that decides.

        An empty `version` is the newest other one. After `equal_steps` equal decisions in a row it
        takes over by itself, 0 never. Raises VersionNotFound, UpgradeUnsound, UpgradeStateInvalid.
        """
        request = pb.StartUpgradeRequest(
            name=run_name(account, run),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
            version=version,
            equal_steps=equal_steps,
            probation_steps=probation_steps,
        )
        return upgrade_from_wire((await self._call.unary(self._stub.StartUpgrade, request)).upgrade)

    async def get_upgrade(self, account: str, run: str) -> Upgrade:
        """Return the latest upgrade of a run. Raises UpgradeNotFound."""
        request = pb.GetUpgradeRequest(name=run_name(account, run))
        return upgrade_from_wire((await self._call.unary(self._stub.GetUpgrade, request)).upgrade)

    async def commit_upgrade(
        self,
        account: str,
        run: str,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> Upgrade:
        """Have the new version decide from the next step on. Raises UpgradeStateInvalid."""
        request = pb.CommitUpgradeRequest(
            name=run_name(account, run),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
        )
        return upgrade_from_wire(
            (await self._call.unary(self._stub.CommitUpgrade, request)).upgrade
        )

    async def cancel_upgrade(
        self,
        account: str,
        run: str,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> Upgrade:
        """End an upgrade before the new version decided anything. Raises UpgradeStateInvalid."""
        request = pb.CancelUpgradeRequest(
            name=run_name(account, run),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
        )
        return upgrade_from_wire(
            (await self._call.unary(self._stub.CancelUpgrade, request)).upgrade
        )

    async def list_run_steps(
        self, account: str, run: str, *, page_size: int = 0, page_token: str = ""
    ) -> Page[RunStep]:
        """Return what a run was called with and asked for, newest first. Raises RunNotFound."""
        request = pb.ListRunStepsRequest(
            parent=run_name(account, run), page_size=page_size, page_token=page_token
        )
        answer = await self._call.unary(self._stub.ListRunSteps, request)
        return Page(tuple(map(_step, answer.run_steps)), answer.next_page_token)

    def watch_runs(
        self, account: str, *, after: int | None = None
    ) -> AsyncGenerator[WatchItem, None]:
        """Follow runs with their steps and notices; see `axisor.watch.watch`."""
        parent = account_name(account)
        return self._call.watch(
            lambda after: self._stub.WatchRuns(
                pb.WatchRunsRequest(parent=parent, after_sequence=after),
                metadata=self._call.headers(),
            ),
            after=after,
            gapless=False,
        )


def _result(answer: Any) -> RunResult:
    """Read any response with a run; generated messages have no common type that says so."""
    return RunResult(
        run=run_from_wire(answer.run),
        coverages=tuple(map(coverage_from_wire, getattr(answer, "coverages", ()))),
        warnings=tuple(getattr(answer, "warnings", ())),
        sequence=answer.sequence,
    )


def _step(message: pb.RunStep) -> RunStep:
    return RunStep(
        sequence=message.sequence,
        time=time_from_wire(message.step_time, "step_time"),
        step=step_from_wire(message.step),
    )
