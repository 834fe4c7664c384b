"""The halt of all accounts: in force here at once, on record as soon as the store takes it.

Every core of a database reads it again whenever it looks for stored commands, or at each renewal of
its leases where it does not look, and sooner when it hears that it changed. A level once in force
is only loosened by a resume.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from axisor.errors import StoreUnavailable
from axisor.events import HaltChanged, HaltLevel
from axisor.intents import Action
from axisor.model import Mode
from axisor.ports import Clock
from axisor_server.domain.halting import (
    KEY,
    STREAM,
    Halt,
    decode_halt,
    encode_halt,
    latched,
    refusal,
    stricter,
)
from axisor_server.domain.journal import Entry, extend, from_us, to_us
from axisor_server.engine.answers import Publish
from axisor_server.engine.waiting import Poke
from axisor_server.ports import Conflict, Reader, Store, Transaction

TRIES = 5
"""How often a halt is written again when another core wrote the same journal at that moment."""

log = logging.getLogger(__name__)


class Platform:
    """Knows whether all accounts are halted, and writes it down."""

    def __init__(
        self, store: Store, clock: Clock, *, mode: Mode, publish: Publish, every_ms: int
    ) -> None:
        self._store = store
        self._clock = clock
        self._mode = mode
        self._publish = publish
        self._every_ms = every_ms
        self._known = Halt()
        self._wanted: Halt | None = None
        self._asked = Poke()
        self._compared = False
        self._lock = asyncio.Lock()
        self.on_change: Callable[[Halt], Awaitable[None]] | None = None

    @property
    def halt(self) -> Halt:
        """Return the halt in force here, whether on record yet or not."""
        if self._wanted is None or self._known.level is self._after(self._known, self._wanted):
            return self._known
        return self._wanted

    @property
    def level(self) -> HaltLevel:
        """Return its level."""
        return self._known.level if self._wanted is None else self.halt.level

    @property
    def durable(self) -> bool:
        """Return whether the halt in force is on record."""
        return self._wanted is None

    def _after(self, present: Halt, asked: Halt) -> HaltLevel:
        return latched(present.level, asked.level)

    def demand(self, level: HaltLevel, *, principal: str, reason: str) -> None:
        """Put a halt in force in this core at once; `run` writes it down and tells the accounts."""
        since_us = to_us(self._clock.now())
        asked = Halt(level=level, principal=principal, reason=reason, since_us=since_us)
        if latched(self.level, level) is self.level:
            return
        self._wanted = asked
        self._asked.set()

    def look(self) -> None:
        """Read the record soon: another core says that it changed."""
        self._asked.set()

    def compare(self, record: str | None) -> None:
        """Learn what is on record from whoever reads it regularly, and look where it is news."""
        self._compared = True
        if decode_halt(record) != self._known:
            self._asked.set()

    async def load(self) -> None:
        """Read what is on record. Raises StoreUnavailable."""
        self._known = await self._store.read(lambda reader: decode_halt(reader.meta(KEY)))

    async def run(self) -> None:
        """Write down what was demanded, and follow what other cores wrote, until cancelled."""
        while True:
            asked = await self._asked.wait(self._clock, self._every_ms / 1000)
            compared, self._compared = self._compared, False
            if compared and not asked and self._wanted is None:
                continue
            try:
                await self.settle()
            except StoreUnavailable as error:
                log.error("halt: %s", error.message)

    async def settle(self) -> None:
        """Bring record and memory together once, and tell the accounts what changed.

        Raises StoreUnavailable; what was demanded stays in force.
        """
        async with self._lock:
            before = self.level
            wanted = self._wanted
            if wanted is None:
                await self.load()
            else:
                self._known = await self._write(wanted)
                if self._wanted is wanted:
                    self._wanted = None
            if self.on_change is not None and (wanted is not None or self.level is not before):
                await self.on_change(self.halt)

    async def resume(self, *, principal: str, reason: str) -> None:
        """End the halt, on record first. Raises StoreUnavailable, and then it is in force still."""
        async with self._lock:
            since_us = to_us(self._clock.now())
            none = Halt(principal=principal, reason=reason, since_us=since_us)
            self._known = await self._write(none)
            self._wanted = None
            if self.on_change is not None:
                await self.on_change(self.halt)

    async def _write(self, asked: Halt) -> Halt:
        """Write a halt, or a resume, with its journal entry; returns what is then on record."""
        for attempt in range(1, TRIES + 1):
            try:
                halt, entries = await self._store.write(lambda tx: self._unit(tx, asked))
            except Conflict as error:
                if attempt == TRIES:
                    raise StoreUnavailable(
                        f"Other cores write the journal {STREAM} without pause: {error.message}"
                    ) from error
                continue
            if entries:
                self._publish(entries)
            return halt
        raise AssertionError("the last try returns or raises")

    def _unit(self, tx: Transaction, asked: Halt) -> tuple[Halt, Sequence[Entry]]:
        present = decode_halt(tx.meta(KEY))
        resumed = asked.level is HaltLevel.NONE
        level = asked.level if resumed else self._after(present, asked)
        if level is present.level:
            return present, ()
        said = HaltChanged(
            level=level, principal=asked.principal, reason=asked.reason, platform=True
        )
        head = tx.head(STREAM)
        time = from_us(asked.since_us or 0)
        entries = extend(head, stream=STREAM, mode=self._mode, time=time, payloads=[said])
        tx.append(head, entries, epoch=None)
        halt = Halt() if resumed else asked
        tx.put_meta(KEY, encode_halt(halt))
        return halt, entries

    def gate(self, action: Action, account: HaltLevel) -> Callable[[Reader], None]:
        """Return a check for the transaction that stamps an action, on the record as it is then.

        It raises Halted, so that nothing is stamped once a halt is on record, whatever this core
        has heard of it. The store runs it in a thread of its own.
        """
        here = self.level

        def check(reader: Reader) -> None:
            level = stricter(decode_halt(reader.meta(KEY)).level, here)
            halted = refusal(account, level, action)
            if halted is not None:
                raise halted

        return check
