"""Follows a stream of a core over cuts and restarts: each event exactly once, in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import grpc
import grpc.aio
from msgspec import Struct

from axisor.errors import (
    AuthError,
    AxisorError,
    RateLimited,
    SequenceExpired,
    SlowReader,
    VenueRateLimited,
)
from axisor.wire.failures import CallCanceled, CoreBug, CoreUnreachable
from axisor.wire.model import tick_from_wire
from axisor.wire.notices import AlertSummary, alert_from_wire
from axisor.wire.records import SeenEvent, Snapshot, TickReport
from axisor.wire.resources import snapshot_from_wire
from axisor.wire.seen import event_from_wire
from axisor.wire.status import TABLE, from_call, retry_after

SILENCE_S = 45.0
"""After this long without a frame a stream counts as dead; a core speaks every 15 s."""

FIRST_WAIT_S = 0.25
MOST_WAIT_S = 15.0
MOST_UNREACHED_S = 1.0
"""Most seconds between two tries where no core answers: the channel itself spaces connections."""

GAPS_BEFORE_SNAPSHOT = 2
"""Gaps in a row after which the past is given up and a snapshot asked for."""


class Disconnected(Struct, frozen=True):
    """The stream broke; it is opened again in `retry_in_s` seconds, after sequence `after`.

    What was shown until now may grow old. `after` None means that a snapshot comes first.
    """

    after: int | None
    problem: str
    retry_in_s: float


class Reconnected(Struct, frozen=True):
    """The stream speaks again; of a journal nothing between was missed."""

    after: int | None


WatchItem: TypeAlias = Snapshot | SeenEvent | Disconnected | Reconnected
"""What a watch of a journal gives."""

TickItem: TypeAlias = TickReport | Disconnected | Reconnected
"""What a watch of prices gives."""

AlertItem: TypeAlias = AlertSummary | Disconnected | Reconnected
"""What a watch of alerts gives."""

Call: TypeAlias = Any
"""A `grpc.aio.UnaryStreamCall` of any Watch method; frames have no common type."""

Opener: TypeAlias = Callable[[int | None], Call]
"""Opens the stream after a sequence; None asks for a snapshot first."""

Mend: TypeAlias = Callable[[AxisorError], Awaitable[bool]]
"""Does something about an error that trying again does not mend; says whether it did."""

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


async def cannot(error: AxisorError) -> bool:
    """Do nothing about an error."""
    return False


class Gap(Exception):
    """Events are missing between the last one and this frame."""


class Reader(Protocol, Generic[T_co]):
    """Takes frames and knows how far it has come."""

    after: int | None

    def take(self, frame: Any) -> Iterator[T_co]:
        """Give what is new in a frame. Raises Gap where something before it is missing."""
        ...


class JournalReader:
    """Keeps the place in a journal: drops what was seen, and finds gaps.

    With `gapless` false (a filtered watch) sequences may jump, and heartbeats move the place on.
    """

    def __init__(self, after: int | None, *, gapless: bool) -> None:
        self.after = after
        self._gapless = gapless

    def take(self, frame: Any) -> Iterator[Snapshot | SeenEvent]:
        """Give the snapshot or the new events of a frame. Raises Gap."""
        if "snapshot" in frame.DESCRIPTOR.fields_by_name and frame.HasField("snapshot"):
            yield from self._snapshot(frame.snapshot)
        for event in frame.events:
            if self.after is not None and event.sequence <= self.after:
                continue
            if self._gapless and self.after is not None and event.sequence != self.after + 1:
                raise Gap(f"event {event.sequence} came after {self.after}")
            seen = event_from_wire(event)
            self.after = event.sequence
            yield seen
        if frame.HasField("heartbeat"):
            self._heartbeat(frame.heartbeat.latest_sequence)

    def _snapshot(self, message: Any) -> Iterator[Snapshot]:
        if self.after is not None and message.sequence < self.after:
            raise Gap(f"a snapshot of {message.sequence} came after {self.after}")
        snapshot = snapshot_from_wire(message)
        self.after = snapshot.sequence
        yield snapshot

    def _heartbeat(self, latest: int) -> None:
        if self.after is not None and latest < self.after:
            raise Gap(f"the journal ends at {latest}, before {self.after}")
        if not self._gapless:
            self.after = latest
        elif self.after is not None and latest > self.after:
            raise Gap(f"the journal is at {latest} and nothing after {self.after} came")


class TickReader:
    """Gives ticks as they come; there is nothing to resume."""

    after: int | None = None

    def take(self, frame: Any) -> Iterator[TickReport]:
        """Give the tick of a frame; a heartbeat gives nothing."""
        if frame.HasField("tick"):
            yield tick_from_wire(frame.tick)


class AlertReader:
    """Gives alerts as they come; a stream that is opened again begins with those that are open."""

    after: int | None = None

    def take(self, frame: Any) -> Iterator[AlertSummary]:
        """Give the alert of a frame; a heartbeat gives nothing."""
        if frame.HasField("alert"):
            yield alert_from_wire(frame.alert)


def watch(
    open_call: Opener,
    *,
    after: int | None = None,
    gapless: bool = True,
    silence_s: float = SILENCE_S,
    chance: random.Random,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    mend: Mend = cannot,
) -> AsyncGenerator[WatchItem, None]:
    """Follow a journal for ever, from after a sequence or, with None, from a snapshot.

    Each event comes exactly once and in order. Broken and silent streams are opened again after a
    jittered wait that doubles up to 15 s, to 1 s where no core answers; `Disconnected` and
    `Reconnected` say so. A sequence that is no longer kept leads to a new `Snapshot`. Raises what
    neither trying again nor `mend` mends: auth errors, an unknown account, SequenceAhead. Close it
    (`aclosing`) to end the call.
    """
    reader = JournalReader(after, gapless=gapless)
    return _follow(open_call, reader, silence_s=silence_s, chance=chance, sleep=sleep, mend=mend)


def watch_ticks(
    open_call: Opener,
    *,
    silence_s: float = SILENCE_S,
    chance: random.Random,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    mend: Mend = cannot,
) -> AsyncGenerator[TickItem, None]:
    """Follow prices for ever: the latest ones only, none of them twice. Errors as for `watch`."""
    return _follow(
        open_call, TickReader(), silence_s=silence_s, chance=chance, sleep=sleep, mend=mend
    )


def watch_alerts(
    open_call: Opener,
    *,
    silence_s: float = SILENCE_S,
    chance: random.Random,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    mend: Mend = cannot,
) -> AsyncGenerator[AlertItem, None]:
    """Follow alerts for ever: those that are open, then each that is new or changed, whole.

    An alert may come again. What ended while the stream was broken does not come: list the alerts
    after `Reconnected`. Errors as for `watch`.
    """
    return _follow(
        open_call, AlertReader(), silence_s=silence_s, chance=chance, sleep=sleep, mend=mend
    )


async def _follow(
    open_call: Opener,
    reader: Reader[T],
    *,
    silence_s: float,
    chance: random.Random,
    sleep: Callable[[float], Awaitable[None]],
    mend: Mend,
) -> AsyncGenerator[T | Disconnected | Reconnected, None]:
    failures = gaps = 0
    connected, mended = True, False
    while True:
        call = open_call(reader.after)
        bounds = (0.0, MOST_WAIT_S)
        try:
            while (frame := await _read(call, silence_s)) is not None:
                if not connected:
                    connected = True
                    yield Reconnected(reader.after)
                for item in reader.take(frame):
                    yield item
                failures = gaps = 0
                mended = False
            problem = "the core ended the stream"
        except TimeoutError:
            problem = f"nothing came for {silence_s:g} s"
        except Gap as gap:
            problem = str(gap)
            gaps += 1
        except grpc.aio.AioRpcError as broken:
            error = from_call(broken)
            if not _mends(error):
                if mended or not await mend(error):
                    raise error from broken
                mended = True
            problem = error.message
            bounds = _bounds(error)
            if isinstance(error, SequenceExpired):
                reader.after = None
        finally:
            call.cancel()
        if gaps >= GAPS_BEFORE_SNAPSHOT:
            reader.after = None
        wait = _wait(failures, chance, *bounds)
        failures += 1
        connected = False
        yield Disconnected(reader.after, problem, wait)
        await sleep(wait)


async def _read(call: Call, silence_s: float) -> Any:
    """Return the next frame, None at the end. Raises TimeoutError after a silence."""
    async with asyncio.timeout(silence_s):
        frame = await call.read()
    return None if frame is grpc.aio.EOF else frame


def _mends(error: AxisorError) -> bool:
    """Tell whether opening the stream again can help."""
    if isinstance(error, AuthError):
        return False
    if isinstance(error, SequenceExpired | SlowReader | RateLimited | VenueRateLimited):
        return True
    if isinstance(error, CoreUnreachable | CallCanceled):
        return True
    if isinstance(error, CoreBug):
        return "RST_STREAM" in error.message  # a cut connection, as gRPC words it
    if error.metadata.get("code") == grpc.StatusCode.UNKNOWN.name:
        return "Stream removed" in error.message  # another wording of the same
    return (
        TABLE.get(error.reason) is grpc.StatusCode.UNAVAILABLE
        or error.metadata.get("code") == grpc.StatusCode.RESOURCE_EXHAUSTED.name
    )


def _bounds(error: AxisorError) -> tuple[float, float]:
    """Return what a wait after an error has at least, and the most that chance may add."""
    asked = retry_after(error) or timedelta()
    most = MOST_UNREACHED_S if isinstance(error, CoreUnreachable) else MOST_WAIT_S
    return asked.total_seconds(), most


def _wait(failures: int, chance: random.Random, least_s: float, most_s: float) -> float:
    """Return a wait of at least so long and a chance's share of what doubles with each failure."""
    return least_s + chance.uniform(0, min(most_s, FIRST_WAIT_S * 2 ** min(failures, 10)))
