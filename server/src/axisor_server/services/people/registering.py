"""Registering: by invitation, or openly where whoever runs the core wants that; and addresses.

The first person owns the platform. Whether an address has a person already is answered to nobody
but its reader.
"""

from __future__ import annotations

import msgspec

from axisor.errors import PermissionDenied, ProofInvalid, RegistrationClosed
from axisor.identity import PersonChanged, PersonInvited, PersonRegistered
from axisor.model import Permission, PlatformRole
from axisor.ports import Clock
from axisor.states import PersonChange
from axisor_server.domain.journal import to_us
from axisor_server.domain.people import FIRST, KIND, Joined, Person, plain_email, principal_of
from axisor_server.domain.proofs import Proof, Purpose
from axisor_server.domain.roles import everywhere, on_platform
from axisor_server.ports import Ids, Reader, Store, Transaction
from axisor_server.services.people import texts
from axisor_server.services.people.choosing import Choosing
from axisor_server.services.people.directory import Directory
from axisor_server.services.people.letters import Letters
from axisor_server.services.people.proofs import Made, Proofs
from axisor_server.services.people.throttle import (
    Throttle,
    network_of,
    of_letter,
    of_own_letter,
    of_stranger,
)
from axisor_server.services.principals import NOBODY, Peer, Principal
from axisor_server.services.recording import Recorder, Say
from axisor_server.services.sessions import signed_in


class Registering:
    """Makes people, and finds out whether letters to them are read."""

    def __init__(  # noqa: PLR0913 - it stands on that much
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        directory: Directory,
        choosing: Choosing,
        proofs: Proofs,
        letters: Letters,
        throttle: Throttle,
        recorder: Recorder,
        is_open: bool,
        plan: str = "",
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._directory = directory
        self._choosing = choosing
        self._proofs = proofs
        self._letters = letters
        self._throttle = throttle
        self._recorder = recorder
        self._is_open = is_open
        self._plan = plan

    async def invite(
        self, email: str, role: PlatformRole, *, silent: bool, caller: Principal
    ) -> Made:
        """Invite somebody who will hold a role. Raises PermissionDenied, FieldInvalid."""
        if not may_give(caller, role):
            raise PermissionDenied(
                f"Whoever makes somebody {role.value} must hold as much.",
                permission=Permission.ADMIN.name,
                method="InviteUser",
            )
        email_key = await self._directory.key_of(email)

        def unit(tx: Transaction, say: Say) -> Made:
            made = self._proofs.make(tx, Purpose.INVITATION, Proof(email_key=email_key, role=role))
            if not silent:
                self._letters.write(tx, texts.invitation(plain_email(email), made.text))
            say(PersonInvited(invitation=made.id, role=role))
            return made

        return await self._recorder.write(unit, by=caller)

    async def register(
        self, email: str, password: str, *, title: str, invitation: str, peer: Peer
    ) -> None:
        """Make a person, or tell the one at that address by letter.

        Raises RateLimited, RegistrationClosed, ProofInvalid, PasswordRefused, FieldInvalid.
        """
        email_key = await self._directory.key_of(email)
        place = await self._directory.place_of(network_of(peer.address))
        await self._throttle.take(of_stranger(place))
        await self._store.read(lambda view: self._check(view, invitation, email_key))
        kept = await self._choosing.kept(password, about=(email, title))
        id = self._ids.new()

        def unit(tx: Transaction, say: Say) -> None:
            role, joined = self.admit(tx, invitation, email_key, otherwise=Joined.OPEN)
            if self._directory.find(tx, email_key) is not None:
                self._letters.write(tx, texts.taken(plain_email(email)))
                return
            person = self._directory.add(
                tx,
                id=id,
                email=email,
                email_key=email_key,
                title=title.strip(),
                role=role,
                joined=joined,
                password=kept,
                plan=self.plan_of(joined),
            )
            self._ask(tx, person)
            say(PersonRegistered(person=principal_of(id), role=role, joined=joined.value))

        await self._recorder.write(unit, by=NOBODY)

    def admit(
        self, tx: Transaction, invitation: str, email_key: str, *, otherwise: Joined
    ) -> tuple[PlatformRole, Joined]:
        """Return what somebody new will hold and how they came; an invitation is used up.

        Raises RegistrationClosed, ProofInvalid.
        """
        self._check(tx, invitation, email_key)
        role, joined = PlatformRole.NONE, otherwise
        if invitation:
            role = self._proofs.use(tx, invitation, Purpose.INVITATION).role
            joined = Joined.INVITED
        if tx.document_by(KIND, FIRST) is None:
            role, joined = PlatformRole.OWNER, Joined.FIRST
        return role, joined

    def plan_of(self, joined: Joined) -> str:
        """Return the plan of somebody new; the first person, whose core it is, is on none."""
        return "" if joined is Joined.FIRST else self._plan

    async def request_verification(self, email: str, *, peer: Peer) -> None:
        """Send a letter to somebody whose address is not verified. Raises RateLimited."""
        email_key = await self._directory.key_of(email)
        place = await self._directory.place_of(network_of(peer.address))
        await self._throttle.take(of_letter(email_key, place))

        def unit(tx: Transaction) -> None:
            person = self._directory.find(tx, email_key)
            if person is None or person.verified_us is not None or not person.may_sign_in:
                self._letters.write(tx, texts.nobody())
            else:
                self._ask(tx, person)

        await self._store.write(unit)

    async def verify(self, proof: str) -> None:
        """Verify an address, or finish its change. Raises ProofInvalid."""
        _, looked = await self._store.read(
            lambda view: self._proofs.look(view, proof, Purpose.EMAIL)
        )

        def unit(tx: Transaction, say: Say) -> None:
            said = self._proofs.use(tx, proof, Purpose.EMAIL)
            person = self._directory.get(tx, said.person)
            holder = self._directory.find(tx, said.email_key)
            if holder is not None and holder.id != person.id:
                raise ProofInvalid("Somebody else has this address by now.")
            change = PersonChange.EMAIL_VERIFIED
            if person.email_key != said.email_key:
                change = PersonChange.EMAIL_CHANGED
                # What was sent to the address before must not count any more.
                self._proofs.drop(tx, person.id, Purpose.RESET)
            after = msgspec.structs.replace(
                person,
                email=said.email,
                email_key=said.email_key,
                verified_us=to_us(self._clock.now()),
            )
            self._directory.put(tx, after)
            say(PersonChanged(person=principal_of(person.id), change=change))

        await self._recorder.write(unit, by=signed_in(looked.person))

    async def change_email(self, email: str, *, caller: Principal) -> None:
        """Ask whether letters to a new address are read; the old one is told.

        Raises RateLimited, FieldInvalid.
        """
        email_key = await self._directory.key_of(email)
        await self._throttle.take(of_own_letter(caller.person))

        def unit(tx: Transaction) -> None:
            person = self._directory.get(tx, caller.person)
            old = self._directory.show(tx, person).email
            self._letters.write(tx, texts.email_change(old))
            if self._directory.find(tx, email_key) is not None:
                self._letters.write(tx, texts.taken(plain_email(email)))
                return
            self._ask(tx, person, email=email, email_key=email_key)

        await self._store.write(unit)

    def _check(self, view: Reader, invitation: str, email_key: str) -> None:
        if invitation:
            _, proof = self._proofs.look(view, invitation, Purpose.INVITATION)
            if proof.email_key != email_key:
                raise ProofInvalid("This invitation is for another address.")
        elif not self._is_open or view.document_by(KIND, FIRST) is None:
            raise RegistrationClosed()

    def _ask(
        self, tx: Transaction, person: Person, *, email: str = "", email_key: str = ""
    ) -> None:
        """Write the letter that verifies an address, the person's own unless another is given."""
        to = email or self._directory.show(tx, person).email
        proof = Proof(
            person=person.id,
            email=self._directory.seal_email(tx, person.id, to),
            email_key=email_key or person.email_key,
        )
        made = self._proofs.make(tx, Purpose.EMAIL, proof)
        self._letters.write(tx, texts.verification(plain_email(to), made.text))


def may_give(caller: Principal, role: PlatformRole) -> bool:
    """Return whether a caller holds as much as a platform role gives."""
    on_core = on_platform(role) & ~Permission.SELF
    held = caller.platform if caller.accounts is None else caller.everywhere
    return on_core in caller.platform and everywhere(role) in held
