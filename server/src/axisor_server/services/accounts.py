"""Accounts: adding, changing and removing them, and halting what they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from msgspec import Struct

from axisor.errors import (
    AccountNotFound,
    AxisorError,
    FieldInvalid,
    ModeMismatch,
    RequestExpired,
    VenueNotFound,
)
from axisor.events import HaltLevel
from axisor.model import Mode
from axisor.ports import Credentials, KeyRights, Venue
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import TENANT, AccountRecord, IntentRecord, rights_key
from axisor_server.engine.asks import TakeUpAccount
from axisor_server.engine.facade import Engine
from axisor_server.engine.keys import open_key, seal_key
from axisor_server.ports import Clock, Reader, Store, Transaction, Vault
from axisor_server.services import access
from axisor_server.services.account_rows import AccountChange, AccountRows, rewrite, unmade
from axisor_server.services.admission import admit
from axisor_server.services.credentials import CredentialReport, ask, report_on, vet, warning_of
from axisor_server.services.plans import Plans
from axisor_server.services.principals import Principal
from axisor_server.services.recording import Recorder, Say
from axisor_server.services.requests import Once, Request
from axisor_server.services.seeing import also

DIFFERENCES = ("BalanceChanged", "PositionChanged", "PositionClosed", "OrderChanged", "FundingPaid")
"""Kinds of events that a reconciliation writes for what differed."""


class NewAccount(Struct, frozen=True, kw_only=True):
    """What an account is to be."""

    venue: str
    network: str
    mode: Mode
    label: str
    url: str = ""
    allow_withdrawals: bool = False


class AccountAnswer(Struct, frozen=True, kw_only=True):
    """An account after a change, and the journal's end."""

    account: AccountRecord
    sequence: int
    intents: tuple[IntentRecord, ...] = ()


class CredentialAnswer(Struct, frozen=True, kw_only=True):
    """What the venue says of new credentials, and the journal's end."""

    report: CredentialReport
    sequence: int


class Counted(Struct, frozen=True, kw_only=True):
    """How many differences were written down, and the journal's end."""

    count: int = 0
    sequence: int


def stream_of(account: str) -> str:
    """Return the name of an account's journal."""
    return f"accounts/{account}"


class Accounts:
    """The accounts of this core."""

    def __init__(  # noqa: PLR0913 - it stands on that much
        self,
        *,
        engine: Engine,
        store: Store,
        vault: Vault,
        venues: Mapping[str, Venue],
        clock: Clock,
        once: Once,
        recorder: Recorder,
        max_mode: Mode,
        plans: Plans,
    ) -> None:
        self._engine = engine
        self._store = store
        self._vault = vault
        self._venues = venues
        self._clock = clock
        self._once = once
        self._recorder = recorder
        self._rows = AccountRows(engine=engine, recorder=recorder)
        self._max_mode = max_mode
        self._plans = plans

    async def get(self, id: str) -> AccountRecord:
        """Return an account. Raises AccountNotFound."""
        found = await self._store.read(lambda view: view.account(id))
        if found is None:
            raise AccountNotFound(f"There is no account `{id}`.", account=id)
        return found

    async def list(self, caller: Principal) -> Sequence[AccountRecord]:
        """Return the accounts that a caller sees, by label."""
        found = await self._store.read(lambda view: view.accounts())
        seen = (record for record in found if caller.sees(record.id))
        return sorted(seen, key=lambda record: (record.label, record.id))

    async def scopes(self, ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the rights of the keys of accounts, as the venue last told; none where unknown."""

        def unit(view: Reader) -> dict[str, tuple[str, ...]]:
            found = {id: view.meta(rights_key(id)) for id in ids}
            return {
                id: tuple(sorted(msgspec.json.decode(text, type=KeyRights).scopes))
                for id, text in found.items()
                if text
            }

        return await self._store.read(unit)

    async def expect_mode(self, id: str, expected: str) -> Mode:
        """Return an account's mode. Raises ModeMismatch where it is not the one expected."""
        mode = (await self.get(id)).mode
        if expected and expected != mode.value:
            raise ModeMismatch(
                f"The account is {mode.value.upper()}, not {expected.upper()}.",
                expected=expected,
                actual=mode.value,
            )
        return mode

    async def create(
        self, new: NewAccount, credentials: Credentials | None, request: Request
    ) -> AccountAnswer:
        """Add an account, seal its credentials, and begin to act for it.

        Raises ModeNotAllowed, VenueNotFound, VenueAuth, KeyCanWithdraw, FieldInvalid, PlanLimit.
        """

        async def change(id: str) -> AccountAnswer:
            venue = self._venue(new.venue)
            await self._admit(new, venue, has_credentials=credentials is not None)
            rights: KeyRights | None = None
            if credentials is not None:
                rights = await self._vetted(new, credentials)
            record = await self._add(id, new, credentials, rights, request)
            try:
                await self._engine.open_account(record)
            except AxisorError:
                await self._recorder.write(partial(unmade, id), by=request.caller)
                raise
            notice = warning_of(rights, record.mode)
            if notice is not None:
                await self._engine.tell(notice, only=id)
            return await self._answer(id)

        return await self._once.perform(request, AccountAnswer, change)

    async def update(
        self, id: str, change: AccountChange, *, etag: str, request: Request
    ) -> AccountAnswer:
        """Change what is given of an account. Raises EtagMismatch and FieldInvalid."""

        before = await self.get(id)
        after = change.of(before)
        venue = self._venue(after.venue)
        admit(after.mode, after.network, after.url, venue, self._max_mode)
        now_us = to_us(self._clock.now())

        def unit(tx: Transaction) -> None:
            rewrite(tx, before, after, etag=etag, now_us=now_us)

        now = await self._rows.change(id, unit, TakeUpAccount(), request=request)
        return AccountAnswer(account=now.account, sequence=now.sequence, intents=now.intents)

    async def delete(self, id: str, *, etag: str, request: Request) -> Counted:
        """Remove an account and its credentials. Raises AccountInUse, EtagMismatch."""
        sequence = await self._engine.close_account(id, etag=etag, asked=request.asked)
        return Counted(sequence=sequence)

    async def replace_credentials(
        self,
        id: str,
        credentials: Credentials,
        request: Request,
        *,
        allow_withdrawals: bool = False,
    ) -> CredentialAnswer:
        """Seal other credentials once the venue has accepted them.

        Raises VenueAuth, KeyCanWithdraw; the account then keeps those it had.
        """
        before = await self.get(id)
        known = await self._store.read(lambda view: view.command(TENANT, request.request_id))
        rights = None
        if known is None:
            wanted = NewAccount(
                venue=before.venue,
                network=before.network,
                mode=before.mode,
                label=before.label,
                url=before.url,
                allow_withdrawals=allow_withdrawals,
            )
            rights = await self._vetted(wanted, credentials)
        now_us = to_us(self._clock.now())

        def change(tx: Transaction) -> None:
            rewrite(tx, before, before, etag="", now_us=now_us)
            self._seal(tx, before, credentials, rights)

        notice = warning_of(rights, before.mode)
        taking = TakeUpAccount(credentials_replaced=True, notice=notice)
        now = await self._rows.change(id, change, taking, request=request)
        if rights is None:  # a repeat: the venue was asked the first time
            rights = await self._rights(id)
        report = report_on(rights, before.mode, self._clock.now())
        return CredentialAnswer(report=report, sequence=now.sequence)

    async def _vetted(self, of: NewAccount, credentials: Credentials) -> KeyRights:
        rights = await ask(
            self._venue(of.venue),
            network=of.network,
            url=of.url,
            credentials=credentials,
            clock=self._clock,
        )
        vet(rights, of.mode, allow_withdrawals=of.allow_withdrawals, venue=of.venue)
        return rights

    async def _rights(self, id: str) -> KeyRights | None:
        text = await self._store.read(lambda view: view.meta(rights_key(id)))
        return msgspec.json.decode(text, type=KeyRights) if text else None

    async def test_credentials(self, id: str) -> CredentialReport:
        """Ask the venue what the sealed credentials may do. Raises VenueError leaves."""
        record = await self.get(id)
        sealed = await self._store.read(lambda view: view.sealed(id))
        if sealed is None:
            return report_on(None, record.mode, self._clock.now())
        if self._engine.leads:
            rights = await ask(
                self._venue(record.venue),
                network=record.network,
                url=record.url,
                credentials=open_key(self._vault, sealed, account=id, network=record.network),
                clock=self._clock,
            )
        else:  # whoever leads the account opens its key, nobody else
            rights = await self._engine.rights(id)
        return report_on(rights, record.mode, self._clock.now())

    async def reconcile(self, id: str, request: Request) -> Counted:
        """Read the account from the venue now, and count what differed."""

        moved = await self._engine.reconcile(id, asked=request.asked)

        def unit(view: Reader) -> int:
            limit = moved.after - moved.before
            entries = view.entries(stream_of(id), after=moved.before, limit=limit)
            return sum(entry.kind in DIFFERENCES for entry in entries)

        count = await self._store.read(unit) if moved.after > moved.before else 0
        return Counted(count=count, sequence=moved.after)

    async def halt(
        self, id: str, level: HaltLevel, *, reason: str, request: Request
    ) -> AccountAnswer:
        """Halt an account at a level, or resume it with NONE. Works while the venue is away."""
        if request.validate_only:
            record = await self.get(id)
            if request.not_after is not None and self._clock.now() > request.not_after:
                raise RequestExpired(notAfterTime=request.not_after.isoformat())
            return AccountAnswer(account=record, sequence=await self._sequence(id))

        now = await self._engine.halt_account(id, level, reason=reason, asked=request.asked)
        return AccountAnswer(account=now.account, sequence=now.sequence, intents=now.intents)

    def _venue(self, name: str) -> Venue:
        if name not in self._venues:
            raise VenueNotFound(f"No enabled plugin offers the venue `{name}`.", venue=name)
        return self._venues[name]

    async def _admit(self, new: NewAccount, venue: Venue, *, has_credentials: bool) -> None:
        admit(new.mode, new.network, new.url, venue, self._max_mode)
        if new.mode is not Mode.PAPER and not has_credentials:
            raise FieldInvalid(
                f"An account in {new.mode.value.upper()} needs credentials.", field="credentials"
            )

    async def _add(
        self,
        id: str,
        new: NewAccount,
        credentials: Credentials | None,
        rights: KeyRights | None,
        request: Request,
    ) -> AccountRecord:
        now_us = to_us(self._clock.now())
        record = AccountRecord(
            id=id,
            venue=new.venue,
            network=new.network,
            mode=new.mode,
            label=new.label,
            url=new.url,
            created_us=now_us,
            updated_us=now_us,
        )

        def unit(tx: Transaction, say: Say) -> AccountRecord:
            there = tx.account(id)
            if there is not None:  # An earlier try of the same request got this far.
                return there
            self._plans.check_account(tx, request.caller.person, id)
            tx.put_account(record, revision=None)
            self._seal(tx, record, credentials, rights)
            access.found(tx, say, id, request.caller, now_us=now_us)
            say(request.made)
            return record

        added = await self._recorder.write(unit, by=request.caller)
        also(id)
        return added

    def _seal(
        self,
        tx: Transaction,
        record: AccountRecord,
        credentials: Credentials | None,
        rights: KeyRights | None,
    ) -> None:
        if credentials is not None:
            tx.put_sealed(
                record.id,
                seal_key(self._vault, credentials, account=record.id, network=record.network),
            )
        if rights is not None:
            tx.put_meta(rights_key(record.id), msgspec.json.encode(rights).decode())

    async def _answer(self, id: str) -> AccountAnswer:
        def unit(view: Reader) -> AccountAnswer:
            record = view.account(id)
            if record is None:
                raise AccountNotFound(account=id)
            return AccountAnswer(
                account=record,
                sequence=view.head(stream_of(id)).sequence,
                intents=tuple(view.open_intents(id)),
            )

        return await self._store.read(unit)

    async def _sequence(self, id: str) -> int:
        return await self._store.read(lambda view: view.head(stream_of(id)).sequence)
