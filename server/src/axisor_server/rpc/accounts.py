"""AccountService."""

from __future__ import annotations

from collections.abc import AsyncIterator

from axisor.errors import FieldInvalid
from axisor.events import HaltLevel
from axisor.model import Mode
from axisor.ports import Credentials, Secret
from axisor.v1 import accounts_pb2 as pb
from axisor.v1 import resources_pb2
from axisor.wire.actions import effect_to_wire
from axisor.wire.model import balance_to_wire
from axisor.wire.names import account_id, account_part, top_id
from axisor.wire.records import AccountBalance
from axisor.wire.resources import account_to_wire
from axisor.wire.scalars import decimal_from_wire, enum_asked, time_to_wire
from axisor_server.rpc.calls import Call
from axisor_server.rpc.reports import account_of, effect_of
from axisor_server.rpc.watches import ACCOUNT, Watches
from axisor_server.services import paging
from axisor_server.services.account_rows import AccountChange
from axisor_server.services.accounts import AccountAnswer, Accounts, NewAccount
from axisor_server.services.credentials import CredentialReport
from axisor_server.services.snapshots import Snapshots

CHANGEABLE = ("label", "base_url", "near_percent", "critical_percent")


class AccountServicer:
    """Keeps accounts."""

    def __init__(self, accounts: Accounts, snapshots: Snapshots, watches: Watches) -> None:
        self._accounts = accounts
        self._snapshots = snapshots
        self._watches = watches

    async def GetAccount(self, request: pb.GetAccountRequest, call: Call) -> pb.GetAccountResponse:
        """Answer with one account."""
        id = account_id(request.name)
        record = await self._accounts.get(id)
        scopes = await self._accounts.scopes([id])
        account = account_of(record, scopes.get(id, ()))
        return pb.GetAccountResponse(account=account_to_wire(account))

    async def ListAccounts(
        self, request: pb.ListAccountsRequest, call: Call
    ) -> pb.ListAccountsResponse:
        """Answer with a page of accounts."""
        page, token = paging.cut(
            await self._accounts.list(call.principal),
            of="accounts",
            size=request.page_size,
            after=request.page_token,
        )
        scopes = await self._accounts.scopes([record.id for record in page])
        return pb.ListAccountsResponse(
            accounts=[
                account_to_wire(account_of(record, scopes.get(record.id, ()))) for record in page
            ],
            next_page_token=token,
        )

    async def CreateAccount(
        self, request: pb.CreateAccountRequest, call: Call
    ) -> pb.CreateAccountResponse:
        """Add an account."""
        new = NewAccount(
            venue=top_id(request.venue, "venues", "venue"),
            network=request.network,
            mode=enum_asked(Mode, request.mode, "mode"),
            label=request.label,
            url=request.base_url,
            allow_withdrawals=request.allow_withdrawals,
        )
        credentials = _credentials(request.credentials) if request.HasField("credentials") else None
        done = await self._accounts.create(new, credentials, call.request())
        scopes = await self._accounts.scopes([done.account.id])
        account = account_of(done.account, scopes.get(done.account.id, ()))
        return pb.CreateAccountResponse(account=account_to_wire(account), sequence=done.sequence)

    async def UpdateAccount(
        self, request: pb.UpdateAccountRequest, call: Call
    ) -> pb.UpdateAccountResponse:
        """Change an account's label, address or warnings."""
        id = account_id(request.account.name, "account.name")
        paths = set(request.update_mask.paths)
        for path in paths.difference(CHANGEABLE):
            raise FieldInvalid(f"{path} cannot be changed.", field="update_mask")
        if "label" in paths and not request.account.label:
            raise FieldInvalid("An account needs a label.", field="account.label")
        given = request.account
        change = AccountChange(
            label=given.label if "label" in paths else None,
            url=given.base_url if "base_url" in paths else None,
            near_bp=_bp(given, "near_percent") if "near_percent" in paths else None,
            critical_bp=_bp(given, "critical_percent") if "critical_percent" in paths else None,
        )
        done = await self._accounts.update(id, change, etag=request.etag, request=call.request())
        account = account_to_wire(account_of(done.account))
        return pb.UpdateAccountResponse(account=account, sequence=done.sequence)

    async def DeleteAccount(
        self, request: pb.DeleteAccountRequest, call: Call
    ) -> pb.DeleteAccountResponse:
        """Remove an account."""
        id = account_id(request.name)
        done = await self._accounts.delete(id, etag=request.etag, request=call.request())
        return pb.DeleteAccountResponse(sequence=done.sequence)

    async def ReplaceCredentials(
        self, request: pb.ReplaceCredentialsRequest, call: Call
    ) -> pb.ReplaceCredentialsResponse:
        """Replace an account's credentials."""
        done = await self._accounts.replace_credentials(
            account_id(request.name),
            _credentials(request.credentials),
            call.request(),
            allow_withdrawals=request.allow_withdrawals,
        )
        return pb.ReplaceCredentialsResponse(report=_report(done.report), sequence=done.sequence)

    async def TestCredentials(
        self, request: pb.TestCredentialsRequest, call: Call
    ) -> pb.TestCredentialsResponse:
        """Ask the venue about an account's credentials."""
        report = await self._accounts.test_credentials(account_id(request.name))
        return pb.TestCredentialsResponse(report=_report(report))

    async def GetBalance(self, request: pb.GetBalanceRequest, call: Call) -> pb.GetBalanceResponse:
        """Answer with a balance."""
        id = account_part(request.name)
        await self._accounts.get(id)
        view = self._snapshots.view(id)
        report = AccountBalance(balance=view.balance, cross=view.cross)
        return pb.GetBalanceResponse(balance=balance_to_wire(id, report))

    async def ReconcileAccount(
        self, request: pb.ReconcileAccountRequest, call: Call
    ) -> pb.ReconcileAccountResponse:
        """Read an account from its venue now."""
        id = account_id(request.name)
        done = await self._accounts.reconcile(id, call.request())
        return pb.ReconcileAccountResponse(
            snapshot=await self._watches.snapshot(id),
            difference_count=done.count,
            sequence=done.sequence,
        )

    async def HaltAccount(
        self, request: pb.HaltAccountRequest, call: Call
    ) -> pb.HaltAccountResponse:
        """Halt an account."""
        done = await self._halt(request, enum_asked(HaltLevel, request.level, "level"), call)
        return pb.HaltAccountResponse(
            account=account_to_wire(account_of(done.account)),
            intents=[effect_to_wire(effect_of(intent)) for intent in done.intents],
            sequence=done.sequence,
        )

    async def ResumeAccount(
        self, request: pb.ResumeAccountRequest, call: Call
    ) -> pb.ResumeAccountResponse:
        """End a halt."""
        done = await self._halt(request, HaltLevel.NONE, call)
        account = account_to_wire(account_of(done.account))
        return pb.ResumeAccountResponse(account=account, sequence=done.sequence)

    def WatchAccount(self, request: pb.WatchAccountRequest, call: Call) -> AsyncIterator[bytes]:
        """Stream what changes about an account."""
        after = request.after_sequence if request.HasField("after_sequence") else None
        return self._watches.watch(account_id(request.name), after, ACCOUNT)

    async def _halt(
        self,
        request: pb.HaltAccountRequest | pb.ResumeAccountRequest,
        level: HaltLevel,
        call: Call,
    ) -> AccountAnswer:
        return await self._accounts.halt(
            account_id(request.name), level, reason=request.reason, request=call.request()
        )


def _credentials(message: pb.Credentials) -> Credentials:
    return Credentials(Secret(message.key), Secret(message.secret), Secret(message.passphrase))


def _bp(account: resources_pb2.Account, field: str) -> int:
    """Return a percentage in hundredths; its form was checked. Raises FieldInvalid for none."""
    text: str = getattr(account, field)
    if not text:
        raise FieldInvalid(f"{field} is empty: 0 is never.", field=f"account.{field}")
    return int(decimal_from_wire(text, field) * 100)


def _report(report: CredentialReport) -> pb.CredentialReport:
    return pb.CredentialReport(
        valid=report.valid,
        scopes=report.scopes,
        can_withdraw=bool(report.can_withdraw),
        text=report.text,
        check_time=time_to_wire(report.checked),
    )
