"""Journal entries of the core itself, written with what they tell of or not at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias, TypeVar

import msgspec

from axisor.errors import StoreUnavailable
from axisor.events import ChangeMade
from axisor.identity import IdentityPayload
from axisor.model import Mode
from axisor_server.domain.halting import STREAM
from axisor_server.domain.journal import Entry, extend
from axisor_server.ports import Clock, Conflict, Store, Transaction
from axisor_server.services.principals import Principal

T = TypeVar("T")

Told: TypeAlias = IdentityPayload | ChangeMade

Say: TypeAlias = Callable[[Told], None]
"""Adds an entry to the journal of the core, within the unit that was given it."""

Publish: TypeAlias = Callable[[Sequence[Entry]], None]

TRIES = 20
"""How often a unit is tried when other cores write the same journal at that moment."""


class Recorder:
    """Writes the journal `platform`: people, sessions, tokens, grants, keys."""

    def __init__(self, *, store: Store, clock: Clock, mode: Mode, publish: Publish) -> None:
        self._store = store
        self._clock = clock
        self._mode = mode
        self._publish = publish

    async def write(self, unit: Callable[[Transaction, Say], T], *, by: Principal) -> T:
        """Run a unit that changes something and says so; both become durable, or neither.

        The unit runs again from the start where another core wrote the journal first. Raises what
        the unit raises: a Conflict of its own too, once the tries are used up, as StoreUnavailable.
        """
        done, entries = await self.tried(
            lambda: self._store.write(lambda tx: self._run(tx, unit, by))
        )
        if entries:
            self._publish(entries)
        return done

    async def tried(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try again while another core writes the same first. Raises what the last try raises."""
        for _ in range(TRIES):
            try:
                return await attempt()
            except Conflict as error:
                last = error
        raise StoreUnavailable(f"Others write the same without pause: {last.message}") from last

    def append(self, tx: Transaction, payload: Told, *, by: Principal) -> Entry:
        """Add an entry within a unit of one's own; one that names its caller keeps that name.

        Raises Conflict.

        Whoever calls publishes the entry once it is durable, with `published`.
        """
        named = msgspec.structs.replace(payload, principal=payload.principal or by.name)
        head = tx.head(STREAM)
        time = self._clock.now()
        entries = extend(head, stream=STREAM, mode=self._mode, time=time, payloads=[named])
        tx.append(head, entries, epoch=None)
        return entries[0]

    def published(self, entries: Sequence[Entry]) -> None:
        """Tell watchers of entries that are durable."""
        self._publish(entries)

    def _run(
        self, tx: Transaction, unit: Callable[[Transaction, Say], T], by: Principal
    ) -> tuple[T, Sequence[Entry]]:
        entries: list[Entry] = []
        done = unit(tx, lambda payload: entries.append(self.append(tx, payload, by=by)))
        return done, entries
