"""An intent moves by its table only, and is itself for ever."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from axisor.events import IntentState
from axisor.intents import (
    AddMargin,
    CancelAllOrders,
    CancelOrder,
    CashIn,
    ClosePosition,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    WithdrawCross,
)
from axisor.model import Permission, Side
from axisor_server.domain import intent as intents
from axisor_server.domain.intent import MOVES, may_move

RUN = "0190f5a0-0000-7000-8000-00000000000a"
ALL = [
    OpenPosition(side=Side.BUY, leverage=2, quantity=10),
    CrossOrder(side=Side.BUY, quantity=10),
    AddMargin(position="p", amount=5),
    CashIn(position="p", amount=6),
    ClosePosition(position="p"),
    SetStop(position="p", price=Decimal(1)),
    SetTakeProfit(position="p", price=Decimal(1)),
    CancelOrder(order="o"),
    CancelAllOrders(),
    DepositCross(amount=7),
    WithdrawCross(amount=8),
    SetCrossLeverage(leverage=3),
]


class IntentLife(RuleBasedStateMachine):
    """Any order of events the world can send leaves effects and states in step.

    The model: bytes leave only after SENT; once they left, the effect may come or not until the
    fence; a verdict is a reading.
    """

    @initialize()
    def planned(self):
        self.state = IntentState.PLANNED
        self.left = False
        self.applied = 0
        self.fenced = False

    def move(self, new: IntentState) -> None:
        assert may_move(self.state, new)
        self.state = new

    @precondition(lambda self: self.state is IntentState.PLANNED)
    @rule()
    def cancel(self):
        self.move(IntentState.CANCELED)

    @precondition(lambda self: self.state is IntentState.PLANNED)
    @rule()
    def send(self):
        self.move(IntentState.SENT)

    @precondition(lambda self: self.state is IntentState.SENT and not self.left)
    @rule(arrives=st.booleans())
    def leave(self, arrives):
        self.left = True
        self.applied += arrives

    @precondition(lambda self: self.state is IntentState.SENT)
    @rule()
    def crash_or_time_out(self):
        self.move(IntentState.UNKNOWN)

    @precondition(lambda self: self.state is IntentState.SENT and self.left)
    @rule()
    def answer(self):
        self.move(IntentState.CONFIRMED if self.applied else IntentState.REFUSED)

    @precondition(lambda self: self.state is IntentState.UNKNOWN and self.left and not self.fenced)
    @rule()
    def arrive_late(self):
        self.applied = 1

    @precondition(lambda self: self.state is IntentState.UNKNOWN)
    @rule()
    def pass_the_fence(self):
        self.fenced = True

    @precondition(lambda self: self.state is IntentState.UNKNOWN)
    @rule()
    def read(self):
        if self.applied:
            self.move(IntentState.CONFIRMED)
        elif self.fenced:
            self.move(IntentState.NOT_APPLIED)

    @precondition(lambda self: not self.state.is_open)
    @rule()
    def start_over(self):
        self.planned()

    @invariant()
    def a_final_state_tells_the_truth(self):
        if self.state is IntentState.CONFIRMED:
            assert self.applied == 1
        elif not self.state.is_open:
            assert self.applied == 0
            assert not MOVES[self.state]


TestIntentLife = IntentLife.TestCase


@pytest.mark.parametrize("old", list(IntentState))
def test_nothing_returns_to_where_it_was_before_it_was_sent(old):
    assert IntentState.PLANNED not in MOVES[old]
    assert (not MOVES[old]) is (not old.is_open)


@pytest.mark.parametrize("old", list(IntentState))
def test_only_a_plan_is_sent_and_only_what_was_sent_is_sent_once_more(old):
    assert (IntentState.SENT in MOVES[old]) is (old in {IntentState.PLANNED, IntentState.SENT})
    assert (old in MOVES[old]) is (old is IntentState.SENT)


def test_only_a_reading_settles_what_is_unknown():
    assert IntentState.REFUSED not in MOVES[IntentState.UNKNOWN]
    assert IntentState.CANCELED not in MOVES[IntentState.SENT] | MOVES[IntentState.UNKNOWN]


def test_an_id_is_made_of_run_step_and_place():
    made = intents.intent_id(RUN, 3, 1)

    assert made == str(uuid.uuid5(uuid.UUID(RUN), "3/1"))
    assert made != intents.intent_id(RUN, 3, 2)


@pytest.mark.parametrize(
    ("action", "target"),
    list(
        zip(
            ALL,
            [
                "orders/i",
                "positions/cross",
                "positions/p",
                "positions/p",
                "positions/p",
                "positions/p",
                "positions/p",
                "orders/o",
                "orders/isolated",
                "positions/cross",
                "positions/cross",
                "positions/cross",
            ],
            strict=True,
        )
    ),
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_targets(action, target):
    assert intents.target_of(action, "i") == target


@pytest.mark.parametrize("action", ALL, ids=lambda a: type(a).__name__)
def test_every_action_survives_being_written_down_and_needs_a_right(action):
    assert intents.decode_action(intents.encode_action(action)) == action
    assert intents.permissions_for(action) & (
        Permission.TRADE | Permission.ADJUST_MARGIN | Permission.GUARD
    )
    assert not (intents.is_protective(action) and intents.increases_risk(action))


def test_orders_carry_their_intent_as_client_id_unless_they_have_one():
    opening = ALL[0]
    assert isinstance(opening, OpenPosition)
    named = intents.with_client_id(opening, "i")

    assert getattr(named, "client_id", None) == "i"
    assert intents.with_client_id(named, "j") == named


def test_removing_a_stop_adds_risk_and_setting_one_does_not():
    assert intents.increases_risk(SetStop(position="p", price=None))
    assert not intents.increases_risk(SetStop(position="p", price=Decimal(1)))
    assert not intents.increases_risk(CrossOrder(side=Side.BUY, quantity=1, reduce=True))
