"""What the demo tells, line by line, out of the core's own streams; and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from axisor.client import Client, every
from axisor.events import (
    IntentPlanned,
    IntentReviewRefused,
    IntentSettled,
    IntentState,
    NoticeGiven,
    PositionChanged,
    PositionClosed,
    PositionEnd,
)
from axisor.intents import AddMargin
from axisor.maths import distance, pl
from axisor.model import Position, Price, Sats
from axisor.wire.records import SeenEvent, SeenPayload, Snapshot, TickReport
from axisor.words import describe

BARE = "BARE_"
"""With what the core warns of positions that nothing protects."""

WARN = Decimal("0.03")
"""A twin nearer than this to liquidation is worth a line."""

TURN = Decimal("0.01")
"""A price that has come back by this share from its lowest was a low worth a line."""

CELLS = 14
BUDGET_CHECK = "budgets of the position"


class Result(Struct, frozen=True, kw_only=True):
    """How the twins ended, by the core's journal and its last account of them. Money is sats."""

    guarded: Position | None
    guarded_pl: Sats
    unguarded_pl: Sats
    unguarded_end: str
    added: Sats
    rescues: int
    events: int
    problem: str

    @property
    def kept_its_word(self) -> bool:
        """Return whether the guarded twin lives, the journal holds, and the guard was needed."""
        return self.guarded is not None and self.rescues > 0 and not self.problem

    def record(self) -> dict[str, Any]:
        """Return the result for programs."""
        return {
            "guarded_alive": self.guarded is not None,
            "guarded_pl_sats": self.guarded_pl,
            "guarded_margin_sats": None if self.guarded is None else self.guarded.margin,
            "guarded_liquidation_usd": None if self.guarded is None else self.guarded.liquidation,
            "unguarded_end": self.unguarded_end,
            "unguarded_pl_sats": self.unguarded_pl,
            "added_sats": self.added,
            "rescues": self.rescues,
            "events": self.events,
            "problem": self.problem,
        }

    def lines(self) -> list[str]:
        """Return the result for people, and where to go from here."""
        kept = "open, safe" if self.guarded is not None else "gone"
        lost = "open" if self.unguarded_end == "open" else f"gone: {self.unguarded_end}"
        lines = [
            f"RESULT  guarded {self.guarded_pl:+,} sat ({kept})   "
            f"unguarded {self.unguarded_pl:+,} sat ({lost})   "
            f"saved {self.guarded_pl - self.unguarded_pl:,} sat",
            f"        {self.rescues} rescue(s), {self.added:,} sat added; "
            f"journal of {self.events} events "
            + ("holds" if not self.problem else f"is BROKEN: {self.problem}"),
        ]
        if self.rescues == 0:
            lines.append("        the price never came near enough for the guard to act")
        return [
            *lines,
            "",
            "Next:  axisor up                     keep a core running; `axisor` is its console",
            "       axisor account add            connect LN Markets read-only (SHADOW)",
            "       axisor backtest --candles F   the same guard over real minutes",
        ]


class Narrator:
    """Listens to the core and says what happens to the twins."""

    def __init__(
        self, account: str, kept: Position, bare: Position, *, say: Callable[[str], None]
    ) -> None:
        self.account, self._say = account, say
        self._names = {kept.id: "A", bare.id: "B"}
        self._twins = {kept.id: kept, bare.id: bare}
        self._kept, self._bare = kept.id, bare.id
        self._ended: dict[str, PositionClosed] = {}
        self._warned: set[str] = set()
        self._planned: dict[str, AddMargin] = {}
        self._price: Price | None = None
        self._acted: Price | None = None
        self._low: tuple[datetime, Price] | None = None
        self._begin: datetime | None = None
        self._now: datetime | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._added: Sats = 0
        self._rescues = 0
        self._turned = False
        self.ready = asyncio.Event()
        for twin in (kept, bare):
            label = "guarded" if twin.id == kept.id else "unguarded"
            self._tell(
                f"opened  {self._names[twin.id]}-{label:<10} LONG {twin.quantity:,} USD "
                f"x{twin.leverage.normalize():f} @ {twin.entry:,f}   "
                f"margin {twin.margin:,} sat   liq {twin.liquidation:,f}"
            )

    def _tell(self, text: str, at: datetime | None = None) -> None:
        begin, now = self._begin, at or self._now
        seconds = 0.0 if begin is None or now is None else (now - begin).total_seconds()
        self._say(f"{seconds:4.1f}s  {text}")

    async def listen(self, client: Client, length_s: float) -> None:
        """Tell what happens until the market has run for `length_s` seconds of its own time."""
        self._tasks.append(asyncio.create_task(self._events(client)))
        async with aclosing(client.market.watch_ticks(self.account)) as ticks:
            async for item in ticks:
                if not isinstance(item, TickReport):
                    continue
                self.ready.set()
                self._tick(item)
                if self._begin and item.tick.time - self._begin >= timedelta(seconds=length_s):
                    self._standing(item.tick.last)
                    return

    async def stop(self) -> None:
        """Stop listening. Raises what ended a stream before its time."""
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    def _tick(self, report: TickReport) -> None:
        tick = report.tick
        self._begin = self._begin or tick.time
        self._now, self._price = tick.time, tick.last
        for twin in self._twins.values():
            found = distance(twin.side, tick.last, twin.liquidation)
            if found < WARN and twin.id not in self._warned:
                self._warned.add(twin.id)
                self._tell(f"{tick.last:,f}  {self._gauge(twin)}  WARN below 3.0 %")
        self._lowest(tick.time, tick.last)

    def _lowest(self, time: datetime, price: Price) -> None:
        """Keep the lowest price since the guard acted; tell it once the price has turned."""
        if not self._rescues:
            return
        if self._low is None or price < self._low[1]:
            self._low = (time, price)
        elif not self._turned and price >= self._low[1] * (1 + TURN):
            self._turned = True
            self._standing(self._low[1], at=self._low[0], note="  (low)")

    def _standing(self, price: Price, *, at: datetime | None = None, note: str = "") -> None:
        """Tell where the guarded twin stands at a price."""
        twin = self._twins.get(self._kept)
        if twin is not None:
            profit = pl(twin.side, twin.quantity, twin.entry, price)
            self._tell(f"{price:,f}  {self._gauge(twin, price)}  P/L {profit:+,} sat{note}", at)

    def _gauge(self, twin: Position, price: Price | None = None) -> str:
        price = price or self._price
        assert price is not None, "a gauge is drawn at a price"
        found = distance(twin.side, price, twin.liquidation)
        full = min(CELLS, max(0, int(found * 100 * 2)))
        bar = "#" * full + "-" * (CELLS - full)
        return f"{self._names[twin.id]} {found * 100:5.2f} % |{bar}|"

    async def _events(self, client: Client) -> None:
        async with aclosing(client.events.watch(self.account)) as items:
            async for item in items:
                if isinstance(item, Snapshot):
                    for report in item.positions:
                        if report.position.id in self._twins:
                            self._twins[report.position.id] = report.position
                elif isinstance(item, SeenEvent):
                    self._happened(item.payload)

    def _happened(self, payload: SeenPayload) -> None:
        match payload:
            case IntentPlanned(action=AddMargin() as action) if payload.run:
                self._planned[payload.intent] = action
                self._acted = price = _price_then(action) or self._price
                shown = "" if price is None else f"{price:,f}  "
                left = _budget_left(action)
                self._tell(f"{shown}GUARD  {self._reason(action)}add {action.amount:,} sat{left}")
            case IntentSettled() if payload.intent in self._planned:
                self._settled(payload)
            case IntentReviewRefused():
                self._tell(f"GUARD not sent, {describe(payload.action)}: {payload.message}")
            case PositionChanged(position=position) if position.id in self._twins:
                self._changed(position)
            case PositionClosed(position=position) if position.id in self._twins:
                self._ended[position.id] = payload
                self._twins.pop(position.id)
                word = payload.end.value.upper()
                self._tell(f"{self._names[position.id]} {word}  {payload.pl:+,} sat")
            case NoticeGiven() if payload.code.startswith(BARE):
                pass  # how near the twin without a guard is has lines of its own here
            case NoticeGiven():
                self._tell(f"{payload.severity.value.upper()}  {payload.text}")
            case _:
                pass

    def _reason(self, action: AddMargin) -> str:
        """Return why it acts, in the figures it gave itself."""
        name = self._names.get(action.position, action.position)
        distance = {} if action.why is None else action.why.inputs
        if "distance_percent" not in distance:
            return f"{name}: "
        return f"{name} is {distance['distance_percent']} % from liquidation: "

    def _settled(self, payload: IntentSettled) -> None:
        if payload.state is IntentState.CONFIRMED:
            self._added += self._planned[payload.intent].amount
            self._rescues += 1
            self._tell(f"confirmed in {payload.latency_ms} ms")
        else:
            self._tell(f"{payload.state.value}: {payload.message}")

    def _changed(self, position: Position) -> None:
        before = self._twins[position.id]
        self._twins[position.id] = position
        price = self._acted or self._price
        if position.liquidation != before.liquidation and price is not None:
            self._tell(
                f"{price:,f}  {self._gauge(position, price)}  "
                f"liq {before.liquidation:,f} -> {position.liquidation:,f}"
            )

    async def result(self, client: Client) -> Result:
        """Return how it ended, by the core's last account and the whole journal."""
        reports = await every(
            lambda token: client.margin.list_positions(self.account, page_token=token)
        )
        alive = {report.position.id: report.position for report in reports}
        verified = await client.events.verify(self.account)
        kept, bare = alive.get(self._kept), alive.get(self._bare)
        return Result(
            guarded=kept,
            guarded_pl=self._profit(self._kept, kept),
            unguarded_pl=self._profit(self._bare, bare),
            unguarded_end="open" if bare is not None else self._end(self._bare),
            added=self._added,
            rescues=self._rescues,
            events=verified.events,
            problem=verified.problem,
        )

    def _profit(self, id: str, alive: Position | None) -> Sats:
        if alive is not None:
            return alive.pl
        return self._ended[id].pl if id in self._ended else 0

    def _end(self, id: str) -> str:
        return self._ended[id].end.value if id in self._ended else PositionEnd.UNKNOWN.value


def _price_then(action: AddMargin) -> Price | None:
    """Return the price that the guard decided by; the last one heard may be later than that."""
    text = "" if action.why is None else action.why.inputs.get("price", "")
    return Price(text) if text else None


def _budget_left(action: AddMargin) -> str:
    """Return what the guard may still spend afterwards, by its own check of it."""
    checks = () if action.why is None else action.why.checks
    for check in checks:
        if check.name == BUDGET_CHECK and check.threshold.isdecimal():
            most = int(check.threshold)
            return f"  (may spend {most:,}, left {most - action.amount:,})"
    return ""
