"""Calls about what guards will do and why they did what they did."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from datetime import datetime

from msgspec import Struct

from axisor.client.calls import Caller, Page
from axisor.errors import FieldInvalid
from axisor.events import Coverage, CoverageState
from axisor.intents import Why
from axisor.model import Price, Sats, Side
from axisor.strategy import Floor, PlanRow
from axisor.v1 import guard_pb2 as pb
from axisor.v1.guard_pb2_grpc import GuardServiceStub
from axisor.watch import WatchItem
from axisor.wire.actions import why_from_wire
from axisor.wire.guard import floors_from_wire, plan_row_from_wire
from axisor.wire.model import coverage_from_wire
from axisor.wire.names import account_name, intent_name, last_part, run_name
from axisor.wire.scalars import (
    decimal_or_none,
    enum_to_wire,
    time_from_wire,
    time_or_none,
)


class Plan(Struct, frozen=True, kw_only=True):
    """What a guard does while the price walks away from `price`, with `truncated` if cut."""

    run: str
    price: Price | None
    price_time: datetime | None
    budget_left: Sats
    rows: tuple[PlanRow, ...] = ()
    truncated: bool = False


class Floors(Struct, frozen=True, kw_only=True):
    """How far a guard reaches from `price`; a side is absent where nothing breaks there."""

    run: str
    price: Price | None
    price_time: datetime | None
    floors: tuple[Floor, ...] = ()


class TimelineEntry(Struct, frozen=True, kw_only=True):
    """One event on the way from cause to outcome, as one line."""

    sequence: int
    time: datetime
    kind: str
    text: str


class Explanation(Struct, frozen=True, kw_only=True):
    """Why something happened; `why` is None where a person decided."""

    text: str
    why: Why | None = None
    timeline: tuple[TimelineEntry, ...] = ()


class Guard:
    """The methods of GuardService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = GuardServiceStub(caller.channel)

    async def plan(self, account: str, *, run: str = "", side: Side | None = None) -> Plan:
        """Return what a guard will do; an empty `run` is the only running guard.

        `side` is whose danger the price walks towards, None the nearer floor. Raises RunNotFound,
        NotSupported, StalePrice.
        """
        request = pb.GetPlanRequest(
            parent=account_name(account), run=run_name(account, run), side=enum_to_wire(side)
        )
        answer = await self._call.unary(self._stub.GetPlan, request)
        return Plan(
            run=last_part(answer.run),
            price=decimal_or_none(answer.price_usd, "price_usd"),
            price_time=time_or_none(answer, "price_time"),
            budget_left=answer.budget_left_sats,
            rows=tuple(map(plan_row_from_wire, answer.rows)),
            truncated=answer.truncated,
        )

    async def floor(
        self, account: str, *, run: str = "", extra_budgets: Iterable[Sats] = ()
    ) -> Floors:
        """Return how far a guard reaches. Raises RunNotFound, NotSupported, StalePrice."""
        request = pb.GetFloorRequest(
            parent=account_name(account),
            run=run_name(account, run),
            extra_budget_sats=extra_budgets,
        )
        answer = await self._call.unary(self._stub.GetFloor, request)
        return Floors(
            run=last_part(answer.run),
            price=decimal_or_none(answer.price_usd, "price_usd"),
            price_time=time_or_none(answer, "price_time"),
            floors=floors_from_wire(answer),
        )

    async def list_coverage(
        self,
        account: str,
        *,
        states: Iterable[CoverageState] = (),
        page_size: int = 0,
        page_token: str = "",
    ) -> Page[Coverage]:
        """Return the protection of positions, the least protected first."""
        request = pb.ListCoverageRequest(
            parent=account_name(account),
            page_size=page_size,
            page_token=page_token,
            states=map(enum_to_wire, states),
        )
        answer = await self._call.unary(self._stub.ListCoverage, request)
        return Page(tuple(map(coverage_from_wire, answer.coverages)), answer.next_page_token)

    async def explain(
        self, account: str, *, sequence: int | None = None, intent: str | None = None
    ) -> Explanation:
        """Return why an event or an intent happened; give one. Raises EventNotFound."""
        if (sequence is None) == (intent is None):
            raise FieldInvalid("Give either a sequence or an intent.", field="subject")
        request = pb.ExplainRequest(parent=account_name(account))
        if intent is not None:
            request.intent = intent_name(account, intent)
        elif sequence is not None:
            request.sequence = sequence
        answer = await self._call.unary(self._stub.Explain, request)
        return Explanation(
            text=answer.text,
            why=why_from_wire(answer.why) if answer.HasField("why") else None,
            timeline=tuple(map(_entry, answer.timeline)),
        )

    def watch(self, account: str, *, after: int | None = None) -> AsyncGenerator[WatchItem, None]:
        """Follow what guards do; see `axisor.watch.watch`."""
        parent = account_name(account)
        return self._call.watch(
            lambda after: self._stub.WatchGuard(
                pb.WatchGuardRequest(parent=parent, after_sequence=after),
                metadata=self._call.headers(),
            ),
            after=after,
            gapless=False,
        )


def _entry(message: pb.TimelineEntry) -> TimelineEntry:
    return TimelineEntry(
        sequence=message.sequence,
        time=time_from_wire(message.event_time, "event_time"),
        kind=message.kind,
        text=message.text,
    )
