"""What a person may do now, as calls of theirs are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from axisor.model import Permission
from axisor_server.domain.people import KIND, from_document, principal_of
from axisor_server.domain.roles import everywhere, on_platform
from axisor_server.ports import Reader, Store
from axisor_server.services.principals import Principal

OnAccounts: TypeAlias = Callable[[Reader, str], Mapping[str, Permission]]
"""Returns what a person holds on which account."""


def on_no_account(view: Reader, person: str) -> Mapping[str, Permission]:
    """Return that a person holds nothing on any account."""
    return {}


class Standing:
    """Looks up what people hold."""

    def __init__(self, store: Store, *, on_accounts: OnAccounts = on_no_account) -> None:
        self._store = store
        self._on_accounts = on_accounts

    async def who_is(self, person: str) -> Principal | None:
        """Return a person with all they hold; None for nobody, or one who may not sign in."""
        return await self._store.read(lambda view: self.read(view, person))

    def read(self, view: Reader, person: str) -> Principal | None:
        """Do as `who_is` within a view."""
        found = view.document(KIND, person)
        if found is None:
            return None
        known = from_document(found)
        if not known.may_sign_in:
            return None
        return Principal(
            name=principal_of(person),
            tenant=person,
            person=person,
            platform=on_platform(known.role),
            accounts=self._on_accounts(view, person),
            everywhere=everywhere(known.role),
        )

    def roles(self, view: Reader, person: str) -> tuple[str, ...]:
        """Return what a person's tokens say that they are; nothing is decided by it."""
        found = view.document(KIND, person)
        return () if found is None else (from_document(found).role.value,)
