"""One feed of prices: its latest tick, how far to trust it, and whom each tick wakes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Protocol

from axisor.errors import AxisorError
from axisor.events import Stimulus, Ticked, TimerFired, Woken
from axisor.intents import Wake
from axisor.model import FeedQuality, Tick
from axisor.ports import Clock, MarketFeed
from axisor_server.engine.agreement import Agreement
from axisor_server.engine.answers import FeedSummary
from axisor_server.engine.settings import EngineSettings
from axisor_server.engine.timekeeping import Timekeeper
from axisor_server.engine.wakes import WakeIndex

FUNDING = "funding"
"""The word of `Wake.on` for another funding rate or time."""

QUALITY_EVERY_S = 1.0
MANY_FAILURES = 5
"""So many failures in a row and the feed counts as failing, whatever its last price says."""

log = logging.getLogger(__name__)


class Listener(Protocol):
    """An actor, as the market sees it."""

    def wake(self, calls: list[tuple[str, Stimulus]]) -> None:
        """Have runs called, in this order. Must return at once."""
        ...

    def trust(self, quality: FeedQuality, reason: str) -> None:
        """Learn that the price became more or less trustworthy. Must return at once."""
        ...


class Market:
    """One market of one venue. Everything between a tick and the actors' inboxes is synchronous."""

    def __init__(
        self,
        feed: MarketFeed,
        *,
        venue: str,
        network: str,
        url: str,
        clock: Clock,
        settings: EngineSettings,
    ) -> None:
        self._feed = feed
        self._clock = clock
        self._settings = settings
        self._name = (venue, network, url)
        self._index = WakeIndex()
        self._waits: dict[str, tuple[Listener, Wake | None, bool]] = {}
        self._owners: dict[str, Listener] = {}
        self._listeners: list[Listener] = []
        self._first: list[Callable[[Tick], None]] = []
        self._tick: Tick | None = None
        self._received_ms = 0
        self._stale = timedelta(milliseconds=settings.stale_ms)
        self._stamped: tuple[Tick, timedelta] | None = None
        self._quality = FeedQuality.NONE
        self._reason = "No price has come yet."
        self.timekeeper = Timekeeper(feed, clock=clock, settings=settings)
        self._agreement = Agreement(
            percent=settings.disagree_percent, index_percent=settings.index_disagree_percent
        )
        self._broken = 0
        self._unanswered = 0
        self._problem = ""
        self._on_funding: dict[str, None] = {}
        self._next = asyncio.Event()
        self._count = 0

    @property
    def tick(self) -> Tick | None:
        """Return the latest tick."""
        return self._tick

    @property
    def quality(self) -> FeedQuality:
        """Return how far the latest tick can be trusted."""
        return self._quality

    @property
    def reason(self) -> str:
        """Return why it is not fresh, empty when it is."""
        return self._reason

    def age_ms(self) -> int | None:
        """Return how long ago the latest tick was received, by a clock that never steps."""
        return None if self._tick is None else self._clock.monotonic_ms() - self._received_ms

    def join(self, listener: Listener, *, first: Callable[[Tick], None] | None = None) -> None:
        """Tell a listener of changes in trust; `first` sees each tick before anybody is woken."""
        self._listeners.append(listener)
        if first is not None:
            self._first.append(first)
            if self._tick is not None:
                first(self._tick)

    def leave(self, listener: Listener, *, first: Callable[[Tick], None] | None = None) -> None:
        """Forget a listener and everything its runs wait for."""
        if listener in self._listeners:
            self._listeners.remove(listener)
        if first in self._first:
            self._first.remove(first)
        for run in [run for run, owner in self._owners.items() if owner is listener]:
            self.forget(run)

    def expect(self, run: str, listener: Listener, wake: Wake | None, *, every_tick: bool) -> None:
        """Set what a run waits for, replacing what it waited for before.

        The same wake again changes nothing: a time of it that has come does not come twice.
        """
        told = self._waits.get(run)
        if told is not None and told == (listener, wake, every_tick) and told[1] is wake:
            return
        self._waits[run] = (listener, wake, every_tick)
        self._owners[run] = listener
        self._on_funding.pop(run, None)
        if wake is not None and FUNDING in wake.on:
            self._on_funding[run] = None
        self._index.set(run, wake, every_tick=every_tick)

    def forget(self, run: str) -> None:
        """Drop a run."""
        self._waits.pop(run, None)
        self._owners.pop(run, None)
        self._on_funding.pop(run, None)
        self._index.drop(run)

    def take(self, tick: Tick) -> None:
        """Take one tick: bounds it reached wake runs.

        One older than the present is dropped, unless the present itself has grown stale: then the
        market has begun anew.
        """
        present, age = self._tick, self.age_ms()
        aged = age is not None and age > self._settings.stale_ms
        if present is not None and tick.time < present.time and not aged:
            return
        self._tick = tick
        self._received_ms = self._clock.monotonic_ms()
        self._broken = 0
        if tick.source == "stream":
            self._agreement.streamed(tick, self._received_ms)
        for first in self._first:
            first(tick)
        self._judge()
        woken = dict.fromkeys(self._index.crossed(tick))
        if self._on_funding and not tick.funds_like(present):
            woken |= self._on_funding
        called: list[tuple[str, Stimulus]] = [(run, Woken(tick=tick)) for run in woken]
        called += [(run, TimerFired(at=at)) for run, at in self._index.due(tick.time)]
        called += [(run, Ticked(tick=tick)) for run in self._index.every()]
        if called:
            self._call(called)
        self._count += 1

    def _call(self, called: list[tuple[str, Stimulus]]) -> None:
        calls: dict[int, list[tuple[str, Stimulus]]] = {}
        owners: dict[int, Listener] = {}
        for run, cause in called:
            owner = self._owners[run]
            owners[id(owner)] = owner
            calls.setdefault(id(owner), []).append((run, cause))
        for key, owner in owners.items():
            owner.wake(calls[key])

    def _judge(self) -> None:
        quality, reason = self._appraise()
        if (quality, reason) == (self._quality, self._reason):
            return
        changed = quality is not self._quality
        self._quality, self._reason = quality, reason
        if changed:
            for listener in list(self._listeners):
                listener.trust(quality, reason)

    def _appraise(self) -> tuple[FeedQuality, str]:
        tick, age = self._tick, self.age_ms()
        limit = self._settings.stale_ms
        if tick is None or age is None:
            return FeedQuality.NONE, "No price has come yet."
        if age > limit:
            return FeedQuality.STALE, f"No price for more than {limit // 1000} s."
        if self._name[1] != "sim" and self._behind(tick) > self._stale:
            return FeedQuality.STALE, "The venue's own stamp is old."
        if tick.source == "fallback":
            return FeedQuality.FALLBACK, "The price comes from a fallback source."
        if tick.source == "stream" and (dispute := self._agreement.dispute()):
            return FeedQuality.DISPUTED, dispute
        if tick.bid is None or tick.ask is None:
            return FeedQuality.INCOMPLETE, "The venue shows no bid or no ask."
        return FeedQuality.FRESH, ""

    def _behind(self, tick: Tick) -> timedelta:
        """Return how old the venue's stamp was on receipt, by the venue's clock where it is known.

        Our own wall clock may be wrong by minutes, which makes no price old. Once reckoned by the
        venue's clock it stays: what becomes of our clock later says nothing of the receipt.
        """
        if self._stamped is not None and self._stamped[0] is tick:
            return self._stamped[1]
        clock = self.timekeeper.venue_clock()
        if clock is None:
            return tick.received - tick.time
        age = tick.received + timedelta(milliseconds=clock.offset.offset_ms) - tick.time
        self._stamped = (tick, age)
        return age

    async def run(self) -> None:
        """Read ticks, judge them, and measure the venue's clock, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump())
            group.create_task(self._watch_age())
            group.create_task(self._cross_check())
            group.create_task(self.timekeeper.run())

    async def _pump(self) -> None:
        while True:
            try:
                async for tick in self._feed.ticks():
                    self.take(tick)
                    come, self._next = self._next, asyncio.Event()
                    come.set()
            except Exception as error:  # a plugin's boundary: a broken feed only grows old
                log.error("feed %s: %s: %s", self._name, type(error).__name__, error)
                self._broken += 1
                self._problem = f"{type(error).__name__}: {error}"
            await self._clock.sleep(QUALITY_EVERY_S)

    async def _watch_age(self) -> None:
        while True:
            await self._clock.sleep(QUALITY_EVERY_S)
            if self._may_have_aged():
                self._judge()

    def _may_have_aged(self) -> bool:
        """Return whether time alone may change the verdict on the latest tick.

        It does once the tick is old, and once the clock that its stamp is reckoned by is known.
        """
        age = self.age_ms()
        if self._stamped is None or self._stamped[0] is not self._tick:
            return age is not None
        return age is not None and age > self._settings.stale_ms

    async def _cross_check(self) -> None:
        """Ask the venue for its price beside the stream, and count how often it does not answer."""
        while True:
            soon = self._agreement.is_doubtful or self._unanswered > 0
            pause = 2 * QUALITY_EVERY_S if soon else self._settings.agree_every_ms / 1000
            await self._clock.sleep(pause)
            if self._tick is None or self._tick.source != "stream":
                continue  # then the answers are the feed itself
            try:
                answer = await self._feed.ticker()
            except AxisorError as error:
                self._unanswered += 1
                self._problem = error.message
                continue
            self._unanswered = 0
            self._agreement.answered(answer, self._clock.monotonic_ms())
            self._judge()

    @property
    def failing(self) -> str:
        """Return how the feed fails, empty while it does not."""
        if self._broken < MANY_FAILURES and self._unanswered < MANY_FAILURES:
            return ""
        many = max(self._broken, self._unanswered)
        return f"It failed {many} times in a row: {self._problem}"

    async def watch(self) -> AsyncIterator[Tick]:
        """Yield the latest tick whenever there is a new one; a slow reader skips some."""
        seen = -1
        while True:
            while self._count == seen or self._tick is None:
                await self._next.wait()
            seen = self._count
            yield self._tick

    def summary(self) -> FeedSummary:
        """Return how this feed is doing."""
        venue, network, url = self._name
        clock = self.timekeeper.venue_clock()
        return FeedSummary(
            venue=venue,
            network=network,
            url=url,
            quality=self._quality,
            reason=self._reason,
            tick=self._tick,
            age_ms=self.age_ms(),
            offset_ms=None if clock is None else clock.offset.offset_ms,
            uncertainty_ms=None if clock is None else clock.uncertainty_ms,
        )

    async def close(self) -> None:
        """Close the feed's connections."""
        await self._feed.aclose()
