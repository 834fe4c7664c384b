"""Passwords that are changed or were forgotten."""

from __future__ import annotations

import msgspec

from axisor.errors import ProofInvalid, SignInRefused
from axisor.identity import PersonChanged
from axisor.ports import Clock
from axisor.states import PersonChange
from axisor_server.domain.journal import to_us
from axisor_server.domain.people import Person, principal_of
from axisor_server.domain.proofs import Proof, Purpose
from axisor_server.ports import Store, Transaction
from axisor_server.services.people import texts
from axisor_server.services.people.choosing import Choosing
from axisor_server.services.people.devices import Devices
from axisor_server.services.people.directory import Directory
from axisor_server.services.people.letters import Letters
from axisor_server.services.people.needs import Passwords
from axisor_server.services.people.proofs import Proofs
from axisor_server.services.people.signing_in import SigningIn
from axisor_server.services.people.throttle import Throttle, network_of, of_letter
from axisor_server.services.principals import Peer, Principal
from axisor_server.services.recording import Recorder, Say
from axisor_server.services.sessions import Sessions, signed_in


class Changing:
    """Replaces passwords."""

    def __init__(  # noqa: PLR0913 - it stands on that much
        self,
        *,
        store: Store,
        clock: Clock,
        directory: Directory,
        choosing: Choosing,
        passwords: Passwords,
        proofs: Proofs,
        devices: Devices,
        letters: Letters,
        throttle: Throttle,
        recorder: Recorder,
        sessions: Sessions,
        signing_in: SigningIn,
    ) -> None:
        self._store = store
        self._clock = clock
        self._directory = directory
        self._choosing = choosing
        self._passwords = passwords
        self._proofs = proofs
        self._devices = devices
        self._letters = letters
        self._throttle = throttle
        self._recorder = recorder
        self._sessions = sessions
        self._signing_in = signing_in

    async def change(self, current: str, password: str, *, caller: Principal) -> None:
        """Choose another password; every other session ends.

        A repeat whose answer was lost changes nothing. Raises RateLimited, SignInRefused,
        PasswordRefused.
        """
        try:
            person = await self._signing_in.prove_password(caller, current, cause="change")
        except SignInRefused:
            present = await self._store.read(lambda v: self._directory.get(v, caller.person))
            if await self._passwords.verify(present.password, password):
                return
            raise
        kept = await self._kept(person, password)

        def unit(tx: Transaction, say: Say) -> None:
            after = msgspec.structs.replace(self._directory.get(tx, person.id), password=kept)
            self._directory.put(tx, after)
            self._proofs.drop(tx, person.id, Purpose.RESET, Purpose.CHALLENGE)
            self._sessions.revoke_in(tx, say, person.id, caller.session, cause="password changed")
            self._tell(tx, after)
            say(PersonChanged(person=principal_of(person.id), change=PersonChange.PASSWORD_CHANGED))

        await self._recorder.write(unit, by=caller)
        self._sessions.forget()

    async def request_reset(self, email: str, *, peer: Peer) -> None:
        """Send a letter to somebody who forgot their password. Raises RateLimited."""
        email_key = await self._directory.key_of(email)
        place = await self._directory.place_of(network_of(peer.address))
        await self._throttle.take(of_letter(email_key, place))

        def unit(tx: Transaction) -> None:
            person = self._directory.find(tx, email_key)
            if person is None or not person.may_sign_in:
                self._letters.write(tx, texts.nobody())
                return
            made = self._proofs.make(
                tx, Purpose.RESET, Proof(person=person.id, email_key=email_key)
            )
            to = self._directory.show(tx, person).email
            self._letters.write(tx, texts.reset(to, made.text))

        await self._store.write(unit)

    async def reset(self, proof: str, password: str) -> None:
        """Choose a password by letter; every session ends. Raises ProofInvalid, PasswordRefused."""
        _, looked = await self._store.read(
            lambda view: self._proofs.look(view, proof, Purpose.RESET)
        )
        person = await self._store.read(lambda view: self._directory.get(view, looked.person))
        kept = await self._kept(person, password)

        def unit(tx: Transaction, say: Say) -> None:
            said = self._proofs.use(tx, proof, Purpose.RESET)
            present = self._directory.get(tx, said.person)
            if not present.may_sign_in or present.email_key != said.email_key:
                raise ProofInvalid()
            after = msgspec.structs.replace(
                present,
                password=kept,
                # Whoever answered the letter reads what comes to this address.
                verified_us=present.verified_us or to_us(self._clock.now()),
            )
            self._directory.put(tx, after)
            self._proofs.drop(tx, present.id, Purpose.RESET, Purpose.CHALLENGE)
            self._devices.forget(tx, present.id)
            self._sessions.revoke_in(tx, say, present.id, cause="password reset")
            self._tell(tx, after)
            say(PersonChanged(person=principal_of(present.id), change=PersonChange.PASSWORD_RESET))

        await self._recorder.write(unit, by=signed_in(looked.person))
        self._sessions.forget()

    async def _kept(self, person: Person, password: str) -> str:
        shown = await self._store.read(lambda view: self._directory.show(view, person))
        return await self._choosing.kept(password, about=(shown.email, shown.title))

    def _tell(self, tx: Transaction, person: Person) -> None:
        to = self._directory.show(tx, person).email
        self._letters.write(tx, texts.changed(to, "your password is another"))
