"""The first field that differs is named, with both values."""

from __future__ import annotations

import json

import pytest

from axisor.events import IntentReviewRefused, Started, StepTaken
from axisor.intents import AddMargin, Intent, Notice
from axisor.model import Severity
from axisor_server.domain.divergence import SHOWN, difference
from axisor_server.domain.journal import encode_payload


def step(*intents: Intent, memory: str = "{}") -> StepTaken:
    return StepTaken(run="r", step=4, cause=Started(), intents=intents, memory=memory)


ADD = AddMargin(position="p", amount=5)
NOTICE = Notice(severity=Severity.OK, code="C", text="t")


def test_equal_payloads_do_not_differ():
    assert difference(step(ADD), step(ADD), sequence=9) is None


@pytest.mark.parametrize(
    ("recorded", "replayed", "path", "old", "new"),
    [
        (step(ADD), step(AddMargin(position="p", amount=6)), "$.intents[0].amount", "5", "6"),
        (step(memory='{"a":1}'), step(memory='{"a":2}'), "$.memory", '"{\\"a\\":1}"', None),
        (step(), step(ADD), "$.intents[0]", "", None),
        (step(ADD, NOTICE), step(ADD), "$.intents[1]", None, ""),
        (step(ADD), step(NOTICE), "$.intents[0]", None, None),
    ],
)
def test_the_first_field_that_differs_is_named(recorded, replayed, path, old, new):
    found = difference(recorded, replayed, sequence=9)

    assert found is not None
    assert (found.sequence, found.run, found.step, found.path) == (9, "r", 4, path)
    assert old in (None, found.recorded)
    assert new in (None, found.replayed)


def test_another_kind_of_entry_differs_as_a_whole():
    refused = IntentReviewRefused(run="r", step=4, action=ADD, reason="HALTED", message="")

    found = difference(refused, step(ADD), sequence=9)

    assert found is not None
    assert (found.kind, found.path) == ("IntentReviewRefused", "$")


def test_a_field_that_is_younger_than_the_entry_is_not_compared():
    recorded, now = step(ADD), step(AddMargin(position="p", amount=5, episode="e"))
    stored = json.loads(encode_payload(recorded))
    del stored["intents"][0]["episode"]
    raw = json.dumps(stored).encode()

    assert difference(recorded, now, sequence=9) is not None
    assert difference(recorded, now, sequence=9, raw=raw) is None
    less = step(AddMargin(position="p", amount=4, episode="e"))
    found = difference(recorded, less, sequence=9, raw=raw)
    assert found is not None
    assert found.path == "$.intents[0].amount"


def test_a_long_value_is_cut():
    found = difference(step(memory="x" * 9_999), step(), sequence=9)

    assert found is not None
    assert len(found.recorded) == SHOWN + 1
