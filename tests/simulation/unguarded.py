"""Takes safety rules from the two cores on the small stage, to see that the explorer notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from msgspec.structs import replace

from axisor.model import Mode
from axisor_server.adapters.memory.store import MemoryTransaction
from axisor_server.domain.journal import Entry, Head, decode_payload, extend, from_us
from axisor_server.domain.records import IntentRecord, LeaseRecord, RunRecord
from axisor_server.engine.core import Core
from tests.simulation.lateness import signature_outlives_lease
from tests.simulation.patches import Patches
from tests.simulation.removals import no_fence_wait
from tests.simulation.stage import Stage


def sign_at_send(patches: Patches) -> None:
    """Sign a request when it leaves, not when its stamp is committed."""

    def now(self: Stage, signed_at_ms: int) -> int:
        return self.wall_ms

    patches.put(Stage, "signature", now)


def no_index(patches: Patches) -> None:
    """Allow many open additive actions for one position."""

    def never(self: MemoryTransaction, record: IntentRecord) -> bool:
        return False

    patches.put(MemoryTransaction, "_doubles", never)


def no_lease(patches: Patches) -> None:
    """Let both cores act under one epoch."""

    def granted(self: MemoryTransaction, account: str, *, owner: str, ttl_us: int) -> int:
        lease = LeaseRecord(account=account, owner=owner, epoch=1, until_us=0)
        self._tables.leases.put(account, lease)
        return 1

    def any_of(
        self: MemoryTransaction, accounts: Sequence[str], *, owner: str, ttl_us: int
    ) -> tuple[str, int]:
        return accounts[0], granted(self, accounts[0], owner=owner, ttl_us=ttl_us)

    append = MemoryTransaction.append

    def unfenced(
        self: MemoryTransaction, head: Head, entries: Sequence[Entry], *, epoch: int | None
    ) -> None:
        append(self, head, entries, epoch=None)

    patches.put(MemoryTransaction, "claim_lease", granted)
    patches.put(MemoryTransaction, "claim_next", any_of)
    patches.put(MemoryTransaction, "hold_lease", lambda self, account, *, epoch: None)
    patches.put(MemoryTransaction, "append", unfenced)
    patches.put(Core, "holds", lambda self: True)


def no_lease_no_index(patches: Patches) -> None:
    """Let both cores act, with many open actions each."""
    no_lease(patches)
    no_index(patches)


def nothing_between(patches: Patches) -> None:
    """Let both cores write whatever the other wrote meanwhile."""
    no_lease_no_index(patches)
    append = MemoryTransaction.append

    def anywhere(
        self: MemoryTransaction, head: Head, entries: Sequence[Entry], *, epoch: int | None
    ) -> None:
        if not entries:
            return
        first, present = entries[0], self.head(entries[0].stream)
        moved = extend(
            present,
            stream=first.stream,
            mode=Mode(first.mode),
            time=from_us(first.time_us),
            payloads=[decode_payload(entry.payload) for entry in entries],
        )
        append(self, present, moved, epoch=epoch)

    def unordered(
        self: MemoryTransaction, run: str, *, step: int, memory: bytes, wake: bytes, now_us: int
    ) -> None:
        present = self.run(run)
        assert present is not None
        moved = replace(present, step=step, memory=memory, wake=wake, updated_us=now_us)
        self._tables.runs.put(run, moved)

    def twice(self: MemoryTransaction, record: IntentRecord) -> bool:
        self._tables.intents.put(record.id, record)
        return True

    def put(self: MemoryTransaction, record: RunRecord, *, revision: int | None) -> None:
        self._tables.runs.put(record.id, record)

    patches.put(MemoryTransaction, "append", anywhere)
    patches.put(MemoryTransaction, "save_step", unordered)
    patches.put(MemoryTransaction, "put_run", put)
    patches.put(MemoryTransaction, "add_intent", twice)


UNGUARDED: Mapping[str, Callable[[Patches], None]] = MappingProxyType(
    {
        "signature-outlives-lease": signature_outlives_lease,
        "no-fence-wait": no_fence_wait,
        "sign-at-send": sign_at_send,
        "no-lease-no-index": no_lease_no_index,
        "nothing-between-two-cores": nothing_between,
        "no-lease": no_lease,
        "no-index": no_index,
    }
)
