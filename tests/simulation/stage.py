"""A small stage for two cores and one position, on which nothing happens until it is called up.

Whatever a core wants from the store, the venue or the clock waits as a call; the explorer decides
which call goes on, and how it ends.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from axisor.errors import VenueAuth
from axisor.events import IntentState
from axisor.intents import AddMargin
from axisor.model import Position
from axisor.ports import Confirmed, Refused, SendResult
from axisor_server.adapters.memory import MemoryStore
from axisor_server.adapters.memory.store import MemoryTransaction
from axisor_server.domain.intent import encode_action
from axisor_server.ports import Transaction
from tests.simulation.scene import (
    ENOUGH,
    POSITION,
    SHORT,
    START_US,
    WINDOW_MS,
    furnish,
)
from tests.simulation.seats import Call, Worker

T = TypeVar("T")


class StepLoop(asyncio.BaseEventLoop):
    """Runs what is ready, in the order in which it became so, and knows no time."""

    def settle(self) -> None:
        """Run until everybody waits for something that is not ours to give."""
        asyncio._set_running_loop(self)
        try:
            ready: deque[asyncio.Handle] = self._ready  # type: ignore[attr-defined]
            while ready:
                handle = ready.popleft()
                if not handle._cancelled:
                    handle._run()
        finally:
            asyncio._set_running_loop(None)

    def time(self) -> float:
        """Return that no time passes."""
        return 0.0

    def call_at(  # type: ignore[override]
        self, *args: Any, **more: Any
    ) -> asyncio.TimerHandle:
        """Refuse: time is a port."""
        raise RuntimeError("On this stage time is a port.")


class Effect(msgspec.Struct, frozen=True):
    """Margin that was added at the venue: by which request, and how much there was before.

    `stale` says that another core had the account already.
    """

    worker: str
    signed_at_ms: int
    action: bytes
    margin_before: int
    stale: bool = False


class Stage:
    """The store, the venue, the time, and two cores."""

    def __init__(self) -> None:
        self.loop = StepLoop()
        self.now_ms = 0
        self.store = MemoryStore(lambda: START_US + self.now_ms * 1_000)
        self.margin = SHORT
        self.effects: list[Effect] = []
        self.calls: list[Call] = []
        self.flying: list[tuple[str, AddMargin, int, int]] = []
        self.timers: list[tuple[int, str, asyncio.Future[None]]] = []
        self.broken: list[str] = []
        self.loop.set_exception_handler(lambda _, context: self.broken.append(str(context)))
        self.write(furnish)
        self.workers = {name: Worker(self, name, 1) for name in ("A", "B")}
        self.loop.settle()

    def write(self, unit: Callable[[Transaction], T]) -> T:
        """Run a unit on the store at once."""
        tables = self.store._tables
        try:
            result = unit(MemoryTransaction(tables))
        except BaseException:
            tables.undo()
            raise
        tables.keep()
        return result

    # ---------------------------------------------------------------- what may happen next

    def proceed(self, call: Call, fate: str) -> None:
        """Let a call end in some way, and everybody react."""
        self.calls.remove(call)
        try:
            result = call.go(fate)
        except Exception as error:  # a unit raises what it likes; its core gets it
            call.future.set_exception(error)
        else:
            call.future.set_result(result)
        self.loop.settle()

    def arrive(self, worker: str) -> None:
        """Let a late request of a core's come in."""
        flying = next(one for one in self.flying if one[0] == worker)
        self.flying.remove(flying)
        self.take(*flying)

    def signature(self, signed_at_ms: int) -> int:
        """Return the time in the signature of a request that leaves now."""
        return signed_at_ms

    def take(
        self, worker: str, action: AddMargin, signed_at_ms: int, signature_ms: int
    ) -> SendResult:
        """Do at the venue what a request asks, if its signature is still good."""
        if self.wall_ms - signature_ms > WINDOW_MS:
            return Refused(VenueAuth("The timestamp is outside the window."))
        coded = encode_action(action)
        stale = self._is_stale(signed_at_ms, coded)
        self.effects.append(Effect(worker, signed_at_ms, coded, self.margin, stale))
        self.margin += action.amount
        return Confirmed(venue_id=action.position, position=self.position)

    def _is_stale(self, signed_at_ms: int, action: bytes) -> bool:
        tables = self.store._tables
        epoch = max((lease.epoch for lease in tables.leases.rows.values()), default=0)
        return any(
            record.epoch < epoch
            for record in tables.intents.rows.values()
            if (record.signed_us, record.action) == (signed_at_ms * 1_000, action)
        )

    def pass_time(self, ms: int) -> None:
        """Let time pass, for everybody."""
        self.now_ms += ms
        due = [timer for timer in self.timers if timer[0] <= self.now_ms]
        self.timers = [timer for timer in self.timers if timer[0] > self.now_ms]
        for _, _, future in due:
            if not future.done():
                future.set_result(None)
        self.loop.settle()

    def kill(self, name: str) -> None:
        """End a core as SIGKILL does, and begin another life of it."""
        worker = self.workers[name]
        worker.die()
        self.calls = [call for call in self.calls if call.worker != name]
        self.timers = [timer for timer in self.timers if timer[1] != name]
        self.workers[name] = Worker(self, name, worker.life + 1)
        self.loop.settle()

    # ---------------------------------------------------------------- how things stand

    @property
    def wall_ms(self) -> int:
        """Return the true time in milliseconds since 1970."""
        return START_US // 1000 + self.now_ms

    @property
    def position(self) -> Position:
        """Return the position as it is at the venue."""
        return replace(POSITION, margin=self.margin)

    @property
    def settled(self) -> bool:
        """Return whether the position is safe and nothing is open or under way."""
        open_ = any(r.state.is_open for r in self.store._tables.intents.rows.values())
        return self.margin >= ENOUGH and not open_ and not self.flying

    def wrong(self) -> str:
        """Return which promise was broken, empty if none was."""
        if self.broken:
            return f"broke: {self.broken[0]}"
        for effect in self.effects:
            if effect.margin_before >= ENOUGH:
                return f"double: {effect.worker} added to a position that was safe already"
            if effect.stale:
                return f"stale: {effect.worker} added after another core had the account"
        done = Counter((effect.signed_at_ms * 1000, effect.action) for effect in self.effects)
        for record in self.store._tables.intents.rows.values():
            happened = done.pop((record.signed_us or 0, record.action), 0)
            if record.state is IntentState.CONFIRMED and not happened:
                return f"misclassified: {record.id} is confirmed and never happened"
            nothing = record.state in {
                IntentState.NOT_APPLIED,
                IntentState.REFUSED,
                IntentState.CANCELED,
            }
            if nothing and happened:
                return f"misclassified: {record.id} is {record.state.value} and happened"
        return f"unlogged: {done}" if done else ""

    def close(self) -> None:
        """End both cores."""
        for worker in self.workers.values():
            worker.die()
        self.loop.close()
