"""After a restore: finds out what the lost core did, before this one does anything.

    the account is claimed ── every plan that was open is doubted ── the account is read
      ── nothing that was sent can still arrive ── every open action is settled ── it is read again
      ── what moved and is in no journal is counted as spent ── the account acts

A crash on the way begins it anew: what the backup knew is read from the journal up to the restore.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import OutcomeUnknown, VenueError, VenueUnavailable
from axisor.events import (
    RESTORED,
    Cause,
    Counted,
    Increase,
    IntentState,
    NoticeGiven,
    Outcome,
    RestoreReconciled,
    RunState,
)
from axisor.intents import Action, AddMargin, DepositCross, OpenPosition
from axisor.model import CROSS, AccountState, Mode, Permission, Severity
from axisor.ports import Lane, VenueAccount
from axisor_server.domain.backups import RESTORED as FACT
from axisor_server.domain.backups import Restored
from axisor_server.domain.fence import is_past, stamp
from axisor_server.domain.intent import decode_action
from axisor_server.domain.journal import from_us, to_us
from axisor_server.domain.records import AccountRecord
from axisor_server.domain.restored import (
    RECONCILED,
    Evidence,
    Known,
    counted_record,
    needs_fundings,
    spend_id,
    unexplained,
)
from axisor_server.domain.run import ALIVE
from axisor_server.domain.witness import baseline_of, encode_baseline
from axisor_server.engine import settling
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Draft
from axisor_server.engine.past import Past
from axisor_server.ports import Reader

WHY = "It is being found out what happened since."
CAUSE = "restored"
"""The code of the cause that an account stands by meanwhile."""

PAUSE_S = 1
NEW_AFTER_US = 120 * 1_000_000
"""How long after a restore anything the lost core sent is certainly dead."""

SPENDERS = Permission.ADJUST_MARGIN | Permission.GUARD | Permission.TRADE
TOLD = ALIVE | {RunState.CREATED}
"""States of runs that are told: those that act or may still come to act with this memory."""

log = logging.getLogger(__name__)


class Task(Struct, frozen=True):
    """A restore that an account has not been found out about, and what its backup knew."""

    restored: Restored
    known: Known


def pending(reader: Reader, account: AccountRecord) -> Task | None:
    """Return what is to be found out about an account, None where nothing is.

    An account that was added well after the restore has no past that could be missing.
    """
    fact = reader.meta(FACT)
    if fact is None:
        return None
    restored = msgspec.json.decode(fact, type=Restored)
    if reader.meta(f"{RECONCILED}{account.id}") == restored.backup:
        return None
    stream = f"accounts/{account.id}"
    upto = restored.heads.get(stream, 0)
    if not upto and account.created_us > restored.time_us + NEW_AFTER_US:
        return None
    real_time = account.mode in (Mode.LIVE, Mode.SHADOW)
    known = Past(reader, upto).known(stream, since_us=restored.backup_us, real_time=real_time)
    return Task(restored, known)


def restored_at_us(reader: Reader) -> int | None:
    """Return when the database was restored, None where it never was."""
    fact = reader.meta(FACT)
    return None if fact is None else msgspec.json.decode(fact, type=Restored).time_us


async def needed(
    core: Core, line: VenueAccount, read: Callable[[Lane], Awaitable[bool]]
) -> Reconciliation | None:
    """Return what must be done before the account acts, None where nothing must.

    Whoever asks must hold the cause it gives until it is done: then nothing can be planned.
    """

    def look(reader: Reader) -> tuple[int | None, Task | None]:
        return restored_at_us(reader), pending(reader, core.account)

    core.restored_us, task = await core.store.read(look)
    core.reconciling = task is not None
    core.desk.later.clear()
    return None if task is None else Reconciliation(core, line, task, read=read)


class Reconciliation:
    """Finds out about one account after a restore."""

    def __init__(
        self,
        core: Core,
        line: VenueAccount,
        task: Task,
        *,
        read: Callable[[Lane], Awaitable[bool]],
    ) -> None:
        self._core = core
        self._line = line
        self._task = task
        self._read = read
        self._fence_ms = 0

    @property
    def why(self) -> str:
        """Return why the account does not act, as sentences."""
        return f"{self._task.restored.why} {WHY}"

    @property
    def cause(self) -> Cause:
        """Return why the account does not act, as what it stands by."""
        return Cause(CAUSE, self.why)

    async def doubt_plans(self) -> None:
        """Say that nothing is sent, and doubt every plan: the lost core may have sent it."""
        await self._in_draft(self._say)
        self._fence_ms = await self._measured_fence_ms()
        await self._in_draft(self._doubt_all)

    async def _in_draft(self, fill: Callable[[Draft], None]) -> None:
        async def work() -> None:
            draft = self._core.draft()
            fill(draft)
            draft.queue.clear()  # runs are told when they begin
            await self._core.commit(draft)

        await self._core.in_turn(work, urgent=True)

    def _say(self, draft: Draft) -> None:
        restored = self._task.restored
        draft.touched = True
        draft.say(
            NoticeGiven(
                severity=Severity.CRIT,
                code="RESTORED_FROM_BACKUP",
                text=f"{self.why} Nothing is sent meanwhile. Halts, runs and limits that were"
                " changed since must be set again.",
                data={
                    "backup": restored.backup,
                    "taken": from_us(restored.backup_us).isoformat(),
                },
            )
        )

    def _doubt_all(self, draft: Draft) -> None:
        known, restored = self._task.known, self._task.restored
        for record in self._core.book.open.values():
            if record.state is not IntentState.PLANNED:
                continue
            action = decode_action(record.action)
            baseline = baseline_of(action, known.state, market_us=restored.backup_us)
            doubted = replace(
                record, witness=encode_baseline(baseline), fence_us=self._fence_ms * 1_000
            )
            settling.settle(
                draft,
                doubted,
                IntentState.UNKNOWN,
                reason=OutcomeUnknown.reason,
                message="The core that was lost may have sent it after the backup.",
            )

    async def run(self) -> None:
        """Wait until nothing can arrive any more, settle, read, and count what is unexplained."""
        while not self._outlived():
            await self._core.clock.sleep(PAUSE_S)
        while self._core.book.open:
            await self._core.clock.sleep(PAUSE_S)
        while not await self._finish():
            await self._core.clock.sleep(PAUSE_S)

    async def _measured_fence_ms(self) -> int:
        """Return when whatever was signed before now is refused or shown, in the venue's time.

        The lost core's clock may have been as far off as any core's may be.
        """
        core = self._core
        await core.market.timekeeper.known()
        while True:
            clock, settings = core.market.timekeeper.venue_clock(), core.settings
            try:
                if clock is not None:
                    found = stamp(
                        clock,
                        wall_ms=to_us(core.clock.now()) // 1_000,
                        window_ms=self._line.signature_window_ms,
                        back_date_ms=0,
                        lag_ms=settings.lag_ms,
                        slack_ms=settings.slack_ms,
                        uncertainty_limit_ms=settings.uncertainty_limit_ms,
                    )
                    return found.fence_ms + settings.uncertainty_limit_ms
            except VenueUnavailable as error:
                log.warning("account %s: %s", core.account.id, error)  # it is measured again
            await core.clock.sleep(PAUSE_S)

    def _outlived(self) -> bool:
        clock = self._core.market.timekeeper.venue_clock()
        wall_ms = to_us(self._core.clock.now()) // 1_000
        return clock is not None and is_past(clock, wall_ms=wall_ms, fence_ms=self._fence_ms)

    async def _finish(self) -> bool:
        """Read once more and act again; False where the reading does not suffice yet."""
        core = self._core
        if not await self._read(Lane.RECONCILE):
            return False
        state = core.book.state
        if state is None or state.unreadable:
            return False
        try:
            evidence = await self._gather(state)
        except VenueError as error:
            log.warning("account %s: %s", core.account.id, error)
            return False
        increases = unexplained(self._task.known, evidence)

        async def work() -> bool:
            if core.book.open or core.book.state is not state:
                return False  # something was learned meanwhile
            await core.commit(self._draft(increases, state))
            core.reconciling = False
            return True

        return await core.in_turn(work, urgent=True)

    async def _gather(self, state: AccountState) -> Evidence:
        now_us = to_us(self._core.clock.now())
        ids = needs_fundings(self._task.known, state, now_us=now_us)
        fundings = {id: await self._line.funding_paid(id) for id in ids}
        return Evidence(
            state=state, fundings=fundings, transfers=await self._line.transfers(after=None)
        )

    def _draft(self, increases: tuple[Increase, ...], state: AccountState) -> Draft:
        core, restored = self._core, self._task.restored
        draft = core.draft()
        counted = tuple(self._counted(increases, state))
        market_at = core.desk.market_now()
        draft.say(
            RestoreReconciled(
                backup=restored.backup,
                backup_at=from_us(restored.backup_us),
                restored_at=from_us(restored.time_us),
                market_at=market_at,
                increases=increases,
                counted=counted,
                steps={run: live.record.step for run, live in core.runs.items()},
            )
        )
        for one in counted:
            record = counted_record(
                one,
                account=core.account.id,
                market_us=to_us(market_at),
                now_us=draft.now_us,
                epoch=draft.epoch,
            )
            draft.count(record)
            if one.amount:
                told = Outcome(action=one.action, state=IntentState.CONFIRMED, reason=RESTORED)
                core.desk.inform(draft, one.run, told)
        key, backup = f"{RECONCILED}{core.account.id}", restored.backup
        draft.rows.append(lambda tx: tx.put_meta(key, backup))
        draft.touched = True
        return draft

    def _counted(self, increases: tuple[Increase, ...], state: AccountState) -> Iterator[Counted]:
        account, backup = self._core.account.id, self._task.restored.backup
        for run, live in self._core.runs.items():
            if live.record.state not in TOLD or not live.strategy.permissions & SPENDERS:
                continue
            for increase in increases:
                # What came to a position that is known counts as margin from outside already,
                # for every run that touched it; so that these did is all that is said here.
                counts = increase.opened or not self._task.known.holds(increase.target)
                yield Counted(
                    intent=spend_id(backup, run, f"{account}/{increase.target}/{increase.opened}"),
                    run=run,
                    target=increase.target,
                    amount=increase.amount if counts else 0,
                    action=_action_of(increase, state),
                    opened=increase.opened,
                )


def _action_of(increase: Increase, state: AccountState) -> Action:
    """Return the action that would have moved those sats."""
    position = increase.target.removeprefix("positions/")
    held = state.position(position)
    if position == CROSS:
        return DepositCross(amount=increase.amount)
    if increase.opened and held is not None:
        return OpenPosition(side=held.side, leverage=held.leverage, margin=increase.amount)
    return AddMargin(position=position, amount=increase.amount)
