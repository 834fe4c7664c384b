"""A seal covers every byte of a step as it is stored, wherever in it they are."""

from __future__ import annotations

import pytest

from axisor.events import Started, StepTaken
from axisor.intents import Notice
from axisor.model import Severity
from axisor_server.domain.journal import encode_payload
from axisor_server.domain.seal import LENGTH, is_whole, sealed

TAKEN = StepTaken(
    run="r",
    step=4,
    cause=Started(),
    # A text that holds what the end of the entry looks like.
    intents=(Notice(severity=Severity.OK, code="C", text='"seal":"0123456789abcdef"}'),),
    memory='{"seal":"0123456789abcdef"}',
)


def test_a_sealed_step_is_whole() -> None:
    taken = sealed(TAKEN)

    assert len(taken.seal) == LENGTH
    assert is_whole(encode_payload(taken), taken.seal)
    assert sealed(taken) == taken


def test_no_byte_of_a_sealed_step_can_be_changed() -> None:
    taken = sealed(TAKEN)
    raw = encode_payload(taken)

    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        assert not is_whole(bytes(changed), taken.seal), place


@pytest.mark.parametrize("seal", ["", "0" * LENGTH, "x"])
def test_a_step_with_another_seal_is_not_whole(seal: str) -> None:
    assert not is_whole(encode_payload(sealed(TAKEN)), seal)
