"""ConfirmationService."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import Message

from axisor.errors import ConfirmationRequired, ConfirmationStale, PermissionDenied
from axisor.model import Permission
from axisor.states import ConfirmationState
from axisor.v1 import confirmations_pb2 as pb
from axisor.v1 import types_pb2
from axisor.wire.names import account_id, confirmation_id, confirmation_name
from axisor.wire.scalars import enum_asked_or_none, enum_to_wire, time_to_wire
from axisor_server.domain.confirmations import Confirmation, Preparer, over
from axisor_server.domain.journal import from_us
from axisor_server.rpc.calls import Call, Given
from axisor_server.rpc.rules import Method
from axisor_server.rpc.shown import drift, preview_in, summary_of, warnings_of
from axisor_server.rpc.watches import CONFIRMATIONS, Watches
from axisor_server.rpc.within import Within, packed
from axisor_server.services import paging
from axisor_server.services.accounts import Accounts
from axisor_server.services.confirming import Confirming
from axisor_server.services.principals import Principal


class ConfirmationServicer:
    """Prepares calls, and has them carried out or refused."""

    def __init__(
        self, *, confirming: Confirming, within: Within, accounts: Accounts, watches: Watches
    ) -> None:
        self._confirming = confirming
        self._within = within
        self._accounts = accounts
        self._watches = watches

    async def PrepareConfirmation(
        self, request: pb.PrepareConfirmationRequest, call: Call
    ) -> pb.PrepareConfirmationResponse:
        """Check a call and keep it, once per request id."""
        account = account_id(request.parent, "parent")
        asked = call.request()
        found = await self._confirming.kept(account, asked)
        if found is None:
            method, body = self._within.read(request.request, account)
            made = await self._prepared(account, method, body, call)
            found = await self._confirming.keep(account, made, asked)
        token = "" if found.preparer.propose_only else await self._confirming.token(found)
        return pb.PrepareConfirmationResponse(confirmation=_to_wire(found), token=token)

    async def CommitConfirmation(
        self, request: pb.CommitConfirmationRequest, call: Call
    ) -> pb.CommitConfirmationResponse:
        """Carry out what the caller prepared."""
        found = await self._confirming.get(*confirmation_id(request.name))
        if not _prepared_by(found, call.principal):
            raise PermissionDenied(
                "Only who prepared a call commits it.",
                fix="Approve it instead: axisor approve yes.",
                method=call.method.path,
            )
        await self._confirming.check_token(found, request.token)
        if not _waits(found):
            _check_same_word(found, call.principal)
        elif self._confirming.now_us >= found.commit_until_us:
            raise over(found.as_of(found.until_us))
        done, answer = await self._carry_out(found, call)
        return pb.CommitConfirmationResponse(confirmation=_to_wire(done), response=answer)

    async def ApproveConfirmation(
        self, request: pb.ApproveConfirmationRequest, call: Call
    ) -> pb.ApproveConfirmationResponse:
        """Carry out what another prepared."""
        found = await self._confirming.get(*confirmation_id(request.name))
        if _prepared_by(found, call.principal):
            raise PermissionDenied(
                "Who prepared a call does not approve it.",
                fix="Commit it with its token, or have somebody else approve it.",
                method=call.method.path,
            )
        self._within.admit(*self._within.opened(found.request), by=call)
        if not _waits(found):
            _check_same_word(found, call.principal)
        done, answer = await self._carry_out(found, call)
        return pb.ApproveConfirmationResponse(confirmation=_to_wire(done), response=answer)

    async def RefuseConfirmation(
        self, request: pb.RefuseConfirmationRequest, call: Call
    ) -> pb.RefuseConfirmationResponse:
        """End a confirmation without carrying it out."""
        found = await self._confirming.get(*confirmation_id(request.name))
        state = ConfirmationState.CANCELED
        if not _prepared_by(found, call.principal):
            state = ConfirmationState.REFUSED
            if call.principal.propose_only:
                raise ConfirmationRequired(
                    "The token may only propose: it takes back only what it prepared itself.",
                    method=call.method.path,
                )
            self._within.admit(*self._within.opened(found.request), by=call)
        done = await self._confirming.settle(found, state, call.request(), reason=request.reason)
        return pb.RefuseConfirmationResponse(confirmation=_to_wire(done))

    async def GetConfirmation(
        self, request: pb.GetConfirmationRequest, call: Call
    ) -> pb.GetConfirmationResponse:
        """Answer with one confirmation."""
        found = await self._confirming.get(*confirmation_id(request.name))
        return pb.GetConfirmationResponse(confirmation=_to_wire(found))

    async def ListConfirmations(
        self, request: pb.ListConfirmationsRequest, call: Call
    ) -> pb.ListConfirmationsResponse:
        """Answer with a page of confirmations, newest first."""
        account = account_id(request.parent, "parent")
        asked = (enum_asked_or_none(ConfirmationState, s, "states") for s in request.states)
        states = frozenset(state for state in asked if state is not None)
        of = f"confirmations/{account}/{','.join(sorted(states))}"
        paging.place(of, request.page_token)
        found = await self._confirming.list(account, states)
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListConfirmationsResponse(
            confirmations=map(_to_wire, page), next_page_token=token
        )

    def WatchConfirmations(
        self, request: pb.WatchConfirmationsRequest, call: Call
    ) -> AsyncIterator[bytes]:
        """Stream what is prepared and settled."""
        after = request.after_sequence if request.HasField("after_sequence") else None
        return self._watches.watch(account_id(request.parent, "parent"), after, CONFIRMATIONS)

    async def _prepared(
        self, account: str, method: Method, body: Message, call: Call
    ) -> Confirmation:
        record = await self._accounts.get(account)
        now_us, waits = self._confirming.now_us, self._confirming.waits
        made = Confirmation(
            id=self._confirming.new_id(),
            account=account,
            method=method.path,
            danger=method.danger,
            request=packed(body).SerializeToString(deterministic=True),
            summary=summary_of(method, body),
            preparer=_preparer(call.principal),
            made_us=now_us,
            commit_until_us=now_us + waits.commit_us,
            until_us=now_us + waits.approve_us,
        )
        answer = await self._within.preview(method, body, by=call, given=_given(made))
        preview = preview_in(answer)
        return msgspec.structs.replace(
            made,
            preview=b"" if preview is None else preview.SerializeToString(deterministic=True),
            warnings=warnings_of(method, answer, record.mode),
        )

    async def _carry_out(self, found: Confirmation, call: Call) -> tuple[Confirmation, Packed]:
        """Settle a confirmation and make its call, under an id that makes both happen once.

        Where this ends between the two, a repeat goes on: the word stands, and the call is made if
        what was shown still holds. Nothing is judged anew once the call was handed on.
        """
        method, body = self._within.opened(found.request)
        if not await self._confirming.is_begun(found):
            await self._check_still(found, method, body, call)
        state = ConfirmationState.COMMITTED
        done = await self._confirming.settle(found, state, call.request())
        answer = await self._within.carry_out(method, body, by=call, given=_given(found))
        return done, packed(answer)

    async def _check_still(
        self, found: Confirmation, method: Method, body: Message, call: Call
    ) -> None:
        """Refuse what does not hold any more. Raises ConfirmationStale, and why it is refused."""
        preparer, needs = found.preparer, method.permission | Permission.READ
        ended = preparer.until_us is not None and self._confirming.now_us >= preparer.until_us
        if ended or not await self._within.still(_principal(found, needs)):
            raise _stale(found, "preparer", f"{preparer.name} may not do this any more.")
        answer = await self._within.preview(method, body, by=call, given=_given(found))
        moved = drift(found.preview, preview_in(answer), self._confirming.waits.drift_percent)
        if moved:
            raise _stale(found, moved, f"{moved} is not what was shown any more.")


def _given(found: Confirmation) -> Given:
    # Nobody's word counts longer than the confirmation would have waited.
    return Given(request_id=found.request_id, not_after=from_us(found.until_us))


def _preparer(principal: Principal) -> Preparer:
    return Preparer(
        name=principal.name,
        tenant=principal.tenant,
        person=principal.person,
        session=principal.session,
        token=principal.token,
        caveats=principal.caveats,
        until_us=principal.until_us if principal.token else None,
        everywhere=principal.accounts is None,
        propose_only=principal.propose_only,
    )


def _principal(found: Confirmation, needs: Permission) -> Principal:
    """Return the preparer as they were, with the rights that the call takes and no others."""
    preparer = found.preparer
    return Principal(
        name=preparer.name,
        tenant=preparer.tenant,
        person=preparer.person,
        session=preparer.session,
        token=preparer.token,
        caveats=preparer.caveats,
        platform=needs if preparer.everywhere else Permission.NONE,
        accounts=None if preparer.everywhere else {found.account: needs},
    )


def _prepared_by(found: Confirmation, caller: Principal) -> bool:
    return (found.preparer.name, found.preparer.tenant) == (caller.name, caller.tenant)


def _waits(found: Confirmation) -> bool:
    return found.state is ConfirmationState.PENDING


def _check_same_word(found: Confirmation, caller: Principal) -> None:
    """Let whoever committed it repeat that. Raises ConfirmationSettled."""
    given = found.state, found.settler, found.settler_tenant
    if given != (ConfirmationState.COMMITTED, caller.name, caller.tenant):
        raise over(found)


def _stale(found: Confirmation, cause: str, text: str) -> ConfirmationStale:
    return ConfirmationStale(text, confirmation=found.id, cause=cause)


def _to_wire(found: Confirmation) -> pb.Confirmation:
    commits = not found.preparer.propose_only
    message = pb.Confirmation(
        name=confirmation_name(found.account, found.id),
        state=enum_to_wire(found.state),
        method=found.method,
        summary=found.summary,
        request=Packed.FromString(found.request),
        danger=types_pb2.Danger.ValueType(found.danger),
        warnings=found.warnings,
        preparer=found.preparer.name,
        create_time=time_to_wire(from_us(found.made_us)),
        commit_expire_time=time_to_wire(from_us(found.commit_until_us)) if commits else None,
        expire_time=time_to_wire(from_us(found.until_us)),
        settler=found.settler,
        settle_time=None if found.settled_us is None else time_to_wire(from_us(found.settled_us)),
        reason=found.reason,
        request_id=found.request_id,
    )
    if found.preview:
        message.preview.MergeFromString(found.preview)
    return message
