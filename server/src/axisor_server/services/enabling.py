"""Enables, disables and configures plugins while the core runs, and follows what others changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import AxisorError, ConfigInvalid, FieldInvalid, PluginInUse, RequestExpired
from axisor.events import RunState
from axisor.identity import PluginChanged
from axisor.wire.names import plugin_name
from axisor_server.domain.enabling import KEY, Wish, decode_wishes, digest_of, encode_wishes
from axisor_server.domain.run import ACTING
from axisor_server.ports import Clock, Reader, Store, Transaction
from axisor_server.services.recording import Recorder, Say
from axisor_server.services.requests import Once, Request
from axisor_server.services.status import PluginReport

GOING_ON = frozenset({*ACTING, RunState.PAUSED})
"""States of a run that has not ended."""

REVIEW = "review_intent"

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

    def check(self, name: str, settings: Mapping[str, Any]) -> None:
        """Hold settings to what the plugin describes, where it does. Raises ConfigInvalid."""
        ...

    async def enable(self, name: str, settings: Mapping[str, Any] | None) -> None:
        """Import and register a plugin with settings, None for those of the file.

        Raises ConfigInvalid or PluginInUse, with no effect.
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


class Changed(Struct, frozen=True):
    """Which plugin was changed."""

    plugin: str


class PluginSettings(Struct, frozen=True):
    """The settings that a plugin has, and the JSON Schema of what it takes, empty without one."""

    settings: Mapping[str, Any]
    schema: bytes


class Enabling:
    """Changes of plugins, on record and in force here."""

    def __init__(
        self, *, store: Store, clock: Clock, once: Once, recorder: Recorder, host: PluginHost
    ) -> None:
        self._store = store
        self._clock = clock
        self._once = once
        self._recorder = recorder
        self._host = host
        self._turn = asyncio.Lock()

    async def enable(self, name: str, request: Request) -> PluginReport:
        """Enable a plugin. Raises FieldInvalid, ConfigInvalid, PluginInUse."""
        before = self._host.report(name)
        if request.validate_only:
            self._check_time(request)
            return before

        async def change(_: str) -> Changed:
            async with self._turn:
                was = self._host.report(name).enabled
                wishes = await self._store.read(_wishes)
                await self._host.enable(name, wishes.get(name, Wish()).settings)
                try:
                    reviews = REVIEW in self._host.report(name).hooks
                    await self._write(
                        name, lambda wish: replace(wish, enabled=True, reviews=reviews), request
                    )
                except BaseException:
                    if not was:
                        self._host.disable(name)
                    raise
            return Changed(name)

        await self._once.perform(request, Changed, change)
        return self._host.report(name)

    async def disable(self, name: str, *, force: bool, request: Request) -> PluginReport:
        """Disable a plugin. Raises FieldInvalid, PluginInUse."""
        report = self._host.report(name)
        if request.validate_only:
            self._check_time(request)
            await self._store.read(lambda view: _check_unused(view, report, force=force))
            return report

        async def change(_: str) -> Changed:
            async with self._turn:
                now = self._host.report(name)
                await self._write(
                    name,
                    lambda wish: replace(wish, enabled=False, reviews=False),
                    request,
                    lambda view: _check_unused(view, now, force=force),
                )
                self._host.disable(name)
            return Changed(name)

        await self._once.perform(request, Changed, change)
        return self._host.report(name)

    async def settings(self, name: str) -> PluginSettings:
        """Return the settings that a plugin has, or will have. Raises FieldInvalid."""
        self._check_takes(name)
        wished = (await self._store.read(_wishes)).get(name, Wish()).settings
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
            self._host.check(name, wanted)
            return self._host.report(name)

        async def change(_: str) -> Changed:
            async with self._turn:
                self._check_takes(name)
                enabled, former = self._host.report(name).enabled, self._host.settings(name)
                try:
                    if enabled:
                        self._host.configure(name, wanted)
                    await self._write(name, lambda wish: replace(wish, settings=wanted), request)
                except BaseException:
                    if enabled:
                        self._host.configure(name, former)
                    raise
            return Changed(name)

        await self._once.perform(request, Changed, change)
        return self._host.report(name)

    async def look(self) -> None:
        """Obey the record: what was changed before this core began, or by another core.

        What cannot be obeyed is logged; where the plugin reviews it counts as missing.
        """
        async with self._turn:
            wishes = await self._store.read(_wishes)
            for name, wish in wishes.items():
                try:
                    await self._obey(name, wish)
                except AxisorError as error:
                    log.error("plugin %s is not as it should be: %s", name, error.message)
                    if wish.reviews or self._reviews(name):
                        self._host.miss(name, error.message)

    def _reviews(self, name: str) -> bool:
        try:
            return REVIEW in self._host.report(name).hooks
        except FieldInvalid:
            return False

    async def _obey(self, name: str, wish: Wish) -> None:
        report = self._host.report(name)
        if wish.enabled is False and report.enabled:
            self._host.disable(name)
        if wish.enabled and not report.enabled:
            await self._host.enable(name, wish.settings)
        enabled = self._host.report(name).enabled
        if enabled and self._host.settings(name) != wish.settings:
            self._host.configure(name, wish.settings)

    async def _write(
        self,
        name: str,
        change: Callable[[Wish], Wish],
        request: Request,
        check: Callable[[Reader], None] = lambda view: None,
    ) -> None:
        here = self._host.report(name).enabled

        def unit(tx: Transaction, say: Say) -> None:
            check(tx)
            wishes = _wishes(tx)
            wish = wishes[name] = change(wishes.get(name, Wish()))
            tx.put_meta(KEY, encode_wishes(wishes))
            say(
                PluginChanged(
                    plugin=plugin_name(name),
                    enabled=here if wish.enabled is None else wish.enabled,
                    settings=digest_of(wish.settings),
                )
            )
            say(request.made)

        await self._recorder.write(unit, by=request.caller)

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


def _wishes(view: Reader) -> dict[str, Wish]:
    return decode_wishes(view.meta(KEY))


def _check_unused(view: Reader, plugin: PluginReport, *, force: bool) -> None:
    if plugin.venues:
        raise PluginInUse(
            f"The plugin {plugin.name} brings venues, which accounts stand on.",
            fix="Take it from `plugins` in the settings and restart the core.",
            plugin=plugin.name,
        )
    going_on = [
        run.id for run in view.runs() if run.strategy in plugin.strategies and run.state in GOING_ON
    ]
    if going_on:
        raise PluginInUse(
            f"Of the plugin {plugin.name} {len(going_on)} runs have not ended.",
            plugin=plugin.name,
        )
    if REVIEW in plugin.hooks and not force:
        raise PluginInUse(
            f"The plugin {plugin.name} reviews actions; without it nobody refuses what it would.",
            fix="Disable it with force, if that is what you want.",
            plugin=plugin.name,
        )


def _object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ConfigInvalid(f"The settings are no JSON object: {error}.") from error
