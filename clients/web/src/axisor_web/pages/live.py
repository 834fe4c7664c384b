"""Keeps an open page true: one stream, with the parts that changed, painted twice a second at most.

The stream rests on the journal and on the prices of the core, and goes on by itself when the core
comes back. An event's id is the sequence up to which everything was told, so a browser that comes
back is told what it missed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import AuthError, AxisorError
from axisor.watch import Disconnected, Reconnected
from axisor.wire.failures import CallFailed
from axisor.wire.records import SeenEvent, TickReport
from axisor_web.pages.painting import Painter
from axisor_web.pages.readings import foresee, positions_of, read
from axisor_web.pages.scenes import PARTS, Scene, around
from axisor_web.pages.telling import Line, level, line_of
from axisor_web.pages.visits import Visit
from axisor_web.streams import RETRY_MS
from axisor_web.transcode import encoded

PAINT_S = 0.5
FORECAST_S = 2.0
"""A forecast is asked for at most this often; it costs the core a walk of the price."""
QUIET_S = 10.0
"""Something is said this often, so that a page can tell a quiet stream from a dead one."""
MOST_SAID = 8


class Wanted(Struct, frozen=True):
    """What a page shows: whose account, which parts, and which position or run one is about."""

    account: str
    parts: tuple[str, ...]
    position: str = ""
    linked: str = ""


class _Inbox:
    """What the core said since the page was painted last: of what is to be said, the newest."""

    def __init__(self, after: int | None) -> None:
        self.after = after
        self.journal = self.price = True
        self.tick: TickReport | None = None
        self.lines: deque[Line] = deque(maxlen=MOST_SAID)
        self.problem = ""
        self.ended: AxisorError | None = None
        self.over = False
        self._news = asyncio.Event()
        self._news.set()

    def rouse(self) -> None:
        """Say that there is something."""
        self._news.set()

    async def news(self) -> None:
        """Wait until there is something, or it has been quiet for long."""
        try:
            async with asyncio.timeout(QUIET_S):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    def take(self) -> tuple[bool, list[Line]]:
        """Return whether the journal grew, and what is to be said; what was taken is gone."""
        taken = (self.journal, list(self.lines))
        self.journal = self.price = False
        self.lines.clear()
        return taken


class Live:
    """The stream of one open page."""

    def __init__(
        self,
        visit: Visit,
        painter: Painter,
        wanted: Wanted,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._visit, self._client, self._painter = visit, visit.client, painter
        self._wanted, self._clock, self._sleep = wanted, clock, sleep
        self._foreseen = float("-inf")
        self._painted_as: dict[str, str] = {}

    async def events(self, after: int | None) -> AsyncIterator[bytes]:
        """Give Server-Sent Events until the reader leaves or the core refuses for good."""
        inbox = _Inbox(after)
        tasks = [
            asyncio.create_task(self._follow(inbox, self._journal(inbox))),
            asyncio.create_task(self._follow(inbox, self._prices(inbox))),
            asyncio.create_task(self._follow(inbox, self._end(inbox))),
        ]
        if "alerts" in self._wanted.parts:
            tasks.append(asyncio.create_task(self._follow(inbox, self._alerts(inbox))))
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            async for event in self._painted(inbox):
                yield event
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _painted(self, inbox: _Inbox) -> AsyncIterator[bytes]:
        scene: Scene | None = None
        while True:
            await inbox.news()
            if inbox.over:
                return
            if inbox.ended is not None:
                yield _event("refused", {"text": inbox.ended.message})
                return
            if inbox.problem:
                yield _event("lost", {"text": inbox.problem})
                continue
            grew, lines = inbox.take()
            try:
                scene = await self._refreshed(scene, inbox, grew=grew)
            except AuthError as error:
                yield _event("refused", {"text": error.message})
                return
            except CallFailed as error:
                inbox.journal = True
                yield _event("lost", {"text": error.message})
            else:
                yield _event("paint", self._frame(scene, lines), inbox.after)
            await self._sleep(PAINT_S)

    async def _refreshed(self, scene: Scene | None, inbox: _Inbox, *, grew: bool) -> Scene:
        """Read anew what changed: all of it after an event, positions alone after a price."""
        client, account = self._client, self._wanted.account
        now, before = self._clock(), scene
        if scene is None or grew:
            reading = await read(client, account)
            self._foreseen = now
        else:
            positions = await positions_of(client, account)
            reading = replace(
                scene.reading, positions=positions, tick=inbox.tick or scene.reading.tick
            )
            if now - self._foreseen >= FORECAST_S:
                reading = replace(reading, forecast=await foresee(client, reading))
                self._foreseen = now
        if before is None or grew:
            return await around(client, reading, frozenset(self._wanted.parts))
        return replace(before, reading=reading)

    def _frame(self, scene: Scene, lines: list[Line]) -> dict[str, Any]:
        closest = scene.reading.closest
        age, tick = scene.reading.age, scene.reading.tick
        return {
            "parts": self._changed(scene),
            "level": level(closest),
            "closest": "" if closest is None else self._percent(closest.distance_percent),
            "ageMs": None if age is None else round(age.total_seconds() * 1000),
            "price": "" if tick is None else f"{tick.tick.last:f}",
            "at": 0 if tick is None else int(tick.tick.time.timestamp()),
            "fresh": scene.reading.quality.value == "fresh",
            "say": [f"{line.subject}: {line.text}" for line in lines],
        }

    def _changed(self, scene: Scene) -> dict[str, str]:
        """Return the parts that are not as they were painted last."""
        parts = {name: self._part(name, scene) for name in self._wanted.parts}
        changed = {name: html for name, html in parts.items() if self._painted_as.get(name) != html}
        self._painted_as.update(changed)
        return changed

    def _percent(self, value: Any) -> str:
        language = self._painter.languages.of(self._visit.request)
        return "" if value is None else language.percent(value / 100)

    def _part(self, name: str, scene: Scene) -> str:
        return self._painter.part(
            self._visit.request,
            PARTS[name],
            account=self._wanted.linked,
            scene=scene,
            r=scene.reading,
            report=scene.position(self._wanted.position),
            focus=self._wanted.position,
        )

    async def _follow(self, inbox: _Inbox, stream: Awaitable[None]) -> None:
        try:
            await stream
        except AxisorError as error:
            inbox.ended = error
            inbox.rouse()

    async def _end(self, inbox: _Inbox) -> None:
        await self._visit.ended.wait()
        inbox.over = True
        inbox.rouse()

    async def _journal(self, inbox: _Inbox) -> None:
        async for item in self._client.events.watch(self._wanted.account, after=inbox.after):
            match item:
                case Disconnected(problem=problem):
                    inbox.problem = problem
                case Reconnected():
                    inbox.problem, inbox.journal = "", True
                case SeenEvent():
                    inbox.problem, inbox.journal, inbox.after = "", True, item.sequence
                    line = line_of(item)
                    inbox.lines.extend(() if line is None else (line,))
                case _:
                    inbox.problem, inbox.journal, inbox.after = "", True, item.sequence
            inbox.rouse()

    async def _alerts(self, inbox: _Inbox) -> None:
        # An alert is told after what it is about is in the journal, so that has been read by then.
        async for _ in self._client.notices.watch_alerts(self._wanted.account):
            inbox.journal = True
            inbox.rouse()

    async def _prices(self, inbox: _Inbox) -> None:
        async for item in self._client.market.watch_ticks(self._wanted.account):
            if isinstance(item, TickReport):
                inbox.tick, inbox.price = item, True
                inbox.rouse()


async def lost(error: AxisorError) -> AsyncIterator[bytes]:
    """Give a stream that says why there is nothing yet, and ends: its reader comes again."""
    yield f"retry: {RETRY_MS}\n\n".encode()
    yield _event("lost", {"text": error.message})


def wanted_parts(text: str) -> tuple[str, ...]:
    """Return the parts that a page names, those that there are."""
    return tuple(name for name in text.split(",") if name in PARTS)


def _event(kind: str, said: dict[str, Any], id: int | None = None) -> bytes:
    head = b"" if id is None else b"id: %d\n" % id
    return head + b"event: %s\ndata: %s\n\n" % (kind.encode(), encoded(said))
