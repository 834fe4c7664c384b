"""Who asks for a change, and how a change that is asked for twice is made once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct

from axisor.errors import (
    AxisorError,
    RequestExpired,
    RequestIdReused,
)
from axisor.events import ChangeMade
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import TENANT, CommandRecord
from axisor_server.engine.asks import Asked
from axisor_server.engine.replies import PASSING, Failure
from axisor_server.ports import Clock, Conflict, Ids, Store, Transaction
from axisor_server.services.principals import NOBODY, Principal
from axisor_server.services.recording import Recorder, Say

T = TypeVar("T", bound=Struct)

KEPT = timedelta(days=7)
"""How long an answer is kept for a repeated request."""


class Request(Struct, frozen=True, kw_only=True):
    """One request for a change: its id, the digest of its body, and who sent it."""

    method: str
    request_id: str
    digest: bytes
    principal: str
    caller: Principal = NOBODY
    not_after: datetime | None = None
    validate_only: bool = False

    @property
    def asked(self) -> Asked:
        """Return the request as the engine takes it."""
        return Asked(
            principal=self.principal,
            request_id=self.request_id,
            method=self.method,
            digest=self.digest,
            not_after=self.not_after,
        )

    @property
    def made(self) -> ChangeMade:
        """Return what the journal says of a request that was carried out."""
        return ChangeMade(principal=self.principal, method=self.method, request_id=self.request_id)


class _Kept(Struct, frozen=True):
    answer: msgspec.Raw = msgspec.Raw(b"null")
    failure: Failure | None = None


class Once:
    """Makes each requested change once, whoever repeats it, and answers repeats alike.

    It is for changes that no account's actor can make: those before an account is there, and of the
    core itself. It shares the table of the engine's commands, so that an id is used once in all.
    The rows name no account: an actor carries out only rows of its account.
    """

    def __init__(self, store: Store, clock: Clock, ids: Ids, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self._ids = ids
        self._under_way: dict[str, asyncio.Task[CommandRecord]] = {}

    async def perform(
        self, request: Request, answer: type[T], change: Callable[[str], Awaitable[T]]
    ) -> T:
        """Return the answer of `change`, or the one it gave when the request came before.

        `change` is called with a new id, the same on every try, for what it makes. It goes on when
        the caller hangs up. Raises RequestIdReused, RequestExpired, and what `change` raised.
        """
        record = await self._claim(request)
        if not record.answer:
            task = self._under_way.get(request.request_id)
            if task is None:
                task = asyncio.create_task(self._carry_out(record, change))
                self._under_way[request.request_id] = task
                task.add_done_callback(lambda done: self._forget(request.request_id, done))
            record = await asyncio.shield(task)
        return self._answered(record, answer)

    @staticmethod
    def _answered(record: CommandRecord, answer: type[T]) -> T:
        kept = msgspec.json.decode(record.answer, type=_Kept)
        if kept.failure is not None:
            raise kept.failure.error()
        return msgspec.json.decode(kept.answer, type=answer)

    async def record(
        self, request: Request, answer: type[T], change: Callable[[Transaction, Say], T]
    ) -> T:
        """Return the answer of a change that is written, journalled and answered in one unit.

        A refusal leaves nothing behind, not even that it was asked; `change` writes nothing where
        only validation is asked for. Raises RequestIdReused, RequestExpired, and what it raises.
        """

        def unit(tx: Transaction, say: Say) -> T:
            found = tx.command(TENANT, request.request_id)
            if found is not None:
                _check_same(found, request)
                return self._answered(found, answer)
            now = self._clock.now()
            _check_time(request, now)
            done = change(tx, say)
            if not request.validate_only:
                tx.add_command(_record(request, body=b"", created_us=to_us(now)))
                kept = msgspec.json.encode(_Kept(answer=msgspec.Raw(msgspec.json.encode(done))))
                tx.answer_command(TENANT, request.request_id, answer=kept, now_us=to_us(now))
            return done

        return await self._recorder.write(unit, by=request.caller)

    async def drain(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def forget_old(self) -> int:
        """Delete answers older than they are kept; returns how many."""
        before = to_us(self._clock.now() - KEPT)
        return await self._store.write(lambda tx: tx.forget_commands(answered_before_us=before))

    def _forget(self, request_id: str, done: asyncio.Task[CommandRecord]) -> None:
        self._under_way.pop(request_id, None)
        if not done.cancelled():
            done.exception()  # The caller may be gone; a repeat meets the same failure.

    async def _claim(self, request: Request) -> CommandRecord:
        now = self._clock.now()
        body = self._ids.new().encode()

        def unit(tx: Transaction) -> CommandRecord:
            found = tx.command(TENANT, request.request_id)
            if found is None:
                _check_time(request, now)
                found = _record(request, body=body, created_us=to_us(now))
                tx.add_command(found)
            _check_same(found, request)
            return found

        return await self._store.write(unit)

    async def _carry_out(
        self, record: CommandRecord, change: Callable[[str], Awaitable[T]]
    ) -> CommandRecord:
        # Between the claim and now an earlier try may have ended; its answer stands.
        found = await self._store.read(lambda view: view.command(TENANT, record.request_id))
        if found is not None and found.answer:
            return found
        try:
            answer = await change(record.body.decode())
            kept = _Kept(answer=msgspec.Raw(msgspec.json.encode(answer)))
        except PASSING:
            raise
        except AxisorError as error:
            kept = _Kept(failure=Failure.of(error))
        encoded = msgspec.json.encode(kept)
        now_us = to_us(self._clock.now())
        try:
            await self._store.write(
                lambda tx: tx.answer_command(
                    TENANT, record.request_id, answer=encoded, now_us=now_us
                )
            )
        except Conflict:
            # Another replica was asked the same and was done first: its answer stands.
            found = await self._store.read(lambda view: view.command(TENANT, record.request_id))
            if found is None or not found.answer:
                raise
            return found
        return msgspec.structs.replace(record, answer=encoded, answered_us=now_us)


def _check_same(found: CommandRecord, request: Request) -> None:
    if found.digest != request.digest or found.method != request.method:
        raise RequestIdReused(requestId=request.request_id)


def _check_time(request: Request, now: datetime) -> None:
    if request.not_after is not None and now > request.not_after:
        raise RequestExpired(notAfterTime=request.not_after.isoformat())


def _record(request: Request, *, body: bytes, created_us: int) -> CommandRecord:
    return CommandRecord(
        tenant=TENANT,
        request_id=request.request_id,
        account="",
        method=request.method,
        digest=request.digest,
        body=body,
        principal=request.principal,
        not_after_us=None if request.not_after is None else to_us(request.not_after),
        created_us=created_us,
    )
