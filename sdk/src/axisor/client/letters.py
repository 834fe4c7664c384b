"""Calls about dead letters: actions whose outcome stays unknown, and an operator's word on them."""

from __future__ import annotations

from datetime import datetime

from axisor.client.calls import Caller, Page, new_request_id
from axisor.errors import FieldInvalid
from axisor.events import IntentState
from axisor.v1 import dead_letters_pb2 as pb
from axisor.v1.dead_letters_pb2_grpc import DeadLetterServiceStub
from axisor.wire.letters import letter_from_wire, ruling_from_wire
from axisor.wire.names import account_name, letter_name
from axisor.wire.records import DeadLetter, Ruling
from axisor.wire.scalars import time_to_wire

_OUTCOMES = {
    IntentState.CONFIRMED: pb.DEAD_LETTER_OUTCOME_CONFIRMED,
    IntentState.NOT_APPLIED: pb.DEAD_LETTER_OUTCOME_NOT_APPLIED,
}


class DeadLetters:
    """The methods of DeadLetterService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = DeadLetterServiceStub(caller.channel)

    async def list(
        self, account: str, *, page_size: int = 0, page_token: str = ""
    ) -> Page[DeadLetter]:
        """Return dead letters, oldest first, without readings. Raises AccountNotFound."""
        request = pb.ListDeadLettersRequest(
            parent=account_name(account), page_size=page_size, page_token=page_token
        )
        answer = await self._call.unary(self._stub.ListDeadLetters, request)
        return Page(tuple(map(letter_from_wire, answer.dead_letters)), answer.next_page_token)

    async def get(self, account: str, intent: str) -> DeadLetter:
        """Return one action of unknown outcome with its readings. Raises EventNotFound."""
        request = pb.GetDeadLetterRequest(name=letter_name(account, intent))
        answer = await self._call.unary(self._stub.GetDeadLetter, request)
        return letter_from_wire(answer.dead_letter)

    async def settle(
        self,
        account: str,
        intent: str,
        outcome: IntentState,
        *,
        note: str,
        force: bool = False,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> Ruling:
        """Say that an action is CONFIRMED or NOT_APPLIED, with how you know.

        Raises ActionPending before its fence, WitnessContradicts, EventNotFound.
        """
        if outcome not in _OUTCOMES:
            raise FieldInvalid("Say that it is confirmed or not applied.", field="outcome")
        request = pb.SettleDeadLetterRequest(
            name=letter_name(account, intent),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
            outcome=_OUTCOMES[outcome],
            note=note,
            force=force,
        )
        answer = await self._call.unary(self._stub.SettleDeadLetter, request)
        return ruling_from_wire(answer.ruling, answer.sequence)

    async def drop(
        self,
        account: str,
        intent: str,
        *,
        note: str,
        force: bool = False,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> Ruling:
        """Give an action up: its sats stay counted, its position may be added to again.

        Raises as `settle` does.
        """
        request = pb.DropDeadLetterRequest(
            name=letter_name(account, intent),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
            note=note,
            force=force,
        )
        answer = await self._call.unary(self._stub.DropDeadLetter, request)
        return ruling_from_wire(answer.ruling, answer.sequence)
