"""What each level of a halt allows, and which of two counts."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from axisor.events import HaltLevel
from axisor.intents import Action, AddMargin, CancelAllOrders, ClosePosition, OpenPosition, SetStop
from axisor.model import MarginMode, Side
from axisor_server.domain.halting import (
    Halt,
    allows,
    decode_halt,
    encode_halt,
    latched,
    refusal,
    stricter,
)

ACTIONS: dict[str, Action] = {
    "open": OpenPosition(side=Side.BUY, leverage=Decimal(5), quantity=5),
    "add": AddMargin(position="p", amount=5),
    "stop": SetStop(position="p", price=Decimal(90_000)),
    "unstop": SetStop(position="p", price=None),
    "close": ClosePosition(position="p"),
    "cancel": CancelAllOrders(margin_mode=MarginMode.CROSS),
}


@pytest.mark.parametrize(
    ("level", "allowed"),
    [
        (HaltLevel.NONE, set(ACTIONS)),
        (HaltLevel.RISK, {"add", "stop", "close", "cancel"}),
        (HaltLevel.FLATTEN, {"close", "cancel"}),
        (HaltLevel.ALL, set()),
    ],
)
def test_what_a_level_allows(level, allowed):
    assert {name for name, action in ACTIONS.items() if allows(level, action)} == allowed


@pytest.mark.parametrize(("one", "other"), itertools.product(HaltLevel, HaltLevel))
def test_of_two_halts_what_both_allow_is_allowed(one, other):
    decides = stricter(one, other)

    for action in ACTIONS.values():
        assert allows(decides, action) == (allows(one, action) and allows(other, action))
        assert (refusal(one, other, action) is None) == allows(decides, action)


@pytest.mark.parametrize(
    ("present", "asked", "after"),
    [
        (HaltLevel.NONE, HaltLevel.RISK, HaltLevel.RISK),
        (HaltLevel.RISK, HaltLevel.ALL, HaltLevel.ALL),
        (HaltLevel.ALL, HaltLevel.RISK, HaltLevel.ALL),
        (HaltLevel.FLATTEN, HaltLevel.RISK, HaltLevel.FLATTEN),
        (HaltLevel.ALL, HaltLevel.FLATTEN, HaltLevel.FLATTEN),
        (HaltLevel.FLATTEN, HaltLevel.ALL, HaltLevel.ALL),
        (HaltLevel.RISK, HaltLevel.NONE, HaltLevel.RISK),
    ],
)
def test_a_halt_is_loosened_by_nothing_but_a_resume(present, asked, after):
    assert latched(present, asked) is after


def test_a_halt_is_read_as_it_was_written():
    halt = Halt(level=HaltLevel.FLATTEN, principal="owner", reason="storm", since_us=12)

    assert decode_halt(encode_halt(halt)) == halt
    assert decode_halt(None) == decode_halt("") == Halt()


def test_a_refusal_says_whose_halt_it_is():
    mine = refusal(HaltLevel.ALL, HaltLevel.NONE, ACTIONS["close"])
    everybody = refusal(HaltLevel.NONE, HaltLevel.ALL, ACTIONS["close"])

    assert mine is not None
    assert everybody is not None
    assert "account resume" in mine.todo
    assert "halt resume" in everybody.todo
