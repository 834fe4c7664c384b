"""Calls about exchange accounts: their settings, keys, balances and halts."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from decimal import Decimal

from google.protobuf.field_mask_pb2 import FieldMask
from msgspec import Struct

from axisor.client.calls import Caller, Page, every, new_request_id
from axisor.errors import AccountNotFound
from axisor.events import HaltLevel
from axisor.model import Mode
from axisor.ports import Credentials
from axisor.v1 import accounts_pb2 as pb
from axisor.v1 import resources_pb2
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor.watch import WatchItem
from axisor.wire.actions import effect_from_wire
from axisor.wire.model import balance_from_wire
from axisor.wire.names import account_name, balance_name, venue_name
from axisor.wire.records import Account, AccountBalance, Effect, Snapshot
from axisor.wire.resources import account_from_wire, snapshot_from_wire
from axisor.wire.scalars import decimal_to_wire, enum_to_wire, time_or_none, time_to_wire


class CredentialReport(Struct, frozen=True, kw_only=True):
    """What a venue says about credentials; `text` is a sentence for people."""

    valid: bool
    scopes: tuple[str, ...] = ()
    can_withdraw: bool = False
    missing_scopes: tuple[str, ...] = ()
    text: str = ""
    checked_at: datetime | None = None


class Reconciliation(Struct, frozen=True, kw_only=True):
    """An account as the venue just said it is, and how many differences were written down."""

    snapshot: Snapshot
    differences: int
    sequence: int


class HaltResult(Struct, frozen=True, kw_only=True):
    """An account after a halt was asked for, and what is closed or canceled for it."""

    account: Account
    effects: tuple[Effect, ...] = ()
    sequence: int = 0


class Accounts:
    """The methods of AccountService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = AccountServiceStub(caller.channel)

    async def get(self, account: str) -> Account:
        """Return one account. Raises AccountNotFound."""
        request = pb.GetAccountRequest(name=account_name(account))
        return account_from_wire((await self._call.unary(self._stub.GetAccount, request)).account)

    async def list(self, *, page_size: int = 0, page_token: str = "") -> Page[Account]:
        """Return accounts that the caller may see, by label. Raises PageTokenInvalid."""
        request = pb.ListAccountsRequest(page_size=page_size, page_token=page_token)
        answer = await self._call.unary(self._stub.ListAccounts, request, of_account=False)
        return Page(tuple(map(account_from_wire, answer.accounts)), answer.next_page_token)

    async def choose(self, wanted: str | None) -> Account:
        """Return the account that a person means, or the only one where none is named.

        An id or a label fits, or the beginning of one; what fits whole goes first. Raises
        AccountNotFound naming those there are.
        """
        accounts = await every(lambda token: self.list(page_token=token))
        if wanted is None and len(accounts) == 1:
            return accounts[0]
        whole = [each for each in accounts if wanted in (each.id, each.label)]
        found = whole or [
            each
            for each in accounts
            if wanted and (each.id.startswith(wanted) or each.label.startswith(wanted))
        ]
        if len(found) == 1:
            return found[0]
        names = ", ".join(f"{each.label} ({each.id})" for each in accounts) or "none yet"
        what = "Say which account" if wanted is None else f"No single account fits `{wanted}`"
        raise AccountNotFound(
            f"{what}; this core has: {names}.",
            fix="Name one with --account, or add one: axisor account add.",
        )

    async def create(
        self,
        *,
        venue: str,
        network: str,
        mode: Mode,
        label: str,
        base_url: str = "",
        credentials: Credentials | None = None,
        allow_withdrawals: bool = False,
        request_id: str | None = None,
    ) -> Account:
        """Add an account.

        A key that can withdraw is refused in LIVE unless `allow_withdrawals` says that its owner
        means it. Raises ModeNotAllowed, VenueNotFound, VenueAuth, KeyCanWithdraw.
        """
        request = pb.CreateAccountRequest(
            request_id=request_id or new_request_id(),
            venue=venue_name(venue),
            network=network,
            mode=enum_to_wire(mode),
            label=label,
            base_url=base_url,
            credentials=None if credentials is None else _credentials_to_wire(credentials),
            allow_withdrawals=allow_withdrawals,
        )
        answer = await self._call.unary(self._stub.CreateAccount, request, of_account=False)
        return account_from_wire(answer.account)

    async def update(
        self,
        account: str,
        *,
        label: str | None = None,
        base_url: str | None = None,
        near_percent: Decimal | None = None,
        critical_percent: Decimal | None = None,
        etag: str = "",
        request_id: str | None = None,
    ) -> Account:
        """Change what is given, leaving None as it is. Raises EtagMismatch, FieldInvalid.

        A position that nothing protects is warned of below these percentages of distance to
        liquidation, of two decimals at most; 0 is never.
        """
        given = {
            "label": label,
            "base_url": base_url,
            "near_percent": near_percent,
            "critical_percent": critical_percent,
        }
        changed = resources_pb2.Account(
            name=account_name(account),
            label=label or "",
            base_url=base_url or "",
            near_percent=decimal_to_wire(near_percent, "near_percent"),
            critical_percent=decimal_to_wire(critical_percent, "critical_percent"),
        )
        request = pb.UpdateAccountRequest(
            request_id=request_id or new_request_id(),
            account=changed,
            update_mask=FieldMask(paths=[name for name, v in given.items() if v is not None]),
            etag=etag,
        )
        answer = await self._call.unary(self._stub.UpdateAccount, request)
        return account_from_wire(answer.account)

    async def delete(self, account: str, *, etag: str = "", request_id: str | None = None) -> int:
        """Remove an account from the core; return its last sequence. Raises AccountInUse."""
        request = pb.DeleteAccountRequest(
            name=account_name(account), request_id=request_id or new_request_id(), etag=etag
        )
        return (await self._call.unary(self._stub.DeleteAccount, request)).sequence

    async def replace_credentials(
        self,
        account: str,
        credentials: Credentials,
        *,
        allow_withdrawals: bool = False,
        request_id: str | None = None,
    ) -> CredentialReport:
        """Replace the key after the venue accepted it.

        Raises VenueAuth, VenueUnavailable, KeyCanWithdraw.
        """
        request = pb.ReplaceCredentialsRequest(
            name=account_name(account),
            request_id=request_id or new_request_id(),
            credentials=_credentials_to_wire(credentials),
            allow_withdrawals=allow_withdrawals,
        )
        answer = await self._call.unary(self._stub.ReplaceCredentials, request)
        return _credential_report(answer.report)

    async def test_credentials(self, account: str) -> CredentialReport:
        """Ask the venue what the key may do. Raises VenueUnavailable, VenueRateLimited."""
        request = pb.TestCredentialsRequest(name=account_name(account))
        answer = await self._call.unary(self._stub.TestCredentials, request)
        return _credential_report(answer.report)

    async def balance(self, account: str) -> AccountBalance:
        """Return what an account can spend, as last read. Raises AccountNotFound."""
        request = pb.GetBalanceRequest(name=balance_name(account))
        return balance_from_wire((await self._call.unary(self._stub.GetBalance, request)).balance)

    async def reconcile(self, account: str, *, request_id: str | None = None) -> Reconciliation:
        """Read the whole account from the venue now. Raises VenueUnavailable, VenueAuth."""
        request = pb.ReconcileAccountRequest(
            name=account_name(account), request_id=request_id or new_request_id()
        )
        answer = await self._call.unary(self._stub.ReconcileAccount, request)
        return Reconciliation(
            snapshot=snapshot_from_wire(answer.snapshot),
            differences=answer.difference_count,
            sequence=answer.sequence,
        )

    async def halt(
        self,
        account: str,
        level: HaltLevel,
        *,
        reason: str = "",
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> HaltResult:
        """Halt an account at a level above NONE. Raises RequestExpired."""
        request = pb.HaltAccountRequest(
            name=account_name(account),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
            level=enum_to_wire(level),
            reason=reason,
        )
        answer = await self._call.unary(self._stub.HaltAccount, request)
        return HaltResult(
            account=account_from_wire(answer.account),
            effects=tuple(map(effect_from_wire, answer.intents)),
            sequence=answer.sequence,
        )

    async def resume(
        self,
        account: str,
        *,
        reason: str = "",
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> Account:
        """End a halt. Raises RequestExpired."""
        request = pb.ResumeAccountRequest(
            name=account_name(account),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
            reason=reason,
        )
        answer = await self._call.unary(self._stub.ResumeAccount, request)
        return account_from_wire(answer.account)

    def watch(self, account: str, *, after: int | None = None) -> AsyncGenerator[WatchItem, None]:
        """Follow an account, its balance and its halts; see `axisor.watch.watch`."""
        name = account_name(account)
        return self._call.watch(
            lambda after: self._stub.WatchAccount(
                pb.WatchAccountRequest(name=name, after_sequence=after),
                metadata=self._call.headers(),
            ),
            after=after,
            gapless=False,
        )


def _credentials_to_wire(credentials: Credentials) -> pb.Credentials:
    return pb.Credentials(
        key=credentials.key.reveal(),
        secret=credentials.secret.reveal(),
        passphrase=credentials.passphrase.reveal(),
    )


def _credential_report(message: pb.CredentialReport) -> CredentialReport:
    return CredentialReport(
        valid=message.valid,
        scopes=tuple(message.scopes),
        can_withdraw=message.can_withdraw,
        missing_scopes=tuple(message.missing_scopes),
        text=message.text,
        checked_at=time_or_none(message, "check_time"),
    )
