"""Reads the payloads of events as a client sees them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from axisor.events import (
    AccountClosed,
    AccountOpened,
    AccountUpdated,
    BalanceChanged,
    ChangeMade,
    CommandReceived,
    CommandRefused,
    CoverageChanged,
    FeedChanged,
    FundingPaid,
    HaltChanged,
    HaltLevel,
    Increase,
    IntentPlanned,
    IntentReviewRefused,
    IntentSent,
    IntentSettled,
    IntentState,
    IntentWitnessed,
    NoticeGiven,
    OrderChanged,
    PositionChanged,
    PositionClosed,
    PositionEnd,
    RestoreReconciled,
    RunChanged,
    RunState,
    RunUpgraded,
    Standing,
    StandingChanged,
)
from axisor.intents import Action
from axisor.model import FeedQuality, Funding, Mode, Severity
from axisor.v1 import events_pb2
from axisor.versions import UpgradeEnd
from axisor.wire.actions import action_from_wire, settlement_from_wire, target_of, why_from_wire
from axisor.wire.events import Body
from axisor.wire.identity import READERS, identity_from_wire
from axisor.wire.model import (
    balance_from_wire,
    cause_from_wire,
    coverage_from_wire,
    order_from_wire,
    position_from_wire,
)
from axisor.wire.names import last_part
from axisor.wire.records import (
    IntentSummary,
    SeenEvent,
    SeenPayload,
    StepSummary,
    Unrecognized,
    UnrecognizedAction,
)
from axisor.wire.scalars import (
    decimal_or_none,
    enum_from_wire,
    span_or_none,
    time_from_wire,
    time_or_none,
)
from axisor.wire.upgrades import version_from_wire


def event_from_wire(message: events_pb2.Event) -> SeenEvent:
    """Return the journal entry in a message. Raises FieldInvalid for a malformed figure.

    A payload that a newer core sent becomes `Unrecognized`.
    """
    return SeenEvent(
        stream=message.account,
        sequence=message.sequence,
        time=time_from_wire(message.event_time, "event_time"),
        mode=enum_from_wire(Mode, message.mode),
        kind=message.kind,
        payload=payload_from_wire(message),
        hash=message.hash,
    )


def payload_from_wire(message: events_pb2.Event) -> SeenPayload:
    """Return the payload of an event message; one that is not known becomes `Unrecognized`."""
    member = message.WhichOneof("payload")
    if member is None:
        return Unrecognized(kind=message.kind, problem="its kind is not known to this version")
    body: Body = getattr(message, member)
    if member in READERS:
        return identity_from_wire(READERS[member], body)
    read = _READERS.get(member)
    if read is None:
        return Unrecognized(kind=message.kind, problem="its kind is not read by this version")
    payload: SeenPayload = read(body)
    return payload


def _with_action(body: Body, kind: str, build: Any) -> SeenPayload:
    """Build a payload around its action, or say that the action's kind is not known."""
    holder = body.intent if kind == "IntentPlanned" else body
    action = action_from_wire(holder.action)
    if isinstance(action, UnrecognizedAction):
        return Unrecognized(kind=kind, problem=f"its action is of the unknown kind {action.kind}")
    payload: SeenPayload = build(action)
    return payload


def _account_opened(body: Body) -> SeenPayload:
    return AccountOpened(
        venue=last_part(body.account.venue),
        network=body.account.network,
        mode=enum_from_wire(Mode, body.account.mode),
        label=body.account.label,
    )


def _account_updated(body: Body) -> SeenPayload:
    return AccountUpdated(label=body.account.label, credentials_replaced=body.credentials_replaced)


def _balance_changed(body: Body) -> SeenPayload:
    report = balance_from_wire(body.balance)
    return BalanceChanged(balance=report.balance, cross=report.cross)


def _position_closed(body: Body) -> SeenPayload:
    return PositionClosed(
        position=position_from_wire(body.position),
        end=enum_from_wire(PositionEnd, body.end),
        exit_price=body.exit_price_usd,
        pl=body.profit_sats,
    )


def _funding_paid(body: Body) -> SeenPayload:
    funding = Funding(
        position=last_part(body.position),
        fee=body.fee_sats,
        time=time_from_wire(body.settle_time, "settle_time"),
        settlement=body.settlement_id,
    )
    return FundingPaid(funding=funding)


def _command_received(body: Body) -> SeenPayload:
    def build(action: Action) -> SeenPayload:
        return CommandReceived(request_id=body.request_id, principal=body.principal, action=action)

    return _with_action(body, "CommandReceived", build)


def step_from_wire(body: events_pb2.StepTaken) -> StepSummary:
    """Return the step in a message."""
    return StepSummary(
        run=last_part(body.run),
        step=body.step_sequence,
        cause=body.cause,
        intents=tuple(
            IntentSummary(
                kind=each.kind,
                text=each.text,
                why=why_from_wire(each.why) if each.HasField("why") else None,
            )
            for each in body.intents
        ),
        last_price=decimal_or_none(body.last_price_usd, "last_price_usd"),
        price_age=span_or_none(body, "price_age"),
    )


def _intent_planned(body: Body) -> SeenPayload:
    def build(action: Action) -> SeenPayload:
        return IntentPlanned(
            intent=last_part(body.intent.name),
            action=action,
            target=target_of(body.intent.action),
            run=last_part(body.intent.run),
            step=body.step_sequence,
            principal=body.intent.principal,
        )

    return _with_action(body, "IntentPlanned", build)


def _intent_review_refused(body: Body) -> SeenPayload:
    def build(action: Action) -> SeenPayload:
        return IntentReviewRefused(
            run=last_part(body.run),
            step=body.step_sequence,
            action=action,
            reason=body.reason,
            message=body.text,
            reviewer=body.by_reviewer,
        )

    return _with_action(body, "IntentReviewRefused", build)


def _intent_sent(body: Body) -> SeenPayload:
    return IntentSent(
        intent=last_part(body.intent),
        attempt=body.attempt,
        signed_at=time_from_wire(body.sign_time, "sign_time"),
        fence=time_from_wire(body.fence_time, "fence_time"),
    )


def _intent_settled(body: Body) -> SeenPayload:
    outcome = settlement_from_wire(body.outcome)
    return IntentSettled(
        intent=outcome.intent,
        state=enum_from_wire(IntentState, body.state),
        by=outcome.by,
        reason=outcome.reason,
        message=outcome.message,
        venue_id=outcome.venue_id,
        latency_ms=(outcome.latency or timedelta()) // timedelta(milliseconds=1),
        principal=body.principal,
        note=body.note,
        forced=body.forced,
    )


def _intent_witnessed(body: Body) -> SeenPayload:
    return IntentWitnessed(
        intent=last_part(body.intent),
        fenced=body.fenced,
        message=body.text,
        shows=dict(body.figures),
    )


def _run_changed(body: Body) -> SeenPayload:
    return RunChanged(
        run=last_part(body.run.name),
        strategy=last_part(body.run.strategy),
        state=enum_from_wire(RunState, body.run.state),
        config=body.run.config,
        label=body.run.label,
        reason=body.run.state_reason,
        resumes_at=time_or_none(body.run, "resume_time"),
    )


def _run_upgraded(body: Body) -> SeenPayload:
    return RunUpgraded(
        run=last_part(body.run),
        before=version_from_wire(body.from_version),
        after=version_from_wire(body.to_version),
        step=body.step_sequence,
        by=enum_from_wire(UpgradeEnd, body.end),
        reason=body.text,
    )


def _notice_given(body: Body) -> SeenPayload:
    return NoticeGiven(
        severity=enum_from_wire(Severity, body.severity),
        code=body.code,
        text=body.text,
        position=last_part(body.position),
        run=last_part(body.run),
        data=dict(body.figures),
    )


def _halt_changed(body: Body) -> SeenPayload:
    level = enum_from_wire(HaltLevel, body.level)
    return HaltChanged(
        level=level, principal=body.principal, reason=body.reason, platform=body.platform
    )


def _standing_changed(body: Body) -> SeenPayload:
    return StandingChanged(
        standing=enum_from_wire(Standing, body.standing),
        causes=tuple(cause_from_wire(cause) for cause in body.causes),
    )


def _restore_reconciled(body: Body) -> SeenPayload:
    return RestoreReconciled(
        backup=body.backup,
        backup_at=time_from_wire(body.backup_time),
        restored_at=time_from_wire(body.restore_time),
        increases=tuple(
            Increase(
                target=f"positions/{last_part(increase.position)}",
                amount=increase.amount_sats,
                opened=increase.opened,
            )
            for increase in body.increases
        ),
    )


_READERS: dict[str, Any] = {
    "account_opened": _account_opened,
    "account_updated": _account_updated,
    "account_closed": lambda body: AccountClosed(label=body.label),
    "balance_changed": _balance_changed,
    "position_changed": lambda body: PositionChanged(position=position_from_wire(body.position)),
    "position_closed": _position_closed,
    "order_changed": lambda body: OrderChanged(order=order_from_wire(body.order)),
    "funding_paid": _funding_paid,
    "command_received": _command_received,
    "command_refused": lambda body: CommandRefused(
        request_id=body.request_id,
        reason=body.reason,
        message=body.text,
        reviewer=body.by_reviewer,
    ),
    "step_taken": step_from_wire,
    "intent_planned": _intent_planned,
    "intent_review_refused": _intent_review_refused,
    "intent_sent": _intent_sent,
    "intent_settled": _intent_settled,
    "intent_witnessed": _intent_witnessed,
    "run_changed": _run_changed,
    "run_upgraded": _run_upgraded,
    "coverage_changed": lambda body: CoverageChanged(coverage=coverage_from_wire(body.coverage)),
    "notice_given": _notice_given,
    "restore_reconciled": _restore_reconciled,
    "halt_changed": _halt_changed,
    "change_made": lambda body: ChangeMade(
        principal=body.principal, method=body.method, request_id=body.request_id
    ),
    "standing_changed": _standing_changed,
    "feed_changed": lambda body: FeedChanged(
        quality=enum_from_wire(FeedQuality, body.quality), reason=body.reason
    ),
}
