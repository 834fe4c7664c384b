"""The way out that notifiers are given: guarded as all that leaves for given addresses is."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime

import httpcore

from axisor.errors import DeliveryDelayed, DeliveryUnknown, ReceiverUnavailable
from axisor.notices import Answer
from axisor.ports import Clock
from axisor_server.adapters.outbound.addresses import Target, parse
from axisor_server.adapters.outbound.sending import Outbound

_BEFORE = (httpcore.ConnectError, httpcore.ConnectTimeout, socket.gaierror, ssl.SSLError)
"""What ends a call before anything was sent."""


class OutboundWay:
    """The Way port over the guarded way out."""

    def __init__(self, outbound: Outbound, clock: Clock) -> None:
        self._outbound = outbound
        self._clock = clock

    def now(self) -> datetime:
        """Return the time."""
        return self._clock.now()

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a body and return the answer.

        Raises AddressForbidden, DeliveryDelayed where nothing was sent, else DeliveryUnknown.
        """
        target = parse(url)
        try:
            return await self._outbound.post(target, headers=headers, body=body)
        except ReceiverUnavailable as error:
            cause = error.metadata.get("cause", "")
            if isinstance(error.__cause__, _BEFORE) or cause == "tls":
                raise DeliveryDelayed(error.message, cause=cause) from error
            raise DeliveryUnknown(error.message, cause=cause) from error

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host. Raises AddressForbidden, DeliveryDelayed."""
        written = f"[{host}]" if ":" in host else host
        plain = parse(f"https://{written}/")
        target = Target(scheme="https", host=plain.host, port=port, path="/")
        try:
            return await self._outbound.addresses(target)
        except ReceiverUnavailable as error:
            cause = error.metadata.get("cause", "")
            raise DeliveryDelayed(error.message, cause=cause) from error

    @property
    def authority(self) -> str:
        """Return certificates that may sign for receivers beside the usual ones."""
        return self._outbound.authority
