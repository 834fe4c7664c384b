"""Second factors: enrolled by showing a code, taken away, and the codes on paper beside them."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from axisor.errors import FieldInvalid, PersonStateInvalid
from axisor.identity import PersonChanged
from axisor.ports import Clock, Secret
from axisor.states import PersonChange
from axisor_server.domain.journal import to_us
from axisor_server.domain.people import Person, principal_of
from axisor_server.domain.proofs import Purpose
from axisor_server.domain.totp import (
    CODES,
    Totp,
    accepted_step,
    address_of,
    recovery_code,
    recovery_hash,
    secret_of,
)
from axisor_server.ports import Ids, Store, Transaction
from axisor_server.services.people import texts
from axisor_server.services.people.directory import Directory
from axisor_server.services.people.letters import Letters
from axisor_server.services.people.proofs import Proofs
from axisor_server.services.people.throttle import Throttle, of_session
from axisor_server.services.principals import Principal
from axisor_server.services.recording import Recorder, Say
from axisor_server.services.requests import Once, Request
from axisor_server.services.sessions import Sessions


class Disabled(Struct, frozen=True):
    """The second factor is away."""


class Factors:
    """Enrols authenticator apps of the person who calls, and takes them away."""

    def __init__(  # noqa: PLR0913 - it stands on that much
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        directory: Directory,
        proofs: Proofs,
        letters: Letters,
        throttle: Throttle,
        recorder: Recorder,
        sessions: Sessions,
        once: Once,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._directory = directory
        self._proofs = proofs
        self._letters = letters
        self._throttle = throttle
        self._recorder = recorder
        self._sessions = sessions
        self._once = once

    async def enrol(self, *, caller: Principal) -> tuple[Secret, Secret]:
        """Return the secret of a new app, and its address; nothing is asked for yet.

        Raises PersonStateInvalid where an app is enrolled.
        """
        secret = secret_of(self._chance())

        def unit(tx: Transaction) -> str:
            person = self._directory.get(tx, caller.person)
            if person.second_factor:
                raise PersonStateInvalid(
                    "An authenticator app is enrolled; take it away first.",
                    person=principal_of(person.id),
                )
            sealed = self._directory.seal_secret(tx, person.id, secret)
            self._directory.put(tx, msgspec.structs.replace(person, totp=Totp(secret=sealed)))
            return self._directory.show(tx, person).email

        email = await self._store.write(unit)
        return Secret(secret), Secret(address_of(secret, person=email))

    async def confirm(self, code: str, *, caller: Principal) -> Sequence[str]:
        """Enrol the app that shows a code, and return recovery codes.

        Raises RateLimited, PersonStateInvalid, or FieldInvalid where the code is wrong.
        """
        await self._throttle.take(of_session(caller.session))
        codes = self._codes()
        now_us = to_us(self._clock.now())

        def unit(tx: Transaction, say: Say) -> None:
            person = self._directory.get(tx, caller.person)
            if person.totp is None or person.second_factor:
                raise PersonStateInvalid(
                    "No authenticator app waits for a code.", person=principal_of(person.id)
                )
            secret = self._directory.open_secret(tx, person.id, person.totp.secret)
            step = accepted_step(secret, code, now_us=now_us, after=0)
            if step is None:
                raise FieldInvalid("The app shows another code.", field="code")
            totp = msgspec.structs.replace(person.totp, confirmed_us=now_us, last_step=step)
            after = msgspec.structs.replace(person, totp=totp, recovery=hashes(person.id, codes))
            self._changed(tx, say, after, PersonChange.SECOND_FACTOR_ENROLLED, caller)

        await self._recorder.write(unit, by=caller)
        self._sessions.forget()
        return codes

    async def disable(self, *, request: Request) -> None:
        """Take the second factor away. Raises PersonStateInvalid where there is none."""
        caller = request.caller

        def unit(tx: Transaction, say: Say) -> Disabled:
            after = msgspec.structs.replace(self._enrolled(tx, caller), totp=None, recovery=())
            self._changed(tx, say, after, PersonChange.SECOND_FACTOR_DISABLED, caller)
            return Disabled()

        await self._once.record(request, Disabled, unit)
        self._sessions.forget()

    async def renew(self, *, caller: Principal) -> Sequence[str]:
        """Return new recovery codes; the ones before are over. Raises PersonStateInvalid."""
        codes = self._codes()

        def unit(tx: Transaction, say: Say) -> None:
            person = self._enrolled(tx, caller)
            self._directory.put(
                tx, msgspec.structs.replace(person, recovery=hashes(person.id, codes))
            )
            change = PersonChange.RECOVERY_CODES_RENEWED
            say(PersonChanged(person=principal_of(person.id), change=change))

        await self._recorder.write(unit, by=caller)
        return codes

    def _changed(
        self, tx: Transaction, say: Say, after: Person, change: PersonChange, caller: Principal
    ) -> None:
        self._directory.put(tx, after)
        self._proofs.drop(tx, after.id, Purpose.CHALLENGE)
        self._sessions.revoke_in(tx, say, after.id, caller.session, cause="second factor changed")
        to = self._directory.show(tx, after).email
        what = change.value.replace("_", " ")
        self._letters.write(tx, texts.changed(to, what))
        say(PersonChanged(person=principal_of(after.id), change=change))

    def _enrolled(self, tx: Transaction, caller: Principal) -> Person:
        person = self._directory.get(tx, caller.person)
        if not person.second_factor:
            raise PersonStateInvalid(
                "No second factor is enrolled.", person=principal_of(person.id)
            )
        return person

    def _codes(self) -> tuple[str, ...]:
        return tuple(recovery_code(self._chance()) for _ in range(CODES))

    def _chance(self) -> bytes:
        return base64.urlsafe_b64decode(self._ids.token() + "=")


def hashes(person: str, codes: Sequence[str]) -> tuple[str, ...]:
    """Return what is kept of recovery codes."""
    return tuple(recovery_hash(person, code) for code in codes)
