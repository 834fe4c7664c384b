"""What moved between a backup and now is found, and nothing that is explained is counted."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from msgspec.structs import replace

from axisor.errors import RequestExpired
from axisor.model import AccountState, Balance, Funding, MarginMode, Position, Side
from axisor.ports import Transfer
from axisor_server.domain.journal import from_us
from axisor_server.domain.restored import (
    CLOCKS_US,
    Deposit,
    Evidence,
    Known,
    needs_fundings,
    older_than_restore,
    unexplained,
)
from axisor_server.domain.witness import SETTLEMENT_US
from tests.support import records

SINCE = 1_790_000_000_000_000
HELD = Position(
    id="p",
    side=Side.BUY,
    quantity=2_500,
    entry=Decimal(100_000),
    margin=100_000,
    entry_margin=100_000,
    leverage=Decimal(25),
    liquidation=Decimal(96_154),
)


def state(*positions: Position) -> AccountState:
    return AccountState(balance=Balance(free=1), positions=positions)


def known(*positions: Position, **more: object) -> Known:
    held = Known(state=state(*positions), explained={}, claimed=frozenset(), since_us=SINCE)
    return replace(held, **more)


def fee(sats: int, at_us: int = SINCE + 1) -> Funding:
    return Funding("p", sats, from_us(at_us))


@pytest.mark.parametrize(
    ("now", "fundings", "amount"),
    [
        (replace(HELD, margin=182_541), None, 82_541),
        (HELD, None, 0),
        # A paid fee lowers the margin, a received one leaves it alone.
        (replace(HELD, margin=99_000, sum_funding_fees=1_000), (fee(1_000),), 0),
        (replace(HELD, margin=109_000, sum_funding_fees=1_000), (fee(1_000),), 10_000),
        (replace(HELD, margin=110_000, sum_funding_fees=-700), (fee(-700),), 10_000),
        # Cashed-in margin was there before.
        (replace(HELD, margin=90_000, sum_cash_in_margin=10_000), None, 0),
        (replace(HELD, margin=95_000, sum_cash_in_margin=10_000), None, 5_000),
        # Payments that do not fit: the most that may have been added.
        (replace(HELD, margin=110_000, sum_funding_fees=500), (fee(900),), 10_900),
    ],
)
def test_added_margin_is_told_from_funding_and_cash_ins(
    now: Position, fundings: tuple[Funding, ...] | None, amount: int
):
    evidence = Evidence(state=state(now), fundings={} if fundings is None else {"p": fundings})

    found = unexplained(known(HELD), evidence)

    assert [(i.target, i.amount, i.opened) for i in found] == (
        [("positions/p", amount, False)] if amount else []
    )


def test_what_confirmed_actions_moved_is_explained():
    before = known(HELD, explained={"positions/p": 82_541})

    now = Evidence(state=state(replace(HELD, margin=190_000)), fundings={})

    assert [i.amount for i in unexplained(before, now)] == [90_000 - 82_541]


def test_a_position_nobody_knew_counts_with_its_opening_and_what_was_added():
    evidence = Evidence(state=state(replace(HELD, margin=150_000)), fundings={"p": ()})

    found = unexplained(known(), evidence)

    assert [(i.amount, i.opened) for i in found] == [(100_000, True), (50_000, False)]


def test_a_position_that_an_action_opened_counts_with_what_was_added_only():
    evidence = Evidence(state=state(replace(HELD, margin=150_000)), fundings={"p": ()})

    found = unexplained(known(claimed=frozenset({"p"})), evidence)

    assert [(i.amount, i.opened) for i in found] == [(50_000, False)]


def test_the_cross_ledger_counts_what_is_late_positive_and_not_ours():
    late, early = from_us(SINCE + 1), from_us(SINCE - 2 * CLOCKS_US)
    rows = (
        Transfer("claimed", 1, late),
        Transfer("ours", 5_000, late),
        Transfer("lost", 5_000, late),
        Transfer("out", -7, late),
        Transfer("old", 9, early),
    )
    before = known(claimed=frozenset({"claimed"}), deposits=(Deposit(5_000, SINCE),))

    found = unexplained(before, Evidence(state=state(), fundings={}, transfers=rows))

    assert [(i.target, i.amount) for i in found] == [("positions/cross", 5_000)]


def test_fundings_are_read_where_they_tell_something():
    cross = replace(HELD, id="cross", margin_mode=MarginMode.CROSS)
    new = replace(HELD, id="new")
    paid = replace(HELD, sum_funding_fees=1)

    soon, late = SINCE + 1, SINCE + SETTLEMENT_US + 1
    assert needs_fundings(known(HELD), state(HELD, cross), now_us=soon) == ()
    assert needs_fundings(known(HELD), state(paid, new), now_us=soon) == ("p", "new")
    assert needs_fundings(known(HELD), state(HELD), now_us=late) == ("p",)


def uuid7(ms: int) -> str:
    return str(uuid.UUID(int=(ms << 80) | (7 << 76) | (2 << 62)))


@pytest.mark.parametrize(
    ("created_us", "request_id", "refused"),
    [
        (SINCE, "4e3e9a55-0000-4000-8000-000000000001", True),
        (SINCE + 1, "4e3e9a55-0000-4000-8000-000000000001", False),
        (SINCE + 1, uuid7(SINCE // 1_000 - 1), True),
        (SINCE + 1, uuid7(SINCE // 1_000 + 1), False),
        (SINCE + 1, "no uuid", False),
    ],
)
def test_what_was_asked_before_a_restore_is_refused_after_it(
    created_us: int, request_id: str, refused: bool
):
    record = replace(records.command(), request_id=request_id, created_us=created_us)

    error = older_than_restore(record, SINCE)

    assert isinstance(error, RequestExpired) is refused
    assert older_than_restore(record, None) is None
