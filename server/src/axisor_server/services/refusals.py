"""Keeps refused calls on record: counted as they come, written once a minute, and never many."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import (
    AccountNotFound,
    AxisorError,
    PermissionDenied,
    SessionOver,
    StepUpRequired,
    StoreUnavailable,
    TokenInvalid,
)
from axisor.identity import CallsRefused
from axisor.ports import Clock
from axisor.tokens import parse
from axisor_server.ports import Transaction
from axisor_server.services.jwts import person_claimed
from axisor_server.services.principals import NOBODY, SESSION_SHAPE, TOKEN_SHAPE, Peer, Principal
from axisor_server.services.recording import Recorder, Say

PlaceOf: TypeAlias = Callable[[str], Awaitable[str]]
"""Returns the keyed hash that a network address is journaled as."""

CAUSES = frozenset(
    error.reason
    for error in (AccountNotFound, PermissionDenied, SessionOver, StepUpRequired, TokenInvalid)
)
"""What is kept. Who called without any token, or once too often, could not be told."""

EVERY_S = 60.0
MOST_KINDS = 1_000
"""How many kinds are told apart until they are written; further ones share one count."""

MOST_ENTRIES = 50
"""How many entries are written at a time, those of known callers first."""

MOST_A_DAY = 5_000
"""How many are written in a day; after that one a time counts whatever comes."""

DAY_TURNS = round(86_400 / EVERY_S)
OTHERS = "OTHERS"

log = structlog.get_logger("axisor.refusals")


class Kind(Struct, frozen=True):
    """What makes two refusals the same."""

    principal: str
    claimed: str
    method: str
    cause: str


class Seen(Struct, frozen=True):
    """How often one kind came, from where and about what first."""

    count: int
    address: str
    subject: str


REST = Kind(NOBODY.name, "", "", OTHERS)


class Refusals:
    """Counts refused calls without waiting for anything, and writes what it counted.

    What was counted since the last minute is lost with a core that is killed.
    """

    def __init__(self, recorder: Recorder, clock: Clock, place_of: PlaceOf) -> None:
        self._recorder = recorder
        self._clock = clock
        self._place_of = place_of
        self._seen: dict[Kind, Seen] = {}
        self._left = MOST_A_DAY
        self._turns = 0

    def note(
        self,
        error: AxisorError,
        method: str,
        peer: Peer,
        *,
        principal: Principal = NOBODY,
        token: str = "",
        subject: str = "",
    ) -> None:
        """Count a refusal; one that is not kept is passed over. Never waits, and never fails."""
        if error.reason not in CAUSES:
            return
        claimed = claimed_by(token) if token else ""
        kind = Kind(principal.name, claimed, method, error.reason)
        if kind not in self._seen and len(self._seen) >= MOST_KINDS:
            kind = REST
        first = self._seen.get(kind) or Seen(0, peer.address, subject)
        self._seen[kind] = replace(first, count=first.count + 1)

    async def run(self) -> None:
        """Write once a minute, until cancelled."""
        while True:
            await self._clock.sleep(EVERY_S)
            self._turns += 1
            if self._turns % DAY_TURNS == 0:
                self._left = MOST_A_DAY
            try:
                await self.flush()
            except StoreUnavailable as error:
                log.warning("refused calls wait for the database", error=error.message)

    async def flush(self) -> None:
        """Write what was counted. Raises StoreUnavailable, and then keeps the counts."""
        seen, self._seen = self._seen, {}
        if not seen:
            return
        try:
            entries = await self._told(seen)

            def unit(_: Transaction, say: Say) -> None:
                for each in entries:
                    say(each)

            await self._recorder.write(unit, by=NOBODY)
        except StoreUnavailable:
            for kind, counted in self._seen.items():  # what came meanwhile
                before = seen.get(kind)
                seen[kind] = (
                    counted
                    if before is None
                    else replace(before, count=before.count + counted.count)
                )
            self._seen = dict(list(seen.items())[:MOST_KINDS])
            raise
        self._left = max(0, self._left - len(entries))

    async def _told(self, seen: dict[Kind, Seen]) -> list[CallsRefused]:
        rest = seen.get(REST, Seen(0, "", "")).count
        kinds = sorted(
            (kind for kind in seen if kind != REST),
            key=lambda kind: (kind.principal == NOBODY.name, -seen[kind].count),
        )
        most = min(MOST_ENTRIES, self._left)
        rest += sum(seen[kind].count for kind in kinds[most:])
        told = [await self._entry(kind, seen[kind]) for kind in kinds[:most]]
        if rest:
            told.append(await self._entry(REST, Seen(rest, "", "")))
        return told

    async def _entry(self, kind: Kind, seen: Seen) -> CallsRefused:
        return CallsRefused(
            method=kind.method,
            cause=kind.cause,
            refused_count=seen.count,
            claimed=kind.claimed,
            subject=seen.subject,
            place=await self._place_of(seen.address) if seen.address else "",
            principal=kind.principal,
        )


def claimed_by(token: str) -> str:
    """Return whose a token says it is, which nobody has proved; empty where it says nothing."""
    try:
        if token.startswith(TOKEN_SHAPE):
            return f"tokens/{parse(token).id}"
        if token.startswith(SESSION_SHAPE):
            person = person_claimed(token)
            return f"people/{person}" if person else ""
    except TokenInvalid:
        return ""
    return ""
