"""How a command ended, as it is kept beside its request id and answered to every repeat."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from axisor.errors import (
    AxisorError,
    LeaseLost,
    NoEngine,
    RestoreReconciling,
    ShuttingDown,
    StoreError,
    VenueClockSkew,
    VenueRateLimited,
    VenueUnavailable,
    reasons,
)
from axisor.events import IntentState
from axisor_server.domain.records import IntentRecord

PASSING = (
    LeaseLost,
    NoEngine,
    RestoreReconciling,
    ShuttingDown,
    StoreError,
    VenueClockSkew,
    VenueRateLimited,
    VenueUnavailable,
)
"""Failures that say nothing about the request; a repeat tries again instead of failing again."""

NOTHING = msgspec.Raw(b"null")


class Failure(Struct, frozen=True):
    """A refusal as it is kept for repeats."""

    reason: str
    message: str
    means: str
    todo: str
    metadata: dict[str, str]

    @classmethod
    def of(cls, error: AxisorError) -> Failure:
        """Keep what an error says."""
        return cls(error.reason, error.message, error.means, error.todo, error.metadata)

    def error(self) -> AxisorError:
        """Return the error again, of the class it had."""
        error = reasons()[self.reason](self.message, money=self.means, fix=self.todo)
        error.metadata = dict(self.metadata)
        return error


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a command ended.

    An action names its intent and that one's state. Any other change has a `result`, as JSON, or a
    `failure`; `sequence` is the journal's end after it. A `passing` answer says nothing about the
    request: a repeat is carried out anew.
    """

    intent: str
    state: IntentState
    reason: str = ""
    message: str = ""
    venue_id: str = ""
    result: msgspec.Raw = NOTHING
    failure: Failure | None = None
    passing: bool = False
    sequence: int = 0


def answer_of(record: IntentRecord) -> Answer:
    """Return the answer that a settled intent gives to its command."""
    return Answer(
        intent=record.id,
        state=record.state,
        reason=record.reason,
        message=record.message,
        venue_id=record.venue_id,
    )


def done(request_id: str, result: object, *, sequence: int) -> Answer:
    """Return the answer of a change that was made."""
    encoded = msgspec.Raw(msgspec.json.encode(result))
    return Answer(intent=request_id, state=IntentState.CONFIRMED, result=encoded, sequence=sequence)


def refused(request_id: str, error: AxisorError) -> Answer:
    """Return the answer of a request that led to nothing."""
    return Answer(
        intent=request_id,
        state=IntentState.REFUSED,
        reason=error.reason,
        message=error.message,
        failure=Failure.of(error),
        passing=isinstance(error, PASSING),
    )


def encode(answer: Answer) -> bytes:
    """Return an answer as it is stored."""
    return msgspec.json.encode(answer)


def decode(answer: bytes) -> Answer:
    """Return a stored answer."""
    return msgspec.json.decode(answer, type=Answer)


def error_of(answer: Answer) -> AxisorError | None:
    """Return the typed error of an answer that is not a confirmation, None for one that is."""
    if answer.state is IntentState.CONFIRMED:
        return None
    if answer.failure is not None:
        return answer.failure.error()
    known = reasons().get(answer.reason, VenueUnavailable)
    return known(answer.message, intent=answer.intent, state=answer.state.value)
