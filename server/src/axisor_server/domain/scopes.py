"""What of the database one caller may see, row by row."""

from __future__ import annotations

from msgspec import Struct

from axisor_server.domain.halting import STREAM
from axisor_server.domain.records import CommandRecord, DocumentRecord

ACCOUNTS = "accounts/"


class Scope(Struct, frozen=True, kw_only=True):
    """A caller's part of the database: accounts by id, what is theirs, and the core's own.

    `core` says that they may see what belongs to no account: people and the core's journal.
    """

    principal: str
    person: str
    accounts: frozenset[str]
    core: bool = False

    def sees(self, account: str) -> bool:
        """Return whether rows of an account are in it."""
        return account in self.accounts

    def sees_stream(self, stream: str) -> bool:
        """Return whether a journal is in it."""
        if stream == STREAM:
            return self.core
        return stream.removeprefix(ACCOUNTS) in self.accounts

    def sees_command(self, record: CommandRecord) -> bool:
        """Return whether a command is in it: of an account in it, or asked by the caller."""
        return self.sees(record.account) or (
            not record.account and record.principal == self.principal
        )

    def sees_document(self, record: DocumentRecord) -> bool:
        """Return whether a document is in it: the caller's, about what is in it, or nobody's."""
        if self.core or (record.owner and record.owner == self.person):
            return True
        if record.about:
            return self.sees(record.about.removeprefix(ACCOUNTS))
        return not record.owner
