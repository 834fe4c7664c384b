"""How accounts have fared: a read model over their journals, kept and carried on."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from msgspec import Struct

from axisor.model import Sats
from axisor_server.domain.journal import Entry, decode_payload
from axisor_server.domain.performance import Figures, Results
from axisor_server.ports import Clock, Reader, Store
from axisor_server.services.accounts import Accounts, stream_of
from axisor_server.services.snapshots import Snapshots

CHUNK = 1_000
MOST_KEPT = 64
"""How many accounts' results are kept; any other's are read anew from the journal's beginning."""


class Performance(Struct, frozen=True, kw_only=True):
    """The figures of an account; `sequence` is the last entry that was taken in."""

    figures: Figures
    unrealised: Sats
    sequence: int


class Performances:
    """Judges accounts."""

    def __init__(
        self, *, store: Store, accounts: Accounts, snapshots: Snapshots, clock: Clock
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._snapshots = snapshots
        self._clock = clock
        self._kept: OrderedDict[str, Results] = OrderedDict()

    async def judge(
        self, account: str, start: datetime | None, end: datetime | None
    ) -> Performance:
        """Return how an account fared over a time. Raises AccountNotFound."""
        await self._accounts.get(account)
        now = self._clock.now()
        results = await self._up_to_date(account)
        until = now if end is None else min(end, now)
        return Performance(
            figures=results.figures(start, until),
            unrealised=sum(position.pl for position in self._snapshots.positions(account)),
            sequence=results.sequence,
        )

    async def _up_to_date(self, account: str) -> Results:
        # Taken out while it is carried on: a call beside this one reads anew, and spoils nothing.
        results = self._kept.pop(account, None) or Results()
        stream = stream_of(account)
        while True:
            after = results.sequence

            def unit(view: Reader, after: int = after) -> list[Entry]:
                return list(view.entries(stream, after=after, limit=CHUNK))

            entries = await self._store.read(unit)
            for entry in entries:
                results.take(entry.sequence, entry.time_us, decode_payload(entry.payload))
            if len(entries) < CHUNK:
                break
        self._kept[account] = results
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return results
