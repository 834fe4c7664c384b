"""The composition root: builds adapters, engine, use cases and server, and runs them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import structlog
from msgspec import Struct
from prometheus_client import CollectorRegistry

from axisor.errors import StoreUnavailable
from axisor.ports import Clock
from axisor_server.adapters import files, tls
from axisor_server.adapters.backtesting import ProcessBacktests
from axisor_server.adapters.emergency import FileEmergencyLog
from axisor_server.adapters.halt_file import HaltFile
from axisor_server.adapters.memory.wakeups import Listener
from axisor_server.adapters.system import SystemClock, SystemIds
from axisor_server.adapters.token import open_token
from axisor_server.adapters.vault import open_vault
from axisor_server.adapters.watchdog import Watchdog, free_space
from axisor_server.changing import ChangingPlugins
from axisor_server.domain.halting import STREAM as PLATFORM
from axisor_server.domain.journal import Entry
from axisor_server.duties import (
    engine_settings,
    keep_pace,
    plugin_reports,
    setting_reports,
    split,
    terms_of,
    waits_of,
)
from axisor_server.engine.facade import Engine
from axisor_server.engine.waiting import within
from axisor_server.limits import call_limits
from axisor_server.parts import (
    deadman_of,
    failpoints_of,
    notifier_of,
    signals,
    teller_of,
    wakeups_of,
)
from axisor_server.plugins import Plugins
from axisor_server.ports import Ids
from axisor_server.reaching import reach
from axisor_server.rpc import metrics
from axisor_server.rpc.house import House
from axisor_server.rpc.server import RpcServer
from axisor_server.running import Running
from axisor_server.services.protection import LOOK_S as PROTECTION_S
from axisor_server.services.status import Surroundings
from axisor_server.services.watching import Limits
from axisor_server.settings import Loaded, Role
from axisor_server.transport import Transport
from axisor_server.upkeep import Upkeep

ADDRESS_FILE = "address"
POLL_S = 1.0
MOST_ENGINE_DRAIN_S = 10.0
STREAM_DRAIN_S = 2.0
HOUSEKEEPING_S = 3_600.0
DISK_S = 10.0
PLUGINS_S = 30.0

log = structlog.get_logger("axisor.app")


class Ready(Struct, frozen=True, kw_only=True):
    """Where a core that serves is found; `certificate` is None without TLS."""

    address: str
    token_file: Path
    certificate: Path | None
    fingerprint: str = ""
    pin: str = ""


async def run(
    loaded: Loaded,
    data_dir: Path,
    *,
    failpoint: str = "",
    anew: bool = False,
    ready: Callable[[Ready], None] = lambda _: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Run a core until it is told to stop, by signal, by a client or by `stop`.

    With `anew` it begins with an empty database where the one it had is gone. Raises
    SettingsInvalid, StoreInUse or StoreUnavailable where it cannot start.
    """
    stop = stop or asyncio.Event()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    clock, ids = SystemClock(), SystemIds()
    async with contextlib.AsyncExitStack() as stack:
        core = Core(
            loaded, data_dir, clock=clock, ids=ids, failpoint=failpoint, stop=stop, anew=anew
        )
        await core.open(stack)
        found = await core.serve(stack)
        with signals(stop, core.halt):
            log.info("serving", address=found.address)
            ready(found)
            await core.watch_over(stop)
            await core.wind_down()
    log.info("stopped")


class Core:
    """Everything one core is made of, and the order in which it starts and ends."""

    def __init__(
        self,
        loaded: Loaded,
        data_dir: Path,
        *,
        clock: Clock,
        ids: Ids,
        failpoint: str,
        stop: asyncio.Event,
        anew: bool = False,
    ) -> None:
        self._settings = loaded.settings
        self._data_dir = data_dir
        self._clock = clock
        self._stop = stop
        self._drain = timedelta(seconds=MOST_ENGINE_DRAIN_S)
        self._token = open_token(data_dir, ids)
        self._transport = Transport(self._settings, data_dir, clock)
        self._shown: tls.Certificate | None = None
        registry = CollectorRegistry()
        self._registry = registry
        vault = open_vault(data_dir, self._settings.vault, os.environ)
        self._upkeep = Upkeep(
            self._settings,
            data_dir,
            clock=clock,
            ids=ids,
            registry=registry,
            vault=vault,
            anew=anew,
        )
        self._store = self._upkeep.store
        self._emergency = FileEmergencyLog(data_dir)
        self._wakeups = wakeups_of(self._settings, clock)
        self._hints = Listener()  # those to tell: of one journal the latest only
        plugins = Plugins.discover(self._settings.plugins, loaded.plugin)
        self._plugins = plugins
        keep_pace(plugins, self._settings)
        self._running = Running(self._settings, plugins, clock, ids, data_dir=data_dir)
        self._looked = asyncio.Event()
        self._lag = metrics.LoopMetrics(registry)
        duties = engine_settings(self._settings, ids)
        self._watchdog = Watchdog(self._lagged, shun_s=duties.lease_ms / 1000)
        self._engine = Engine(
            store=self._store,
            clock=clock,
            ids=ids,
            vault=vault,
            venues=plugins.venues,
            strategies=plugins.strategies,
            reviewers=(plugins.review, self._upkeep.reserve.review),
            publish=self._publish,
            settings=duties,
            failpoints=failpoints_of(failpoint, clock),
            may_renew=self._may_renew,
            emergency=self._emergency,
            hint=self._hint,
            host=self._running.runners,
            editions=self._running.editions,
        )
        self._notifier = notifier_of(self._settings, self._store, clock, duties, plugins)
        self._teller = teller_of(self._settings, self._store, clock, duties, plugins, vault)
        self._house = House(
            engine=self._engine,
            store=self._store,
            vault=vault,
            clock=clock,
            ids=ids,
            around=Surroundings(
                venues=plugins.venues,
                plugins=lambda: plugin_reports(plugins, self._running.runners.faults),
                settings=setting_reports(loaded),
                stop=self._shut_down,
                read_halt_file=HaltFile(data_dir).read,
                offered=self._running.offered,
            ),
            plugins=ChangingPlugins(plugins, self._running, loaded.plugin, self._settings),
            max_mode=self._settings.max_mode,
            limits=Limits(poll_s=POLL_S if self._settings.database.url else None),
            is_owner=self._token.matches,
            reach=reach(self._settings, data_dir, clock, os.environ),
            terms=terms_of(self._settings),
            waits=waits_of(self._settings),
            registry=registry,
            calls=call_limits(self._settings, clock),
            backtester=ProcessBacktests(),
            most_backtests=os.cpu_count() or 1,
            kept_backtests=self._settings.backtests.kept,
            runners=self._running.runners,
            notifiers=plugins.notifiers,
            told=self._told,
        )
        self._deadman = deadman_of(self._settings, clock, self._house.protection.holds)
        self._server = RpcServer(
            pipeline=self._house.pipeline,
            servicers=self._house.servicers,
            reflect=self._settings.grpc.reflection,
            only_health=Role.API not in self._settings.roles,
            wire=self._settings.wire,
            beside=self._running.address,
        )

    async def open(self, stack: contextlib.AsyncExitStack) -> None:
        """Open the store and start the engine; what was opened is closed with `stack`."""
        await self._upkeep.open()
        stack.push_async_callback(self._store.close)
        await self._emergency.open()
        stack.push_async_callback(self._wakeups.close)
        stack.push_async_callback(self._house.aclose)
        await self._house.halts.look()  # before any account is taken
        self._watchdog.start()
        stack.callback(self._watchdog.stop)
        if self._notifier is not None:
            stack.push_async_callback(self._notifier.finish)
        if self._teller is not None:
            stack.push_async_callback(self._teller.finish)
        stack.push_async_callback(self._running.aclose)
        await self._house.enabling.look(acts=False)
        await self._running.wait_for(await self._store.read(lambda view: view.runs()))
        await self._engine.start()
        stack.push_async_callback(self._end_engine)

    async def serve(self, stack: contextlib.AsyncExitStack) -> Ready:
        """Listen, write where, and say SERVING."""
        host, port = split(self._settings.grpc.listen, "grpc.listen")
        certificate = self._shown = self._transport.load()
        bound = await self._server.start(host, port, self._transport.wrap(certificate))
        stack.push_async_callback(self._server.stop, 0)
        self._running.let_in()
        await self._serve_metrics(stack)
        address = f"[{host}]:{bound}" if ":" in host else f"{host}:{bound}"
        files.replace_private(self._data_dir / ADDRESS_FILE, f"{address}\n".encode())
        stack.callback((self._data_dir / ADDRESS_FILE).unlink, missing_ok=True)
        await self._server.announce(serving=True)
        await self._server.announce_protection(holds=False)  # until it was looked at
        return Ready(
            address=address,
            token_file=self._token.path,
            certificate=None if certificate is None else self._transport.path,
            fingerprint="" if certificate is None else certificate.fingerprint,
            pin="" if certificate is None else tls.spki_pin(certificate.certificate),
        )

    async def watch_over(self, stop: asyncio.Event) -> None:
        """Pass hints on and forget old answers until told to stop."""
        recorder = self._house.identity.recorder
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._house.hub.follow(self._wakeups, heard=self._heard)),
                group.create_task(self._watch_protection()),
                group.create_task(self._watch_disk()),
                group.create_task(self._tell_others()),
                group.create_task(self._follow_plugins()),
                group.create_task(self._keep_house()),
                *map(group.create_task, self._house.work()),
                *map(group.create_task, self._upkeep.tasks(self._engine.tell, recorder)),
            ]
            if self._notifier is not None:
                tasks.append(group.create_task(self._notifier.run()))
            if self._teller is not None:
                tasks += map(group.create_task, self._teller.work())
            if self._deadman is not None:
                tasks.append(group.create_task(self._deadman.run()))
            await stop.wait()
            for task in tasks:
                task.cancel()

    def halt(self) -> None:
        """Halt new risk on every account, as a signal asks for it."""
        self._house.halts.on_signal()

    async def wind_down(self) -> None:
        """Say NOT_SERVING, end the streams, let the calls under way finish."""
        log.info("stopping")
        await self._server.announce(serving=False)
        await self._server.announce_protection(holds=False)
        self._house.hub.close()
        await self._server.stop(STREAM_DRAIN_S)

    async def _end_engine(self) -> None:
        await self._house.once.drain()
        await self._engine.stop(min(self._drain.total_seconds(), MOST_ENGINE_DRAIN_S))
        await self._wakeups.publish("engines", 0)  # whoever has room takes over at once

    async def _serve_metrics(self, stack: contextlib.AsyncExitStack) -> None:
        if not self._settings.metrics.listen:
            return
        host, port = split(self._settings.metrics.listen, "metrics.listen")
        listener = await metrics.serve(self._registry, host, port)
        stack.callback(listener.close)

    def _publish(self, entries: Sequence[Entry]) -> None:
        self._house.hub.publish(entries)
        if entries:
            self._hint(entries[-1].stream, entries[-1].sequence)
        self._look()

    def _hint(self, stream: str, sequence: int) -> None:
        if self._settings.database.url:
            self._hints.offer(stream, sequence)

    async def _watch_protection(self) -> None:
        while True:
            try:
                holds = await self._house.protection.holds()
            except StoreUnavailable:
                holds = False  # nobody can tell
            await self._server.announce_protection(holds=holds)
            await self._clock.sleep(PROTECTION_S)

    async def _watch_disk(self) -> None:
        while True:
            space = await free_space(self._data_dir)
            self._engine.vitals.disk(*(space or (0, 0)))
            self._upkeep.look(0 if space is None else space[0])
            await self._clock.sleep(DISK_S)

    def _lagged(self, lag_ms: int) -> None:
        self._lag.lagged(lag_ms)
        self._engine.vitals.lagged(lag_ms)

    def _may_renew(self) -> bool:
        # Beside SQLite there is no other core that could take over.
        return not self._settings.database.url or self._watchdog.may_renew()

    def _heard(self, stream: str) -> None:
        self._engine.hear(stream)
        if stream == PLATFORM:
            self._engine.platform.look()
            self._looked.set()
        self._look()

    def _look(self) -> None:
        for follower in (self._notifier, self._teller):
            if follower is not None:
                follower.hint()

    def _told(self) -> None:
        if self._teller is not None:
            self._teller.sender.hint()

    async def _follow_plugins(self) -> None:
        """Obey what was changed about plugins, by other cores and before this one began."""
        while True:
            try:
                await self._house.enabling.look()
            except StoreUnavailable as error:
                log.warning("changes of plugins wait for the database", error=error.message)
            await within(self._clock, PLUGINS_S, self._looked.wait())
            self._looked.clear()

    async def _tell_others(self) -> None:
        async for stream, sequence in self._hints:
            await self._wakeups.publish(stream, sequence)

    async def _keep_house(self) -> None:
        while True:
            try:
                await self._house.once.forget_old()
                await self._house.identity.keep()
            except StoreUnavailable as error:
                log.warning("housekeeping waits for the database", error=error.message)
            self._renew_certificate()
            await self._clock.sleep(HOUSEKEEPING_S)

    def _renew_certificate(self) -> None:
        found = self._transport.load()
        if found is None or found == self._shown:
            return
        self._shown = found
        shown = self._transport.wrap(found)
        if shown is not None:
            self._server.renew(shown)
            log.info("renewed the certificate", fingerprint=found.fingerprint)

    def _shut_down(self, drain: timedelta, reason: str) -> None:
        log.info("told to stop", reason=reason)
        self._drain = drain
        self._stop.set()
