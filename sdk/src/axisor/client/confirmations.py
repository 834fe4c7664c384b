"""Calls about confirmations: a call is prepared, shown, and carried out once somebody agrees."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import grpc.aio
from google.protobuf.message import Message
from msgspec import Struct

from axisor.client.calls import Caller, Page, new_request_id
from axisor.client.results import result
from axisor.errors import FieldInvalid
from axisor.ports import Secret
from axisor.states import ConfirmationState
from axisor.v1 import confirmations_pb2 as pb
from axisor.v1.confirmations_pb2_grpc import ConfirmationServiceStub
from axisor.watch import WatchItem
from axisor.wire.confirmations import Confirmation, confirmation_from_wire, unpacked
from axisor.wire.names import account_name, confirmation_name
from axisor.wire.records import ActionResult
from axisor.wire.scalars import enum_to_wire

if TYPE_CHECKING:
    from axisor.client import Client

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)


class Prepared(Struct, frozen=True):
    """A confirmation, and what its preparer commits it with; None for one who may only propose."""

    confirmation: Confirmation
    token: Secret | None = None


class Carried(Struct, frozen=True):
    """A confirmation that was committed, and what the call answered, as its message.

    `result` is what became of an action at the venue, None where the call is no action.
    """

    confirmation: Confirmation
    answer: Message
    result: ActionResult | None = None


class Confirmations:
    """The methods of ConfirmationService."""

    def __init__(self, caller: Caller, client: Callable[[Caller], Client]) -> None:
        self._call = caller
        self._client = client
        self._stub = ConfirmationServiceStub(caller.channel)

    async def prepare(
        self,
        account: str,
        call: Callable[[Client], Awaitable[object]],
        *,
        request_id: str | None = None,
    ) -> Prepared:
        """Prepare a call instead of making it.

        `call` makes it on the client that it is given; what it would change is not changed. Give a
        `request_id` and the same call to get the same confirmation again. Raises FieldInvalid for
        what cannot be prepared, and whatever the call would raise.
        """
        request = pb.PrepareConfirmationRequest(
            parent=account_name(account), request_id=request_id or new_request_id()
        )
        request.request.Pack(await self._taken(call))
        answer = await self._call.unary(self._stub.PrepareConfirmation, request)
        return Prepared(
            confirmation_from_wire(answer.confirmation),
            Secret(answer.token) if answer.token else None,
        )

    async def commit(
        self, account: str, id: str, token: Secret, *, request_id: str | None = None
    ) -> Carried:
        """Carry out what one prepared oneself, once.

        Raises ConfirmationStale, ConfirmationSettled, ConfirmationNotFound, ProofInvalid,
        PermissionDenied, and whatever the call raises.
        """
        request = pb.CommitConfirmationRequest(
            name=confirmation_name(account, id),
            request_id=request_id or new_request_id(),
            token=token.reveal(),
        )
        return _carried(await self._call.unary(self._stub.CommitConfirmation, request))

    async def approve(self, account: str, id: str, *, request_id: str | None = None) -> Carried:
        """Carry out what another prepared, once. Raises as `commit` does."""
        request = pb.ApproveConfirmationRequest(
            name=confirmation_name(account, id), request_id=request_id or new_request_id()
        )
        return _carried(await self._call.unary(self._stub.ApproveConfirmation, request))

    async def refuse(
        self, account: str, id: str, *, reason: str = "", request_id: str | None = None
    ) -> Confirmation:
        """End a confirmation without carrying it out; one's own is taken back by this.

        Raises ConfirmationSettled, ConfirmationNotFound, PermissionDenied.
        """
        request = pb.RefuseConfirmationRequest(
            name=confirmation_name(account, id),
            request_id=request_id or new_request_id(),
            reason=reason,
        )
        answer = await self._call.unary(self._stub.RefuseConfirmation, request)
        return confirmation_from_wire(answer.confirmation)

    async def get(self, account: str, id: str) -> Confirmation:
        """Return one confirmation. Raises ConfirmationNotFound."""
        request = pb.GetConfirmationRequest(name=confirmation_name(account, id))
        answer = await self._call.unary(self._stub.GetConfirmation, request)
        return confirmation_from_wire(answer.confirmation)

    async def list(
        self,
        account: str,
        *,
        states: Iterable[ConfirmationState] = (),
        page_size: int = 0,
        page_token: str = "",
    ) -> Page[Confirmation]:
        """Return the confirmations of the last day, newest first, in some states or in all."""
        request = pb.ListConfirmationsRequest(
            parent=account_name(account),
            page_size=page_size,
            page_token=page_token,
            states=[enum_to_wire(state) for state in states],
        )
        answer = await self._call.unary(self._stub.ListConfirmations, request)
        return Page(
            tuple(map(confirmation_from_wire, answer.confirmations)), answer.next_page_token
        )

    def watch(self, account: str, *, after: int | None = None) -> AsyncGenerator[WatchItem, None]:
        """Follow what is prepared and settled; see `axisor.watch.watch`."""
        parent = account_name(account)
        return self._call.watch(
            lambda after: self._stub.WatchConfirmations(
                pb.WatchConfirmationsRequest(parent=parent, after_sequence=after),
                metadata=self._call.headers(),
            ),
            after=after,
            gapless=False,
        )

    async def _taken(self, call: Callable[[Client], Awaitable[object]]) -> Message:
        try:
            await call(self._client(_Taking(self._call)))
        except _Taken as taken:
            request: Any = taken.request
            request.ClearField("request_id")  # the core puts its own in
            return taken.request
        raise FieldInvalid("The call that was given changes nothing.", field="request")


class _Taken(Exception):
    """The request of a call that was not made."""

    def __init__(self, request: Message) -> None:
        super().__init__("a call was taken instead of being made")
        self.request = request


class _Taking(Caller):
    """Makes calls that only read, and takes the first that would change something."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller.channel)
        self._caller = caller

    async def unary(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Q, A],
        request: Q,
        *,
        of_account: bool = True,
        timeout_s: float | None = None,
    ) -> A:
        if "request_id" in request.DESCRIPTOR.fields_by_name:
            raise _Taken(request)
        return await self._caller.unary(method, request, of_account=of_account, timeout_s=timeout_s)


def _carried(answer: Any) -> Carried:
    said = unpacked(answer.response)
    acted = "intent_state" in said.DESCRIPTOR.fields_by_name
    confirmation = confirmation_from_wire(answer.confirmation)
    return Carried(confirmation, said, result(said) if acted else None)
