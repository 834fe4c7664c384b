"""Dead letters as an operator sees them: listed, looked at, settled by their word, or given up."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from axisor.errors import EventNotFound, RequestExpired
from axisor.events import IntentState, IntentWitnessed
from axisor_server.domain.journal import Entry, decode_payload, to_us
from axisor_server.domain.letters import is_dead_letter
from axisor_server.domain.records import IntentRecord
from axisor_server.engine.asks import SettleLetter
from axisor_server.engine.facade import Engine
from axisor_server.engine.letters import Ruled
from axisor_server.ports import Clock, Reader, Store
from axisor_server.services.accounts import Accounts, stream_of
from axisor_server.services.requests import Request

CHUNK = 500
MOST_READINGS = 100


class Reading(Struct, frozen=True):
    """What a reading showed, and where the journal says so."""

    entry: Entry
    payload: IntentWitnessed


class Letter(Struct, frozen=True):
    """An action of unknown outcome with what was read about it since, oldest first."""

    record: IntentRecord
    readings: tuple[Reading, ...]


class Letters:
    """Shows and settles the dead letters of accounts."""

    def __init__(self, *, engine: Engine, store: Store, accounts: Accounts, clock: Clock) -> None:
        self._engine = engine
        self._store = store
        self._accounts = accounts
        self._clock = clock

    async def list(self, account: str) -> Sequence[IntentRecord]:
        """Return the dead letters of an account, oldest first. Raises AccountNotFound."""
        await self._accounts.get(account)
        now_us, after_ms = to_us(self._clock.now()), self._engine.dead_letter_ms
        found = await self._store.read(lambda view: view.open_intents(account))
        return [row for row in found if is_dead_letter(row, now_us=now_us, after_ms=after_ms)]

    async def get(self, account: str, intent: str) -> Letter:
        """Return an action of unknown outcome, however young, with what was read about it.

        Raises AccountNotFound, EventNotFound.
        """
        await self._accounts.get(account)

        def unit(view: Reader) -> Letter | None:
            record = view.intent(intent)
            if record is None or record.account != account:
                return None
            if record.state is not IntentState.UNKNOWN:
                return None
            return Letter(record, tuple(_readings(view, record)))

        found = await self._store.read(unit)
        if found is None:
            raise EventNotFound(
                f"The account has no action `{intent}` of unknown outcome.", intent=intent
            )
        return found

    async def rule(
        self,
        account: str,
        intent: str,
        state: IntentState,
        *,
        note: str,
        force: bool,
        request: Request,
    ) -> Ruled:
        """Settle an action by the caller's word, once per request id, or say what that would do.

        Raises what the engine refuses with, and RequestExpired.
        """
        await self._accounts.get(account)
        ask = SettleLetter(intent=intent, state=state, note=note, force=force)
        if not request.validate_only:
            return await self._engine.settle_letter(account, ask, request.asked)
        if request.not_after is not None and self._clock.now() > request.not_after:
            raise RequestExpired(notAfterTime=request.not_after.isoformat())
        ask = msgspec.structs.replace(ask, validate_only=True)
        return await self._engine.settle_letter(account, ask, None, request.principal)


def _readings(view: Reader, record: IntentRecord) -> list[Reading]:
    """Return the newest readings about an action, oldest first; none is older than it."""
    stream = stream_of(record.account)
    found: list[Reading] = []
    before: int | None = None
    while len(found) < MOST_READINGS:
        chunk = view.entries_before(stream, before=before, kinds=["IntentWitnessed"], limit=CHUNK)
        for entry in chunk:
            payload = decode_payload(entry.payload)
            assert isinstance(payload, IntentWitnessed), "only these are asked for"
            if payload.intent == record.id:
                found.append(Reading(entry, payload))
        if len(chunk) < CHUNK or chunk[-1].time_us < record.created_us:
            break
        before = chunk[-1].sequence
    return found[:MOST_READINGS][::-1]
