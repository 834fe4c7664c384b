"""Carries accounts, runs and snapshots over the wire."""

from __future__ import annotations

from axisor.events import HaltLevel, RunState, Standing
from axisor.model import Mode
from axisor.v1 import events_pb2, resources_pb2
from axisor.wire.actions import effect_from_wire, effect_to_wire
from axisor.wire.model import (
    balance_from_wire,
    balance_to_wire,
    cause_from_wire,
    cause_to_wire,
    coverage_from_wire,
    coverage_to_wire,
    leash_from_wire,
    leash_to_wire,
    order_from_wire,
    order_to_wire,
    report_from_wire,
    report_to_wire,
)
from axisor.wire.names import (
    account_name,
    account_part,
    last_part,
    run_name,
    strategy_name,
    venue_name,
)
from axisor.wire.records import Account, Run, Snapshot
from axisor.wire.scalars import (
    decimal_or_none,
    decimal_to_wire,
    enum_from_wire,
    enum_to_wire,
    permissions_from_wire,
    permissions_to_wire,
    time_or_none,
    time_to_wire,
)


def account_to_wire(account: Account) -> resources_pb2.Account:
    """Return an account as a message."""
    return resources_pb2.Account(
        name=account_name(account.id),
        label=account.label,
        venue=venue_name(account.venue),
        network=account.network,
        mode=enum_to_wire(account.mode),
        base_url=account.base_url,
        halt_level=enum_to_wire(account.halt),
        scopes=account.scopes,
        reconcile_time=time_to_wire(account.reconciled_at, "reconcile_time"),
        create_time=time_to_wire(account.created_at, "create_time"),
        update_time=time_to_wire(account.updated_at, "update_time"),
        etag=account.etag,
        near_percent=decimal_to_wire(account.near_percent, "near_percent"),
        critical_percent=decimal_to_wire(account.critical_percent, "critical_percent"),
    )


def account_from_wire(message: resources_pb2.Account) -> Account:
    """Return the account in a message. Raises FieldInvalid."""
    return Account(
        id=last_part(message.name),
        label=message.label,
        venue=last_part(message.venue),
        network=message.network,
        mode=enum_from_wire(Mode, message.mode),
        base_url=message.base_url,
        halt=enum_from_wire(HaltLevel, message.halt_level),
        scopes=tuple(message.scopes),
        reconciled_at=time_or_none(message, "reconcile_time"),
        created_at=time_or_none(message, "create_time"),
        updated_at=time_or_none(message, "update_time"),
        etag=message.etag,
        near_percent=decimal_or_none(message.near_percent, "near_percent"),
        critical_percent=decimal_or_none(message.critical_percent, "critical_percent"),
    )


def run_to_wire(run: Run) -> resources_pb2.Run:
    """Return a run as a message."""
    return resources_pb2.Run(
        name=run_name(run.account, run.id),
        strategy=strategy_name(run.strategy),
        label=run.label,
        state=enum_to_wire(run.state),
        state_reason=run.reason,
        config=run.config,
        leash=leash_to_wire(run.leash),
        permissions=permissions_to_wire(run.permissions),
        mode=enum_to_wire(run.mode),
        step_sequence=run.step,
        create_time=time_to_wire(run.created_at, "create_time"),
        update_time=time_to_wire(run.updated_at, "update_time"),
        start_time=time_to_wire(run.started_at, "start_time"),
        etag=run.etag,
        resume_time=time_to_wire(run.resumes_at, "resume_time"),
    )


def run_from_wire(message: resources_pb2.Run) -> Run:
    """Return the run in a message. Raises FieldInvalid."""
    return Run(
        id=last_part(message.name),
        account=account_part(message.name),
        strategy=last_part(message.strategy),
        state=enum_from_wire(RunState, message.state),
        label=message.label,
        reason=message.state_reason,
        config=message.config,
        leash=leash_from_wire(message.leash),
        permissions=permissions_from_wire(message.permissions),
        mode=enum_from_wire(Mode, message.mode),
        step=message.step_sequence,
        created_at=time_or_none(message, "create_time"),
        updated_at=time_or_none(message, "update_time"),
        started_at=time_or_none(message, "start_time"),
        etag=message.etag,
        resumes_at=time_or_none(message, "resume_time"),
    )


def snapshot_to_wire(snapshot: Snapshot) -> events_pb2.Snapshot:
    """Return a snapshot as a message. Raises FieldInvalid."""
    account = snapshot.account.id
    return events_pb2.Snapshot(
        sequence=snapshot.sequence,
        snapshot_time=time_to_wire(snapshot.time, "snapshot_time"),
        account=account_to_wire(snapshot.account),
        balance=balance_to_wire(account, snapshot.balance),
        positions=[report_to_wire(report) for report in snapshot.positions],
        orders=[order_to_wire(account, order) for order in snapshot.orders],
        runs=[run_to_wire(run) for run in snapshot.runs],
        coverages=[coverage_to_wire(account, each) for each in snapshot.coverages],
        open_intents=[effect_to_wire(effect) for effect in snapshot.effects],
        halt_level=enum_to_wire(snapshot.halt),
        platform_halt_level=enum_to_wire(snapshot.platform_halt),
        standing=enum_to_wire(snapshot.standing),
        standing_causes=[cause_to_wire(cause) for cause in snapshot.causes],
    )


def snapshot_from_wire(message: events_pb2.Snapshot) -> Snapshot:
    """Return the snapshot in a message. Raises FieldInvalid."""
    return Snapshot(
        sequence=message.sequence,
        time=time_or_none(message, "snapshot_time"),
        account=account_from_wire(message.account),
        balance=balance_from_wire(message.balance),
        positions=tuple(report_from_wire(position) for position in message.positions),
        orders=tuple(order_from_wire(order) for order in message.orders),
        runs=tuple(run_from_wire(run) for run in message.runs),
        coverages=tuple(coverage_from_wire(coverage) for coverage in message.coverages),
        effects=tuple(effect_from_wire(intent) for intent in message.open_intents),
        halt=enum_from_wire(HaltLevel, message.halt_level),
        platform_halt=enum_from_wire(HaltLevel, message.platform_halt_level),
        standing=enum_from_wire(Standing, message.standing),
        causes=tuple(cause_from_wire(cause) for cause in message.standing_causes),
    )
