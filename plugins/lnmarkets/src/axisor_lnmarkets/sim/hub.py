"""All stream connections: lets them in within the venue's limits and passes events on to them."""

from __future__ import annotations

from typing import Final

from starlette.websockets import WebSocket

from axisor.exchange import Event, Quote
from axisor_lnmarkets.sim import rpc
from axisor_lnmarkets.sim.auth import ApiKey
from axisor_lnmarkets.sim.limits import SlidingWindow
from axisor_lnmarkets.sim.stream import Session
from axisor_lnmarkets.sim.topics import ANNOUNCEMENTS, account_payloads
from axisor_lnmarkets.sim.wire import Json
from axisor_lnmarkets.sim.world import World

CONNECTIONS_PER_ADDRESS: Final = 32
CONNECTIONS_PER_HOUR: Final = 500
AUTHENTICATIONS_PER_MINUTE: Final = 20
_REFUSED: Final = 1008


class Hub:
    """The stream side of one simulator."""

    def __init__(self, world: World, key: ApiKey, *, limited: bool) -> None:
        self._world = world
        self._key = key
        self._limited = limited
        self._sessions: dict[Session, str] = {}
        self._connects = SlidingWindow(CONNECTIONS_PER_HOUR, 3_600_000)
        self._authentications = SlidingWindow(AUTHENTICATIONS_PER_MINUTE, 60_000)
        world.listeners.append(self._happened)
        world.quote_listeners.append(self._quoted)

    async def serve(self, socket: WebSocket) -> None:
        """Serve one connection from its opening to its end."""
        address = socket.client.host if socket.client is not None else ""
        if self._limited and not self._has_room(address):
            await socket.close(_REFUSED)
            return
        await socket.accept()
        session = Session(
            socket,
            self._world,
            self._key,
            limited=self._limited,
            may_authenticate=lambda: self._may_authenticate(address),
        )
        self._sessions[session] = address
        try:
            await session.run()
        finally:
            del self._sessions[session]

    def announce(self, data: dict[str, Json]) -> None:
        """Push an announcement, or the removal of one, to whoever subscribed."""
        frame = rpc.push_frame(ANNOUNCEMENTS, data)
        for session in self._sessions:
            session.push(ANNOUNCEMENTS, frame)

    def _has_room(self, address: str) -> bool:
        present = sum(1 for other in self._sessions.values() if other == address)
        if present >= CONNECTIONS_PER_ADDRESS:
            return False
        return self._connects.wait_ms(address, self._world.transport.monotonic_ms()) == 0

    def _may_authenticate(self, address: str) -> bool:
        if not self._limited:
            return True
        now_ms = self._world.transport.monotonic_ms()
        return self._authentications.wait_ms(address, now_ms) == 0

    def _happened(self, events: tuple[Event, ...]) -> None:
        if not self._sessions:
            return
        for event in events:
            for topic, data in account_payloads(event.happening, self._world):
                frame = rpc.push_frame(topic, data)
                for session in self._sessions:
                    session.push(topic, frame)

    def _quoted(self, quote: Quote) -> None:
        for session in self._sessions:
            session.price_changed()
