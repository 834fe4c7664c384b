"""What passes between core and runner comes out as it went in, and nonsense does not come out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from axisor.errors import ConfigInvalid
from axisor.events import Ticked
from axisor.intents import AddMargin, Wake
from axisor.model import Balance, Permission, Tick
from axisor.remote import Called, Handled, Offer, call_of, handle, offer_of, result_of
from axisor.strategy import View
from axisor.v1 import runners_pb2
from axisor.wire.runners import (
    Beat,
    Failed,
    Hello,
    Said,
    Told,
    Welcome,
    said_from_wire,
    said_to_wire,
    told_from_wire,
    told_to_wire,
)
from tests.support.core import Rescuer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TICK = Tick(time=NOW, received=NOW, last=Decimal("97000.5"), bid=None, ask=None)
VIEW = View(
    now=NOW,
    balance=Balance(free=1_000),
    tick=TICK,
    pending=frozenset({"b", "a"}),
    outside={"p": 7},
    seed=2**63 + 5,
)
CALL = call_of(3, config=b"{}", memory=b"", stimulus=Ticked(tick=TICK), view=VIEW)


def test_a_view_and_a_stimulus_come_out_as_they_went_in() -> None:
    assert msgspec.json.decode(CALL.view, type=View) == VIEW
    assert msgspec.json.decode(CALL.stimulus, type=Ticked) == Ticked(tick=TICK)


def test_a_call_is_answered_with_what_the_strategy_asks_for_and_its_wake() -> None:
    answer = handle(Rescuer, msgspec.structs.replace(CALL, stimulus=b'{"is":"Started"}'))

    result = result_of(answer)

    assert answer.sequence == 3
    assert result.wake == Wake(below=Decimal("98116"))
    assert result.intents == ()
    assert not result.changed


@pytest.mark.parametrize(
    "handled",
    [
        Handled(sequence=1, intents=b"{}", memory=b"{}", changed=True),
        Handled(sequence=1, intents=b'[{"is":"Unheard"}]', memory=b"{}", changed=True),
        Handled(
            sequence=1,
            intents=b'[{"is":"AddMargin","position":"p","amount":1.5}]',
            memory=b"{}",
            changed=True,
        ),
        Handled(sequence=1, intents=b"[]", memory=b"[]", changed=True),
        Handled(sequence=1, intents=b"[]", memory=b"", changed=True),
        Handled(sequence=1, intents=b"[" * 60_000, memory=b"{}", changed=True),
        Handled(sequence=1, intents=b"[" + b" " * 70_000 + b"]", memory=b"{}", changed=True),
        Handled(sequence=1, intents=b"\xff", memory=b"{}", changed=True),
        Handled(
            sequence=1,
            intents=msgspec.json.encode([AddMargin(position="p", amount=1)] * 65),
            memory=b"{}",
            changed=True,
        ),
    ],
)
def test_an_answer_that_is_none_is_refused(handled: Handled) -> None:
    with pytest.raises(ValueError, match=r"answer|intents"):
        result_of(handled)


def test_an_offer_says_the_rights_of_a_strategy() -> None:
    offer = offer_of(Rescuer, plugin="p", version="1")

    assert msgspec.json.decode(msgspec.json.encode(offer), type=Offer) == offer
    assert offer.rights() == Permission.GUARD


def test_a_right_that_is_not_known_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="WITHDRAW"):
        Offer(name="n", plugin="p", permissions=("WITHDRAW",)).rights()


@pytest.mark.parametrize(
    "said",
    [
        Hello(protocol=1, agent="me"),
        Handled(sequence=4, intents=b"[]", memory=b"{}", changed=True),
        Failed(sequence=4, text="it broke"),
        Beat(),
    ],
)
def test_what_a_runner_says_passes_the_wire(said: Said) -> None:
    assert said_from_wire(said_to_wire("accounts/a/runs/r", said)) == said


@pytest.mark.parametrize(
    "told",
    [
        CALL,
        Called(sequence=1, config=b"{}", memory=b"{}", stimulus=b"{}", view=b"{}"),
        Welcome(strategy="s", deadline=timedelta(seconds=1), silence=timedelta(seconds=5)),
    ],
)
def test_what_a_core_says_passes_the_wire(told: Told) -> None:
    assert told_from_wire(told_to_wire("accounts/a/runs/r", told)) == told


def test_words_of_a_newer_side_are_no_words() -> None:
    assert said_from_wire(runners_pb2.RunRequest()) is None
    assert told_from_wire(runners_pb2.RunResponse()) is None
