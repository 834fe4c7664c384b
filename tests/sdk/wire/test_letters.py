"""What is said of dead letters survives the wire."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.wire.basics import maybe, one_of, positive, texts, times
from tests.sdk.wire.test_round_trip import sent
from tests.sdk.wire.values import effects, words

from axisor import events as e
from axisor.wire import letters, records

dead_letters = st.builds(
    records.DeadLetter,
    effect=effects,
    amount=positive,
    request_id=texts,
    signed_at=maybe(times),
    unknown_since=maybe(times),
    message=texts,
    baseline=words,
    readings=st.lists(
        st.builds(
            records.LetterReading,
            sequence=positive,
            time=maybe(times),
            fenced=st.booleans(),
            message=texts,
            shows=words,
        ),
        max_size=2,
    ).map(tuple),
)
rulings = st.builds(
    records.Ruling,
    state=one_of(e.IntentState),
    counted=positive,
    sequence=positive,
    witness=maybe(one_of(e.IntentState)),
    text=texts,
    shows=words,
)


@given(dead_letters)
def test_a_dead_letter_comes_back(letter: records.DeadLetter) -> None:
    assert letters.letter_from_wire(sent(letters.letter_to_wire(letter))) == letter


@given(rulings)
def test_a_ruling_comes_back(ruling: records.Ruling) -> None:
    message = sent(letters.ruling_to_wire(ruling))

    assert letters.ruling_from_wire(message, ruling.sequence) == ruling
