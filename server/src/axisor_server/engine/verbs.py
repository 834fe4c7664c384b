"""What clients ask of one account: actions once per request id, and verbs for runs."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from axisor.errors import (
    AccountInUse,
    AccountNotFound,
    AxisorError,
    ConfigInvalid,
    EtagMismatch,
    RequestIdReused,
    RunNotFound,
    RunStateInvalid,
)
from axisor.events import (
    AccountClosed,
    AccountUpdated,
    CommandReceived,
    CommandRefused,
    RunState,
    Started,
    Stopped,
)
from axisor.intents import Action
from axisor.model import Leash
from axisor.strategy import decode_config
from axisor_server.domain.records import CommandRecord, etag_of, rights_key
from axisor_server.domain.records import RunRecord as RunRow
from axisor_server.domain.run import ALIVE, after_verb
from axisor_server.domain.upgrading import KIND
from axisor_server.engine import replies
from axisor_server.engine.asks import CloseAccount, CreateRun, MoveRun, TakeUpAccount
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Draft, LiveRun, take
from axisor_server.engine.pausing import Pauses
from axisor_server.engine.recovery import revive
from axisor_server.engine.replying import account_now, reply
from axisor_server.ports import Transaction

BEGINNING = ("start", "resume")
"""Verbs after which a run is called again."""


class Verbs:
    """Serves the clients of one account, in turn with everything else."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._pauses = Pauses(core, self.move_run)

    async def act(self, record: CommandRecord, action: Action) -> None:
        """Plan a client's action, or refuse it; either is one unit with its command."""
        await self._core.in_turn(lambda: self._act(record, action))

    async def _act(self, record: CommandRecord, action: Action) -> None:
        core, id = self._core, record.request_id
        await core.failpoint("command-received")
        draft = core.draft()
        moment = core.desk.moment()
        draft.say(
            CommandReceived(
                request_id=id,
                principal=record.principal,
                action=action,
                saw=core.desk.sees(draft, moment),
            )
        )
        refusal = core.desk.plan(
            draft, action, id=id, asker=None, principal=record.principal, moment=moment
        )
        if refusal is not None:
            self._refuse(draft, id, refusal.error, journal=True, reviewer=refusal.reviewer)
        else:
            draft.rows.append(lambda tx: take(tx, id))
        await core.commit(draft)

    async def refuse(self, request_id: str, error: AxisorError, *, journal: bool) -> None:
        """Answer a command with a refusal, said in the journal too where it asked for an action."""

        async def work() -> None:
            draft = self._core.draft()
            self._refuse(draft, request_id, error, journal=journal)
            await self._core.commit(draft)

        await self._core.in_turn(work)

    def _refuse(
        self, draft: Draft, id: str, error: AxisorError, *, journal: bool, reviewer: bool = False
    ) -> None:
        if journal:
            draft.say(
                CommandRefused(
                    request_id=id,
                    reason=error.reason,
                    message=error.message,
                    reviewer=reviewer,
                )
            )
        answer = replies.refused(id, error)
        draft.answer(id, lambda _: answer)

    async def say(self, request_id: str, result: object) -> None:
        """Answer a command whose effects are written already."""

        async def work() -> None:
            draft = self._core.draft()
            reply(self._core, draft, request_id, lambda _: result)
            await self._core.commit(draft)

        await self._core.in_turn(work)

    async def create_run(self, ask: CreateRun, request_id: str = "") -> RunRow:
        """Store a run in state CREATED; the same again gives the run that is there."""

        async def work() -> RunRow:
            core = self._core
            draft = core.draft()
            held = core.runs.get(ask.run)
            if held is None:
                draft.put_run(revive(_created(ask, core.account.id, draft), core.strategies))
            elif not _same(held.record, ask):
                raise RequestIdReused(run=ask.run)
            reply(self._core, draft, request_id, lambda _: draft.runs[ask.run].record)
            await core.commit(draft)
            return core.runs[ask.run].record

        return await self._core.in_turn(work)

    async def move(self, ask: MoveRun, request_id: str = "") -> RunRow:
        """Do a verb and return the run afterwards. Raises RunNotFound, RunStateInvalid."""

        async def work() -> RunRow:
            core = self._core
            live = await self._at_hand(ask)
            check_etag(ask.etag, live.record.revision)
            draft = core.draft()
            state = after_verb(live.record.state, ask.verb)
            if ask.verb == "configure":
                live = _configured(live, config=ask.config, leash=ask.leash, label=ask.label)
            elif ask.config is not None or ask.leash is not None or ask.label is not None:
                raise ConfigInvalid("Only configure changes a run's configuration.")
            resume_us = _resumes(live, ask, draft.now_us)
            self.move_run(draft, live, state, reason=ask.reason, resume_us=resume_us)
            reply(self._core, draft, request_id, lambda _: draft.runs[ask.run].record)
            await core.commit(draft)
            record = core.runs[ask.run].record
            self._pauses.expect(record)
            return record

        return await self._core.in_turn(work)

    async def _at_hand(self, ask: MoveRun) -> LiveRun:
        """Return the run that is to move, where it begins with what is offered of its strategy now.

        Plugins come and go while an account is served. Raises RunNotFound, StrategyNotFound.
        """
        core = self._core
        live = core.runs.get(ask.run)
        if live is None:  # its strategy was not here when the account was read
            row = await core.store.read(lambda view: view.run(ask.run))
            if row is None or row.account != core.account.id:
                raise RunNotFound(f"There is no run {ask.run} on this account.", run=ask.run)
            return revive(row, core.strategies)
        if ask.verb in BEGINNING and not core.upgrades.offered(live, core.strategies):
            return revive(live.record, core.strategies)
        return live

    def expect_pauses(self) -> None:
        """Resume the runs that a former life paused for a time, when it comes."""
        for live in self._core.runs.values():
            self._pauses.expect(live.record)

    def move_run(
        self,
        draft: Draft,
        live: LiveRun,
        state: RunState,
        *,
        reason: str = "",
        resume_us: int | None = None,
    ) -> None:
        """Bring a run into a state, calling it where it starts or stops."""
        id = live.record.id
        if state is RunState.STARTING:
            live = self._core.upgrades.started(draft, live)
        record = replace(live.record, state=state, reason=reason, resume_us=resume_us)
        draft.put_run(replace(live, record=record))
        match state:
            case RunState.STARTING:
                self._finish(draft, id, Started(), RunState.RUNNING)
            case RunState.STOPPING:
                self._finish(draft, id, Stopped(), RunState.STOPPED)
            case _:
                draft.rewoken[id] = None

    def _finish(self, draft: Draft, id: str, cause: Started | Stopped, after: RunState) -> None:
        before = draft.runs[id].record.state
        draft.call(id, cause)
        self._core.desk.work_off(draft)
        live = draft.runs[id]
        if after is RunState.STOPPED and self._core.hosting.is_ready(id):
            return  # until its runner has said its last wish, or is gone
        if live.record.state is before:
            draft.put_run(replace(live, record=replace(live.record, state=after)))

    async def take_up(self, ask: TakeUpAccount, request_id: str = "") -> bool:
        """Journal what was changed in the account's row; return whether its line must be new."""

        async def work() -> bool:
            core = self._core
            before = core.account
            after = await core.store.read(lambda view: view.account(before.id))
            if after is None:
                raise AccountNotFound(account=before.id)
            draft = core.draft()
            anew = ask.credentials_replaced
            draft.say(AccountUpdated(label=after.label, credentials_replaced=anew))
            if ask.notice is not None:
                draft.say(ask.notice)
            reply(core, draft, request_id, account_now(core))
            await core.commit(draft)
            core.account = core.desk.account = after
            return anew or after.url != before.url

        return await self._core.in_turn(work)

    async def close(self, ask: CloseAccount, request_id: str = "") -> int:
        """Journal the end and delete the row. Raises AccountInUse while it is in use."""

        async def work() -> int:
            core = self._core
            id = core.account.id
            alive = [r for r, live in core.runs.items() if live.record.state in ALIVE]
            if alive or core.book.open:
                raise AccountInUse(
                    f"The account has {len(alive)} runs and {len(core.book.open)} open actions.",
                    account=id,
                    runs=len(alive),
                    intents=len(core.book.open),
                )
            draft = core.draft()
            draft.say(AccountClosed(label=core.account.label))
            draft.rows.append(lambda tx: remove(tx, id, etag=ask.etag))
            reply(self._core, draft, request_id, lambda _: None)
            await core.commit(draft)
            core.stopping = True
            return core.sequence

        return await self._core.in_turn(work)


def remove(tx: Transaction, account: str, *, etag: str = "") -> None:
    """Delete an account, its credentials and what is known of them. Raises EtagMismatch."""
    present = tx.account(account)
    if present is not None:
        check_etag(etag, present.revision)
    for each in tx.documents(KIND, about=account):
        tx.delete_document(KIND, each.id)
    tx.delete_account(account)
    tx.put_meta(rights_key(account), "")


def check_etag(etag: str, revision: int) -> None:
    """Refuse a change of something that changed since it was read. Raises EtagMismatch."""
    if etag and etag != etag_of(revision):
        raise EtagMismatch(etag=etag_of(revision))


def _created(ask: CreateRun, account: str, draft: Draft) -> RunRow:
    return RunRow(
        id=ask.run,
        account=account,
        strategy=ask.strategy,
        label=ask.label,
        config=ask.config or b"{}",
        leash=msgspec.json.encode(ask.leash),
        state=RunState.CREATED,
        created_us=draft.now_us,
        updated_us=draft.now_us,
    )


def _resumes(live: LiveRun, ask: MoveRun, now_us: int) -> int | None:
    """Return when a run resumes by itself after a verb; a new configuration changes nothing."""
    if ask.verb == "configure":
        return live.record.resume_us
    return now_us + ask.pause_us if ask.verb == "pause" and ask.pause_us else None


def _same(run: RunRow, ask: CreateRun) -> bool:
    asked = (ask.strategy, ask.config or b"{}", msgspec.json.encode(ask.leash))
    return (run.strategy, run.config, run.leash) == asked


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
