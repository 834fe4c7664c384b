"""Each rule of review refuses what it is for, in the order of the rules, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from axisor import errors
from axisor.errors import AxisorError
from axisor.events import HaltLevel, IntentState, RunState
from axisor.intents import (
    Action,
    AddMargin,
    CancelOrder,
    CashIn,
    ClosePosition,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
)
from axisor.model import (
    AccountState,
    Balance,
    FeedQuality,
    Leash,
    Mode,
    OrderType,
    Permission,
    Position,
    Side,
)
from axisor_server.domain.account import AccountBook
from axisor_server.domain.intent import encode_action
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.review import MOST_OPEN, Asker, review, reviewed

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HELD = Position(
    id="p",
    side=Side.BUY,
    quantity=2_500,
    entry=Decimal(100_000),
    margin=100_000,
    leverage=Decimal(25),
    liquidation=Decimal(96_154),
)
BOOK = AccountBook(
    account="a",
    mode=Mode.SIM,
    state=AccountState(balance=Balance(free=1_000), positions=(HELD,)),
)
ASKER = Asker(
    run="r",
    state=RunState.RUNNING,
    permissions=Permission.GUARD | Permission.TRADE,
    leash=Leash(),
)
OPEN = OpenPosition(side=Side.BUY, leverage=5, quantity=10)
WAITING = IntentRecord(
    id="w",
    account="a",
    target="orders/w",
    kind="OpenPosition",
    additive=False,
    amount=0,
    action=encode_action(OPEN),
    state=IntentState.SENT,
    run="r",
    created_us=0,
    updated_us=0,
)


def asked(
    action: Action,
    *,
    book: AccountBook = BOOK,
    asker: Asker | None = ASKER,
    quality: FeedQuality = FeedQuality.FRESH,
    cost: int = 0,
    reviewers: tuple[Any, ...] = (),
) -> type[AxisorError] | None:
    view = book.view(now=NOW, tick=None, quality=quality, price_age_ms=0)
    found = review(
        action,
        intent="i",
        cost=cost,
        book=book,
        view=view,
        asker=asker,
    ) or reviewed(action, "" if asker is None else asker.run, view, reviewers)
    return None if found is None else type(found)


@pytest.mark.parametrize(
    ("action", "refusal"),
    [
        (AddMargin(position="p", amount=0), errors.AmountNotPositive),
        (OpenPosition(side=Side.BUY, leverage=5), errors.FieldInvalid),
        (OpenPosition(side=Side.BUY, leverage=101, quantity=1), errors.LeverageOutOfRange),
        (OpenPosition(side=Side.BUY, leverage=5, margin=-1), errors.AmountNotPositive),
        (OpenPosition(side=Side.BUY, leverage=5, quantity=0), errors.QuantityOutOfRange),
        (
            OpenPosition(side=Side.BUY, leverage=5, quantity=1, stoploss=Decimal("1.3")),
            errors.PriceOffStep,
        ),
        (
            OpenPosition(side=Side.BUY, leverage=5, quantity=1, type=OrderType.LIMIT),
            errors.FieldInvalid,
        ),
        (CrossOrder(side=Side.BUY, quantity=1, price=Decimal(1)), errors.FieldInvalid),
        (SetStop(position="p", price=Decimal("1.3")), errors.PriceOffStep),
        (SetCrossLeverage(leverage=0), errors.LeverageOutOfRange),
        (ClosePosition(position="q"), errors.PositionNotFound),
        (CancelOrder(order="o"), errors.OrderNotFound),
        (AddMargin(position="cross", amount=1), errors.PositionNotFound),
    ],
)
def test_what_is_malformed_or_absent_is_refused(action, refusal):
    assert asked(action) is refusal


def test_nothing_is_planned_on_an_account_never_read():
    blank = AccountBook(account="a", mode=Mode.SIM)

    assert asked(OPEN, book=blank) is errors.VenueUnavailable


def test_a_run_needs_to_act_and_to_have_the_right():
    paused = replace(ASKER, state=RunState.PAUSED)
    guard = replace(ASKER, permissions=Permission.GUARD)

    assert asked(OPEN, asker=paused) is errors.RunStateInvalid
    assert asked(OPEN, asker=guard) is errors.PermissionDenied
    assert asked(CashIn(position="p", amount=1), asker=guard) is errors.PermissionDenied
    assert asked(AddMargin(position="p", amount=1), asker=guard) is None
    assert asked(OPEN, asker=None) is None


@pytest.mark.parametrize(
    ("leash", "more", "action", "cost"),
    [
        (Leash(day_spend=99), {}, AddMargin(position="p", amount=100), 100),
        (Leash(margin_in_use=99), {}, OPEN, 100),
        (
            Leash(open_orders=0),
            {},
            OpenPosition(
                side=Side.BUY, leverage=5, quantity=10, type=OrderType.LIMIT, price=Decimal(9)
            ),
            0,
        ),
        (Leash(intents_per_minute=3), {"asked_lately": 3}, ClosePosition(position="p"), 0),
        (Leash(day_loss=0), {}, OPEN, 0),
    ],
)
def test_a_leash_binds_a_run_and_never_a_client(leash, more, action, cost):
    held = replace(ASKER, leash=leash, **more)

    assert asked(action, asker=held, cost=cost) is errors.LeashExceeded
    assert asked(action, asker=None, cost=cost) is None


def test_a_day_of_losses_never_keeps_a_run_from_protecting():
    held = replace(ASKER, leash=Leash(day_loss=0))

    assert asked(AddMargin(position="p", amount=1), asker=held) is None


def test_a_run_with_much_unanswered_may_protect_and_nothing_else():
    rows = [replace(WAITING, id=str(n), target=f"orders/{n}") for n in range(MOST_OPEN)]
    full = replace(BOOK, open={row.id: row for row in rows})
    others = replace(BOOK, open={row.id: replace(row, run="another") for row in rows})

    assert asked(OPEN, book=full) is errors.RateLimited
    assert asked(OPEN, book=others) is None
    assert asked(OPEN, book=full, asker=None) is None
    assert asked(ClosePosition(position="p"), book=full) is None


@pytest.mark.parametrize("quality", [q for q in FeedQuality if q is not FeedQuality.FRESH])
def test_a_bad_price_refuses_only_what_adds_risk(quality):
    assert asked(OPEN, quality=quality) is errors.StalePrice
    assert asked(SetStop(position="p", price=None), quality=quality) is errors.StalePrice
    held = quality in (FeedQuality.FALLBACK, FeedQuality.DISPUTED)
    add = AddMargin(position="p", amount=1)
    assert asked(add, quality=quality) is (errors.StalePrice if held else None)
    assert asked(ClosePosition(position="p"), quality=quality) is None


@pytest.mark.parametrize(
    ("level", "allowed"),
    [
        (HaltLevel.NONE, {"open", "add", "close"}),
        (HaltLevel.RISK, {"add", "close"}),
        (HaltLevel.FLATTEN, {"close"}),
        (HaltLevel.ALL, set()),
    ],
)
def test_halts(level, allowed):
    book = replace(BOOK, halt=level)
    actions: dict[str, Action] = {
        "open": OPEN,
        "add": AddMargin(position="p", amount=1),
        "close": ClosePosition(position="p"),
    }

    assert {n for n, action in actions.items() if asked(action, book=book) is None} == allowed


def test_what_cannot_be_paid_is_refused():
    assert asked(DepositCross(amount=1_001), cost=1_001) is errors.InsufficientBalance
    assert asked(DepositCross(amount=1_000), cost=1_000) is None


def test_one_reviewer_is_enough_and_a_broken_one_has_refused():
    def breaks(action: Action, run: str, view: object) -> None:
        raise ZeroDivisionError

    def refuses(action: Action, run: str, view: object) -> AxisorError:
        return errors.BudgetExceeded(f"for {run}")

    assert asked(OPEN, reviewers=(refuses, breaks)) is errors.BudgetExceeded
    assert asked(OPEN, reviewers=(breaks,)) is errors.ReviewRefused
