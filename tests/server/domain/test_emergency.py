"""The emergency log says what was done, holds together, and allows only what is absolute."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from axisor.errors import PositionNotFound, ReviewRefused, StoreUnavailable
from axisor.events import IntentState
from axisor.intents import AddMargin, CashIn, ClosePosition, DepositCross, SetStop, SetTakeProfit
from axisor.model import Position, Side
from axisor.strategy import View
from axisor_server.domain.emergency import (
    Ended,
    Left,
    Taken,
    key_of,
    not_taken,
    objection,
    read_lines,
    write_line,
)
from axisor_server.domain.intent import decode_action, encode_action
from axisor_server.domain.journal import GENESIS

LONG = Position(
    id="p",
    side=Side.BUY,
    quantity=100,
    entry=Decimal(100_000),
    margin=5_000,
    leverage=Decimal(20),
    liquidation=Decimal(95_000),
)
SHORT = replace(LONG, side=Side.SELL, liquidation=Decimal(105_000))


def view(*positions):
    return View(now=datetime(2026, 1, 2, tzinfo=UTC), positions=positions)


def left(id, account="a"):
    action = SetStop(position="p", price=Decimal("96000.5"))
    return Left(
        id=id,
        account=account,
        run="r",
        target="positions/p",
        kind="SetStop",
        action=msgspec.Raw(encode_action(action)),
        epoch=3,
        at_us=5,
        signed_us=6,
        fence_us=7,
    )


def ended(id, account="a"):
    return Ended(id=id, account=account, state=IntentState.CONFIRMED, at_us=9, venue_id="p")


def written(*deeds):
    data, head = b"", GENESIS
    for deed in deeds:
        line, head = write_line(head, deed)
        data += line
    return data


def test_what_is_written_is_read():
    deeds = (left("1"), ended("1"), Taken(account="a", at_us=11))

    found = read_lines(written(*deeds))

    assert not found.broken
    assert [type(d) for d in found.deeds] == [Left, Ended, Taken]
    first = found.deeds[0]
    assert isinstance(first, Left)
    assert decode_action(bytes(first.action)) == SetStop(position="p", price=Decimal("96000.5"))
    assert found.length == len(written(*deeds))


@given(st.integers(0, 10_000))
def test_a_line_that_was_never_finished_is_passed_over(cut):
    whole = written(left("1"), ended("1"))
    first = len(written(left("1")))
    data = whole[: cut % len(whole)]

    found = read_lines(data)

    assert not found.broken
    assert len(found.deeds) == (1 if len(data) >= first else 0)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_found(place, change):
    data = bytearray(written(left("1"), ended("1"), left("2")))
    data[place % len(data)] ^= change

    found = read_lines(bytes(data))

    assert len(found.deeds) < 3
    assert found.broken or len(found.deeds) == 2


def test_what_an_account_has_taken_is_not_told_again():
    deeds = (left("1"), left("2", "b"), Taken(account="a", at_us=1), ended("2", "b"), left("3"))

    assert [d.id for d in not_taken(deeds, "a")] == ["3"]
    assert [d.id for d in not_taken(deeds, "b")] == ["2", "2"]


@pytest.mark.parametrize(
    "action",
    [
        AddMargin(position="p", amount=1),
        CashIn(position="p", amount=1),
        DepositCross(amount=1),
        SetTakeProfit(position="p", price=Decimal(110_000)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_is_not_absolute_or_protects_nothing_waits_for_the_store(action):
    assert isinstance(objection(action, view(LONG)), StoreUnavailable)


@pytest.mark.parametrize(
    ("position", "present", "price", "allowed"),
    [
        (LONG, None, 96_000, True),
        (LONG, 95_500, 96_000, True),
        (LONG, 96_000, 96_000, False),
        (LONG, 96_500, 96_000, False),
        (LONG, 96_500, None, False),
        (SHORT, 104_500, 104_000, True),
        (SHORT, 103_500, 104_000, False),
    ],
)
def test_a_stop_only_comes_nearer(position, present, price, allowed):
    held = replace(position, stoploss=None if present is None else Decimal(present))
    action = SetStop(position="p", price=None if price is None else Decimal(price))

    refusal = objection(action, view(held))

    assert (refusal is None) is allowed
    assert refusal is None or isinstance(refusal, ReviewRefused)


def test_a_stop_that_trails_is_left_alone_and_a_stranger_is_not_found():
    trailing = replace(LONG, stoploss_trailing=Decimal(1))
    action = SetStop(position="p", price=Decimal(96_000))

    assert isinstance(objection(action, view(trailing)), ReviewRefused)
    assert isinstance(objection(action, view()), PositionNotFound)
    assert objection(ClosePosition(position="p"), view(LONG)) is None


def test_a_close_is_one_for_a_position_and_a_stop_one_for_a_price():
    close, again = ClosePosition(position="p"), ClosePosition(position="p", episode="2")
    stop = SetStop(position="p", price=Decimal(96_000))

    assert key_of(close) == key_of(again)
    assert key_of(stop) != key_of(replace(stop, price=Decimal(96_001)))
