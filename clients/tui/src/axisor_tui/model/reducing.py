"""How a message changes the state; equal states and messages give equal results."""

from __future__ import annotations

from msgspec.structs import replace

from axisor.events import (
    BalanceChanged,
    CoverageChanged,
    FeedChanged,
    HaltChanged,
    IntentPlanned,
    IntentSettled,
    OrderChanged,
    PositionChanged,
    PositionClosed,
    RunChanged,
    StandingChanged,
)
from axisor.model import OrderState, Position
from axisor.wire.records import Run, SeenEvent, SeenPayload, Snapshot, StepSummary, TickReport
from axisor_tui.model import deeds
from axisor_tui.model.deeds import StepSeen
from axisor_tui.model.log import entry_of
from axisor_tui.model.messages import (
    AlertSeen,
    AlertsLost,
    AlertsSeen,
    Asked,
    CoreSeen,
    DeliveriesSeen,
    Explained,
    GuardSeen,
    Happened,
    Linked,
    LinkLost,
    Message,
    Muted,
    NoAccountYet,
    PriceSeen,
    Remembered,
    Selected,
    Snapped,
    StrategiesSeen,
    TimePassed,
    UnitChosen,
    Waiting,
    WhatIfSeen,
)
from axisor_tui.model.state import Link, State

MOST_ENTRIES = 500
MOST_PRICES = 480
MOST_ASKED = 200


def reduce(state: State, message: Message) -> State:
    """Return the state after a message of the core, or of the clock or the person."""
    match message:
        case Linked(core=core):
            return replace(state, core=core, link=Link.UP, link_reason="", retry_at_ms=None)
        case LinkLost(reason=reason, retry_in_s=wait):
            at = state.now_ms + int(wait * 1000) if wait else None
            return replace(state, link=Link.LOST, link_reason=reason, retry_at_ms=at)
        case Snapped(snapshot=snapshot):
            return _snap(state, snapshot)
        case Happened(event=event):
            return _happen(state, event)
        case Remembered():
            return _remember(state, message)
        case PriceSeen(report=report, at_ms=at_ms):
            return _price(state, report, at_ms)
        case GuardSeen():
            return _guard(state, message)
        case TimePassed(now_ms=now_ms, wall=wall):
            return replace(state, now_ms=now_ms, wall=wall)
        case Selected(position=position):
            return replace(state, chosen=position)
        case UnitChosen(unit=unit):
            return replace(state, unit=unit)
        case AlertsSeen() | AlertSeen() | AlertsLost() | Muted() | DeliveriesSeen():
            return _alerted(state, message)
        case _:
            return _answered(state, message)


def _alerted(
    state: State, message: AlertsSeen | AlertSeen | AlertsLost | Muted | DeliveriesSeen
) -> State:
    match message:
        case AlertsSeen(alerts=alerts, mutes=mutes):
            return replace(state, alerts=alerts, mutes=mutes, alerts_problem="")
        case AlertSeen(alert=alert):
            others = tuple(each for each in state.alerts or () if each.id != alert.id)
            return replace(state, alerts=(alert, *others))
        case AlertsLost(problem=problem):
            return replace(state, alerts_problem=problem)
        case Muted(mutes=mutes):
            return replace(state, mutes=mutes)
        case DeliveriesSeen():
            return replace(state, sent=message)


def _answered(
    state: State,
    message: NoAccountYet | Asked | Waiting | CoreSeen | StrategiesSeen | WhatIfSeen | Explained,
) -> State:
    match message:
        case NoAccountYet(core=core):
            return replace(state, core=core, link=Link.UP, newcomer=True)
        case Asked():
            return replace(state, asked=(*state.asked, message)[-MOST_ASKED:])
        case Waiting(confirmations=waiting):
            return replace(state, waiting=waiting)
        case CoreSeen(core=look):
            return replace(state, look=look)
        case StrategiesSeen(strategies=strategies):
            return replace(state, strategies=strategies)
        case WhatIfSeen():
            return replace(state, what_if=message)
        case Explained(sequence=sequence, explanation=explanation):
            return replace(state, explained=(sequence, explanation))


def _guard(state: State, message: GuardSeen) -> State:
    return replace(
        state,
        plan=message.plan,
        floors=message.floors,
        budget_left=message.budget_left,
        coverages={each.position: each for each in message.coverages},
    )


def _snap(state: State, snapshot: Snapshot) -> State:
    return replace(
        state,
        link=Link.UP,
        newcomer=False,
        account=snapshot.account.id,
        label=snapshot.account.label,
        venue=snapshot.account.venue,
        mode=snapshot.account.mode,
        sequence=snapshot.sequence,
        balance=snapshot.balance.balance,
        cross=snapshot.balance.cross,
        positions=tuple(report.position for report in snapshot.positions),
        orders=snapshot.orders,
        runs=snapshot.runs,
        coverages={each.position: each for each in snapshot.coverages},
        pending={effect.id: effect.target for effect in snapshot.effects},
        halt=snapshot.halt,
        platform_halt=snapshot.platform_halt,
        standing=snapshot.standing,
        causes=snapshot.causes,
    )


def _price(state: State, report: TickReport, at_ms: int) -> State:
    age = 0 if report.age is None else int(report.age.total_seconds() * 1000)
    prices = (*state.prices, (report.tick.time, report.tick.last))[-MOST_PRICES:]
    return replace(
        state,
        tick=report.tick,
        quality=report.quality,
        tick_at_ms=at_ms - age,
        now_ms=max(state.now_ms, at_ms),
        prices=prices,
    )


def _happen(state: State, event: SeenEvent) -> State:
    if event.sequence <= state.sequence:
        return state
    applied = _apply(_told(state, event), event.payload, event)
    return replace(applied, sequence=event.sequence, mode=event.mode)


def _told(state: State, event: SeenEvent) -> State:
    """Take an event into the log, the deeds and the steps, wherever in the past it is."""
    entry = entry_of(event)
    log = state.log
    if entry is not None and all(each.sequence != entry.sequence for each in log[-1:]):
        log = (*log, entry)[-MOST_ENTRIES:]
    steps = state.steps
    if isinstance(event.payload, StepSummary):
        steps = {**steps, event.payload.run: _step(event, event.payload)}
    return replace(state, log=log, deeds=deeds.after(state.deeds, event), steps=steps)


def _step(event: SeenEvent, step: StepSummary) -> StepSeen:
    asked = tuple(each.text for each in step.intents)
    return StepSeen(event.time, event.sequence, step.step, step.cause, asked)


def _remember(state: State, message: Remembered) -> State:
    """Take over older entries; what is known already stays as it is."""
    first = min((each.sequence for each in state.log), default=state.sequence + 1)
    older = sorted(message.events, key=lambda event: event.sequence)
    past = State()
    for event in older:
        past = _told(past, event) if event.sequence < first else past
    known = {each.id for each in state.deeds}
    before = tuple(each for each in past.deeds if each.id not in known)
    return replace(
        state,
        log=(*past.log, *state.log)[-MOST_ENTRIES:],
        deeds=(*before, *state.deeds)[-deeds.MOST_DEEDS :],
        steps={**past.steps, **state.steps},
        older=message.more,
    )


def _apply(state: State, payload: SeenPayload, event: SeenEvent) -> State:
    match payload:
        case PositionChanged(position=position):
            return replace(state, positions=_put(state.positions, position))
        case PositionClosed(position=position):
            left = tuple(each for each in state.positions if each.id != position.id)
            coverages = {k: v for k, v in state.coverages.items() if k != position.id}
            return replace(state, positions=left, coverages=coverages)
        case BalanceChanged(balance=balance, cross=cross):
            return replace(state, balance=balance, cross=cross)
        case OrderChanged(order=order):
            orders = tuple(each for each in state.orders if each.id != order.id)
            if order.state is OrderState.OPEN:
                orders = (*orders, order)
            return replace(state, orders=orders)
        case CoverageChanged(coverage=coverage):
            return replace(state, coverages={**state.coverages, coverage.position: coverage})
        case HaltChanged() | StandingChanged() | FeedChanged():
            return _stand(state, payload)
        case RunChanged():
            return replace(state, runs=_run(state.runs, payload, event))
        case IntentPlanned(intent=intent, target=target):
            return replace(state, pending={**state.pending, intent: target})
        case IntentSettled(intent=intent, state=end) if not end.is_open:
            return replace(state, pending={k: v for k, v in state.pending.items() if k != intent})
        case _:
            return state


def _stand(state: State, payload: HaltChanged | StandingChanged | FeedChanged) -> State:
    match payload:
        case HaltChanged(level=level, platform=True):
            return replace(state, platform_halt=level)
        case HaltChanged(level=level):
            return replace(state, halt=level)
        case StandingChanged(standing=standing, causes=causes):
            return replace(state, standing=standing, causes=causes)
        case FeedChanged(quality=quality):
            return replace(state, quality=quality)


def _put(positions: tuple[Position, ...], changed: Position) -> tuple[Position, ...]:
    if any(each.id == changed.id for each in positions):
        return tuple(changed if each.id == changed.id else each for each in positions)
    return (*positions, changed)


def _run(runs: tuple[Run, ...], changed: RunChanged, event: SeenEvent) -> tuple[Run, ...]:
    before = next((run for run in runs if run.id == changed.run), None)
    if before is None:
        before = Run(
            id=changed.run,
            account=event.account,
            strategy=changed.strategy,
            state=changed.state,
            mode=event.mode,
        )
    after = replace(
        before,
        state=changed.state,
        reason=changed.reason,
        config=changed.config,
        label=changed.label or before.label,
        resumes_at=changed.resumes_at,
    )
    if any(run.id == changed.run for run in runs):
        return tuple(after if run.id == changed.run else run for run in runs)
    return (*runs, after)
