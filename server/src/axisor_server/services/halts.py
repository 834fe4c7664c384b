"""Halts of all accounts: by a client, by a file in the data directory, by a signal."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct

from axisor.errors import HaltKept, RequestExpired, StoreUnavailable
from axisor.events import HaltLevel
from axisor_server.domain.halting import WHOLE, Halt
from axisor_server.engine.facade import Engine
from axisor_server.ports import Clock
from axisor_server.services.requests import Once, Request

ReadFile: TypeAlias = Callable[[], Awaitable[str | None]]
"""Returns what the file HALT says, None where there is no such file."""

LOOK_S = 0.5
"""How often the file is looked for, so that it is seen within a second."""

BY_FILE = "file"
BY_SIGNAL = "signal"

log = logging.getLogger(__name__)


class HaltReport(Struct, frozen=True, kw_only=True):
    """The halt of all accounts in force here, and how many intents are open."""

    halt: Halt
    durable: bool = True
    file: bool = False
    open_intents: int = 0


def level_of(text: str) -> tuple[HaltLevel, str]:
    """Return the level that a file asks for, and why in words.

    An empty file is RISK; so is one that names no level, as it was put there to halt something.
    """
    word = text.strip().lower()
    if not word:
        return HaltLevel.RISK, "the file HALT is there"
    if word in set(HaltLevel) - {HaltLevel.NONE}:
        return HaltLevel(word), f"the file HALT says {word}"
    return HaltLevel.RISK, "the file HALT is there and names no level"


class Halts:
    """Halts and resumes all accounts."""

    def __init__(self, *, engine: Engine, clock: Clock, once: Once, read_file: ReadFile) -> None:
        self._engine = engine
        self._clock = clock
        self._once = once
        self._read_file = read_file
        self._file: str | None = None

    def report(self) -> HaltReport:
        """Return the halt in force here."""
        status = self._engine.status()
        return HaltReport(
            halt=status.halt,
            durable=status.halt_durable,
            file=self._file is not None,
            open_intents=sum(each.open_intents for each in status.accounts),
        )

    async def halt(self, level: HaltLevel, *, reason: str, request: Request) -> HaltReport:
        """Halt all accounts, here at once.

        Raises StoreUnavailable while it cannot be written down; in force here it is nevertheless.
        """
        if request.validate_only:
            self._check_time(request)
            return self.report()

        async def change(_: str) -> HaltReport:
            await self._engine.halt_all(level, principal=request.principal, reason=reason)
            return self.report()

        try:
            return await self._once.perform(request, HaltReport, change)
        except StoreUnavailable as error:
            # A halt does not wait for a disk.
            self._check_time(request)
            self._engine.demand_halt(level, principal=request.principal, reason=reason)
            raise StoreUnavailable(
                f"The halt is not on record yet: {error.message}",
                money="This core obeys it already. Other cores of the database do not know of it.",
                fix="Repeat with the same request id; the core goes on trying by itself.",
            ) from error

    async def resume(self, *, reason: str, request: Request) -> HaltReport:
        """End the halt of all accounts. Raises HaltKept while the file is there."""
        await self.look()
        if self._file is not None:
            raise HaltKept(file="HALT")
        if request.validate_only:
            self._check_time(request)
            return self.report()

        async def change(_: str) -> HaltReport:
            await self._engine.resume_all(principal=request.principal, reason=reason)
            return self.report()

        return await self._once.perform(request, HaltReport, change)

    def _check_time(self, request: Request) -> None:
        if request.not_after is not None and self._clock.now() > request.not_after:
            raise RequestExpired(notAfterTime=request.not_after.isoformat())

    def on_signal(self) -> None:
        """Halt new risk on all accounts, as a signal asks for it."""
        log.warning("halted by a signal")
        self._engine.demand_halt(HaltLevel.RISK, principal=BY_SIGNAL, reason="SIGUSR1")

    async def look(self) -> None:
        """Obey the file, if it is there.

        While it is, the halt cannot fall below what it says; gone, it leaves the halt as it is.
        """
        before, self._file = self._file, await self._read_file()
        if self._file is None:
            return
        level, reason = level_of(self._file)
        present = self._engine.status().halt.level
        weaker = present is HaltLevel.NONE or (present not in WHOLE and level in WHOLE)
        if weaker or self._file != before:
            log.warning("halted: %s", reason)
            self._engine.demand_halt(level, principal=BY_FILE, reason=reason)

    async def watch(self) -> None:
        """Look for the file again and again, until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)
