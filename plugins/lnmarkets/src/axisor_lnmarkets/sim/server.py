"""Puts a simulator together and serves it over HTTP and WebSocket, in this process."""

from __future__ import annotations

import asyncio
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from axisor.errors import SettingsInvalid
from axisor.ports import Clock
from axisor_lnmarkets.sim.auth import ApiKey
from axisor_lnmarkets.sim.clock import SystemClock
from axisor_lnmarkets.sim.control import Control
from axisor_lnmarkets.sim.faults import FaultBook
from axisor_lnmarkets.sim.hub import Hub
from axisor_lnmarkets.sim.limits import RequestLimits
from axisor_lnmarkets.sim.past import Past
from axisor_lnmarkets.sim.rest import DROP, OPERATIONS, Rest, broken
from axisor_lnmarkets.sim.settings import Settings
from axisor_lnmarkets.sim.stream import MOST_MESSAGE
from axisor_lnmarkets.sim.world import World

REFRESH_S: Final = 1.0
"""Without a print for this long the present price is shown again."""

_KEEP_ALIVE_S: Final = 5
_STOP_S: Final = 2


class CuttableProtocol(H11Protocol):
    """HTTP/1.1 whose requests can cut their connection, through the scope extension `DROP`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hand every request of this connection the means to cut it."""
        super().connection_made(transport)
        inner: ASGIApp = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[DROP] = transport.abort
            await inner(scope, receive, send)

        self.app = app


class Simulator:
    """One running simulator; tests may reach into its parts, clients use its `url`."""

    def __init__(self, settings: Settings, transport: Clock) -> None:
        settings.check()
        self.settings = settings
        self.world = World(settings, transport)
        self.faults = FaultBook(OPERATIONS)
        self.past = Past(self.world, self.faults)
        key = ApiKey(settings.key, settings.secret, settings.passphrase, settings.scopes)
        self.hub = Hub(self.world, key, limited=settings.rate_limit)
        self.stopping = asyncio.Event()
        self.port = settings.port
        limits = RequestLimits(
            anonymous_per_s=settings.anonymous_per_s,
            keyed_per_s=settings.keyed_per_s,
            enabled=settings.rate_limit,
        )
        self._rest = Rest(self.world, key, limits, self.faults, self.past)
        self._control = Control(
            self.world,
            self.faults,
            self.past,
            self.hub,
            token=settings.control_token,
            stop=self.stopping.set,
        )
        self.world.quote_listeners.append(lambda _: self.past.note())

    @property
    def url(self) -> str:
        """Return the base address; REST is at `/v3` below it."""
        host = self.settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def rest_url(self) -> str:
        """Return the address of REST v3."""
        return f"{self.url}/v3"

    @property
    def stream_url(self) -> str:
        """Return the address of Stream v1."""
        return f"ws{self.url.removeprefix('http')}/v1"

    def app(self) -> Starlette:
        """Return the ASGI application."""
        every = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]
        return Starlette(
            routes=[
                *self._control.routes(),
                WebSocketRoute("/v1", self.hub.serve),
                Route("/{path:path}", self._rest.handle, methods=every),
            ],
            exception_handlers={Exception: _broke},
        )

    async def keep_time(self) -> None:
        """Apply prints as they fall due, and show the price again where nothing happens."""
        world = self.world
        while True:
            wait_s = world.wait_s()
            if world.settings.speed is None and wait_s is not None and not world.clock.held:
                world.step()
                await asyncio.sleep(0)
                continue
            silent = wait_s is None or wait_s > REFRESH_S
            await world.transport.sleep(REFRESH_S if silent or wait_s is None else wait_s)
            if silent:
                world.refresh()
            else:
                world.now()


async def _broke(request: Request, error: Exception) -> Response:
    # Starlette raises the error again after this answer, so it is logged with its traceback.
    return broken(500)


def listen(settings: Settings) -> sockets.socket:
    """Return a listening socket for the address of the settings. Raises SettingsInvalid."""
    family = sockets.AF_INET6 if ":" in settings.host else sockets.AF_INET
    # asyncio switches delayed sending off only for sockets that say they are TCP.
    made = sockets.socket(family, sockets.SOCK_STREAM, sockets.IPPROTO_TCP)
    made.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host, settings.port))
    except OSError as error:
        made.close()
        raise SettingsInvalid(
            f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}.",
            fix="Choose another port, or 0 for any free one.",
        ) from error
    return made


@asynccontextmanager
async def serve(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Simulator]:
    """Run a simulator for the length of an `async with`. Raises SettingsInvalid.

    `clock` is the transport clock; market time is derived from it as the settings say.
    """
    simulator = Simulator(settings, clock or SystemClock())
    with listen(settings) as made:
        simulator.port = made.getsockname()[1]
        server = uvicorn.Server(_config(simulator))
        async with _running(server, made, simulator):
            yield simulator


def _config(simulator: Simulator) -> uvicorn.Config:
    return uvicorn.Config(
        simulator.app(),
        http=CuttableProtocol,
        ws="websockets-sansio",
        ws_max_size=MOST_MESSAGE,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_STOP_S,
    )


@asynccontextmanager
async def _running(
    server: uvicorn.Server, made: sockets.socket, simulator: Simulator
) -> AsyncIterator[None]:
    # The steps of `uvicorn.Server.serve`, without its signal handlers: whoever runs the simulator
    # decides when it stops.
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[made])
    ticking = asyncio.create_task(server.main_loop())
    keeping = asyncio.create_task(simulator.keep_time())
    keeping.add_done_callback(lambda _: simulator.stopping.set())
    try:
        yield
    finally:
        keeping.cancel()
        server.should_exit = True
        await ticking
        await server.shutdown(sockets=[made])
        await _finished(keeping)


async def _finished(task: asyncio.Task[None]) -> None:
    """Wait for a canceled task; what it failed with before is raised."""
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise
