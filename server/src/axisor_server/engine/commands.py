"""Carries out what clients ask of one account, in the order in which it was asked.

A command's effect and its answer are one unit, or, for an action, its plan is: so whoever carries
it out, and however often that is begun, it is done once. What this core leaves is for its
successor.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol

import msgspec

from axisor.errors import AxisorError, FieldInvalid, RequestExpired, ReviewRefused, StoreError
from axisor.ports import KeyRights
from axisor_server.domain.journal import to_us
from axisor_server.domain.letters import Word
from axisor_server.domain.records import CommandRecord
from axisor_server.domain.restored import older_than_restore
from axisor_server.engine.asks import (
    ACTS,
    Ask,
    AskRights,
    CloseAccount,
    CreateRun,
    HaltAccount,
    KeepConfirmation,
    Moved,
    MoveRun,
    Reconcile,
    SettleConfirmation,
    SettleLetter,
    TakeUpAccount,
    UpgradeRun,
    decode_ask,
)
from axisor_server.engine.confirmations import Confirmations
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Withdrawn
from axisor_server.engine.halting import Halting
from axisor_server.engine.letters import Letters
from axisor_server.engine.upgrade_verbs import UpgradeVerbs
from axisor_server.engine.verbs import Verbs
from axisor_server.ports import Reader

log = logging.getLogger(__name__)

STORE_PAUSE_MS = 200


class Life(Protocol):
    """The actor, as its commands see it."""

    def why_not(self) -> AxisorError | None:
        """Return why the account does not act, None where it does or is about to."""
        ...

    async def read_now(self) -> int:
        """Read the account; return the journal's sequence."""
        ...

    async def rights(self) -> KeyRights:
        """Ask the venue what the account's key may do."""
        ...

    async def begin_anew(self) -> None:
        """End this life, so that the next one uses the account as it is stored now."""
        ...

    def spawn(self, work: Awaitable[None]) -> None:
        """Let something be done beside everything else, for as long as this life lasts."""
        ...


class Commands:
    """The stored commands of one account, while this core leads it."""

    def __init__(
        self, core: Core, verbs: Verbs, halting: Halting, letters: Letters, life: Life
    ) -> None:
        self._core = core
        self._verbs = verbs
        self._halting = halting
        self._letters = letters
        self._confirmations = Confirmations(core)
        self._upgrading = UpgradeVerbs(core)
        self._life = life
        self._busy: set[str] = set()
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """Have the stored commands looked at."""
        self._poked.set()

    async def run(self) -> None:
        """Carry out what waits, whenever poked, until cancelled."""
        self._busy.clear()
        self._core.asked.clear()
        while True:
            self._poked.clear()
            try:
                for record in await self._core.store.read(self._waiting):
                    await self._begin(record)
            except StoreError as error:
                log.warning("account %s: %s", self._core.account.id, error.message)
                await self._core.clock.sleep(STORE_PAUSE_MS / 1000)
                self._poked.set()
            await self._poked.wait()

    def _waiting(self, view: Reader) -> Sequence[CommandRecord]:
        return view.open_commands(self._core.account.id)

    async def _begin(self, record: CommandRecord) -> None:
        id = record.request_id
        if id in self._core.book.open or id in self._busy:
            return
        try:
            ask = decode_ask(record.body)
        except msgspec.DecodeError as error:
            refusal = FieldInvalid(f"The stored request cannot be read: {error}.")
            await self._refuse(record, refusal, journal=True)
            return
        now_us = to_us(self._core.clock.now())
        acts = isinstance(ask, ACTS)
        too_old = older_than_restore(record, self._core.restored_us)
        if too_old is not None and not isinstance(ask, HaltAccount):
            await self._refuse(record, too_old, journal=acts)
        elif record.not_after_us is not None and now_us > record.not_after_us:
            await self._refuse(record, RequestExpired(), journal=acts)
        elif self._core.stopping and not isinstance(ask, HaltAccount):
            return
        elif acts and not self._core.acting:
            why = self._life.why_not()
            if why is not None:
                await self._refuse(record, why)
        else:
            self._core.asked[record.request_id] = record
            await self._carry_out(record, ask)

    async def _carry_out(self, record: CommandRecord, ask: Ask) -> None:
        try:
            await self._do(record, ask)
        except Withdrawn:
            self._core.asked.pop(record.request_id, None)
            return
        except StoreError:
            raise
        except AxisorError as error:
            await self._refuse(record, error)
        except Exception as bug:  # nothing of it was written; the next command must not wait for it
            await self._refuse(record, _broken(record, bug))

    async def _do(self, record: CommandRecord, ask: Ask) -> None:
        id, verbs = record.request_id, self._verbs
        match ask:
            case CreateRun():
                await verbs.create_run(ask, id)
            case MoveRun():
                await verbs.move(ask, id)
            case UpgradeRun():
                await self._upgrade(record, ask)
            case HaltAccount(level=level, reason=reason):
                who = record.principal
                await self._halting.halt(level, principal=who, reason=reason, request_id=id)
            case TakeUpAccount():
                if await verbs.take_up(ask, id):
                    self._core.stopping = True
                    self._life.spawn(self._life.begin_anew())
            case CloseAccount():
                await verbs.close(ask, id)
                self._life.spawn(self._life.begin_anew())
            case Reconcile():
                self._busy.add(id)
                self._life.spawn(self._beside(record, self._reconcile))
            case SettleLetter():
                self._busy.add(id)
                self._life.spawn(self._settle_letter(record, ask))
            case KeepConfirmation() | SettleConfirmation():
                await self._confirm(ask, id)
            case AskRights():
                self._busy.add(id)
                self._life.spawn(self._beside(record, self._life.rights))
            case _:
                await verbs.act(record, ask)

    async def _reconcile(self) -> Moved:
        before = self._core.sequence
        return Moved(before=before, after=await self._life.read_now())

    async def _beside(self, record: CommandRecord, work: Callable[[], Awaitable[object]]) -> None:
        """Ask the venue something while other commands go on, and answer with what it says."""
        try:
            result = await work()
        except AxisorError as error:
            await self._quietly(partial(self._refuse, record, error))
            return
        await self._quietly(partial(self._verbs.say, record.request_id, result))

    async def _settle_letter(self, record: CommandRecord, ask: SettleLetter) -> None:
        word = Word(
            intent=ask.intent,
            state=ask.state,
            principal=record.principal,
            note=ask.note,
            force=ask.force,
        )
        rule = partial(self._letters.rule, word, record.request_id)
        try:
            await self._quietly(partial(rule, validate_only=ask.validate_only))
        except AxisorError as error:
            await self._quietly(partial(self._refuse, record, error))

    async def _confirm(self, ask: KeepConfirmation | SettleConfirmation, id: str) -> None:
        if isinstance(ask, KeepConfirmation):
            await self._confirmations.keep(ask, id)
        else:
            await self._confirmations.settle(ask, id)

    async def _upgrade(self, record: CommandRecord, ask: UpgradeRun) -> None:
        match ask.verb:
            case "start":
                self._busy.add(record.request_id)
                self._life.spawn(self._start_upgrade(record, ask))
            case "commit":
                await self._upgrading.commit(ask, record.request_id)
            case _:
                await self._upgrading.cancel(ask, record.request_id)

    async def _start_upgrade(self, record: CommandRecord, ask: UpgradeRun) -> None:
        """Load a version while other commands go on; it may take its time."""
        try:
            await self._quietly(partial(self._upgrading.start, ask, record.request_id))
        except AxisorError as error:
            await self._quietly(partial(self._refuse, record, error))
        except Exception as bug:  # as above: a plugin was imported on the way
            await self._quietly(partial(self._refuse, record, _broken(record, bug)))

    async def _quietly(self, answer: Callable[[], Awaitable[Any]]) -> None:
        """Answer beside the order of commands; what cannot be answered is asked again."""
        try:
            await answer()
        except Withdrawn:
            return
        except StoreError:
            self._busy.clear()
            await self._core.clock.sleep(STORE_PAUSE_MS / 1000)
            self.poke()

    async def _refuse(
        self, record: CommandRecord, error: AxisorError, *, journal: bool = False
    ) -> None:
        try:
            await self._verbs.refuse(record.request_id, error, journal=journal)
        except Withdrawn:
            return


def _broken(record: CommandRecord, bug: Exception) -> AxisorError:
    log.exception("command %s failed", record.request_id, exc_info=bug)
    return ReviewRefused("The core failed within itself; nothing was done.")
