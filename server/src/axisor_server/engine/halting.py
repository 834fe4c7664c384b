"""Halts of one account, its own and that of all: what they drop, and what flatten closes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from msgspec.structs import replace

from axisor.errors import Halted
from axisor.events import HaltChanged, HaltLevel, IntentState
from axisor.intents import Action, CancelAllOrders, ClosePosition
from axisor.model import MarginMode
from axisor.ports import Clock
from axisor_server.domain.halting import Halt, allows
from axisor_server.domain.intent import decode_action
from axisor_server.domain.journal import decode_payload
from axisor_server.domain.standing import is_reconciling
from axisor_server.engine import settling
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Draft
from axisor_server.engine.replying import account_now, reply
from axisor_server.engine.waiting import within
from axisor_server.ports import Conflict, Reader, Transaction

log = logging.getLogger(__name__)

FIRST_PAUSE_MS = 10_000
LONGEST_PAUSE_MS = 600_000
"""How long flatten waits until it asks again for what is still open: twice as long each time."""

SEARCHED = 200
"""How many halts back the last one of all accounts is looked for in an account's journal."""


class Halting:
    """Carries halts out for one account, in turn with everything else."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._told: HaltLevel | None = None
        self._flat_ms = 0
        self._pause_ms = 0
        self._left: frozenset[str] = frozenset()
        core.after_reading = self.keep_flat

    async def halt(
        self, level: HaltLevel, *, principal: str, reason: str, request_id: str = ""
    ) -> int:
        """Halt or resume the account; FLATTEN also closes and cancels everything."""

        async def work() -> int:
            core = self._core
            draft = core.draft()
            draft.book = replace(draft.book, halt=level)
            draft.say(HaltChanged(level=level, principal=principal, reason=reason))
            draft.rows.append(lambda tx: _put_halt(tx, core.account.id, level, draft.now_us))
            self._obey(draft, level, principal)
            reply(core, draft, request_id, account_now(core))
            await core.commit(draft)
            core.look()
            return core.sequence

        return await self._core.in_turn(work, urgent=True)

    async def begin(self, halt: Halt) -> None:
        """Obey the halt of all accounts in a new life; another core may have written meanwhile."""
        self._told = None
        await self.tell(halt)

    async def tell(self, halt: Halt) -> None:
        """Journal the halt of all accounts where this account's journal has another, and obey it.

        It is in force before: what an account may do is asked of the platform itself.
        """

        async def work() -> None:
            core = self._core
            if self._told is None:
                self._told = await core.store.read(lambda reader: _last_told(reader, core.stream))
            if self._told is halt.level:
                return
            draft = core.draft()
            draft.say(
                HaltChanged(
                    level=halt.level,
                    principal=halt.principal or "platform",
                    reason=halt.reason,
                    platform=True,
                )
            )
            self._obey(draft, halt.level, halt.principal)
            await core.commit(draft)
            self._told = halt.level
            core.look()

        await self._core.in_turn(work, urgent=True)

    def _obey(self, draft: Draft, level: HaltLevel, principal: str) -> None:
        self._drop_planned(draft)
        self._pause_ms = 0
        if level is HaltLevel.FLATTEN:
            self._flatten(draft, principal)

    def _drop_planned(self, draft: Draft) -> None:
        for record in list(draft.book.open.values()):
            if record.state is not IntentState.PLANNED or is_reconciling(draft.book.causes):
                continue  # after a restore a plan may have been sent by the core that was lost
            if not allows(draft.book.halted, decode_action(record.action)):
                settling.settle(
                    draft,
                    record,
                    IntentState.CANCELED,
                    reason=Halted.reason,
                    message="The account was halted before the action was sent.",
                )

    def _flatten(self, draft: Draft, principal: str) -> None:
        state = draft.book.state
        if state is None:
            return
        actions: list[Action] = [ClosePosition(position=p.id) for p in state.positions]
        for mode in MarginMode:
            if any(o.margin_mode is mode for o in state.orders):
                actions.append(CancelAllOrders(margin_mode=mode))
        for action in actions:
            self._core.desk.plan(
                draft, action, id=self._core.new_id(), asker=None, principal=principal
            )
        self._flat_ms = self._core.clock.monotonic_ms()
        self._pause_ms = min(max(2 * self._pause_ms, FIRST_PAUSE_MS), LONGEST_PAUSE_MS)
        self._left = _open(draft)

    def keep_flat(self, draft: Draft) -> None:
        """Ask again for what a flatten has not closed; called with each reading of the account."""
        if draft.book.halted is not HaltLevel.FLATTEN or not (left := _open(draft)):
            return
        waited = self._core.clock.monotonic_ms() - self._flat_ms
        if left - self._left:
            self._pause_ms = 0
        if waited >= self._pause_ms:
            self._flatten(draft, "flatten")


async def tell_all(
    accounts: Mapping[str, Halting], halt: Halt, clock: Clock, limit_s: float
) -> None:
    """Have every account obey the halt of all; one that cannot yet does so when it is taken."""
    answers = await asyncio.gather(
        *(within(clock, limit_s, halting.tell(halt)) for halting in accounts.values()),
        return_exceptions=True,
    )
    for id, answer in zip(accounts, answers, strict=True):
        if isinstance(answer, BaseException):
            log.warning("account %s has not journaled the halt: %s", id, answer)


def _open(draft: Draft) -> frozenset[str]:
    state = draft.book.state
    if state is None:
        return frozenset()
    return frozenset([*(p.id for p in state.positions), *(o.id for o in state.orders)])


def _last_told(reader: Reader, stream: str) -> HaltLevel:
    """Return the halt of all accounts as an account's journal last told it."""
    kinds = (HaltChanged.__name__,)
    for entry in reader.entries_before(stream, before=None, kinds=kinds, limit=SEARCHED):
        payload = decode_payload(entry.payload)
        if isinstance(payload, HaltChanged) and payload.platform:
            return payload.level
    return HaltLevel.NONE


def _put_halt(tx: Transaction, account: str, level: HaltLevel, now_us: int) -> None:
    present = tx.account(account)
    if present is None:
        raise Conflict(f"The account {account} is gone.")
    halted = replace(present, halt=level, revision=present.revision + 1, updated_us=now_us)
    tx.put_account(halted, revision=present.revision)
