"""GuardService."""

from __future__ import annotations

from collections.abc import AsyncIterator

from google.protobuf.timestamp_pb2 import Timestamp

from axisor.events import CoverageState
from axisor.model import Side, Tick
from axisor.v1 import guard_pb2 as pb
from axisor.wire.actions import why_to_wire
from axisor.wire.guard import floor_to_wire, plan_row_to_wire
from axisor.wire.model import coverage_to_wire
from axisor.wire.names import account_id, intent_id, run_id, run_name
from axisor.wire.scalars import decimal_to_wire, enum_asked, enum_asked_or_none, time_to_wire
from axisor_server.domain.journal import from_us
from axisor_server.rpc.calls import Call
from axisor_server.rpc.watches import GUARD, Watches
from axisor_server.services import paging
from axisor_server.services.explaining import Explainer
from axisor_server.services.guarding import Guards


class GuardServicer:
    """Asks guards."""

    def __init__(self, *, guards: Guards, explainer: Explainer, watches: Watches) -> None:
        self._guards = guards
        self._explainer = explainer
        self._watches = watches

    async def GetPlan(self, request: pb.GetPlanRequest, call: Call) -> pb.GetPlanResponse:
        """Answer what a guard will do as the price moves."""
        account = account_id(request.parent, "parent")
        run = run_id(request.run, "run")[1] if request.run else ""
        side = enum_asked_or_none(Side, request.side, "side")
        found = await self._guards.plan(account, run, side)
        # A row states what is left after it, so what is left now is that and its cost.
        left = found.rows[0].budget_left + found.rows[0].cost if found.rows else 0
        return pb.GetPlanResponse(
            run=run_name(account, found.run),
            price_usd=_price(found.view.tick),
            price_time=_time(found.view.tick),
            budget_left_sats=left,
            rows=[plan_row_to_wire(account, row) for row in found.rows],
            truncated=found.truncated,
        )

    async def GetFloor(self, request: pb.GetFloorRequest, call: Call) -> pb.GetFloorResponse:
        """Answer how far a guard reaches."""
        account = account_id(request.parent, "parent")
        run = run_id(request.run, "run")[1] if request.run else ""
        found = await self._guards.floors(account, run)
        return pb.GetFloorResponse(
            run=run_name(account, found.run),
            price_usd=_price(found.view.tick),
            price_time=_time(found.view.tick),
            down=None if found.down is None else floor_to_wire(account, found.down),
            up=None if found.up is None else floor_to_wire(account, found.up),
        )

    async def ListCoverage(
        self, request: pb.ListCoverageRequest, call: Call
    ) -> pb.ListCoverageResponse:
        """Answer with the protection of positions."""
        account = account_id(request.parent, "parent")
        states = {enum_asked(CoverageState, state, "states") for state in request.states}
        of = f"coverage/{account}/{'+'.join(sorted(states))}"
        paging.place(of, request.page_token)
        found = [
            cover
            for cover in await self._guards.coverage(account)
            if not states or cover.state in states
        ]
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListCoverageResponse(
            coverages=[coverage_to_wire(account, cover) for cover in page], next_page_token=token
        )

    async def Explain(self, request: pb.ExplainRequest, call: Call) -> pb.ExplainResponse:
        """Answer why something happened and what came of it."""
        account = account_id(request.parent, "parent")
        if request.HasField("intent"):
            story = await self._explainer.intent(account, intent_id(request.intent, "intent")[1])
        else:
            story = await self._explainer.event(account, request.sequence)
        return pb.ExplainResponse(
            text=story.text,
            why=why_to_wire(story.why),
            timeline=[
                pb.TimelineEntry(
                    sequence=moment.entry.sequence,
                    event_time=time_to_wire(from_us(moment.entry.time_us)),
                    kind=moment.entry.kind,
                    text=moment.text,
                )
                for moment in story.timeline
            ],
        )

    def WatchGuard(self, request: pb.WatchGuardRequest, call: Call) -> AsyncIterator[bytes]:
        """Stream what guards do."""
        after = request.after_sequence if request.HasField("after_sequence") else None
        return self._watches.watch(account_id(request.parent, "parent"), after, GUARD)


def _price(tick: Tick | None) -> str:
    return decimal_to_wire(tick.last if tick else None, "price_usd")


def _time(tick: Tick | None) -> Timestamp | None:
    return time_to_wire(tick.time if tick else None)
