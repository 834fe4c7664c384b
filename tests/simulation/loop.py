"""An event loop in virtual time: a seed decides who runs first, and no real waiting is possible."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from contextvars import Context, ContextVar, copy_context
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Any, TypeAlias, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START = datetime(2026, 1, 1, 3, tzinfo=UTC)
"""When every world begins; no funding falls due within the first hours."""

STEPS_AT_ONCE = 200_000
"""Callbacks without any time passing, after which something is taken to spin."""


DRAINS = 100


class Deadlock(Exception):
    """Nothing is ready, nothing is scheduled, and somebody still waits."""


class Stuck(Exception):
    """Callbacks call each other and time stands still."""


class Freezable:
    """A group of tasks that can be held, as the threads of a stopped process are."""

    def __init__(self) -> None:
        self.name = ""
        self.steady_since = 0.0
        self.stood_since = -1.0
        self.frozen = False
        self.held: list[Ready] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self._swept = 64

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Take a new task in; forget those that are done when there are many."""
        self.tasks.append(task)
        if len(self.tasks) > self._swept:
            self.tasks = [one for one in self.tasks if not one.done()]
            self._swept = max(64, 2 * len(self.tasks))


GROUP: ContextVar[Freezable | None] = ContextVar("GROUP", default=None)
"""To whom the running code belongs; None for the venue and the world."""


class SimTask(asyncio.Task[Any]):
    """A task whose place in a set is decided by its number, not by where memory put it."""

    number = 0

    def __hash__(self) -> int:
        return self.number


class SimTimer(list[Any]):
    """A callback of a time to come: when, its number, the callback, its arguments, its context.

    It is what the heap of timers orders, by time and number, so that nothing is made around it; and
    it is without asyncio's care for debugging, which costs a lot.
    """

    __slots__ = ()

    def cancel(self) -> None:
        """Call nothing, and let go of what would have been called."""
        self[2:4] = _NOTHING

    def cancelled(self) -> bool:
        """Return whether it was cancelled."""
        return self[2] is None


_NOTHING: tuple[None, tuple[()]] = (None, ())


class _Called:
    """Stands for a callback of now, which nothing in a world ever cancels."""

    def cancel(self) -> None:
        """Refuse."""
        raise RuntimeError("What is called at once cannot be cancelled here.")


_CALLED: Any = _Called()
_Future = asyncio.Future

Ready: TypeAlias = tuple[Callable[..., object], Any, Context, SimTimer | None]
"""What is to be called now, and the timer it comes from."""


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class SimLoop(asyncio.BaseEventLoop):
    """Runs callbacks in an order drawn by chance, and jumps to the next timer when all is quiet."""

    _ready: list[Ready]  # these three are asyncio's own
    _stopping: bool
    _closed: bool

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._ready = []
        self._chance = chance
        self._now = 0.0
        self._still = 0
        self._timed = 0
        self._timers: list[SimTimer] = []
        self.steps = 0
        self.made = 0
        self.failures: list[dict[str, Any]] = []
        self.outside = Freezable()
        self.set_exception_handler(lambda _, context: self.failures.append(context))

    def time(self) -> float:
        """Return virtual seconds since the world began."""
        return self._now

    def now(self) -> datetime:
        """Return the true time of this world, which the venue's clock shows."""
        return START + timedelta(seconds=self._now)

    def now_us(self) -> int:
        """Return the true time in microseconds since 1970."""
        return _START_US + round(self._now * 1_000_000)

    def _run_once(self) -> None:
        """Go on until the loop is to stop; asyncio's own goes one round at a time."""
        while True:
            batch = self._at_once() if self._ready else self._due()
            self.steps += len(batch)
            for ready in batch:
                callback, args, context, due = ready
                if due is not None and due[2] is None:
                    continue
                group = context.get(GROUP)
                if group is not None and group.frozen:
                    group.held.append(ready)
                    continue
                try:
                    if callback is _wake:  # what waits has a context of its own
                        (future,) = args
                        if not future.done():
                            future.set_result(None)
                    else:
                        context.run(callback, *args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:  # as asyncio does: it is the world's to judge
                    self.failures.append({"message": "a callback failed", "exception": error})
            if self._stopping:
                return

    def _at_once(self) -> Sequence[Ready]:
        """Return what is to be called before time moves on, in an order of chance."""
        batch, self._ready = self._ready, []
        count = len(batch)
        if count == 2:
            if self._chance.random() < 0.5:
                batch.reverse()
        elif count > 2:
            self._chance.shuffle(batch)
        self._still += count
        if self._still > STEPS_AT_ONCE:
            raise Stuck(f"{self._still} steps at {self._now:.3f} s")
        return batch

    def _due(self) -> Sequence[Ready]:
        """Let time move on to the next timer; return what is due then, in an order of chance."""
        timers = self._timers
        while True:
            if not timers:
                if self._stopping:
                    return ()
                raise Deadlock(f"Nothing is left to do at {self._now:.3f} s.")
            timer = heappop(timers)
            if timer[2] is not None:
                break
        now = self._now = max(timer[0], self._now)
        first = (timer[2], timer[3], timer[4], timer)
        self._still = 1
        if not timers or timers[0][0] > now:
            return (first,)
        batch: list[Ready] = [first]
        while timers and timers[0][0] <= now:
            timer = heappop(timers)
            if timer[2] is not None:
                batch.append((timer[2], timer[3], timer[4], timer))
        self._still = len(batch)
        self._chance.shuffle(batch)
        return batch

    def call_soon(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Have something called before time moves on."""
        if self._closed:
            raise RuntimeError("The world is over.")
        if context is None:
            context = copy_context()
        self._ready.append((callback, args, context, None))
        return _CALLED  # type: ignore[no-any-return]

    def create_task(
        self, coro: Any, *, name: object = None, context: Context | None = None
    ) -> asyncio.Task[Any]:
        """Return a new task, which belongs to the group of whoever makes it."""
        self.made += 1
        SimTask.number = self.made  # a task enters sets while it is being made
        task = SimTask(coro, loop=self, context=context)
        task.number = self.made
        group = GROUP.get() if context is None else context.get(GROUP)
        (self.outside if group is None else group).adopt(task)
        return task

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Have something called after a while."""
        self._timed += 1
        if context is None:
            context = copy_context()
        timer = SimTimer((self._now + delay, self._timed, callback, args, context))
        heappush(self._timers, timer)
        return timer  # type: ignore[return-value]  # it does what one of asyncio's does

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Have something called at a time; of several at one time chance picks the first."""
        return self.call_later(when - self._now, callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        """Return a new future of this loop."""
        return _Future(loop=self)

    get_debug: Any = bool
    """What each new future asks and is told in C: `bool()` is False. Nobody debugs by it here."""

    def thaw(self, group: Freezable) -> None:
        """Let a held group go on with what came in meanwhile."""
        group.frozen = False
        held, group.held = group.held, []
        self._ready.extend(held)

    def drain(self, groups: Iterable[Freezable]) -> None:
        """Cancel every task of these groups and let all of them end."""
        for _ in range(DRAINS):
            left = [t for group in groups for t in group.tasks if not t.done()]
            if not left:
                return
            for task in left:
                task.cancel()
            self.run_until_complete(_turns())
        raise Stuck(f"{len(left)} tasks do not end: {left[0]!r}")

    def _asyncgen_finalizer_hook(self, agen: Any) -> None:
        """Close nothing: when the collector runs is no event of this world."""

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Refuse: there are no threads here."""
        raise RuntimeError("A simulated world has no threads.")

    def run_in_executor(
        self, executor: Any, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Refuse: there are no threads here."""
        raise RuntimeError("A simulated world has no threads.")


_START_US = int(START.timestamp()) * 1_000_000


class SimClock:
    """The Clock port of one process: its wall clock may be wrong, drift and step.

    The monotonic one never goes back; it stands still while a whole machine is frozen.
    """

    def __init__(self, loop: SimLoop, *, skew_ms: int = 0, drift_ppm: int = 0) -> None:
        self._loop = loop
        self.skew_ms = skew_ms
        self.drift_ppm = drift_ppm
        self.stood_s = 0.0
        self._shown = (-1.0, 0, START)

    def now(self) -> datetime:
        """Return what the process takes the wall time to be."""
        elapsed, skew_ms = self._loop._now, self.skew_ms
        at, skewed, shown = self._shown
        if at != elapsed or skewed != skew_ms:
            wrong = skew_ms / 1000 + elapsed * self.drift_ppm / 1_000_000
            shown = START + timedelta(seconds=elapsed + wrong)
            self._shown = (elapsed, skew_ms, shown)
        return shown

    def monotonic_ms(self) -> int:
        """Return milliseconds of the process's own steady clock."""
        return int((self._loop._now - self.stood_s) * 1000)

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""
        future: asyncio.Future[None] = _Future(loop=self._loop)
        timer = self._loop.call_later(seconds, _wake, future)
        try:
            await future
        except BaseException:
            timer.cancel()
            raise


def _wake(future: asyncio.Future[None]) -> None:
    """Mark a timer that wakes a sleeper, which the loop does itself."""
    raise AssertionError(f"{future!r} is for the loop to wake")
