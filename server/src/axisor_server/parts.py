"""Makes those parts of a core that depend on its settings or on its process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from axisor.errors import SettingsInvalid
from axisor.events import Event
from axisor.notices import Way
from axisor.ports import Clock, Secret
from axisor_server.adapters.files import read_private
from axisor_server.adapters.memory.wakeups import MemoryWakeups
from axisor_server.adapters.outbound.addresses import networks
from axisor_server.adapters.outbound.late import LateWay
from axisor_server.engine.failpoints import Failpoints, parse
from axisor_server.engine.settings import EngineSettings
from axisor_server.links import database_url, redis_url
from axisor_server.outgoing import outbound
from axisor_server.plugins import Plugins
from axisor_server.ports import Sealer, Store, Wakeups
from axisor_server.services.notifying import Notifier
from axisor_server.services.notifying import Pace as NotifierPace
from axisor_server.services.telling.deadman import DeadMan
from axisor_server.services.telling.teller import Teller
from axisor_server.settings import Role, Settings


def wakeups_of(settings: Settings, clock: Clock) -> Wakeups:
    """Return how cores wake one another: by Redis, by the database, or not at all."""
    if settings.redis.url:
        from axisor_server.adapters.wakeups import RedisWakeups

        return RedisWakeups(redis_url(settings), clock)
    if settings.database.url:
        from axisor_server.adapters.notify import PostgresWakeups

        return PostgresWakeups(database_url(settings), clock)
    return MemoryWakeups()


def notifier_of(
    settings: Settings, store: Store, clock: Clock, engine: EngineSettings, plugins: Plugins
) -> Notifier | None:
    """Return what shows events to plugins that observe them; None without that role."""
    if Role.NOTIFIER not in settings.roles:
        return None

    def show(events: Sequence[Event]) -> None:
        for event in events:
            plugins.observe(event, time.sleep)

    async def observe(events: Sequence[Event]) -> None:  # nothing is written of it
        # In a thread: an observer that takes its time must not keep a rescue waiting.
        await asyncio.to_thread(show, events)

    pace = NotifierPace(ttl_ms=settings.lease.ttl_ms, renew_ms=settings.lease.renew_ms)
    return Notifier(store, clock, owner=engine.owner, observe=observe, pace=pace)


def way_of(settings: Settings, clock: Clock) -> Way:
    """Return the guarded way out, made when it is first needed. Raises SettingsInvalid."""
    networks(settings.outbound.allow, "outbound.allow")

    def build() -> Way:
        from axisor_server.adapters.outbound.way import OutboundWay

        return OutboundWay(outbound(settings.outbound), clock)

    return LateWay(clock, build)


TELL_GAP_S = 0.4
"""Between two looks at journals for what people are told. Without one, telling took the writer of
the database from takeovers: 3.7 s instead of 1.7 with three engines under faults."""


def teller_of(
    settings: Settings,
    store: Store,
    clock: Clock,
    engine: EngineSettings,
    plugins: Plugins,
    vault: Sealer,
) -> Teller | None:
    """Return what tells people of their accounts; None without the role of the notifier."""
    if Role.NOTIFIER not in settings.roles:
        return None
    return Teller(
        store=store,
        clock=clock,
        vault=vault,
        notifiers=plugins.notifiers,
        way=way_of(settings, clock),
        owner=engine.owner,
        pace=NotifierPace(
            ttl_ms=settings.lease.ttl_ms, renew_ms=settings.lease.renew_ms, gap_s=TELL_GAP_S
        ),
        chance=random.Random().random,
    )


def deadman_of(
    settings: Settings, clock: Clock, holds: Callable[[], Awaitable[bool]]
) -> DeadMan | None:
    """Return what calls a watcher outside; None without one. Raises SettingsInvalid."""
    file = settings.deadman.url_file
    if not file:
        return None
    try:
        url = read_private(Path(file)).decode().strip()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise SettingsInvalid(
            f"There is no address in {file}.", setting="deadman.url_file"
        ) from error
    return DeadMan(
        url=Secret(url),
        every_s=settings.deadman.every,
        way=way_of(settings, clock),
        clock=clock,
        holds=holds,
    )


def failpoints_of(text: str, clock: Clock) -> Failpoints:
    """Return where this core is to die or to stand still, for a trial of it."""

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    return Failpoints(parse(text), kill=kill, pause=clock.sleep)


@contextlib.contextmanager
def signals(stop: asyncio.Event, halt: Callable[[], None]) -> Iterator[None]:
    """Stop in order on SIGTERM and SIGINT, halt new risk on SIGUSR1, until the block ends."""
    loop = asyncio.get_running_loop()
    handlers = {signal.SIGTERM: stop.set, signal.SIGINT: stop.set, signal.SIGUSR1: halt}
    for number, handle in handlers.items():
        loop.add_signal_handler(number, handle)
    try:
        yield
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)
