"""Rows of accounts, each changed in one unit with the entry that says who changed it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from axisor.errors import AccountNotFound, FieldInvalid
from axisor_server.domain.journal import Entry
from axisor_server.domain.records import AccountRecord
from axisor_server.engine.asks import AccountNow, TakeUpAccount
from axisor_server.engine.facade import Engine
from axisor_server.engine.verbs import check_etag
from axisor_server.ports import Transaction
from axisor_server.services import access
from axisor_server.services.recording import Recorder, Say
from axisor_server.services.requests import Request


class AccountChange(Struct, frozen=True, kw_only=True):
    """What of an account is to change; None keeps it. `_bp` is hundredths of a percent."""

    label: str | None = None
    url: str | None = None
    near_bp: int | None = None
    critical_bp: int | None = None

    def of(self, before: AccountRecord) -> AccountRecord:
        """Return the account after the change. Raises FieldInvalid for warnings in wrong order."""
        given = {
            name: value
            for name in self.__struct_fields__
            if (value := getattr(self, name)) is not None
        }
        after = msgspec.structs.replace(before, **given)
        if after.near_bp and after.critical_bp > after.near_bp:
            raise FieldInvalid(
                "The critical warning would come before the first one.",
                fix="Make critical_percent at most near_percent.",
                field="account.critical_percent",
            )
        return after


class AccountRows:
    """Changes rows that whoever leads the account takes up afterwards."""

    def __init__(self, *, engine: Engine, recorder: Recorder) -> None:
        self._engine = engine
        self._recorder = recorder

    async def change(
        self,
        id: str,
        change: Callable[[Transaction], None],
        ask: TakeUpAccount,
        *,
        request: Request,
    ) -> AccountNow:
        """Change an account's rows once, with an entry in the core's journal, and have it used.

        The account's own journal follows, by whoever leads it. Raises what the change raises, and
        why the account still cannot be opened.
        """
        told: list[Entry] = []

        def unit(tx: Transaction) -> None:
            change(tx)
            told[:] = [self._recorder.append(tx, request.made, by=request.caller)]

        now = await self._recorder.tried(
            lambda: self._engine.take_up_account(id, unit, ask, asked=request.asked)
        )
        if told:
            self._recorder.published(told)
        return now


def unmade(id: str, tx: Transaction, say: Say) -> None:
    """Take back an account that could not be opened, and the roles on it."""
    tx.delete_account(id)
    access.unfound(tx, say, id)


def rewrite(
    tx: Transaction, before: AccountRecord, after: AccountRecord, *, etag: str, now_us: int
) -> None:
    """Write an account's row anew. Raises EtagMismatch where it changed since it was read."""
    present = tx.account(before.id)
    if present is None:
        raise AccountNotFound(account=before.id)
    check_etag(etag, present.revision)
    revision = present.revision
    changed = msgspec.structs.replace(
        present,
        label=after.label,
        url=after.url,
        near_bp=after.near_bp,
        critical_bp=after.critical_bp,
        revision=revision + 1,
        updated_us=now_us,
    )
    tx.put_account(changed, revision=revision)
