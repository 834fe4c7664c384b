"""Signing in: a password, a second factor where one is enrolled, and proving it again later.

Whatever is wrong is answered alike and takes as long; the journal says what it was.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import NoReturn

import msgspec
from msgspec import Struct

from axisor.errors import EmailUnverified, SignInRefused
from axisor.identity import PersonChanged, SignInFailed
from axisor.ports import Clock
from axisor.states import PersonChange
from axisor_server.domain.journal import from_us, to_us
from axisor_server.domain.people import (
    PASSWORD,
    RECOVERY,
    Joined,
    Person,
    after_code,
    principal_of,
)
from axisor_server.domain.proofs import Proof, Purpose
from axisor_server.domain.sessions import Device
from axisor_server.ports import Conflict, Store, Transaction
from axisor_server.services.people.devices import Devices
from axisor_server.services.people.directory import Directory
from axisor_server.services.people.needs import Passwords
from axisor_server.services.people.proofs import Proofs
from axisor_server.services.people.throttle import (
    Throttle,
    network_of,
    of_factor,
    of_session,
    of_sign_in,
)
from axisor_server.services.principals import NOBODY, Peer, Principal
from axisor_server.services.recording import Recorder, Say
from axisor_server.services.sessions import Issued, Sessions, signed_in


class Challenge(Struct, frozen=True, kw_only=True):
    """A sign-in that waits for a second factor. Its text is a secret."""

    text: str
    until: datetime

    def __repr__(self) -> str:
        return f"Challenge(until={self.until!r}, …)"


class Entered(Struct, frozen=True, kw_only=True):
    """A person who is in, with tokens."""

    person: str
    issued: Issued


class SigningIn:
    """Lets people in who prove who they are."""

    def __init__(  # noqa: PLR0913 - it stands on that much
        self,
        *,
        store: Store,
        clock: Clock,
        directory: Directory,
        passwords: Passwords,
        proofs: Proofs,
        devices: Devices,
        throttle: Throttle,
        recorder: Recorder,
        sessions: Sessions,
    ) -> None:
        self._store = store
        self._clock = clock
        self._directory = directory
        self._passwords = passwords
        self._proofs = proofs
        self._devices = devices
        self._throttle = throttle
        self._recorder = recorder
        self._sessions = sessions

    async def login(
        self, email: str, password: str, *, device: Device, peer: Peer
    ) -> Entered | Challenge:
        """Let a person in by their password, or ask for the second factor.

        Raises RateLimited, SignInRefused, or EmailUnverified where the password was right.
        """
        email_key = await self._directory.key_of(email)
        place = await self._directory.place_of(network_of(peer.address))
        person = await self._store.read(lambda view: self._directory.find(view, email_key))
        known = await self._known(person, device)
        await self._throttle.take(of_sign_in(email_key, place, known))
        right = await self._passwords.verify("" if person is None else person.password, password)
        if person is None or not right or not person.may_sign_in:
            cause = "disabled" if person is not None and right else "password"
            await self.refuse(person, cause, place)
        if person.joined is Joined.OPEN and person.verified_us is None:
            raise EmailUnverified()
        await self._freshen(person, password)
        return await self.proceed(person, PASSWORD, device=device, peer=peer)

    async def proceed(
        self,
        person: Person,
        way: str,
        *,
        device: Device,
        peer: Peer,
        proved_us: int | None = None,
    ) -> Entered | Challenge:
        """Let a person in who proved in one way who it is, or ask for the second factor."""
        if person.second_factor:
            return await self._challenge(person, way, device)
        return await self._enter(person, (way,), device=device, peer=peer, proved_us=proved_us)

    async def answer(self, challenge: str, code: str, *, device: Device, peer: Peer) -> Entered:
        """Let a person in by their second factor.

        Raises RateLimited, ProofInvalid, SignInRefused.
        """
        _, proof = await self._store.read(
            lambda view: self._proofs.look(view, challenge, Purpose.CHALLENGE)
        )
        person = await self._store.read(lambda view: self._directory.get(view, proof.person))
        place = await self._directory.place_of(network_of(peer.address))
        known = await self._known(person, device)
        await self._throttle.take(of_factor(person.id, place, known))

        def unit(tx: Transaction, say: Say) -> str:
            present = self._directory.get(tx, proof.person)
            way = self._prove(tx, say, present, code) if present.may_sign_in else ""
            if way:
                self._proofs.use(tx, challenge, Purpose.CHALLENGE)
            else:
                self._proofs.fail(tx, challenge, Purpose.CHALLENGE)
                say(SignInFailed(person=principal_of(person.id), cause="factor", place=place))
            return way

        way = await self._recorder.write(unit, by=signed_in(person.id))
        if not way:
            raise SignInRefused()
        named = Device(key=device.key, name=device.name or proof.device)
        return await self._enter(person, (proof.way or PASSWORD, way), device=named, peer=peer)

    async def step_up(self, caller: Principal, password: str, code: str) -> Issued:
        """Take note that a person proved again who they are. Raises RateLimited, SignInRefused."""
        await self.prove_password(caller, password, cause="step-up")

        def unit(tx: Transaction, say: Say) -> str:
            person = self._directory.get(tx, caller.person)
            if not person.second_factor:
                return PASSWORD
            return self._prove(tx, say, person, code)

        way = await self._recorder.write(unit, by=caller)
        if not way:
            raise SignInRefused()
        ways = (PASSWORD,) if way == PASSWORD else (PASSWORD, way)
        return await self._sessions.step_up(caller.session, ways)

    async def prove_password(self, caller: Principal, password: str, *, cause: str) -> Person:
        """Return who calls, if that is their password. Raises RateLimited, SignInRefused."""
        await self._throttle.take(of_session(caller.session))
        person = await self._store.read(lambda view: self._directory.get(view, caller.person))
        if not await self._passwords.verify(person.password, password):
            failed = SignInFailed(person=principal_of(person.id), cause=cause, place="")
            await self._recorder.write(lambda tx, say: say(failed), by=caller)
            raise SignInRefused()
        return person

    def _prove(self, tx: Transaction, say: Say, person: Person, code: str) -> str:
        """Use up a second factor; returns which it was, empty for a wrong one."""
        secret = ""
        if person.totp is not None:
            secret = self._directory.open_secret(tx, person.id, person.totp.secret)
        proved = after_code(person, secret=secret, code=code, now_us=to_us(self._clock.now()))
        if proved is None:
            return ""
        after, way = proved
        self._directory.put(tx, after)
        if way == RECOVERY:
            change = PersonChange.RECOVERY_CODE_USED
            say(PersonChanged(person=principal_of(person.id), change=change))
        return way

    async def _known(self, person: Person | None, device: Device) -> str:
        if person is None:
            return ""
        return await self._store.read(lambda view: self._devices.known(view, person.id, device.key))

    async def _challenge(self, person: Person, way: str, device: Device) -> Challenge:
        proof = Proof(person=person.id, device=device.name, way=way)
        made = await self._store.write(lambda tx: self._proofs.make(tx, Purpose.CHALLENGE, proof))
        return Challenge(text=made.text, until=from_us(made.until_us))

    async def _enter(
        self,
        person: Person,
        amr: tuple[str, ...],
        *,
        device: Device,
        peer: Peer,
        proved_us: int | None = None,
    ) -> Entered:
        issued = await self._sessions.open(
            person.id, amr=amr, device=device, peer=peer, proved_us=proved_us
        )
        with contextlib.suppress(Conflict):  # another sign-in from it remembered it at this moment
            await self._store.write(lambda tx: self._devices.remember(tx, person.id, device.key))
        return Entered(person=person.id, issued=issued)

    async def _freshen(self, person: Person, password: str) -> None:
        if not self._passwords.stale(person.password):
            return
        kept = await self._passwords.hash(password)
        after = msgspec.structs.replace(person, password=kept)
        with contextlib.suppress(Conflict):  # changed meanwhile: the next sign-in makes it anew
            await self._store.write(lambda tx: self._directory.put(tx, after))

    async def refuse(self, person: Person | None, cause: str, place: str) -> NoReturn:
        """Raise SignInRefused, and take note of why."""
        named = "" if person is None else principal_of(person.id)
        failed = SignInFailed(person=named, cause=cause, place=place)
        await self._recorder.write(lambda tx, say: say(failed), by=NOBODY)
        raise SignInRefused()
