"""Carries dead letters and what is decided about them over the wire."""

from __future__ import annotations

from axisor.events import IntentState
from axisor.v1 import dead_letters_pb2
from axisor.wire.actions import effect_from_wire, effect_to_wire
from axisor.wire.names import letter_name
from axisor.wire.records import DeadLetter, LetterReading, Ruling
from axisor.wire.scalars import enum_from_wire, enum_to_wire, time_or_none, time_to_wire


def letter_to_wire(letter: DeadLetter) -> dead_letters_pb2.DeadLetter:
    """Return a dead letter as a message."""
    return dead_letters_pb2.DeadLetter(
        name=letter_name(letter.effect.account, letter.effect.id),
        intent=effect_to_wire(letter.effect),
        amount_sats=letter.amount,
        request_id=letter.request_id,
        sign_time=time_to_wire(letter.signed_at, "sign_time"),
        unknown_time=time_to_wire(letter.unknown_since, "unknown_time"),
        text=letter.message,
        baseline=letter.baseline,
        readings=[
            dead_letters_pb2.DeadLetterReading(
                sequence=reading.sequence,
                reading_time=time_to_wire(reading.time, "reading_time"),
                fenced=reading.fenced,
                text=reading.message,
                figures=reading.shows,
            )
            for reading in letter.readings
        ],
    )


def letter_from_wire(message: dead_letters_pb2.DeadLetter) -> DeadLetter:
    """Return the dead letter in a message. Raises FieldInvalid."""
    return DeadLetter(
        effect=effect_from_wire(message.intent),
        amount=message.amount_sats,
        request_id=message.request_id,
        signed_at=time_or_none(message, "sign_time"),
        unknown_since=time_or_none(message, "unknown_time"),
        message=message.text,
        baseline=dict(message.baseline),
        readings=tuple(
            LetterReading(
                sequence=reading.sequence,
                time=time_or_none(reading, "reading_time"),
                fenced=reading.fenced,
                message=reading.text,
                shows=dict(reading.figures),
            )
            for reading in message.readings
        ),
    )


def ruling_to_wire(ruling: Ruling) -> dead_letters_pb2.Ruling:
    """Return what was decided as a message."""
    return dead_letters_pb2.Ruling(
        intent_state=enum_to_wire(ruling.state),
        counted_sats=ruling.counted,
        witness_state=enum_to_wire(ruling.witness),
        witness_text=ruling.text,
        figures=ruling.shows,
    )


def ruling_from_wire(message: dead_letters_pb2.Ruling, sequence: int) -> Ruling:
    """Return the decision in a message, with the sequence beside it."""
    witness = message.witness_state
    return Ruling(
        state=enum_from_wire(IntentState, message.intent_state),
        counted=message.counted_sats,
        sequence=sequence,
        witness=enum_from_wire(IntentState, witness) if witness else None,
        text=message.witness_text,
        shows=dict(message.figures),
    )
