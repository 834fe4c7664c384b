"""Runs the bridge: a socket, a server, and nothing that outlives them."""

from __future__ import annotations

import asyncio
import secrets
import socket as sockets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import grpc
import grpc.aio
import uvicorn
from grpc_health.v1 import health_pb2
from msgspec import Struct
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from axisor.errors import SettingsInvalid
from axisor_web import stalling
from axisor_web.app import Parts, bridge
from axisor_web.assets import Assets
from axisor_web.calls import Core
from axisor_web.doors import Doors
from axisor_web.languages import Languages
from axisor_web.pages import pages
from axisor_web.sessions import Sessions
from axisor_web.settings import Settings

MOST_MESSAGE = 64 * 1024
MOST_CONNECTIONS = 1_000
KEEP_ALIVE_S = 30
STOP_S = 3
READY_S = 2.0

Site: TypeAlias = Callable[[Parts], tuple[BaseRoute, ...]]
"""Makes the routes of pages for a bridge."""


class Served(Struct, frozen=True):
    """A bridge that runs: where it is, and its sessions."""

    origin: str
    sessions: Sessions


def listen(settings: Settings) -> sockets.socket:
    """Return a listening socket. Raises SettingsInvalid."""
    family = sockets.AF_INET6 if ":" in settings.host else sockets.AF_INET
    made = sockets.socket(family, sockets.SOCK_STREAM, sockets.IPPROTO_TCP)
    made.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host, settings.port))
    except OSError as error:
        made.close()
        raise SettingsInvalid(
            f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}.",
            money="The core is not touched; it guards on.",
            fix="Choose another port: axisor web --listen 127.0.0.1:0.",
        ) from error
    return made


def site(parts: Parts) -> tuple[BaseRoute, ...]:
    """Return the routes of pages and of their files."""
    assets = Assets()
    return (assets.route(), *pages(parts, assets, Languages()))


@asynccontextmanager
async def serving(
    settings: Settings,
    channel: grpc.aio.Channel,
    *,
    address: str = "",
    site: Site = site,
    stalled_s: float = stalling.STALLED_S,
) -> AsyncIterator[Served]:
    """Run a bridge to the core of a channel, at `address`, for the length of an `async with`.

    Whoever reads nothing of what they asked for is cut off after `stalled_s` seconds.
    """
    with listen(settings) as made:
        own = settings.own(made.getsockname()[1])
        sessions = Sessions(time.monotonic, lambda: secrets.token_urlsafe(32))
        parts = Parts(
            Core(channel),
            sessions,
            Doors(own, others=settings.origins),
            secure=settings.secure,
            address=address,
            ready=lambda: _answers(channel),
        )
        server = uvicorn.Server(_config(settings, bridge(parts, more=site(parts)), stalled_s))
        async with _running(server, made):
            try:
                yield Served(own[0], sessions)
            finally:
                parts.ended.set()


async def _answers(channel: grpc.aio.Channel) -> bool:
    ask = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    try:
        found = await ask(health_pb2.HealthCheckRequest(), timeout=READY_S)
    except grpc.aio.AioRpcError:
        return False
    return bool(found.status == health_pb2.HealthCheckResponse.SERVING)


def _config(settings: Settings, app: ASGIApp, stalled_s: float) -> uvicorn.Config:
    certificate, key = settings.certificate, settings.key
    return uvicorn.Config(
        app,
        http=stalling.http(stalled_s),
        ws=stalling.sockets(stalled_s),
        ws_max_size=MOST_MESSAGE,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
        ssl_certfile=None if certificate is None else str(certificate),
        ssl_keyfile=None if key is None else str(key),
    )


@asynccontextmanager
async def _running(server: uvicorn.Server, made: sockets.socket) -> AsyncIterator[None]:
    # The steps of `uvicorn.Server.serve` without its signal handlers: the command has its own.
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[made])
    ticking = asyncio.create_task(server.main_loop())
    try:
        yield
    finally:
        server.should_exit = True
        await ticking
        await server.shutdown(sockets=[made])
