"""The journal and what a decision saw beyond it give the present again, exactly."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from axisor.events import (
    BalanceChanged,
    Cause,
    HaltChanged,
    HaltLevel,
    PositionChanged,
    PositionClosed,
    PositionEnd,
    Woken,
)
from axisor.model import AccountState, Balance, FeedQuality, Mode, Position, Side, Tick
from axisor.saw import Saw
from axisor_server.domain.account import AccountBook
from axisor_server.domain.told import Moment, Told

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TICK = Tick(NOW, NOW, Decimal(100_000), Decimal(100_000), Decimal(100_000))
MOMENT = Moment(now=NOW, tick=TICK, quality=FeedQuality.FRESH, age_ms=5)


def position(id: str, **more: Any) -> Position:
    return Position(
        id=id,
        side=Side.BUY,
        quantity=100,
        entry=Decimal(100_000),
        margin=10_000,
        leverage=Decimal(10),
        liquidation=Decimal(91_000),
        **more,
    )


def book(*positions: Position, halt: HaltLevel = HaltLevel.NONE, **more: Any) -> AccountBook:
    state = AccountState(balance=Balance(free=5), positions=positions, **more)
    return AccountBook(account="a", mode=Mode.SIM, state=state, halt=halt)


def told(*positions: Position) -> Told:
    made = Told()
    made.hear(BalanceChanged(balance=Balance(free=5)))
    for each in positions:
        made.hear(PositionChanged(position=each))
    return made


def test_the_first_decision_tells_everything_and_the_next_only_what_changed():
    made, present = told(position("p")), book(position("p"))
    first = made.beyond(present, MOMENT)
    made.see(first)

    second = made.beyond(present, replace(MOMENT, age_ms=7))

    assert first.full
    assert UNSET not in (first.tick, first.quality, first.listed, first.pl)
    assert second == Saw(age_ms=7)


def test_a_tick_that_is_the_cause_is_not_written_twice_and_is_known_after():
    made, present = told(), book()
    made.see(made.beyond(present, MOMENT))
    later = replace(TICK, last=Decimal(99_000))
    cause = Woken(tick=later)

    saw = made.beyond(present, replace(MOMENT, tick=later), cause=cause)
    moment = made.see(saw, cause=cause)

    assert saw.tick is UNSET
    assert moment.tick == made.tick == later


@pytest.mark.parametrize(
    "present",
    [
        book(position("p", pl=7), position("q", pl=-3)),
        book(position("q"), position("p")),
        book(position("q"), unreadable=("p",)),
        book(unreadable=("p", "q")),
        book(position("p"), position("q"), halt=HaltLevel.RISK),
        replace(book(position("p"), position("q")), platform=HaltLevel.FLATTEN),
        replace(book(position("p"), position("q")), causes=(Cause("disk_low", "It is full."),)),
    ],
)
def test_whatever_no_entry_tells_is_seen_again(present):
    made = told(position("p"), position("q"))
    made.see(made.beyond(book(position("p"), position("q")), MOMENT))
    reader = made.copy()

    reader.see(made.beyond(present, MOMENT))

    assert reader.state == present.state
    assert (reader.halt, reader.platform) == (present.halt, present.platform)
    assert reader.causes == present.causes
    assert reader.beyond(present, MOMENT) == Saw(age_ms=5)


def test_a_position_that_was_unreadable_keeps_its_place_in_what_is_told():
    made = told(position("p"))
    made.see(made.beyond(book(unreadable=("p",)), MOMENT))

    made.hear(PositionChanged(position=position("p", pl=2)))
    made.see(made.beyond(book(position("p", pl=2)), MOMENT))

    assert made.state == book(position("p", pl=2)).state


def test_an_end_and_a_halt_are_heard_from_the_journal():
    made = told(position("p"), position("q"))
    made.see(made.beyond(book(position("p"), position("q")), MOMENT))

    made.hear(PositionClosed(position=position("p"), end=PositionEnd.CLOSED))
    made.hear(HaltChanged(level=HaltLevel.ALL, principal="owner"))

    assert made.beyond(book(position("q"), halt=HaltLevel.ALL), MOMENT) == Saw(age_ms=5)


def test_a_takeover_forgets_what_the_core_before_it_saw():
    made = told(position("p"))
    made.see(made.beyond(book(unreadable=("p",), halt=HaltLevel.ALL), MOMENT))
    taken_over = Told(book(position("p")).state)

    made.see(taken_over.beyond(book(position("p")), MOMENT))

    assert (made.unreadable, made.halt) == ((), HaltLevel.NONE)
    assert made.state == book(position("p")).state


def test_every_part_of_the_book_is_told_or_seen():
    journaled = {"account", "mode", "open", "spends", "losses", "outside", "attempts", "exhausted"}
    seen = {"halt", "platform", "causes", "state", "unread", "counts"}
    no_decision_asks_for = {"transfer"}

    assert set(AccountBook.__struct_fields__) == journaled | seen | no_decision_asks_for


def test_a_copy_learns_nothing_from_the_other():
    made = told(position("p"))
    copy = made.copy()

    made.hear(PositionClosed(position=position("p"), end=PositionEnd.CLOSED))
    made.see(made.beyond(book(), MOMENT))

    assert copy.state == book(position("p")).state
    assert not copy.complete


def test_without_a_tick_the_time_is_written_down():
    made = told()

    saw = made.beyond(book(), Moment(now=NOW, tick=None, quality=FeedQuality.NONE, age_ms=None))

    assert saw.now == NOW
    assert made.see(saw).now == NOW


@pytest.mark.parametrize(
    "saw",
    [
        Saw(full=True, tick=TICK, listed=("nobody",)),
        Saw(full=True, tick=TICK, waiting=("nobody",)),
        Saw(full=True, tick=TICK, pl=(1, 2)),
        Saw(full=True),
    ],
)
def test_what_cannot_have_been_seen_is_refused(saw):
    with pytest.raises((KeyError, ValueError)):
        told(position("p")).see(saw)
