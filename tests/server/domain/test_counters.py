"""The count of added margin tells old readings from new ones, whatever else happened between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from axisor.model import AccountState, Balance, Funding, MarginMode, Position, Side
from axisor_server.domain.counters import Count, behind, explained, origin, taken

NOW = datetime(2026, 1, 2, tzinfo=UTC)
START = Position(
    id="p",
    side=Side.BUY,
    quantity=2_500,
    entry=Decimal(100_000),
    entry_price=Decimal(100_000),
    margin=100_000,
    entry_margin=100_000,
    leverage=Decimal(25),
    liquidation=Decimal(96_154),
)


def state(*positions, hours=0):
    read_at = NOW + timedelta(hours=hours)
    return AccountState(balance=Balance(free=1), positions=positions, read_at=read_at)


def add(position, sats):
    return replace(position, margin=position.margin + sats)


def cash_in(position, sats):
    cashed = position.sum_cash_in_margin + sats
    return replace(position, margin=position.margin - sats, sum_cash_in_margin=cashed)


def fund(position, fee):
    margin = position.margin - max(0, fee)
    return replace(position, margin=margin, sum_funding_fees=position.sum_funding_fees + fee)


def first(position):
    return taken(None, None, position, fundings=None, since_us=0)


moves = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 50_000)),
        st.tuples(st.just("cash"), st.integers(1, 1_000)),
        st.tuples(st.just("fund"), st.integers(-500, 500).filter(bool)),
    ),
    max_size=12,
)


@given(moves)
def test_a_fresh_reading_is_never_behind_once_its_payments_are_read(history):
    known, now = START, START
    paid: list[Funding] = []
    for hours, (kind, sats) in enumerate(history, start=1):
        if kind == "add":
            now = add(now, sats)
        elif kind == "cash":
            now = cash_in(now, sats)
        else:
            now = fund(now, sats)
            paid.insert(0, Funding("p", sats, NOW + timedelta(hours=hours)))
    counts = {"p": first(known)}

    assert behind(counts, state(known), state(now, hours=99), {"p": tuple(paid)}) == ()
    grown = taken(counts["p"], known, now, fundings=tuple(paid), since_us=0)
    assert grown.held == sum(sats for kind, sats in history if kind == "add")
    assert not grown.is_behind


@given(st.integers(1, 50_000), st.integers(1, 1_000), st.integers(-500, 500))
def test_a_reading_without_a_known_addition_is_behind(sats, cashed, fee):
    known = add(START, sats)
    count = taken(first(START), START, known, fundings=None, since_us=0)
    old = START

    assert behind({"p": count}, state(known), state(old), {}) == ("p",)
    assert behind({"p": count}, state(known), state(old), {"p": ()}) == ("p",)
    assert behind({"p": count}, state(cash_in(known, cashed)), state(known), {}) == ("p",)
    paid = (Funding("p", fee, NOW + timedelta(hours=1)),) if fee else ()
    assert behind({"p": count}, state(known), state(fund(old, fee)), {"p": paid}) == ("p",)


def test_payments_that_cancel_out_need_their_list():
    later = replace(START, margin=START.margin - 40, sum_funding_fees=0)
    fees = (
        Funding("p", -40, NOW + timedelta(hours=16)),
        Funding("p", 40, NOW + timedelta(hours=8)),
    )
    counts = {"p": first(START)}

    assert behind(counts, state(START), state(later, hours=17), {}) == ("p",)
    assert behind(counts, state(START), state(later, hours=17), {"p": fees}) == ()
    assert behind(counts, state(START), state(later, hours=17), {"p": fees[:1]}) == ("p",)


def test_another_entry_price_is_another_computation():
    moved = replace(START, margin=90_000, entry_price=Decimal(99_000))

    assert behind({"p": first(START)}, state(START), state(moved), {}) == ()


def test_the_cross_wallet_and_strangers_have_no_count():
    cross = replace(START, id="cross", margin_mode=MarginMode.CROSS, margin=1)
    counts = {"cross": Count(floor=10, shown=10)}

    assert behind(counts, state(replace(cross, margin=10)), state(cross), {}) == ()
    assert behind({}, state(START), state(replace(START, margin=1)), {}) == ()
    assert behind({}, None, state(START), {}) == ()


def test_a_position_that_comes_back_keeps_what_was_known():
    count = Count(floor=500, shown=400)

    assert taken(count, None, START, fundings=None, since_us=0).shown == 500


@pytest.mark.parametrize(
    ("due", "held", "left", "rest"),
    [(0, 0, 0, 0), (5, 5, 0, 0), (5, 8, 0, 3), (5, 3, 2, 0), (0, 4, 0, 4)],
)
def test_growth_is_explained_by_what_was_confirmed_and_the_rest_is_not(due, held, left, rest):
    count, unexplained = explained(Count(floor=9, shown=9, due=due, held=held))

    assert (count.due, count.held, unexplained) == (left, 0, rest)
    assert count.is_behind is (left > 0)


def test_the_origin_counts_paid_funding_and_cash_ins():
    assert origin(START) == 0
    assert origin(fund(cash_in(add(START, 700), 50), 30)) == 700
    assert origin(fund(add(START, 700), -30)) == 700
    assert origin(replace(START, entry_margin=None)) == START.margin
