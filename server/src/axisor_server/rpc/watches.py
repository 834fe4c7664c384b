"""The frames of watches: events, snapshots and heartbeats as bytes, alike for every stream.

Every `Watch…Response` has the same three fields under the same numbers, so one encoding
serves all of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from axisor.model import Permission
from axisor.v1 import events_pb2, types_pb2
from axisor.wire.events import event_to_wire
from axisor.wire.resources import snapshot_to_wire
from axisor.wire.scalars import time_to_wire
from axisor_server.domain.journal import Entry, to_event
from axisor_server.rpc.reports import snapshot_of
from axisor_server.services.accounts import Accounts, stream_of
from axisor_server.services.runs import Runs
from axisor_server.services.snapshots import AccountSnapshot, Snapshots
from axisor_server.services.watching import Hub

ALL: frozenset[str] = frozenset()
ACCOUNT = frozenset(
    {
        "AccountOpened",
        "AccountUpdated",
        "AccountClosed",
        "BalanceChanged",
        "HaltChanged",
        "StandingChanged",
        "FeedChanged",
        "RestoreReconciled",
    }
)
MARGIN = frozenset(
    {"PositionChanged", "PositionClosed", "BalanceChanged", "FundingPaid", "CoverageChanged"}
)
ORDERS = frozenset({"OrderChanged"})
CONFIRMATIONS = frozenset({"ConfirmationPrepared", "ConfirmationSettled"})
RUNS = frozenset({"RunChanged", "RunUpgraded", "StepTaken", "IntentReviewRefused", "NoticeGiven"})
GUARD = frozenset(
    {
        "CoverageChanged",
        "StepTaken",
        "IntentPlanned",
        "IntentReviewRefused",
        "IntentSent",
        "IntentSettled",
        "NoticeGiven",
        "HaltChanged",
        "StandingChanged",
        "FeedChanged",
        "RestoreReconciled",
    }
)


def encode(entry: Entry) -> bytes:
    """Return the frame of one journal entry."""
    frame = events_pb2.WatchEventsResponse(events=[event_to_wire(to_event(entry))])
    return frame.SerializeToString()


def beat(latest: int, now: datetime) -> bytes:
    """Return the frame of a heartbeat."""
    heartbeat = types_pb2.Heartbeat(latest_sequence=latest, heartbeat_time=time_to_wire(now))
    return events_pb2.WatchEventsResponse(heartbeat=heartbeat).SerializeToString()


class Watches:
    """Opens watches of accounts."""

    def __init__(self, *, hub: Hub, accounts: Accounts, snapshots: Snapshots, runs: Runs) -> None:
        self._hub = hub
        self._accounts = accounts
        self._snapshots = snapshots
        self._runs = runs

    async def watch(
        self, account: str, after: int | None, kinds: frozenset[str]
    ) -> AsyncIterator[bytes]:
        """Yield frames of an account's journal. Raises AccountNotFound, and what the hub raises."""
        await self._accounts.get(account)

        async def snapshot() -> tuple[int, bytes]:
            taken = await self._snapshots.take(account)
            frame = events_pb2.WatchEventsResponse(snapshot=self.message(taken))
            return taken.sequence, frame.SerializeToString()

        frames = self._hub.watch(stream_of(account), after=after, kinds=kinds, snapshot=snapshot)
        async for frame in frames:
            yield frame

    async def snapshot(self, account: str) -> events_pb2.Snapshot:
        """Return an account as of now."""
        return self.message(await self._snapshots.take(account))

    def message(self, taken: AccountSnapshot) -> events_pb2.Snapshot:
        """Return a snapshot as a message."""
        rights: dict[str, Permission] = {
            name: strategy.permissions for name, strategy in self._runs.strategies.items()
        }
        positions = self._snapshots.positions(taken.account.id)
        return snapshot_to_wire(snapshot_of(taken, positions, rights))
