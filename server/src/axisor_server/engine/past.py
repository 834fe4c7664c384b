"""Reads from a restored journal what the backup knew, and what was confirmed then and since."""

from __future__ import annotations

from axisor.events import IntentSettled, IntentState, PositionChanged
from axisor.intents import DepositCross
from axisor.model import AccountState, Sats
from axisor_server.domain.account import PROJECTED, project
from axisor_server.domain.intent import spends
from axisor_server.domain.journal import Entry, decode_payload
from axisor_server.domain.restored import Deposit, Known
from axisor_server.ports import Reader

PAGE = 1_000


class Past:
    """Reads the journal of an account: as it was at the restore, and what was confirmed in all."""

    def __init__(self, reader: Reader, upto: int) -> None:
        self._reader = reader
        self._upto = upto
        self._state: AccountState | None = None
        self._explained: dict[str, Sats] = {}
        self._claimed: set[str] = set()
        self._deposits: list[Deposit] = []

    def known(self, stream: str, *, since_us: int, real_time: bool) -> Known:
        """Return what the journal tells."""
        after = 0
        while page := self._reader.entries(stream, after=after, limit=PAGE):
            for entry in page:
                self._take(entry)
            after = page[-1].sequence
        return Known(
            state=self._state,
            explained=self._explained,
            claimed=frozenset(self._claimed),
            deposits=tuple(self._deposits),
            since_us=since_us,
            real_time=real_time,
        )

    def _take(self, entry: Entry) -> None:
        if entry.kind == IntentSettled.__name__:
            settled = decode_payload(entry.payload)
            assert isinstance(settled, IntentSettled)
            if settled.state is IntentState.CONFIRMED:
                self._confirmed(settled)
        elif entry.kind in PROJECTED and entry.sequence <= self._upto:
            payload = decode_payload(entry.payload)
            self._state = project(self._state, payload)
            if isinstance(payload, PositionChanged):
                self._explained.pop(f"positions/{payload.position.id}", None)

    def _confirmed(self, settled: IntentSettled) -> None:
        if settled.venue_id:
            self._claimed.add(settled.venue_id)
        record = self._reader.intent(settled.intent)
        if record is None or not spends(record.kind):
            return
        if record.kind == DepositCross.__name__:
            if not settled.venue_id:
                self._deposits.append(Deposit(record.amount, record.created_us))
        else:
            held = self._explained.get(record.target, 0)
            self._explained[record.target] = held + record.amount
