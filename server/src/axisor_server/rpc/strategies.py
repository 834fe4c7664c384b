"""StrategyService."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec

from axisor.errors import FieldInvalid
from axisor.events import RunState, StepTaken
from axisor.model import Leash, Permission
from axisor.strategy import Strategy
from axisor.v1 import resources_pb2
from axisor.v1 import strategies_pb2 as pb
from axisor.wire.events import event_to_wire
from axisor.wire.model import coverage_to_wire, leash_from_wire
from axisor.wire.names import account_id, plugin_name, run_id, run_name, strategy_name, top_id
from axisor.wire.resources import run_to_wire
from axisor.wire.scalars import enum_asked, permissions_to_wire, span_or_none
from axisor.wire.upgrades import upgrade_to_wire
from axisor_server.domain.journal import to_event
from axisor_server.domain.records import RunRecord
from axisor_server.domain.upgrading import USUAL_PROBATION
from axisor_server.rpc.calls import Call
from axisor_server.rpc.reports import run_of
from axisor_server.rpc.watches import RUNS, Watches
from axisor_server.services import paging
from axisor_server.services.accounts import Accounts
from axisor_server.services.depending import Moved
from axisor_server.services.enabling import Enabling
from axisor_server.services.runs import Change, RunAnswer, Runs, schema_of
from axisor_server.services.snapshots import Snapshots
from axisor_server.services.status import PluginReport
from axisor_server.services.upgrades import Upgrades, Wanted

CHANGEABLE = ("config", "leash", "label")


class StrategyServicer:
    """Shows strategies, and keeps their runs."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        runs: Runs,
        upgrades: Upgrades,
        snapshots: Snapshots,
        watches: Watches,
        plugins: Callable[[], Sequence[PluginReport]],
        enabling: Enabling,
    ) -> None:
        self._accounts = accounts
        self._runs = runs
        self._upgrades = upgrades
        self._snapshots = snapshots
        self._watches = watches
        self._plugins = plugins
        self._enabling = enabling

    async def ListStrategies(
        self, request: pb.ListStrategiesRequest, call: Call
    ) -> pb.ListStrategiesResponse:
        """Answer with a page of the catalogue."""
        page, token = paging.cut(
            sorted(self._runs.strategies),
            of="strategies",
            size=request.page_size,
            after=request.page_token,
        )
        return pb.ListStrategiesResponse(
            strategies=[self._strategy(name) for name in page], next_page_token=token
        )

    async def GetStrategy(
        self, request: pb.GetStrategyRequest, call: Call
    ) -> pb.GetStrategyResponse:
        """Answer with one strategy."""
        return pb.GetStrategyResponse(strategy=self._strategy(top_id(request.name, "strategies")))

    async def ListRuns(self, request: pb.ListRunsRequest, call: Call) -> pb.ListRunsResponse:
        """Answer with a page of runs."""
        account = account_id(request.parent, "parent")
        states = {enum_asked(RunState, state, "states") for state in request.states}
        strategy = top_id(request.strategy, "strategies", "strategy") if request.strategy else ""
        of = f"runs/{account}/{strategy}/{'+'.join(sorted(states))}"
        paging.place(of, request.page_token)
        found = [
            run
            for run in await self._runs.list(account)
            if (not states or run.state in states) and strategy in ("", run.strategy)
        ]
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListRunsResponse(
            runs=[await self._run(run) for run in page], next_page_token=token
        )

    async def GetRun(self, request: pb.GetRunRequest, call: Call) -> pb.GetRunResponse:
        """Answer with one run."""
        return pb.GetRunResponse(run=await self._run(await self._runs.get(*run_id(request.name))))

    async def CreateRun(self, request: pb.CreateRunRequest, call: Call) -> pb.CreateRunResponse:
        """Create a run."""
        done = await self._runs.create(
            account_id(request.parent, "parent"),
            strategy=top_id(request.strategy, "strategies", "strategy"),
            config=(request.config or "{}").encode(),
            leash=leash_from_wire(request.leash) if request.HasField("leash") else Leash(),
            label=request.label,
            rights=call.rights,
            request=call.request(),
        )
        return pb.CreateRunResponse(
            run=await self._run(done.run), warnings=done.warnings, sequence=done.sequence
        )

    async def ConfigureRun(
        self, request: pb.ConfigureRunRequest, call: Call
    ) -> pb.ConfigureRunResponse:
        """Change a run's configuration, leash or label."""
        paths = set(request.update_mask.paths)
        for path in paths.difference(CHANGEABLE):
            raise FieldInvalid(f"{path} cannot be changed.", field="update_mask")
        change = Change(
            config=(request.config or "{}").encode() if "config" in paths else None,
            leash=leash_from_wire(request.leash) if "leash" in paths else None,
            label=request.label if "label" in paths else None,
        )
        account, id = run_id(request.name)
        done = await self._runs.configure(
            account, id, change, etag=request.etag, request=call.request()
        )
        return pb.ConfigureRunResponse(
            run=await self._run(done.run), warnings=done.warnings, sequence=done.sequence
        )

    async def StartRun(self, request: pb.StartRunRequest, call: Call) -> pb.StartRunResponse:
        """Start a run."""
        account, _ = run_id(request.name)
        done = await self._start(request, "start", call)
        covers = self._snapshots.coverages(account)
        return pb.StartRunResponse(
            run=await self._run(done.run),
            coverages=[coverage_to_wire(account, cover) for cover in covers],
            warnings=done.warnings,
            sequence=done.sequence,
        )

    async def PauseRun(self, request: pb.PauseRunRequest, call: Call) -> pb.PauseRunResponse:
        """Pause a run."""
        done = await self._runs.verb(
            *run_id(request.name),
            "pause",
            call.request(),
            reason=request.reason,
            pause_for=span_or_none(request, "pause_for"),
        )
        return pb.PauseRunResponse(run=await self._run(done.run), sequence=done.sequence)

    async def ResumeRun(self, request: pb.ResumeRunRequest, call: Call) -> pb.ResumeRunResponse:
        """Resume a paused run."""
        done = await self._start(request, "resume", call)
        return pb.ResumeRunResponse(
            run=await self._run(done.run), warnings=done.warnings, sequence=done.sequence
        )

    async def StopRun(self, request: pb.StopRunRequest, call: Call) -> pb.StopRunResponse:
        """Stop a run for good."""
        done = await self._runs.verb(
            *run_id(request.name), "stop", call.request(), reason=request.reason
        )
        return pb.StopRunResponse(run=await self._run(done.run), sequence=done.sequence)

    async def StartUpgrade(
        self, request: pb.StartUpgradeRequest, call: Call
    ) -> pb.StartUpgradeResponse:
        """Have another version asked beside the one that decides."""
        account, run = run_id(request.name)
        given = request.HasField("probation_steps")
        wanted = Wanted(
            version=request.version,
            equal=request.equal_steps,
            probation=request.probation_steps if given else USUAL_PROBATION,
        )
        done = await self._upgrades.start(
            account, run, wanted, rights=call.rights, request=call.request()
        )
        upgrade = upgrade_to_wire(account, done.upgrade)
        return pb.StartUpgradeResponse(upgrade=upgrade, sequence=done.sequence)

    async def GetUpgrade(self, request: pb.GetUpgradeRequest, call: Call) -> pb.GetUpgradeResponse:
        """Answer with the latest upgrade of a run."""
        account, run = run_id(request.name)
        found = await self._upgrades.get(account, run)
        return pb.GetUpgradeResponse(upgrade=upgrade_to_wire(account, found))

    async def CommitUpgrade(
        self, request: pb.CommitUpgradeRequest, call: Call
    ) -> pb.CommitUpgradeResponse:
        """Have the new version decide."""
        account, run = run_id(request.name)
        done = await self._upgrades.commit(account, run, call.request())
        upgrade = upgrade_to_wire(account, done.upgrade)
        return pb.CommitUpgradeResponse(upgrade=upgrade, sequence=done.sequence)

    async def CancelUpgrade(
        self, request: pb.CancelUpgradeRequest, call: Call
    ) -> pb.CancelUpgradeResponse:
        """End an upgrade in shadow."""
        account, run = run_id(request.name)
        done = await self._upgrades.cancel(account, run, call.request())
        upgrade = upgrade_to_wire(account, done.upgrade)
        return pb.CancelUpgradeResponse(upgrade=upgrade, sequence=done.sequence)

    async def ListRunSteps(
        self, request: pb.ListRunStepsRequest, call: Call
    ) -> pb.ListRunStepsResponse:
        """Answer with a page of a run's steps, newest first."""
        account, id = run_id(request.parent, "parent")
        of = f"steps/{account}/{id}"
        size = paging.size_of(request.page_size)
        before = paging.place(of, request.page_token)
        found = await self._runs.steps(account, id, before=before, limit=size + 1)
        steps = []
        for entry in found[:size]:
            event = to_event(entry)
            assert isinstance(event.payload, StepTaken), "only steps are asked for"
            message = event_to_wire(event)
            steps.append(
                pb.RunStep(
                    sequence=event.sequence,
                    step_time=message.event_time,
                    step=message.step_taken,
                )
            )
        more = len(found) > size
        return pb.ListRunStepsResponse(
            run_steps=steps,
            next_page_token=paging.token(of, found[size - 1].sequence) if more else "",
        )

    async def ListPlugins(
        self, request: pb.ListPluginsRequest, call: Call
    ) -> pb.ListPluginsResponse:
        """Answer with a page of the plugins that are installed."""
        page, token = paging.cut(
            self._plugins(), of="plugins", size=request.page_size, after=request.page_token
        )
        return pb.ListPluginsResponse(
            plugins=[plugin_to_wire(plugin) for plugin in page], next_page_token=token
        )

    async def EnablePlugin(
        self, request: pb.EnablePluginRequest, call: Call
    ) -> pb.EnablePluginResponse:
        """Enable a plugin."""
        done = await self._enabling.enable(
            top_id(request.name, "plugins"),
            start_runs=request.start_runs,
            in_core=request.in_core,
            request=call.request(),
        )
        return pb.EnablePluginResponse(
            plugin=plugin_to_wire(done.plugin), started_runs=map(_moved_to_wire, done.runs)
        )

    async def DisablePlugin(
        self, request: pb.DisablePluginRequest, call: Call
    ) -> pb.DisablePluginResponse:
        """Disable a plugin."""
        done = await self._enabling.disable(
            top_id(request.name, "plugins"),
            force=request.force,
            stop_runs=request.stop_runs,
            request=call.request(),
        )
        return pb.DisablePluginResponse(
            plugin=plugin_to_wire(done.plugin), stopped_runs=map(_moved_to_wire, done.runs)
        )

    async def GetPluginSettings(
        self, request: pb.GetPluginSettingsRequest, call: Call
    ) -> pb.GetPluginSettingsResponse:
        """Answer with the settings of a plugin and what they may be."""
        found = await self._enabling.settings(top_id(request.name, "plugins"))
        return pb.GetPluginSettingsResponse(
            settings=msgspec.json.encode(found.settings).decode(),
            settings_schema=found.schema.decode(),
        )

    async def ConfigurePlugin(
        self, request: pb.ConfigurePluginRequest, call: Call
    ) -> pb.ConfigurePluginResponse:
        """Hand a plugin other settings."""
        name = top_id(request.name, "plugins")
        done = await self._enabling.configure(name, request.settings, call.request())
        return pb.ConfigurePluginResponse(plugin=plugin_to_wire(done))

    def WatchRuns(self, request: pb.WatchRunsRequest, call: Call) -> AsyncIterator[bytes]:
        """Stream what changes about runs."""
        after = request.after_sequence if request.HasField("after_sequence") else None
        return self._watches.watch(account_id(request.parent, "parent"), after, RUNS)

    async def _start(
        self, request: pb.StartRunRequest | pb.ResumeRunRequest, verb: str, call: Call
    ) -> RunAnswer:
        account, id = run_id(request.name)
        return await self._runs.start(
            account, id, verb=verb, rights=call.rights, request=call.request()
        )

    async def _run(self, record: RunRecord) -> resources_pb2.Run:
        account = await self._accounts.get(record.account)
        strategy = self._runs.strategies.get(record.strategy)
        rights = Permission.NONE if strategy is None else strategy.permissions
        return run_to_wire(run_of(record, account.mode, rights))

    def _strategy(self, name: str) -> pb.Strategy:
        strategy = self._runs.strategy(name)
        owner = next((p for p in self._plugins() if name in p.strategies), None)
        title, documentation = _words(strategy)
        return pb.Strategy(
            name=strategy_name(name),
            plugin=plugin_name(owner.name if owner else ""),
            version=owner.version if owner else "",
            title=title,
            documentation=documentation,
            config_schema=schema_of(strategy).decode(),
            permissions=permissions_to_wire(strategy.permissions),
        )


PLACES = {
    "": pb.PLUGIN_PLACE_UNSPECIFIED,
    "core": pb.PLUGIN_PLACE_CORE,
    "runner": pb.PLUGIN_PLACE_RUNNER,
    "remote": pb.PLUGIN_PLACE_REMOTE,
}


def _moved_to_wire(moved: Moved) -> pb.MovedRun:
    return pb.MovedRun(run=run_name(moved.account, moved.run), sequence=moved.sequence)


def plugin_to_wire(plugin: PluginReport) -> pb.Plugin:
    """Return a plugin as a message."""
    state = pb.PLUGIN_STATE_ENABLED if plugin.enabled else pb.PLUGIN_STATE_FOUND
    if plugin.error:
        state = pb.PLUGIN_STATE_QUARANTINED
    return pb.Plugin(
        name=plugin_name(plugin.name),
        version=plugin.version,
        state=state,
        error=plugin.error,
        strategies=[strategy_name(name) for name in plugin.strategies],
        venues=[f"venues/{name}" for name in plugin.venues],
        hooks=plugin.hooks,
        faults=plugin.faults,
        place=PLACES[plugin.place],
    )


def _words(strategy: type[Strategy[Any, Any]]) -> tuple[str, str]:
    text = inspect.cleandoc(strategy.__doc__ or strategy.name)
    title, _, rest = text.partition("\n")
    return title, rest.strip()
