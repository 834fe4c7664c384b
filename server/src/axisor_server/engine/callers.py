"""Stores what clients ask of accounts, and waits for the answers, whichever core gives them.

A caller that goes away changes nothing: what it asked is stored and will be answered. One that has
waited in vain withdraws what nobody has begun, so that it is not done when nobody expects it.
"""

from __future__ import annotations

from collections.abc import Callable

from axisor.errors import AccountNotFound, NoEngine, RequestExpired, RequestIdReused
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import TENANT, CommandRecord
from axisor_server.engine import replies
from axisor_server.engine.asks import Ask, Asked, TakeUpAccount, encode_ask
from axisor_server.engine.replies import Answer
from axisor_server.engine.waiting import Poke
from axisor_server.engine.world import World
from axisor_server.ports import Transaction

Also = Callable[[Transaction], None]
"""What is written together with a command, once."""


class Callers:
    """The calls of this core's clients that wait for an answer."""

    def __init__(self, world: World, *, call: Callable[[str], None]) -> None:
        self._store = world.store
        self._clock = world.clock
        self._settings = world.settings
        self._call = call
        self._waiting: dict[str, list[Poke]] = {}

    async def ask(
        self,
        account: str,
        ask: Ask,
        asked: Asked,
        *,
        wait_s: float | None = None,
        also: Also | None = None,
    ) -> Answer | None:
        """Store a command and return its answer; None where it is under way after the wait.

        The same request again, from wherever, gets the same answer. Raises RequestIdReused,
        RequestExpired, AccountNotFound, and NoEngine where nobody began with it in time.
        """
        record = self._record(account, ask, asked)
        found = await self._store.write(lambda tx: _enter(tx, record, also))
        if found.answered_us is not None:
            return replies.decode(found.answer)
        self._call(account)
        wait = self._settings.command_wait_ms / 1000 if wait_s is None else wait_s
        answer = await self._wait(account, asked.request_id, wait)
        if answer is None and not isinstance(ask, TakeUpAccount):
            answer = await self._withdraw(account, asked.request_id)
        return answer

    def answered(self, request_id: str) -> None:
        """Learn that a command was answered in this process."""
        for poke in self._waiting.get(request_id, ()):
            poke.set()

    def look(self) -> None:
        """Have every waiting call look again: something was written elsewhere."""
        for pokes in self._waiting.values():
            for poke in pokes:
                poke.set()

    def _record(self, account: str, ask: Ask, asked: Asked) -> CommandRecord:
        now_us = to_us(self._clock.now())
        limit_us: int | None = now_us + self._settings.command_life_ms * 1_000
        if asked.not_after is not None:
            limit_us = to_us(asked.not_after)
        elif isinstance(ask, TakeUpAccount):
            limit_us = None  # the rows are changed already; the journal must learn of it
        return CommandRecord(
            tenant=TENANT,
            request_id=asked.request_id,
            account=account,
            method=asked.method,
            digest=asked.digest,
            body=encode_ask(ask),
            principal=asked.principal,
            not_after_us=limit_us,
            created_us=now_us,
        )

    async def _wait(self, account: str, request_id: str, wait_s: float) -> Answer | None:
        poke = Poke()
        pokes = self._waiting.setdefault(request_id, [])
        pokes.append(poke)
        end_ms = self._clock.monotonic_ms() + round(wait_s * 1000)
        poll_ms = self._settings.answer_poll_ms if self._settings.shared else round(wait_s * 1000)
        try:
            while True:
                row = await self._store.read(lambda view: view.command(TENANT, request_id))
                if row is None:
                    raise NoEngine(account=account)
                if row.answered_us is not None:
                    return replies.decode(row.answer)
                left_ms = end_ms - self._clock.monotonic_ms()
                if left_ms <= 0:
                    return None
                await poke.wait(self._clock, min(left_ms, poll_ms) / 1000)
        finally:
            pokes.remove(poke)
            if not pokes:
                self._waiting.pop(request_id, None)

    async def _withdraw(self, account: str, request_id: str) -> Answer | None:
        """Forget a command that nobody began; None where an action of it is under way."""

        def unit(tx: Transaction) -> Answer | None:
            held = tx.hold_command(TENANT, request_id)
            if held is None:
                raise NoEngine(account=account)
            if held.answered_us is not None:
                return replies.decode(held.answer)
            if tx.intent(request_id) is None:
                tx.drop_command(TENANT, request_id)
                return replies.refused(request_id, NoEngine(account=account))
            return None

        return await self._store.write(unit)


def _enter(tx: Transaction, record: CommandRecord, also: Also | None) -> CommandRecord:
    found = tx.hold_command(TENANT, record.request_id)
    if found is not None:
        same = (found.account, found.method, found.digest)
        if same != (record.account, record.method, record.digest):
            raise RequestIdReused(request_id=record.request_id)
        if found.answered_us is None or not replies.decode(found.answer).passing:
            return found
        tx.drop_command(TENANT, record.request_id)  # it said nothing about the request
    if record.not_after_us is not None and record.created_us > record.not_after_us:
        raise RequestExpired()
    if tx.account(record.account) is None:
        raise AccountNotFound(f"There is no account {record.account}.", account=record.account)
    if also is not None:
        also(tx)
    tx.add_command(record)
    return record
