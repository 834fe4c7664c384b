"""Identities that sign people in: found by issuer and subject, linked and unlinked by their person.

A verified address alone signs nobody in: whoever made a person with somebody else's address first
would share it with its reader from then on.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from axisor.errors import IdentityNotLinked, PersonStateInvalid
from axisor.identity import PersonChanged, PersonRegistered, SignInFailed
from axisor.ports import Clock
from axisor.states import PersonChange
from axisor_server.domain.identities import (
    DIGESTED,
    FEDERATED,
    KIND,
    MOST_IDENTITIES,
    Identity,
    Vouched,
    found_by,
    from_document,
    to_document,
)
from axisor_server.domain.journal import to_us
from axisor_server.domain.people import Joined, Person, principal_of
from axisor_server.domain.proofs import Purpose
from axisor_server.domain.sessions import Device
from axisor_server.ports import Ids, Reader, Store, Transaction
from axisor_server.services.people import texts
from axisor_server.services.people.directory import Directory
from axisor_server.services.people.letters import Letters
from axisor_server.services.people.proofs import Proofs
from axisor_server.services.people.registering import Registering
from axisor_server.services.people.signing_in import Challenge, Entered, SigningIn
from axisor_server.services.people.throttle import network_of
from axisor_server.services.people.vouching import Vouching
from axisor_server.services.personal import Personal
from axisor_server.services.principals import NOBODY, Peer, Principal
from axisor_server.services.recording import Recorder, Say
from axisor_server.services.requests import Once, Request
from axisor_server.services.sessions import Sessions


class Unlinked(Struct, frozen=True):
    """The identity signs nobody in."""


class Linked(Struct, frozen=True, kw_only=True):
    """An identity as its person sees it; `provider` is empty where it is none any more."""

    identity: Identity
    provider: str
    email: str


class Identities:
    """Signs people in by who they are to a provider, and keeps which identities do so."""

    def __init__(  # noqa: PLR0913 - it stands on that much
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        personal: Personal,
        directory: Directory,
        proofs: Proofs,
        letters: Letters,
        recorder: Recorder,
        sessions: Sessions,
        once: Once,
        signing_in: SigningIn,
        registering: Registering,
        vouching: Vouching,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._personal = personal
        self._directory = directory
        self._proofs = proofs
        self._letters = letters
        self._recorder = recorder
        self._sessions = sessions
        self._once = once
        self._signing_in = signing_in
        self._registering = registering
        self._vouching = vouching

    async def enter(
        self, who: Vouched, *, invitation: str, device: Device, peer: Peer
    ) -> Entered | Challenge:
        """Let in whom a provider vouches for, made a person where they may come in.

        Raises IdentityNotLinked, RegistrationClosed, ProofInvalid, SignInRefused.
        """
        id = await self._id_of(who)
        place = await self._directory.place_of(network_of(peer.address))
        found = await self._store.read(lambda view: self._person(view, id))
        person = found or await self._join(who, id, invitation, place)
        if not person.may_sign_in:
            await self._signing_in.refuse(person, "disabled", place)
        proved_us = None if who.proved_s is None else who.proved_s * 1_000_000
        return await self._signing_in.proceed(
            person, FEDERATED, device=device, peer=peer, proved_us=proved_us
        )

    async def all(self, caller: Principal) -> Sequence[Linked]:
        """Return the identities that sign the caller in, oldest first."""

        def view(view: Reader) -> list[Linked]:
            return [self._show(view, each) for each in _of(view, caller.person)]

        return await self._store.read(view)

    async def link(self, who: Vouched, *, caller: Principal) -> Linked:
        """Let an identity sign the caller in from now on. A repeat changes nothing.

        Raises PersonStateInvalid where it signs somebody else in.
        """
        id = await self._id_of(who)

        def unit(tx: Transaction, say: Say) -> Linked:
            person = self._directory.get(tx, caller.person)
            before = tx.document(KIND, id)
            if before is not None and before.owner == person.id:
                return self._show(tx, from_document(before))
            if before is not None:
                raise PersonStateInvalid(
                    "This identity signs somebody else in.",
                    fix="Unlink it there, or use another.",
                    person=principal_of(person.id),
                )
            if len(_of(tx, person.id)) >= MOST_IDENTITIES:
                raise PersonStateInvalid(
                    f"{MOST_IDENTITIES} identities sign you in; unlink one.",
                    person=principal_of(person.id),
                )
            linked = self._put(tx, person.id, id, who)
            self._tell(tx, say, person, PersonChange.IDENTITY_LINKED)
            return self._show(tx, linked)

        return await self._recorder.write(unit, by=caller)

    async def unlink(self, id: str, *, request: Request) -> None:
        """Let an identity sign nobody in any more; every other session of the caller ends.

        Raises PersonStateInvalid where nothing else would let them in.
        """
        caller = request.caller

        def unit(tx: Transaction, say: Say) -> Unlinked:
            found = tx.document(KIND, id)
            if found is None or found.owner != caller.person:
                return Unlinked()
            person = self._directory.get(tx, caller.person)
            others = [each for each in _of(tx, person.id) if each.id != id]
            if not person.password and not any(
                self._vouching.name_of(each.issuer) for each in others
            ):
                raise PersonStateInvalid(
                    "Nothing else would let you in.",
                    fix="Choose a password first, by letter: axisor auth reset.",
                    person=principal_of(person.id),
                )
            tx.delete_document(KIND, id)
            self._proofs.drop(tx, person.id, Purpose.CHALLENGE)
            self._sessions.revoke_in(
                tx, say, person.id, caller.session, cause="an identity was unlinked"
            )
            self._tell(tx, say, person, PersonChange.IDENTITY_UNLINKED)
            return Unlinked()

        await self._once.record(request, Unlinked, unit)
        self._sessions.forget()

    async def _join(self, who: Vouched, id: str, invitation: str, place: str) -> Person:
        """Return the person whom an identity makes. Raises as `enter` does."""
        email_key = await self._directory.key_of(who.email)
        person_id = self._ids.new()

        def unit(tx: Transaction, say: Say) -> Person | None:
            found = self._person(tx, id)
            if found is not None:  # another sign-in made them at this moment
                return found
            holder = self._directory.find(tx, email_key)
            if holder is not None:
                named = principal_of(holder.id)
                say(SignInFailed(person=named, cause="provider: not linked", place=place))
                return None
            role, joined = self._registering.admit(
                tx, invitation, email_key, otherwise=Joined.PROVIDER
            )
            person = self._directory.add(
                tx,
                id=person_id,
                email=who.email,
                email_key=email_key,
                title=who.title,
                role=role,
                joined=joined,
                password="",
                verified_us=to_us(self._clock.now()),
                plan=self._registering.plan_of(joined),
            )
            self._put(tx, person_id, id, who)
            say(PersonRegistered(person=principal_of(person_id), role=role, joined=joined.value))
            return person

        person = await self._recorder.write(unit, by=NOBODY)
        if person is None:
            raise IdentityNotLinked(provider=self._vouching.name_of(who.issuer))
        return person

    def _put(self, tx: Transaction, person: str, id: str, who: Vouched) -> Identity:
        linked = Identity(
            id=id,
            person=person,
            issuer=who.issuer,
            email=self._directory.seal_email(tx, person, who.email),
            linked_us=to_us(self._clock.now()),
        )
        tx.put_document(to_document(linked), revision=None)
        return linked

    def _tell(self, tx: Transaction, say: Say, person: Person, change: PersonChange) -> None:
        to = self._directory.show(tx, person).email
        self._letters.write(tx, texts.changed(to, change.value.replace("_", " ")))
        say(PersonChanged(person=principal_of(person.id), change=change))

    def _person(self, view: Reader, id: str) -> Person | None:
        found = view.document(KIND, id)
        return None if found is None else self._directory.get(view, found.owner)

    def _show(self, view: Reader, identity: Identity) -> Linked:
        return Linked(
            identity=identity,
            provider=self._vouching.name_of(identity.issuer),
            email=self._directory.open_email(view, identity.person, identity.email),
        )

    async def _id_of(self, who: Vouched) -> str:
        return (await self._personal.digest(DIGESTED, found_by(who.issuer, who.subject)))[:32]


def forget_identities(tx: Transaction, person: str) -> None:
    """Let no identity sign a person in any more."""
    for found in tx.documents(KIND, owner=person):
        tx.delete_document(KIND, found.id)


def _of(view: Reader, person: str) -> list[Identity]:
    found = [from_document(each) for each in view.documents(KIND, owner=person)]
    return sorted(found, key=lambda each: (each.linked_us, each.id))
