"""Enables, disables and configures plugins while the core runs, and follows what others changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import (
    AxisorError,
    ConfigInvalid,
    FieldInvalid,
    PluginInUse,
    RequestExpired,
    StoreError,
)
from axisor.identity import PluginChanged
from axisor.wire.names import plugin_name
from axisor_server.domain.enabling import Wish, digest_of
from axisor_server.ports import Clock, Reader, Store, Transaction
from axisor_server.services.depending import Dependents, Moved
from axisor_server.services.recording import Recorder, Say
from axisor_server.services.requests import Once, Request
from axisor_server.services.status import PluginReport
from axisor_server.services.wishes import (
    REVIEW,
    check_unused,
    disabled,
    enabled,
    forget,
    leave,
    put,
    wishes_in,
)

log = logging.getLogger(__name__)


class PluginHost(Protocol):
    """The plugins of this core, which can be changed."""

    def report(self, name: str) -> PluginReport:
        """Return how a plugin is here. Raises FieldInvalid where none of the name is installed."""
        ...

    def takes_settings(self, name: str) -> bool:
        """Return whether a plugin takes settings of its own, or may where it is not enabled."""
        ...

    def settings(self, name: str) -> Mapping[str, Any] | None:
        """Return the settings that a plugin was handed last, None for those of the file."""
        ...

    def given(self, name: str) -> Mapping[str, Any]:
        """Return the settings that the settings file has for a plugin."""
        ...

    def schema(self, name: str) -> bytes:
        """Return the JSON Schema of a plugin's settings, empty where it describes none."""
        ...

    def check_settings(self, name: str, settings: Mapping[str, Any]) -> None:
        """Hold settings to what the plugin describes, where it does. Raises ConfigInvalid."""
        ...

    def check(self, name: str, *, in_core: bool) -> None:
        """Refuse what would not be enabled, without importing it. Raises PluginInUse."""
        ...

    async def enable(
        self,
        name: str,
        settings: Mapping[str, Any] | None,
        *,
        in_core: bool = False,
        waits: bool = True,
    ) -> None:
        """Register a plugin with settings, None for those of the file: in the core, or in runners.

        `in_core` lets one of others into the core. Unless somebody `waits`, it may say later what
        it offers. Raises ConfigInvalid or PluginInUse, with no effect.
        """
        ...

    def disable(self, name: str) -> None:
        """Take away all that a plugin offers, reviews and observes."""
        ...

    def configure(self, name: str, settings: Mapping[str, Any] | None) -> None:
        """Hand a plugin settings, None for those of the file. Raises ConfigInvalid."""
        ...

    def miss(self, name: str, reason: str) -> None:
        """Have whatever adds risk refused until a plugin that reviews is as it should be."""
        ...


class Done(Struct, frozen=True):
    """A plugin after a change, and the runs that were moved with it."""

    plugin: PluginReport
    runs: tuple[Moved, ...] = ()


class Changed(Struct, frozen=True):
    """Which plugin was changed, and which runs were moved with it."""

    plugin: str
    runs: tuple[Moved, ...] = ()


class PluginSettings(Struct, frozen=True):
    """The settings that a plugin has, and the JSON Schema of what it takes, empty without one."""

    settings: Mapping[str, Any]
    schema: bytes


class Enabling:
    """Changes of plugins, on record and in force here.

    The record decides, and every core does what it says: what stands on a plugin that is disabled
    is stopped before the plugin goes, and what is to begin again begins once it is there.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        once: Once,
        recorder: Recorder,
        host: PluginHost,
        dependents: Dependents,
    ) -> None:
        self._store = store
        self._clock = clock
        self._once = once
        self._recorder = recorder
        self._host = host
        self._dependents = dependents
        self._turn = asyncio.Lock()

    async def enable(
        self, name: str, *, start_runs: bool, request: Request, in_core: bool = False
    ) -> Done:
        """Enable a plugin, and start again the runs that ended for want of it where that is wanted.

        Raises FieldInvalid, ConfigInvalid, PluginInUse.
        """
        before = self._host.report(name)
        if request.validate_only:
            self._check_time(request)
            self._host.check(name, in_core=in_core)
            return Done(before)

        async def change(_: str) -> Changed:
            async with self._turn:
                was = self._host.report(name).enabled
                wishes = await self._store.read(wishes_in)
                await self._host.enable(name, wishes.get(name, Wish()).settings, in_core=in_core)
                try:
                    now = self._host.report(name)
                    await self._write(
                        name,
                        lambda view, wish: enabled(
                            view, wish, now, start_runs=start_runs, in_core=None if was else in_core
                        ),
                        request,
                    )
                except BaseException:
                    if not was:
                        self._host.disable(name)
                    raise
                await self._dependents.take_up(now.venues)
                return Changed(name, await self._begin_again(name))

        changed = await self._once.perform(request, Changed, change)
        return Done(self._host.report(name), changed.runs)

    async def disable(self, name: str, *, force: bool, stop_runs: bool, request: Request) -> Done:
        """Disable a plugin, once its runs are stopped where that is wanted.

        Raises FieldInvalid, PluginInUse.
        """
        report = self._host.report(name)
        if request.validate_only:
            self._check_time(request)
            await self._store.read(
                lambda view: check_unused(view, report, force=force, stop_runs=stop_runs)
            )
            self._check_unread(report)
            going = await self._dependents.going_on(report.strategies)
            return Done(report, tuple(Moved(row.account, row.id) for row in going))

        async def change(_: str) -> Changed:
            async with self._turn:
                now = self._host.report(name)

                def ends(view: Reader, wish: Wish) -> Wish:
                    check_unused(view, now, force=force, stop_runs=stop_runs)
                    self._check_unread(now)
                    return disabled(view, wish, now)

                await self._write(name, ends, request)
                return Changed(name, await self._withdraw(name))

        changed = await self._once.perform(request, Changed, change)
        return Done(self._host.report(name), changed.runs)

    async def settings(self, name: str) -> PluginSettings:
        """Return the settings that a plugin has, or will have. Raises FieldInvalid."""
        self._check_takes(name)
        wished = (await self._store.read(wishes_in)).get(name, Wish()).settings
        had = self._host.given(name) if wished is None else wished
        return PluginSettings(had, self._host.schema(name))

    async def configure(self, name: str, settings: str, request: Request) -> PluginReport:
        """Hand a plugin other settings, one that is not enabled once it is.

        Raises FieldInvalid, ConfigInvalid.
        """
        wanted = _object(settings)
        self._check_takes(name)
        if request.validate_only:
            self._check_time(request)
            self._host.check_settings(name, wanted)
            return self._host.report(name)

        async def change(_: str) -> Changed:
            async with self._turn:
                self._check_takes(name)
                enabled, former = self._host.report(name).enabled, self._host.settings(name)
                try:
                    if enabled:
                        self._host.configure(name, wanted)
                    await self._write(name, lambda _, wish: replace(wish, settings=wanted), request)
                except BaseException:
                    if enabled:
                        self._host.configure(name, former)
                    raise
            return Changed(name)

        await self._once.perform(request, Changed, change)
        return self._host.report(name)

    async def look(self, *, acts: bool = True) -> None:
        """Obey the record: what was changed before this core began, or by another core.

        Before this core `acts` no run is moved. What cannot be obeyed is logged; where the plugin
        reviews it counts as missing.
        """
        async with self._turn:
            wishes = await self._store.read(wishes_in)
            for name, wish in wishes.items():
                try:
                    await self._obey(name, wish, acts=acts)
                except StoreError:
                    raise
                except AxisorError as error:
                    log.error("plugin %s is not as it should be: %s", name, error.message)
                    if wish.reviews or self._reviews(name):
                        self._host.miss(name, error.message)

    def _reviews(self, name: str) -> bool:
        try:
            return REVIEW in self._host.report(name).hooks
        except FieldInvalid:
            return False

    async def _obey(self, name: str, wish: Wish, *, acts: bool) -> None:
        report = self._host.report(name)
        if wish.enabled is False and report.enabled:
            if acts or not await self._dependents.going_on(report.strategies):
                await self._withdraw(name)
            return
        if wish.enabled and not report.enabled:
            await self._host.enable(name, wish.settings, in_core=wish.in_core, waits=acts)
            await self._dependents.take_up(self._host.report(name).venues)
        here = self._host.report(name).enabled
        if here and self._host.settings(name) != wish.settings:
            self._host.configure(name, wish.settings)
        if acts and wish.enabled:
            await self._begin_again(name)

    async def _withdraw(self, name: str) -> tuple[Moved, ...]:
        """Take a plugin away whose runs have ended; one whose runs go on stays until they end."""
        wishes = await self._store.read(wishes_in)
        if wishes.get(name, Wish()).enabled is not False:
            return ()  # another core has enabled it meanwhile
        offered = self._host.report(name).strategies
        stopped = await self._dependents.stop(offered)
        going = await self._dependents.going_on(offered)
        if going:
            log.warning("plugin %s stays until %d runs have ended", name, len(going))
            return stopped
        await self._store.write(lambda tx: leave(tx, name))
        self._host.disable(name)
        return stopped

    async def _begin_again(self, name: str) -> tuple[Moved, ...]:
        wishes = await self._store.read(wishes_in)
        runs = wishes.get(name, Wish()).runs
        if not runs:
            return ()
        started, done = await self._dependents.start(runs)
        await self._store.write(lambda tx: forget(tx, name, done))
        return started

    async def _write(
        self, name: str, change: Callable[[Reader, Wish], Wish], request: Request
    ) -> None:
        here = self._host.report(name).enabled

        def unit(tx: Transaction, say: Say) -> None:
            wish = change(tx, wishes_in(tx).get(name, Wish()))
            put(tx, name, wish)
            say(
                PluginChanged(
                    plugin=plugin_name(name),
                    enabled=here if wish.enabled is None else wish.enabled,
                    settings=digest_of(wish.settings),
                )
            )
            say(request.made)

        await self._recorder.write(unit, by=request.caller)

    def _check_unread(self, plugin: PluginReport) -> None:
        if plugin.venues and self._dependents.reads(plugin.venues):
            raise PluginInUse(
                f"Prices of a venue of the plugin {plugin.name} are read here.",
                fix="Take it from `plugins` in the settings and restart the core.",
                plugin=plugin.name,
            )

    def _check_takes(self, name: str) -> None:
        self._host.report(name)
        if not self._host.takes_settings(name):
            raise FieldInvalid(
                f"The plugin {name} takes no settings.",
                fix="See its hooks: axisor plugin info. Runs have a configuration of their own.",
                field="name",
            )

    def _check_time(self, request: Request) -> None:
        if request.not_after is not None and self._clock.now() > request.not_after:
            raise RequestExpired(notAfterTime=request.not_after.isoformat())


def _object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ConfigInvalid(f"The settings are no JSON object: {error}.") from error
