"""DeadLetterService."""

from __future__ import annotations

from collections.abc import Sequence

from axisor.events import IntentState
from axisor.v1 import dead_letters_pb2 as pb
from axisor.wire.letters import letter_to_wire, ruling_to_wire
from axisor.wire.names import account_id, letter_id
from axisor.wire.records import DeadLetter, LetterReading, Ruling
from axisor_server.domain.journal import from_us
from axisor_server.domain.readings import baseline_figures
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.witness import decode_baseline
from axisor_server.engine.letters import Ruled
from axisor_server.rpc.calls import Call
from axisor_server.rpc.reports import effect_of
from axisor_server.services import paging
from axisor_server.services.letters import Letters, Reading

OUTCOMES = {
    pb.DEAD_LETTER_OUTCOME_CONFIRMED: IntentState.CONFIRMED,
    pb.DEAD_LETTER_OUTCOME_NOT_APPLIED: IntentState.NOT_APPLIED,
}


class DeadLetterServicer:
    """Shows and settles dead letters."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    async def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, call: Call
    ) -> pb.ListDeadLettersResponse:
        """Answer with a page of dead letters, oldest first."""
        account = account_id(request.parent, "parent")
        of = f"letters/{account}"
        paging.place(of, request.page_token)
        found = await self._letters.list(account)
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListDeadLettersResponse(
            dead_letters=[letter_to_wire(letter_of(record)) for record in page],
            next_page_token=token,
        )

    async def GetDeadLetter(
        self, request: pb.GetDeadLetterRequest, call: Call
    ) -> pb.GetDeadLetterResponse:
        """Answer with one action of unknown outcome."""
        found = await self._letters.get(*letter_id(request.name))
        letter = letter_of(found.record, found.readings)
        return pb.GetDeadLetterResponse(dead_letter=letter_to_wire(letter))

    async def SettleDeadLetter(
        self, request: pb.SettleDeadLetterRequest, call: Call
    ) -> pb.SettleDeadLetterResponse:
        """Settle an action by the operator's word."""
        account, intent = letter_id(request.name)
        ruling = await self._letters.rule(
            account,
            intent,
            OUTCOMES[request.outcome],
            note=request.note,
            force=request.force,
            request=call.request(),
        )
        return pb.SettleDeadLetterResponse(ruling=_to_wire(ruling), sequence=ruling.sequence)

    async def DropDeadLetter(
        self, request: pb.DropDeadLetterRequest, call: Call
    ) -> pb.DropDeadLetterResponse:
        """Give an action up."""
        account, intent = letter_id(request.name)
        ruling = await self._letters.rule(
            account,
            intent,
            IntentState.DEAD,
            note=request.note,
            force=request.force,
            request=call.request(),
        )
        return pb.DropDeadLetterResponse(ruling=_to_wire(ruling), sequence=ruling.sequence)


def letter_of(record: IntentRecord, readings: Sequence[Reading] = ()) -> DeadLetter:
    """Return an action of unknown outcome as clients see it."""
    return DeadLetter(
        effect=effect_of(record),
        amount=record.amount,
        request_id=record.request_id,
        signed_at=None if record.signed_us is None else from_us(record.signed_us),
        unknown_since=from_us(record.updated_us),
        message=record.message,
        baseline=baseline_figures(decode_baseline(record.witness)),
        readings=tuple(
            LetterReading(
                sequence=reading.entry.sequence,
                time=from_us(reading.entry.time_us),
                fenced=reading.payload.fenced,
                message=reading.payload.message,
                shows=reading.payload.shows,
            )
            for reading in readings
        ),
    )


def _to_wire(ruling: Ruled) -> pb.Ruling:
    return ruling_to_wire(
        Ruling(
            state=ruling.state,
            counted=ruling.counted,
            witness=ruling.witness,
            text=ruling.text,
            shows=ruling.shows,
        )
    )
