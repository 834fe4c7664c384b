"""Writes the journal to the wire: every payload to its member of `Event.payload`.

A client sees a step as words: the memory and the stimulus stay in the core. `seen` reads them back.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from axisor.events import (
    AccountClosed,
    AccountOpened,
    AccountUpdated,
    BalanceChanged,
    ChangeMade,
    CommandReceived,
    CommandRefused,
    CoverageChanged,
    Event,
    FeedChanged,
    FundingPaid,
    HaltChanged,
    IntentPlanned,
    IntentReviewRefused,
    IntentSent,
    IntentSettled,
    IntentState,
    IntentWitnessed,
    NoticeGiven,
    OrderChanged,
    Payload,
    PositionChanged,
    PositionClosed,
    RestoreReconciled,
    RunChanged,
    RunUpgraded,
    StandingChanged,
    StepTaken,
    Ticked,
    Woken,
)
from axisor.identity import IdentityPayload
from axisor.intents import Intent, Notice, Wake
from axisor.model import Tick
from axisor.v1 import events_pb2, resources_pb2
from axisor.wire.actions import (
    action_to_wire,
    why_to_wire,
)
from axisor.wire.identity import identity_to_wire
from axisor.wire.model import (
    balance_to_wire,
    cause_to_wire,
    coverage_to_wire,
    order_to_wire,
    position_to_wire,
)
from axisor.wire.names import (
    account_name,
    intent_name,
    last_part,
    position_name,
    run_name,
    strategy_name,
    venue_name,
)
from axisor.wire.records import (
    AccountBalance,
)
from axisor.wire.scalars import (
    decimal_to_wire,
    enum_to_wire,
    span_to_wire,
    time_to_wire,
)
from axisor.wire.upgrades import version_to_wire

Body: TypeAlias = Any
"""Any payload message of `events.proto`; they have no common type that knows their fields."""


def event_to_wire(event: Event) -> events_pb2.Event:
    """Return an entry of an account's journal as a message. Raises FieldInvalid."""
    account = last_part(event.stream)
    message = events_pb2.Event(
        account=account_name(account) if event.stream.startswith("accounts/") else "",
        sequence=event.sequence,
        event_time=time_to_wire(event.time, "event_time"),
        mode=enum_to_wire(event.mode),
        kind=event.kind,
        hash=event.hash,
    )
    member, body = payload_to_wire(account, event.payload)
    getattr(message, member).CopyFrom(body)
    return message


def payload_to_wire(account: str, payload: Payload) -> tuple[str, Body]:
    """Return the member of `Event.payload` that holds a payload, and its message."""
    if isinstance(payload, IdentityPayload):
        return identity_to_wire(payload)
    match payload:
        case AccountOpened() | AccountUpdated() | AccountClosed():
            return _account_to_wire(account, payload)
        case HaltChanged() | FeedChanged() | StandingChanged():
            return _standing_to_wire(payload)
        case BalanceChanged():
            report = AccountBalance(balance=payload.balance, cross=payload.cross)
            balance = balance_to_wire(account, report)
            return "balance_changed", events_pb2.BalanceChanged(balance=balance)
        case PositionChanged() | PositionClosed() | OrderChanged() | FundingPaid():
            return _holding_to_wire(account, payload)
        case CommandReceived() | CommandRefused() | IntentReviewRefused():
            return _request_to_wire(account, payload)
        case IntentPlanned() | IntentSent() | IntentSettled() | IntentWitnessed():
            return _effect_to_wire(account, payload)
        case ChangeMade(principal=principal, method=method, request_id=request_id):
            return "change_made", events_pb2.ChangeMade(
                principal=principal, method=method, request_id=request_id
            )
        case RestoreReconciled():
            return "restore_reconciled", _restore_to_wire(account, payload)
        case StepTaken() | RunChanged() | RunUpgraded():
            return _run_to_wire(account, payload)
        case CoverageChanged():
            coverage = coverage_to_wire(account, payload.coverage)
            return "coverage_changed", events_pb2.CoverageChanged(coverage=coverage)
        case NoticeGiven():
            return "notice_given", events_pb2.NoticeGiven(
                severity=enum_to_wire(payload.severity),
                code=payload.code,
                text=payload.text,
                position=position_name(account, payload.position),
                run=run_name(account, payload.run),
                figures=payload.data,
            )


def _restore_to_wire(account: str, payload: RestoreReconciled) -> Body:
    return events_pb2.RestoreReconciled(
        backup=payload.backup,
        backup_time=time_to_wire(payload.backup_at, "backup_time"),
        restore_time=time_to_wire(payload.restored_at, "restore_time"),
        increases=[
            events_pb2.UnexplainedIncrease(
                position=position_name(account, last_part(increase.target)),
                amount_sats=increase.amount,
                opened=increase.opened,
            )
            for increase in payload.increases
        ],
    )


def _account_to_wire(
    account: str, payload: AccountOpened | AccountUpdated | AccountClosed
) -> tuple[str, Body]:
    match payload:
        case AccountOpened():
            opened = resources_pb2.Account(
                name=account_name(account),
                label=payload.label,
                venue=venue_name(payload.venue),
                network=payload.network,
                mode=enum_to_wire(payload.mode),
            )
            return "account_opened", events_pb2.AccountOpened(account=opened)
        case AccountUpdated():
            updated = resources_pb2.Account(name=account_name(account), label=payload.label)
            return "account_updated", events_pb2.AccountUpdated(
                account=updated, credentials_replaced=payload.credentials_replaced
            )
        case AccountClosed():
            return "account_closed", events_pb2.AccountClosed(label=payload.label)


def _standing_to_wire(payload: HaltChanged | FeedChanged | StandingChanged) -> tuple[str, Body]:
    match payload:
        case HaltChanged():
            return "halt_changed", events_pb2.HaltChanged(
                level=enum_to_wire(payload.level),
                principal=payload.principal,
                reason=payload.reason,
                platform=payload.platform,
            )
        case FeedChanged():
            return "feed_changed", events_pb2.FeedChanged(
                quality=enum_to_wire(payload.quality), reason=payload.reason
            )
        case StandingChanged():
            return "standing_changed", events_pb2.StandingChanged(
                standing=enum_to_wire(payload.standing),
                causes=[cause_to_wire(cause) for cause in payload.causes],
            )


def _holding_to_wire(
    account: str, payload: PositionChanged | PositionClosed | OrderChanged | FundingPaid
) -> tuple[str, Body]:
    match payload:
        case PositionChanged():
            position = position_to_wire(account, payload.position)
            return "position_changed", events_pb2.PositionChanged(position=position)
        case PositionClosed():
            return "position_closed", events_pb2.PositionClosed(
                position=position_to_wire(account, payload.position),
                end=enum_to_wire(payload.end),
                exit_price_usd=payload.exit_price,
                profit_sats=payload.pl,
            )
        case OrderChanged():
            order = order_to_wire(account, payload.order)
            return "order_changed", events_pb2.OrderChanged(order=order)
        case FundingPaid():
            return "funding_paid", events_pb2.FundingPaid(
                position=position_name(account, payload.funding.position),
                fee_sats=payload.funding.fee,
                settle_time=time_to_wire(payload.funding.time, "settle_time"),
                settlement_id=payload.funding.settlement,
            )


def _request_to_wire(
    account: str, payload: CommandReceived | CommandRefused | IntentReviewRefused
) -> tuple[str, Body]:
    match payload:
        case CommandReceived():
            return "command_received", events_pb2.CommandReceived(
                request_id=payload.request_id,
                principal=payload.principal,
                action=action_to_wire(account, payload.action),
            )
        case CommandRefused():
            return "command_refused", events_pb2.CommandRefused(
                request_id=payload.request_id,
                reason=payload.reason,
                text=payload.message,
                by_reviewer=payload.reviewer,
            )
        case IntentReviewRefused():
            return "intent_review_refused", events_pb2.IntentReviewRefused(
                run=run_name(account, payload.run),
                step_sequence=payload.step,
                action=action_to_wire(account, payload.action),
                reason=payload.reason,
                text=payload.message,
                by_reviewer=payload.reviewer,
            )


def _effect_to_wire(
    account: str, payload: IntentPlanned | IntentSent | IntentSettled | IntentWitnessed
) -> tuple[str, Body]:
    match payload:
        case IntentPlanned():
            intent = resources_pb2.Intent(
                name=intent_name(account, payload.intent),
                state=enum_to_wire(IntentState.PLANNED),
                action=action_to_wire(account, payload.action, target=payload.target),
                run=run_name(account, payload.run),
                principal=payload.principal,
            )
            return "intent_planned", events_pb2.IntentPlanned(
                intent=intent, step_sequence=payload.step
            )
        case IntentSent():
            return "intent_sent", events_pb2.IntentSent(
                intent=intent_name(account, payload.intent),
                attempt=payload.attempt,
                sign_time=time_to_wire(payload.signed_at, "sign_time"),
                fence_time=time_to_wire(payload.fence, "fence_time"),
            )
        case IntentSettled():
            latency = timedelta(milliseconds=payload.latency_ms) if payload.latency_ms else None
            outcome = resources_pb2.Outcome(
                intent=intent_name(account, payload.intent),
                settled_by=payload.by,
                reason=payload.reason,
                text=payload.message,
                venue_id=payload.venue_id,
                latency=span_to_wire(latency),
            )
            return "intent_settled", events_pb2.IntentSettled(
                state=enum_to_wire(payload.state),
                outcome=outcome,
                principal=payload.principal,
                note=payload.note,
                forced=payload.forced,
            )
        case IntentWitnessed():
            return "intent_witnessed", events_pb2.IntentWitnessed(
                intent=intent_name(account, payload.intent),
                fenced=payload.fenced,
                text=payload.message,
                figures=payload.shows,
            )


def _run_to_wire(account: str, payload: StepTaken | RunChanged | RunUpgraded) -> tuple[str, Body]:
    match payload:
        case StepTaken():
            return "step_taken", events_pb2.StepTaken(
                run=run_name(account, payload.run),
                step_sequence=payload.step,
                cause=one_line(payload.cause),
                intents=[_summary_to_wire(intent) for intent in payload.intents],
                last_price_usd=decimal_to_wire(_price_seen(payload), "last_price"),
                price_age=span_to_wire(_age_seen(payload)),
            )
        case RunChanged():
            run = resources_pb2.Run(
                name=run_name(account, payload.run),
                strategy=strategy_name(payload.strategy),
                label=payload.label,
                state=enum_to_wire(payload.state),
                state_reason=payload.reason,
                config=payload.config,
                resume_time=time_to_wire(payload.resumes_at, "resume_time"),
            )
            return "run_changed", events_pb2.RunChanged(run=run)
        case RunUpgraded():
            return "run_upgraded", events_pb2.RunUpgraded(
                run=run_name(account, payload.run),
                from_version=version_to_wire(payload.before),
                to_version=version_to_wire(payload.after),
                step_sequence=payload.step,
                end=enum_to_wire(payload.by),
                text=payload.reason,
            )


def _price_seen(step: StepTaken) -> Decimal | None:
    tick = None if step.saw is None else step.saw.tick
    if isinstance(tick, Tick):
        return tick.last
    return step.cause.tick.last if isinstance(step.cause, Woken | Ticked) else None


def _age_seen(step: StepTaken) -> timedelta | None:
    age_ms = None if step.saw is None else step.saw.age_ms
    return None if age_ms is None else timedelta(milliseconds=age_ms)


def _summary_to_wire(intent: Intent) -> events_pb2.IntentSummary:
    return events_pb2.IntentSummary(
        kind=type(intent).__name__,
        text=one_line(intent),
        why=None if isinstance(intent, Wake) else why_to_wire(intent.why),
    )


def one_line(value: msgspec.Struct) -> str:
    """Return a stimulus or an intent as one line: its text, or its name and what is set in it."""
    if isinstance(value, Notice):
        return value.text
    return f"{type(value).__name__} {_words(value)}".rstrip()


def _words(value: msgspec.Struct) -> str:
    found = []
    for field in msgspec.structs.fields(value):
        held = getattr(value, field.name)
        if field.name in ("why", "buckets") or held is None or held == field.default:
            continue
        if isinstance(held, msgspec.Struct):
            found.append(f"{field.name}=({_words(held)})")
        elif isinstance(held, frozenset):
            found.append(f"{field.name}={','.join(sorted(held))}")
        else:
            found.append(f"{field.name}={held}")
    return " ".join(found)
