"""The EmergencyLog port in memory: the lines of the file, without the file."""

from __future__ import annotations

from collections.abc import Sequence

from axisor.errors import StoreUnavailable
from axisor_server.domain.emergency import Deed, Ended, Left, Taken, not_taken, read_lines
from axisor_server.domain.emergency import write_line as line_of


class MemoryEmergencyLog:
    """A log that outlives its cores, and may be made to fail."""

    def __init__(self) -> None:
        self.data = b""
        self.retired: list[bytes] = []
        self.fails = False

    async def append(self, deed: Deed) -> None:
        """Write a deed down."""
        if self.fails:
            raise StoreUnavailable("The emergency log cannot be written.")
        line, _ = line_of(read_lines(self.data).head, deed)
        self.data += line

    async def deeds(self, account: str) -> Sequence[Left | Ended]:
        """Return what an account's journal may not have yet."""
        return not_taken(read_lines(self.data).deeds, account)

    async def retire(self, account: str, *, now_us: int) -> None:
        """Remember that an account's journal has all of it."""
        if await self.deeds(account):
            await self.append(Taken(account=account, at_us=now_us))
        deeds = read_lines(self.data).deeds
        if deeds and not any(not_taken(deeds, deed.account) for deed in deeds):
            self.retired.append(self.data)
            self.data = b""
