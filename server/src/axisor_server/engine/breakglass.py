"""Defends positions while the store is away: little, absolute, written beside it, told afterwards.

An action is in the emergency log before its first byte leaves, at most once in an outage. When the
store is back the account's life begins anew, takes the log into its journal, and reads what became
of it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import AxisorError, StoreUnavailable
from axisor.events import IntentPlanned, IntentSent, IntentState, NoticeGiven
from axisor.intents import Action, Notice, Wake
from axisor.model import AccountState, FeedQuality, Severity
from axisor.ports import Confirmed, Lane, Refused, SendResult, Unknown
from axisor.strategy import View, ask_in_outage
from axisor.words import describe
from axisor_server.domain import emergency
from axisor_server.domain.emergency import PRINCIPAL, Ended, Left
from axisor_server.domain.fence import Stamp
from axisor_server.domain.intent import decode_action, encode_action, is_additive, target_of
from axisor_server.domain.journal import from_us, to_us
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.review import Asker, review, reviewed
from axisor_server.domain.run import ACTING
from axisor_server.engine import settling
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Draft, LiveRun
from axisor_server.engine.executor import Order
from axisor_server.ports import EmergencyLog, Transaction

CODE = "BREAK_GLASS"
BACK_S = 1
"""How often the store is tried once something was done without it."""

log = logging.getLogger(__name__)


class Reading(Struct, frozen=True):
    """A reading of the account, in the journal or not, and its age."""

    state: AccountState
    age_ms: int


class BreakGlass:
    """What one account may do without its store."""

    def __init__(
        self,
        core: Core,
        emergency_log: EmergencyLog,
        *,
        reading: Callable[[], Reading | None],
        stamp: Callable[[], Stamp],
        send: Callable[[Order], Awaitable[SendResult]],
        spawn: Callable[[Awaitable[None]], None],
    ) -> None:
        self._core = core
        self._log = emergency_log
        self._reading = reading
        self._stamp = stamp
        self._send = send
        self._spawn = spawn
        self._done: set[str] | None = None
        self._sending: set[str] = set()

    @property
    def busy(self) -> bool:
        """Return whether a request is under way of which only the log knows."""
        return bool(self._sending)

    def begin(self) -> None:
        """Begin a life in which the store is there."""
        self._done = None
        self._sending.clear()

    # ---------------------------------------------------------------- while the store is away

    async def consider(self) -> None:
        """Ask every run what must be done now although nothing can be written. Only in turn."""
        core, reading = self._core, self._reading()
        if not core.acting or core.stopping or not core.holds() or reading is None:
            return
        view = self._view(reading)
        if view.quality is not FeedQuality.FRESH or reading.age_ms > core.settings.stale_ms:
            return
        try:
            done = await self._known()
            for live in list(core.runs.values()):
                if live.record.state in ACTING:
                    for action in self._asked(live, view):
                        await self._try(live, action, view, done)
        except StoreUnavailable as error:
            # Nothing leaves that is not written down first.
            log.critical("account %s: %s", core.account.id, error.message)

    def _view(self, reading: Reading) -> View:
        view = self._core.desk.view(self._core.book.with_state(reading.state))
        frozen = frozenset(position.id for position in view.positions)
        return msgspec.structs.replace(view, frozen=frozen)

    async def _known(self) -> set[str]:
        """Return what was done in this outage, by this process or one before it."""
        if self._done is None:
            deeds = await self._log.deeds(self._core.account.id)
            acts = [decode_action(bytes(deed.action)) for deed in deeds if isinstance(deed, Left)]
            self._done = {emergency.key_of(action) for action in acts}
        return self._done

    def _asked(self, live: LiveRun, view: View) -> list[Action]:
        record = live.record
        try:
            asked: tuple[Any, ...] = ask_in_outage(live.strategy, live.config, record.memory, view)
        except Exception as error:  # a plugin's boundary: it fails its own wish alone
            log.error("run %s failed in an outage: %r", record.id, error)
            return []
        return [intent for intent in asked if not isinstance(intent, Wake | Notice)]

    async def _try(self, live: LiveRun, action: Action, view: View, done: set[str]) -> None:
        key = emergency.key_of(action)
        if key in done:
            return
        core, id = self._core, self._core.new_id()
        refusal = emergency.objection(action, view) or self._review(live, action, id, view)
        if refusal is not None:
            log.warning("account %s: not done in the outage: %s", core.account.id, refusal.message)
            return
        try:
            stamped = self._stamp()
        except AxisorError as error:
            log.error("account %s: %s", core.account.id, error.message)
            return
        left = Left(
            id=id,
            account=core.account.id,
            run=live.record.id,
            target=target_of(action, id),
            kind=type(action).__name__,
            action=msgspec.Raw(encode_action(action)),
            epoch=0 if core.ledger is None else core.ledger.epoch,
            at_us=to_us(core.clock.now()),
            signed_us=stamped.signed_ms * 1_000,
            fence_us=stamped.fence_ms * 1_000,
        )
        await self._log.append(left)
        done.add(key)
        if not self._sending:
            self._spawn(self._await_store())
        self._sending.add(id)
        log.critical("account %s: without its store: %s", core.account.id, describe(action))
        self._spawn(self._carry_out(left, Order(action, stamped.signed_ms, Lane.GUARD)))

    def _review(self, live: LiveRun, action: Action, id: str, view: View) -> AxisorError | None:
        core = self._core
        asker = Asker(
            run=live.record.id,
            state=live.record.state,
            permissions=live.strategy.permissions,
            leash=live.leash,
        )
        refusal = review(
            action,
            intent=id,
            cost=0,
            book=core.draft().book,
            view=view,
            asker=asker,
        )
        return refusal or reviewed(action, live.record.id, view, core.desk.reviewers)

    async def _carry_out(self, left: Left, order: Order) -> None:
        core = self._core
        try:
            started = core.clock.monotonic_ms()
            result = await self._send(order)
            took = core.clock.monotonic_ms() - started
            await self._log.append(_ended(left, result, to_us(core.clock.now()), took))
        except StoreUnavailable as error:
            # Its outcome is read from the venue, like any other that was never recorded.
            log.critical("account %s: %s", core.account.id, error.message)
        finally:
            self._sending.discard(left.id)

    async def _await_store(self) -> None:
        """Wait until the store takes a write, then end this life. Raises StoreUnavailable."""
        core = self._core
        key, value = f"outage/{core.account.id}", core.clock.now().isoformat()
        while True:
            await core.clock.sleep(BACK_S)
            try:
                await core.store.write(lambda tx: tx.put_meta(key, value))
            except StoreUnavailable:
                continue
            if not self._sending:
                raise StoreUnavailable("The store is back; what was done without it is taken over.")

    # ---------------------------------------------------------------- when it is back

    async def take_over(self, draft: Draft) -> None:
        """Add to a draft what was done without the store and the journal does not have."""
        deeds = await self._log.deeds(self._core.account.id)
        ends = {deed.id: deed for deed in deeds if isinstance(deed, Ended)}
        for deed in deeds:
            if not isinstance(deed, Left):
                continue
            id = deed.id
            if await self._core.store.read(lambda reader, id=id: reader.intent(id)) is None:  # type: ignore[misc]
                self._write_down(draft, deed, ends.get(id))

    def _write_down(self, draft: Draft, left: Left, ended: Ended | None) -> None:
        action = decode_action(bytes(left.action))
        record = IntentRecord(
            id=left.id,
            account=left.account,
            target=left.target,
            kind=left.kind,
            additive=is_additive(action),
            amount=0,
            action=bytes(left.action),
            state=IntentState.SENT,
            run=left.run,
            principal=PRINCIPAL,
            lane=int(Lane.GUARD),
            epoch=left.epoch,
            attempt=1,
            signed_us=left.signed_us,
            fence_us=left.fence_us,
            created_us=left.at_us,
            updated_us=draft.now_us,
        )

        def row(tx: Transaction) -> None:
            tx.add_intent(record)

        draft.rows.append(row)
        draft.book = draft.book.with_intent(record)
        draft.say(
            IntentPlanned(
                intent=left.id,
                action=action,
                target=left.target,
                run=left.run,
                principal=PRINCIPAL,
            )
        )
        signed, fence = from_us(left.signed_us), from_us(left.fence_us)
        draft.say(IntentSent(intent=left.id, attempt=1, signed_at=signed, fence=fence))
        settling.settle_found(draft, record, ended)
        draft.say(_notice(left, action, ended))

    async def retire(self, *, now_us: int) -> None:
        """Put the log away once the journal has it; call it when the draft is committed."""
        if await self._log.deeds(self._core.account.id):
            await self._log.retire(self._core.account.id, now_us=now_us)


def _ended(left: Left, result: SendResult, at_us: int, latency_ms: int) -> Ended:
    ended = Ended(
        id=left.id,
        account=left.account,
        state=IntentState.UNKNOWN,
        at_us=at_us,
        latency_ms=latency_ms,
    )
    match result:
        case Confirmed():
            return replace(ended, state=IntentState.CONFIRMED, venue_id=result.venue_id)
        case Refused():
            error = result.error
            state = IntentState.REFUSED
            return replace(ended, state=state, reason=error.reason, message=error.message)
        case Unknown():
            return replace(ended, message=result.detail)


def _notice(left: Left, action: Action, ended: Ended | None) -> NoticeGiven:
    state = IntentState.UNKNOWN if ended is None else ended.state
    return NoticeGiven(
        severity=Severity.CRIT,
        code=CODE,
        text=f"While the database was away the core had to {describe(action)}.",
        position=left.target.removeprefix("positions/"),
        data={
            "intent": left.id,
            "left_at": from_us(left.at_us).isoformat(),
            "outcome": state.value,
            "run": left.run,
        },
    )
