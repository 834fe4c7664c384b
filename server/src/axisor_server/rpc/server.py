"""The gRPC server: TLS, limits, health, reflection, and every method through the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from msgspec import Struct

from axisor.errors import SettingsInvalid
from axisor_server.bounds import USUAL, Wire
from axisor_server.rpc.pipeline import Pipeline
from axisor_server.rpc.rules import Method, contract, services
from axisor_server.services.admission import is_loopback
from axisor_server.services.protection import NAME as PROTECTION

RUNNERS = "axisor.v1.RunnerService"
MOST_PING_STRIKES = 2
"""How many pings too soon are put up with."""


def options(wire: Wire) -> tuple[tuple[str, int], ...]:
    """Return how gRPC is told the limits of the wire."""
    return (
        ("grpc.max_receive_message_length", wire.message_kib * 1_024),
        # Beyond the first some are refused, beyond the second all: one limit is easier to know.
        ("grpc.max_metadata_size", wire.metadata_kib * 1_024),
        ("grpc.absolute_max_metadata_size", wire.metadata_kib * 1_024),
        ("grpc.max_allowed_incoming_connections", wire.connections),
        ("grpc.max_concurrent_streams", wire.streams),
        ("grpc.server_handshake_timeout_ms", wire.handshake_s * 1_000),
        ("grpc.max_connection_idle_ms", wire.idle_s * 1_000),
        ("grpc.max_connection_age_ms", wire.age_s * 1_000),
        ("grpc.max_connection_age_grace_ms", wire.grace_s * 1_000),
        ("grpc.keepalive_time_ms", wire.ping_s * 1_000),
        ("grpc.keepalive_timeout_ms", wire.pong_s * 1_000),
        ("grpc.http2.ping_timeout_ms", wire.pong_s * 1_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", wire.least_ping_s * 1_000),
        ("grpc.http2.max_ping_strikes", MOST_PING_STRIKES),
        ("grpc.so_reuseport", 0),
    )


class Tls(Struct, frozen=True):
    """A certificate and its key, PEM, and the authorities that clients must be certified by."""

    certificate: bytes
    key: bytes
    client_roots: bytes | None = None

    def __repr__(self) -> str:
        return "Tls(…)"


class RpcServer:
    """Serves the contract at one address."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        servicers: Mapping[str, object],
        reflect: bool,
        only_health: bool = False,
        wire: Wire = USUAL,
        beside: str = "",
    ) -> None:
        """Take one servicer for each service, by full name; `only_health` offers none of them but
        that of runners, and `beside` is a Unix socket that is listened on too.

        Raises SettingsInvalid where a method states no right or has no servicer.
        """
        self._server = grpc.aio.server(options=options(wire), maximum_concurrent_rpcs=wire.calls)
        self._health = health.aio.HealthServicer()
        self._shown: grpc.ServerCredentials | None = None
        self._renewed: grpc.ServerCertificateConfiguration | None = None
        self._beside = beside
        every = [service.full_name for service in services()]
        self._names = [name for name in every if not only_health or (beside and name == RUNNERS)]
        found = contract()
        for service in self._names:
            own = {path: method for path, method in found.items() if method.service == service}
            handlers = {
                method.name: _handler(pipeline, method, servicers.get(service))
                for method in own.values()
            }
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(service, handlers),)
            )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if reflect and not only_health:
            listed = (*self._names, health.SERVICE_NAME, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(listed, self._server)

    async def start(self, host: str, port: int, tls: Tls | None) -> int:
        """Listen, and return the port. Raises SettingsInvalid for plaintext beyond loopback."""
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            if tls is None:
                if not is_loopback(host):
                    raise SettingsInvalid(
                        f"Without TLS the core listens on loopback only, not on {host}.",
                        money="The token would cross the network in the clear.",
                        setting="grpc.plaintext",
                    )
                bound = self._server.add_insecure_port(address)
            else:
                # Kept: gRPC asks them for a certificate at each handshake, and does not hold them.
                self._shown = self._credentials(tls)
                bound = self._server.add_secure_port(address, self._shown)
        except RuntimeError as error:
            raise SettingsInvalid(
                f"{address} cannot be listened on: another program may hold it.",
                fix="Choose another address: --listen HOST:PORT.",
                setting="grpc.listen",
            ) from error
        if self._beside:
            self._server.add_insecure_port(self._beside)
        await self._server.start()
        return bound

    def renew(self, tls: Tls) -> None:
        """Show another certificate from the next handshake on; connections that are open stay."""
        self._renewed = _configuration(tls)

    def _credentials(self, tls: Tls) -> grpc.ServerCredentials:
        return grpc.dynamic_ssl_server_credentials(
            _configuration(tls),
            self.changed,  # type: ignore[arg-type]  # None is allowed; its stub does not know
            require_client_authentication=tls.client_roots is not None,
        )

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Return the certificate to show from now on, None where it is the one before.

        gRPC asks at each handshake, and whatever it gets replaces what handshakes under way in
        other threads still use: the same one given each time ended the process, once in some
        hundred connections that were reset.
        """
        changed, self._renewed = self._renewed, None
        return changed

    async def announce(self, *, serving: bool) -> None:
        """Say SERVING or NOT_SERVING for each service, and for the whole."""
        answer = health_pb2.HealthCheckResponse
        said = answer.SERVING if serving else answer.NOT_SERVING
        for name in ("", *self._names):
            await self._health.set(name, said)

    async def announce_protection(self, *, holds: bool) -> None:
        """Say SERVING under the name of protection while every open position is protected."""
        answer = health_pb2.HealthCheckResponse
        await self._health.set(PROTECTION, answer.SERVING if holds else answer.NOT_SERVING)

    async def stop(self, grace_s: float) -> None:
        """Take no new call, and let those under way end within a time."""
        await self._server.stop(grace_s)


def _configuration(tls: Tls) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration(
        [(tls.key, tls.certificate)], root_certificates=tls.client_roots
    )


def _handler(
    pipeline: Pipeline, method: Method, servicer: object
) -> grpc.RpcMethodHandler[Any, Any]:
    handle: Any = getattr(servicer, method.name, None)
    if handle is None:
        raise SettingsInvalid(f"No servicer answers {method.path}.")
    if method.converses:
        return grpc.stream_stream_rpc_method_handler(pipeline.converse(method, handle))
    if method.streams:
        return grpc.unary_stream_rpc_method_handler(pipeline.stream(method, handle))
    return grpc.unary_unary_rpc_method_handler(pipeline.unary(method, handle))
