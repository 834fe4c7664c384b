"""The hub: one shared ring of encoded events per journal, and a cursor for each watcher.

A watcher resumes from the store until it reaches the ring, then follows the ring. Whatever gathers
while a watcher writes is in its next frame, so a busy stream batches itself and an idle one has no
delay. Encoding is handed in; frames concatenate as bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from axisor.errors import SequenceAhead, SequenceExpired, ShuttingDown, SlowReader
from axisor_server.domain.journal import Entry
from axisor_server.engine.waiting import Poke
from axisor_server.ports import Clock, Reader, Store, Wakeups

Encode: TypeAlias = Callable[[Entry], bytes]
"""Returns the frame of one event; a frame of several is their frames one after the other."""

Beat: TypeAlias = Callable[[int, datetime], bytes]
"""Returns the frame of a heartbeat, of the journal's last sequence and the time."""

Snap: TypeAlias = Callable[[], Awaitable[tuple[int, bytes]]]
"""Returns a snapshot's sequence and its frame."""

JOINED = 16
"""How many joined frames a ring keeps: whoever is level shares one, stragglers have their own."""

HINT_WAIT_S = 0.1
"""How long to wait for events that were announced and cannot be read yet."""


class Limits(Struct, frozen=True, kw_only=True):
    """How much is kept and sent at once.

    A watcher that was level and is more than `ring` events behind after a write is too slow.
    `poll_s` is how often the store is asked where other replicas write too, None where this core
    alone writes.
    Once there are `crowd` watchers in all, each frame is held back by `spread_s` a watcher: what is
    decided goes ahead of what is told, and what gathers meanwhile goes in one frame.
    """

    ring: int = 10_000
    frame_bytes: int = 256 * 1024
    page: int = 500
    heartbeat_s: float = 15.0
    poll_s: float | None = None
    crowd: int = 50
    spread_s: float = 60e-6


class _Slot:
    __slots__ = ("entry", "frame")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.frame: bytes | None = None


class Ring:
    """The latest events of one journal, encoded at most once each, for all who watch it."""

    def __init__(self, size: int) -> None:
        self._size = size
        # A list, since a deque walks to its middle; what is beyond the size goes in bulk.
        self._slots: list[_Slot] = []
        self._joined: dict[tuple[int, frozenset[str]], tuple[int, bytes]] = {}
        self.latest = 0
        self._watchers: dict[Poke, None] = {}

    def add(self, entries: Sequence[Entry]) -> None:
        """Take entries that are durable; those known already are skipped."""
        for entry in entries:
            if self._slots and entry.sequence <= self._slots[-1].entry.sequence:
                continue
            if self._slots and entry.sequence != self._slots[-1].entry.sequence + 1:
                self._slots.clear()  # A gap: those behind it read the store.
            self._slots.append(_Slot(entry))
        self._joined.clear()
        if len(self._slots) > self._size + max(self._size // 8, 1):
            del self._slots[: -self._size]
        if entries:
            self.hint(entries[-1].sequence)

    def hint(self, sequence: int) -> None:
        """Learn that the journal reached a sequence, and wake who waits for it."""
        if sequence > self.latest:
            self.latest = sequence
            self.wake()

    def wake(self) -> None:
        """Wake everybody, though nothing came."""
        for poke in self._watchers:
            poke.set()

    def join(self) -> Poke:
        """Return what is poked at every change until it leaves."""
        poke = Poke()
        self._watchers[poke] = None
        return poke

    def leave(self, poke: Poke) -> None:
        """Poke somebody no more."""
        del self._watchers[poke]

    def after(self, cursor: int) -> Sequence[_Slot] | None:
        """Return the slots after a cursor, or None where the ring does not reach back to it."""
        if not self._slots or cursor >= self._slots[-1].entry.sequence:
            return None if cursor < self.latest else ()
        place = cursor + 1 - self._slots[0].entry.sequence
        if place < max(0, len(self._slots) - self._size):
            return None
        return self._slots[place:]

    def joined(self, cursor: int, kinds: frozenset[str]) -> tuple[int, bytes] | None:
        """Return where a frame after a cursor ends, and the frame, if somebody had it before."""
        return self._joined.get((cursor, kinds))

    def keep(self, cursor: int, kinds: frozenset[str], end: int, frame: bytes) -> None:
        """Keep a frame for others at the same cursor, until there are more events."""
        if len(self._joined) >= JOINED:
            self._joined.clear()
        self._joined[cursor, kinds] = (end, frame)


class Hub:
    """Delivers journals to watchers, in order, without gap or repeat after the cursor given."""

    def __init__(
        self, store: Store, clock: Clock, *, encode: Encode, beat: Beat, limits: Limits
    ) -> None:
        self._store = store
        self._clock = clock
        self._encode = encode
        self._beat = beat
        self._limits = limits
        self._rings: dict[str, Ring] = {}
        self._closing = False
        self._watchers = 0

    def publish(self, entries: Sequence[Entry]) -> None:
        """Take durable entries from this core's engine; quick, and called on its loop."""
        for entry in entries:
            self._ring(entry.stream).add((entry,))

    async def follow(
        self, wakeups: Wakeups, *, heard: Callable[[str], None] = lambda stream: None
    ) -> None:
        """Take hints of other replicas until cancelled; the store stays the truth.

        `heard` is told of every stream that grew, watched or not.
        """
        async for stream, sequence in wakeups.listen():
            heard(stream)
            if stream in self._rings:
                self._rings[stream].hint(sequence)

    def close(self) -> None:
        """End every watch after what it has to send."""
        self._closing = True
        for ring in self._rings.values():
            ring.wake()

    @property
    def watchers(self) -> int:
        """Return how many watches are open."""
        return self._watchers

    async def watch(
        self, stream: str, *, after: int | None, kinds: frozenset[str], snapshot: Snap
    ) -> AsyncIterator[bytes]:
        """Yield frames: a snapshot first where `after` is None, then events, heartbeats in silence.

        `kinds` empty is all. Raises SequenceAhead, SequenceExpired, SlowReader, and ShuttingDown at
        the end of the core.
        """
        ring = self._ring(stream)
        poke = ring.join()
        self._watchers += 1
        try:
            if after is None:
                after, frame = await snapshot()
                ring.hint(after)
                yield frame
            else:
                await self._check(stream, after, ring)
            async for frame in self._follow(stream, ring, poke, after, kinds):
                yield frame
        finally:
            self._watchers -= 1
            ring.leave(poke)

    def _ring(self, stream: str) -> Ring:
        ring = self._rings.get(stream)
        if ring is None:
            ring = self._rings[stream] = Ring(self._limits.ring)
        return ring

    async def _check(self, stream: str, after: int, ring: Ring) -> None:
        def unit(view: Reader) -> tuple[int, Sequence[Entry]]:
            return view.head(stream).sequence, view.entries(stream, after=after, limit=1)

        latest, following = await self._store.read(unit)
        ring.hint(latest)
        if after > latest:
            raise SequenceAhead(
                f"Sequence {after} is beyond the journal's end at {latest}.", latestSequence=latest
            )
        if following and following[0].sequence != after + 1:
            raise SequenceExpired(oldestSequence=following[0].sequence)

    async def _follow(
        self, stream: str, ring: Ring, poke: Poke, cursor: int, kinds: frozenset[str]
    ) -> AsyncIterator[bytes]:
        level, quiet_since = False, self._clock.monotonic_ms()
        while True:
            poke.clear()
            if cursor < ring.latest:
                await self._pause()
                lag = ring.latest - cursor
                reached, frame = await self._gather(stream, ring, cursor, kinds)
                if frame:
                    yield frame
                    # Far behind after having been level, and further with each write: it never
                    # catches up. A batch that a poll found at once only shrinks.
                    if level and ring.latest - reached > max(lag, self._limits.ring):
                        raise SlowReader(latestSequence=ring.latest)
                    quiet_since = self._clock.monotonic_ms()
                if reached == cursor:  # A hint came before its events can be read.
                    await self._wait(stream, ring, poke, HINT_WAIT_S)
                cursor = reached
                continue
            level = True
            if self._closing:
                raise ShuttingDown()
            silent = (self._clock.monotonic_ms() - quiet_since) / 1000
            if silent >= self._limits.heartbeat_s:
                yield self._beat(ring.latest, self._clock.now())
                quiet_since = self._clock.monotonic_ms()
                continue
            await self._wait(stream, ring, poke, self._limits.heartbeat_s - silent)

    async def _gather(
        self, stream: str, ring: Ring, cursor: int, kinds: frozenset[str]
    ) -> tuple[int, bytes]:
        found = ring.joined(cursor, kinds)
        if found is None:
            slots = ring.after(cursor)
            if slots is None:
                return self._join(await self._page(stream, cursor), cursor, kinds)
            found = self._join(slots, cursor, kinds)
            ring.keep(cursor, kinds, *found)
        return found

    async def _page(self, stream: str, cursor: int) -> Sequence[_Slot]:
        page = self._limits.page
        entries = await self._store.read(
            lambda view: view.entries(stream, after=cursor, limit=page)
        )
        if entries and entries[0].sequence != cursor + 1:
            raise SequenceExpired(oldestSequence=entries[0].sequence)
        return [_Slot(entry) for entry in entries]

    def _join(
        self, slots: Sequence[_Slot], cursor: int, kinds: frozenset[str]
    ) -> tuple[int, bytes]:
        """Return the sequence that one frame reaches from a cursor on, and the frame."""
        frames: list[bytes] = []
        size = 0
        for slot in slots:
            cursor = slot.entry.sequence
            if kinds and slot.entry.kind not in kinds:
                continue
            if slot.frame is None:
                slot.frame = self._encode(slot.entry)
            frames.append(slot.frame)
            size += len(slot.frame)
            if size >= self._limits.frame_bytes:
                break
        return cursor, b"".join(frames)

    async def _pause(self) -> None:
        if self._watchers >= self._limits.crowd:
            await self._clock.sleep(self._watchers * self._limits.spread_s)

    async def _wait(self, stream: str, ring: Ring, poke: Poke, seconds: float) -> None:
        poll = self._limits.poll_s
        came = await poke.wait(self._clock, seconds if poll is None else min(seconds, poll))
        if poll is not None and not came:
            head = await self._store.read(lambda view: view.head(stream))
            ring.hint(head.sequence)
