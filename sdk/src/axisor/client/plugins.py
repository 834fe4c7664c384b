"""Calls about the plugins of a core."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from axisor.client.calls import Caller, Page, new_request_id
from axisor.v1 import strategies_pb2 as pb
from axisor.v1.strategies_pb2_grpc import StrategyServiceStub
from axisor.wire.names import plugin_name, run_id
from axisor.wire.scalars import time_to_wire


class MovedRun(Struct, frozen=True):
    """A run that was stopped or started with its plugin, and its journal's end then.

    `sequence` is 0 where it was not moved.
    """

    account: str
    run: str
    sequence: int


class PluginResult(Struct, frozen=True):
    """A plugin after a call, and the runs that were stopped or started with it."""

    plugin: pb.Plugin
    runs: tuple[MovedRun, ...] = ()


class PluginCalls:
    """The methods of StrategyService that are about plugins."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = StrategyServiceStub(caller.channel)

    async def list_plugins(self, *, page_size: int = 0, page_token: str = "") -> Page[pb.Plugin]:
        """Return installed plugins, with the error of those that failed."""
        request = pb.ListPluginsRequest(page_size=page_size, page_token=page_token)
        answer = await self._call.unary(self._stub.ListPlugins, request, of_account=False)
        return Page(tuple(answer.plugins), answer.next_page_token)

    async def enable_plugin(
        self,
        plugin: str,
        *,
        start_runs: bool = False,
        in_core: bool = False,
        validate_only: bool = False,
        request_id: str | None = None,
        not_after: datetime | None = None,
    ) -> PluginResult:
        """Enable a plugin without a restart, and start again what ended for want of it if wanted.

        One that is not Axisor's own comes into the core only with `in_core`. Raises FieldInvalid,
        ConfigInvalid, PluginInUse.
        """
        request = pb.EnablePluginRequest(
            name=plugin_name(plugin),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after),
            validate_only=validate_only,
            start_runs=start_runs,
            in_core=in_core,
        )
        answer = await self._call.unary(self._stub.EnablePlugin, request, of_account=False)
        return PluginResult(answer.plugin, _moved(answer.started_runs))

    async def disable_plugin(
        self,
        plugin: str,
        *,
        force: bool = False,
        stop_runs: bool = False,
        validate_only: bool = False,
        request_id: str | None = None,
        not_after: datetime | None = None,
    ) -> PluginResult:
        """Disable a plugin: by `force` one that reviews, by `stop_runs` one whose runs go on.

        Raises FieldInvalid, PluginInUse.
        """
        request = pb.DisablePluginRequest(
            name=plugin_name(plugin),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after),
            validate_only=validate_only,
            force=force,
            stop_runs=stop_runs,
        )
        answer = await self._call.unary(self._stub.DisablePlugin, request, of_account=False)
        return PluginResult(answer.plugin, _moved(answer.stopped_runs))

    async def get_plugin_settings(self, plugin: str) -> pb.GetPluginSettingsResponse:
        """Return the settings of a plugin and their JSON Schema. Raises FieldInvalid."""
        request = pb.GetPluginSettingsRequest(name=plugin_name(plugin))
        return await self._call.unary(self._stub.GetPluginSettings, request, of_account=False)

    async def configure_plugin(
        self,
        plugin: str,
        settings: str,
        *,
        validate_only: bool = False,
        request_id: str | None = None,
        not_after: datetime | None = None,
    ) -> pb.Plugin:
        """Hand a plugin other settings, a JSON object. Raises FieldInvalid, ConfigInvalid."""
        request = pb.ConfigurePluginRequest(
            name=plugin_name(plugin),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after),
            validate_only=validate_only,
            settings=settings,
        )
        answer = await self._call.unary(self._stub.ConfigurePlugin, request, of_account=False)
        return answer.plugin


def _moved(runs: Iterable[pb.MovedRun]) -> tuple[MovedRun, ...]:
    return tuple(MovedRun(*run_id(each.run), each.sequence) for each in runs)
