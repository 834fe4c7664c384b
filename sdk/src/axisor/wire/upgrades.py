"""Carries versions of strategies, and upgrades to them, over the wire."""

from __future__ import annotations

from axisor.states import UpgradeState
from axisor.v1 import strategies_pb2, types_pb2
from axisor.versions import Difference, Upgrade, Version
from axisor.wire.names import last_part, run_name
from axisor.wire.scalars import enum_from_wire, enum_to_wire


def version_to_wire(version: Version) -> types_pb2.StrategyVersion:
    """Return a version as a message."""
    return types_pb2.StrategyVersion(version=version.version, code_hash=version.code)


def version_from_wire(message: types_pb2.StrategyVersion) -> Version:
    """Return a version from a message."""
    return Version(message.version, message.code_hash)


def upgrade_to_wire(account: str, upgrade: Upgrade) -> strategies_pb2.Upgrade:
    """Return an upgrade as a message."""
    return strategies_pb2.Upgrade(
        run=run_name(account, upgrade.run),
        state=enum_to_wire(upgrade.state),
        from_version=version_to_wire(upgrade.before),
        to_version=version_to_wire(upgrade.after),
        start_step=upgrade.begun,
        cut_over_step=upgrade.cut,
        compared_count=upgrade.compared,
        differing_count=upgrade.differing,
        equal_count=upgrade.equal,
        differences=[
            strategies_pb2.DecisionDifference(
                step_sequence=each.step,
                cause=each.cause,
                from_decisions=each.before,
                to_decisions=each.after,
            )
            for each in upgrade.differences
        ],
        equal_steps=upgrade.wanted,
        probation_steps=upgrade.probation,
        on_probation=upgrade.standing_by,
        state_reason=upgrade.reason,
    )


def upgrade_from_wire(message: strategies_pb2.Upgrade) -> Upgrade:
    """Return an upgrade from a message."""
    return Upgrade(
        run=last_part(message.run),
        before=version_from_wire(message.from_version),
        after=version_from_wire(message.to_version),
        state=enum_from_wire(UpgradeState, message.state),
        begun=message.start_step,
        cut=message.cut_over_step,
        compared=message.compared_count,
        differing=message.differing_count,
        equal=message.equal_count,
        differences=tuple(
            Difference(
                step=each.step_sequence,
                cause=each.cause,
                before=tuple(each.from_decisions),
                after=tuple(each.to_decisions),
            )
            for each in message.differences
        ),
        wanted=message.equal_steps,
        probation=message.probation_steps,
        standing_by=message.on_probation,
        reason=message.state_reason,
    )
