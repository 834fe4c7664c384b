"""What clients ask of one account: actions once per request id, and verbs for runs."""

from __future__ import annotations

import asyncio
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import (
    AccountInUse,
    AxisorError,
    ConfigInvalid,
    FieldInvalid,
    OutcomeUnknown,
    RequestExpired,
    RequestIdReused,
    RestoreReconciling,
    RunNotFound,
    RunStateInvalid,
    ShuttingDown,
    StoreError,
    VenueUnavailable,
)
from axisor.events import (
    AccountClosed,
    AccountUpdated,
    CommandReceived,
    CommandRefused,
    IntentState,
    RunState,
    Started,
    Stopped,
)
from axisor.intents import Action
from axisor.model import Leash
from axisor.strategy import decode_config
from axisor_server.domain.intent import decode_action, encode_action
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import TENANT, AccountRecord, CommandRecord, IntentRecord
from axisor_server.domain.records import RunRecord as RunRow
from axisor_server.domain.restored import check_younger
from axisor_server.domain.run import ALIVE, after_verb
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Draft, LiveRun
from axisor_server.engine.recovery import revive
from axisor_server.engine.settling import Answer
from axisor_server.ports import Transaction


class Request(Struct, frozen=True, kw_only=True):
    """A client's action with everything that makes it happen once."""

    action: Action
    principal: str
    request_id: str
    method: str
    digest: bytes
    not_after: datetime | None = None


Pending = Answer | asyncio.Future[IntentRecord]
"""A command's answer, or the future of its intent."""


class Verbs:
    """Serves the clients of one account, in turn with everything else."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def command(self, request: Request) -> Pending:
        """Begin a client's action, or return what the same request led to before.

        Raises RequestIdReused, RequestExpired, ShuttingDown and every refusal by review.
        """
        return await self._core.in_turn(lambda: self._command(request))

    async def _command(self, request: Request) -> Pending:
        core = self._core
        known = await core.store.read(lambda r: r.command(TENANT, request.request_id))
        if known is not None:
            return self._again(known, request)
        self._must_act()
        if request.not_after is not None and core.clock.now() > request.not_after:
            raise RequestExpired(f"The request was only good until {request.not_after}.")
        check_younger(request.request_id, self._core.restored_us)
        return await self._begin(request)

    def _must_act(self) -> None:
        """Refuse new work while the account was not read since this core took it over."""
        if self._core.stopping:
            raise ShuttingDown()
        if self._core.book.reconciling:
            raise RestoreReconciling(account=self._core.account.id)
        if not self._core.acting:
            raise VenueUnavailable("The account has not been read since this core took it over.")

    def _again(self, known: CommandRecord, request: Request) -> Pending:
        if known.digest != request.digest or known.method != request.method:
            raise RequestIdReused(request_id=request.request_id)
        if known.answered_us is not None:
            return msgspec.json.decode(known.answer, type=Answer)
        if request.request_id not in self._core.book.open:
            raise OutcomeUnknown("The request was taken by another core and is under way.")
        return self._wait_for(request.request_id)

    def _wait_for(self, intent: str) -> asyncio.Future[IntentRecord]:
        future: asyncio.Future[IntentRecord] = asyncio.get_running_loop().create_future()
        self._core.waiters.setdefault(intent, []).append(future)
        return future

    async def _begin(self, request: Request, *, stored: bool = False) -> Pending:
        core = self._core
        draft = core.draft()
        id = request.request_id
        draft.say(
            CommandReceived(request_id=id, principal=request.principal, action=request.action)
        )
        if not stored:
            self._add_row(draft, request)
        refusal = core.desk.plan(
            draft, request.action, id=id, asker=None, principal=request.principal
        )
        if refusal is not None:
            self._refuse(draft, id, refusal)
            await core.commit(draft)
            raise refusal
        future = self._wait_for(id)
        try:
            await core.commit(draft)
        except BaseException:
            core.waiters.pop(id, None)
            raise
        return future

    def _add_row(self, draft: Draft, request: Request) -> None:
        record = CommandRecord(
            tenant=TENANT,
            request_id=request.request_id,
            account=self._core.account.id,
            method=request.method,
            digest=request.digest,
            body=encode_action(request.action),
            principal=request.principal,
            not_after_us=None if request.not_after is None else to_us(request.not_after),
            created_us=draft.now_us,
        )

        def row(tx: Transaction) -> None:
            if not tx.add_command(record):
                raise RequestIdReused(
                    "The request id was used at the same moment for another account.",
                    request_id=record.request_id,
                )

        draft.rows.append(row)

    def _refuse(self, draft: Draft, id: str, refusal: AxisorError) -> None:
        draft.say(CommandRefused(request_id=id, reason=refusal.reason, message=refusal.message))
        answer = Answer(
            intent=id,
            state=IntentState.REFUSED,
            reason=refusal.reason,
            message=refusal.message,
        )
        encoded, now_us = msgspec.json.encode(answer), draft.now_us
        draft.rows.append(lambda tx: tx.answer_command(TENANT, id, answer=encoded, now_us=now_us))

    async def adopt(self, record: CommandRecord) -> None:
        """Carry out a command that another process stored and nobody began. Only in turn."""
        try:
            action = decode_action(record.body)
        except msgspec.DecodeError as error:
            draft = self._core.draft()
            refusal = FieldInvalid(f"The stored request is no action: {error}.")
            self._refuse(draft, record.request_id, refusal)
            await self._core.commit(draft)
            return
        expired = record.not_after_us is not None and (
            to_us(self._core.clock.now()) > record.not_after_us
        )
        # The lost core may have carried out what the backup shows as only stored.
        expired = expired or record.created_us <= (self._core.restored_us or -1)
        if expired:
            draft = self._core.draft()
            self._refuse(draft, record.request_id, RequestExpired())
            await self._core.commit(draft)
            return
        request = Request(
            action=action,
            principal=record.principal,
            request_id=record.request_id,
            method=record.method,
            digest=record.digest,
        )
        try:
            await self._begin(request, stored=True)
        except StoreError:
            raise
        except AxisorError:
            return  # the refusal is journaled and answered

    async def create_run(self, record: RunRow) -> RunRow:
        """Store a run in state CREATED; the same again gives the run that is there."""

        async def work() -> RunRow:
            core = self._core
            held = core.runs.get(record.id)
            if held is not None:
                same = (held.record.strategy, held.record.config, held.record.leash) == (
                    record.strategy,
                    record.config,
                    record.leash,
                )
                if not same:
                    raise RequestIdReused(run=record.id)
                return held.record
            draft = core.draft()
            draft.put_run(revive(record, core.strategies))
            await core.commit(draft)
            return core.runs[record.id].record

        return await self._core.in_turn(work)

    async def run_verb(
        self,
        run: str,
        verb: str,
        *,
        config: bytes | None,
        leash: Leash | None,
        label: str | None,
    ) -> RunRow:
        """Do a verb and return the run afterwards. Raises RunNotFound, RunStateInvalid."""

        async def work() -> RunRow:
            core = self._core
            live = core.runs.get(run)
            if live is None:
                raise RunNotFound(f"There is no run {run} on this account.", run=run)
            self._must_act()
            draft = core.draft()
            state = after_verb(live.record.state, verb)
            if verb == "configure":
                live = _configured(live, config=config, leash=leash, label=label)
            elif config is not None or leash is not None or label is not None:
                raise ConfigInvalid("Only configure changes a run's configuration.")
            self.move_run(draft, live, state)
            await core.commit(draft)
            return core.runs[run].record

        return await self._core.in_turn(work)

    def move_run(self, draft: Draft, live: LiveRun, state: RunState) -> None:
        """Bring a run into a state, calling it where it starts or stops."""
        id = live.record.id
        record = replace(live.record, state=state, reason="")
        draft.put_run(replace(live, record=record))
        match state:
            case RunState.STARTING:
                self._finish(draft, id, Started(), RunState.RUNNING)
            case RunState.STOPPING:
                self._finish(draft, id, Stopped(), RunState.STOPPED)
            case _:
                draft.rewoken.add(id)

    def _finish(self, draft: Draft, id: str, cause: Started | Stopped, after: RunState) -> None:
        before = draft.runs[id].record.state
        draft.call(id, cause)
        self._core.desk.work_off(draft)
        live = draft.runs[id]
        if live.record.state is before:
            draft.put_run(replace(live, record=replace(live.record, state=after)))

    async def account_updated(self, record: AccountRecord, *, credentials_replaced: bool) -> int:
        """Journal another label, address or key."""

        async def work() -> int:
            draft = self._core.draft()
            draft.say(AccountUpdated(label=record.label, credentials_replaced=credentials_replaced))
            await self._core.commit(draft)
            return self._core.sequence

        return await self._core.in_turn(work)

    async def account_closed(self) -> int:
        """Journal the end. Raises AccountInUse while runs live or actions are open."""

        async def work() -> int:
            core = self._core
            alive = [r for r, live in core.runs.items() if live.record.state in ALIVE]
            if alive or core.book.open:
                raise AccountInUse(
                    f"The account has {len(alive)} runs and {len(core.book.open)} open actions."
                )
            draft = core.draft()
            draft.say(AccountClosed(label=core.account.label))
            await core.commit(draft)
            core.stopping = True
            return core.sequence

        return await self._core.in_turn(work)


def _configured(
    live: LiveRun, *, config: bytes | None, leash: Leash | None, label: str | None
) -> LiveRun:
    record = live.record
    parsed = live.config
    if config is not None:
        parsed = decode_config(live.strategy, config)
        record = replace(record, config=config)
    if leash is not None:
        record = replace(record, leash=msgspec.json.encode(leash))
    if label is not None:
        record = replace(record, label=label)
    if record == live.record:
        raise RunStateInvalid("Nothing to configure was given.", run=record.id)
    return replace(live, record=record, config=parsed, leash=leash or live.leash)
