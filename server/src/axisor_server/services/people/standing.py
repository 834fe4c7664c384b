"""What a person may do now, as calls of theirs are judged."""

from __future__ import annotations

from axisor_server.domain.people import KIND, from_document
from axisor_server.domain.plans import NO_PLANS, Catalogue
from axisor_server.ports import Reader, Store
from axisor_server.services import access
from axisor_server.services.principals import Principal


class Standing:
    """Looks up what people hold."""

    def __init__(self, store: Store, catalogue: Catalogue = NO_PLANS) -> None:
        self._store = store
        self._catalogue = catalogue

    async def who_is(self, person: str) -> Principal | None:
        """Return a person with all they hold; None for nobody, or one who may not sign in."""
        return await self._store.read(lambda view: self._read(view, person))

    def roles(self, view: Reader, person: str) -> tuple[str, ...]:
        """Return what a person's tokens say that they are; nothing is decided by it."""
        found = view.document(KIND, person)
        return () if found is None else (from_document(found).role.value,)

    def _read(self, view: Reader, person: str) -> Principal | None:
        found = view.document(KIND, person)
        known = None if found is None else from_document(found)
        if known is None or not known.may_sign_in:
            return None
        return access.principal_of(
            view,
            person,
            known.role,
            session="",
            until_us=None,
            authenticated_us=0,
            plan=self._catalogue.of(known.plan),
        )
