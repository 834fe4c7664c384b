"""What the venue shows settles an unknown action, and nothing less does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from axisor.events import IntentState
from axisor.intents import (
    AddMargin,
    CancelAllOrders,
    CancelOrder,
    CashIn,
    ClosePosition,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    WithdrawCross,
)
from axisor.maths import liquidation
from axisor.model import (
    AccountState,
    Balance,
    CrossWallet,
    Funding,
    Order,
    OrderState,
    OrderType,
    Position,
    Side,
)
from axisor.ports import ClosedPosition, Transfer
from axisor_server.domain.journal import to_us
from axisor_server.domain.witness import (
    Evidence,
    added_counter,
    baseline_of,
    decode_baseline,
    encode_baseline,
    judge,
    needs_fundings,
)

NOW = datetime(2026, 1, 1, 8, tzinfo=UTC)
US = to_us(NOW)
POSITION = Position(
    id="p",
    side=Side.BUY,
    quantity=2_500,
    entry=Decimal(100_000),
    margin=100_000,
    leverage=Decimal(25),
    liquidation=Decimal(96_154),
    entry_margin=100_000,
)


def state(*positions: Position, **more: object) -> AccountState:
    return replace(AccountState(balance=Balance(free=1), positions=positions), **more)


def judged(action, before, after, *, fenced=False, fundings=None, closed=None):
    baseline = baseline_of(action, before, market_us=US)
    evidence = Evidence(state=after, fundings=fundings, closed=closed)
    return judge(action, baseline, evidence, fenced=fenced)


ADD = AddMargin(position="p", amount=500)


@given(
    amount=st.integers(1, 10**6),
    other=st.integers(0, 10**6),
    cashed=st.integers(0, 50_000),
    fee=st.integers(-10_000, 10_000),
    applied=st.booleans(),
)
def test_an_added_margin_is_seen_through_cash_ins_and_funding(amount, other, cashed, fee, applied):
    action = AddMargin(position="p", amount=amount)
    margin = POSITION.margin + (amount + other if applied else 0) - cashed - max(0, fee)
    after = replace(POSITION, margin=margin, sum_cash_in_margin=cashed, sum_funding_fees=fee)
    paid = (Funding("p", fee, NOW + timedelta(minutes=1)),) if fee else ()

    verdict = judged(action, state(POSITION), state(after), fenced=True, fundings=paid)

    if applied:
        assert (verdict.state, verdict.position) == (IntentState.CONFIRMED, after)
    else:
        assert (verdict.state, verdict.by) == (IntentState.NOT_APPLIED, "fence")


@given(fees=st.lists(st.integers(-2_000, 2_000).filter(bool), max_size=9))
def test_the_counter_is_moved_by_additions_only(fees):
    moments = range(len(fees))
    paid = [Funding("p", fee, NOW + timedelta(hours=8 * n)) for n, fee in enumerate(fees)]
    lost = sum(fee for fee in fees if fee > 0)
    after = replace(POSITION, margin=100_000 - lost + 7, sum_funding_fees=sum(fees))

    assert added_counter(after, paid) == 7
    assert len(paid) == len(moments)


def test_fees_of_both_signs_that_cancel_out_do_not_hide_an_addition():
    after = replace(POSITION, margin=POSITION.margin + 500 - 40, sum_funding_fees=0)
    day = NOW + timedelta(hours=24)
    fees = (
        Funding("p", -40, NOW + timedelta(hours=16)),
        Funding("p", 40, NOW + timedelta(hours=8)),
        Funding("p", 11, NOW - timedelta(hours=8)),
    )
    before = replace(POSITION, sum_funding_fees=0)
    baseline = baseline_of(ADD, state(before), market_us=US)

    assert needs_fundings(ADD, baseline, state(after), market_us=to_us(day))
    verdict = judged(ADD, state(before), state(after), fenced=True, fundings=fees)

    assert verdict.state is IntentState.CONFIRMED


def test_fees_that_cancel_out_within_seconds_hide_no_addition_at_the_fence():
    after = replace(POSITION, margin=POSITION.margin + 500 - 40, sum_funding_fees=0)
    fees = (
        Funding("p", -40, NOW + timedelta(seconds=19)),
        Funding("p", 40, NOW - timedelta(seconds=1)),
    )
    before = replace(POSITION, sum_funding_fees=0)
    baseline = baseline_of(ADD, state(before), market_us=US)

    assert not needs_fundings(ADD, baseline, state(after), market_us=US)
    assert needs_fundings(ADD, baseline, state(after), market_us=US, final=True)
    verdict = judged(ADD, state(before), state(after), fenced=True, fundings=fees)

    assert verdict.state is IntentState.CONFIRMED


def test_a_fee_that_the_last_reading_shows_already_keeps_nobody_from_telling():
    before = replace(POSITION, sum_funding_fees=-304)
    fees = (Funding("p", -304, NOW + timedelta(seconds=2)),)  # later than the price of the decision

    verdict = judged(ADD, state(before), state(before), fenced=True, fundings=fees)

    assert verdict.state is IntentState.NOT_APPLIED


def test_without_the_fees_of_a_settlement_nothing_is_said():
    after = replace(POSITION, sum_funding_fees=30, margin=POSITION.margin - 30)

    assert judged(ADD, state(POSITION), state(after), fenced=True).state is None


def test_no_change_before_the_fence_is_no_verdict():
    assert judged(ADD, state(POSITION), state(POSITION)).state is None


def test_a_position_that_is_gone_ends_the_addition():
    assert judged(ADD, state(POSITION), state()).state is IntentState.DEAD


def test_a_position_that_cannot_be_read_is_not_gone():
    hidden = state(unreadable=("p",))

    assert judged(ADD, state(POSITION), hidden, fenced=True).state is None
    close = ClosePosition(position="p")
    assert judged(close, state(POSITION), hidden, fenced=True).state is None


def test_a_cash_in_is_seen_in_both_its_sums():
    action = CashIn(position="p", amount=100)
    half = replace(POSITION, sum_cash_in_pl=60, sum_cash_in_margin=40)

    assert judged(action, state(POSITION), state(half)).state is IntentState.CONFIRMED
    less = replace(POSITION, sum_cash_in_pl=60)
    verdict = judged(action, state(POSITION), state(less), fenced=True)
    assert verdict.state is IntentState.NOT_APPLIED


def test_a_close_is_done_when_the_position_is_gone_unless_it_was_liquidated():
    action = ClosePosition(position="p")
    end = ClosedPosition(id="p", exit_price=Decimal(96_154), pl=-100_000, closed_at=NOW)

    done = judged(action, state(POSITION), state(), closed=replace(end, end="closed"))
    dead = judged(action, state(POSITION), state(), closed=replace(end, end="liquidated"))
    still = judged(action, state(POSITION), state(POSITION), fenced=True)

    assert done.state is IntentState.CONFIRMED
    assert dead.state is IntentState.DEAD
    assert still.state is IntentState.NOT_APPLIED


def test_one_order_with_the_client_id_confirms_and_two_do_not():
    action = OpenPosition(side=Side.BUY, leverage=2, quantity=1, client_id="c")
    baseline = baseline_of(action, state(), market_us=US)
    one = replace(POSITION, client_id="c")

    def found(*items: Position, fenced: bool = False):
        return judge(action, baseline, Evidence(found=items), fenced=fenced)

    assert found(one).venue_id == "p"
    assert found(one, replace(one, id="q"), fenced=True).state is None
    assert found().state is None
    assert found(fenced=True).state is IntentState.NOT_APPLIED
    assert judge(action, baseline, Evidence(), fenced=True).state is None


def test_what_carried_the_client_id_before_does_not_count():
    action = OpenPosition(side=Side.BUY, leverage=2, quantity=1, client_id="c")
    old = replace(POSITION, client_id="c")
    baseline = baseline_of(action, state(old), market_us=US)

    verdict = judge(action, baseline, Evidence(found=(old,)), fenced=True)

    assert verdict.state is IntentState.NOT_APPLIED


def test_transfers_are_told_by_amount_and_sign():
    rows = (Transfer("1", 100, NOW), Transfer("2", -100, NOW))
    deposit, withdraw = DepositCross(amount=100), WithdrawCross(amount=100)
    baseline = baseline_of(deposit, state(), market_us=US, transfer="0")
    assert baseline.transfer == "0"

    def told(action, *rows: Transfer, claimed: frozenset[str] = frozenset()):
        evidence = Evidence(transfers=rows, claimed=claimed)
        return judge(action, baseline, evidence, fenced=True)

    assert told(deposit, *rows).venue_id == "1"
    assert told(withdraw, *rows).venue_id == "2"
    assert told(deposit, rows[0], replace(rows[0], id="3")).state is None
    assert told(deposit, *rows, claimed=frozenset({"1"})).state is IntentState.NOT_APPLIED
    assert judge(deposit, baseline, Evidence(), fenced=True).state is None


def test_absolute_values_are_their_own_witness():
    order = Order(
        id="o",
        type=OrderType.LIMIT,
        side=Side.BUY,
        quantity=1,
        price=Decimal(9),
        state=OrderState.OPEN,
    )
    armed = replace(POSITION, stoploss=Decimal(97_000))
    stop = SetStop(position="p", price=Decimal(97_000))

    assert judged(stop, state(POSITION), state(armed)).state is IntentState.CONFIRMED
    assert judged(stop, state(POSITION), state(POSITION)).state is None
    assert judged(stop, state(POSITION), state()).state is IntentState.DEAD
    waiting = state(orders=(order,))
    assert judged(CancelOrder(order="o"), waiting, waiting).state is None
    assert judged(CancelOrder(order="o"), waiting, state()).state is IntentState.CONFIRMED
    assert judged(CancelAllOrders(), waiting, waiting, fenced=True).state is (
        IntentState.NOT_APPLIED
    )
    ten = state(cross=CrossWallet(margin=0, leverage=10))
    assert judged(SetCrossLeverage(leverage=10), state(), ten).state is IntentState.CONFIRMED


def test_a_stop_that_was_replaced_since_is_neither_done_nor_undone():
    ours = SetStop(position="p", price=Decimal(97_000))
    armed = replace(POSITION, stoploss=Decimal("96500.0"))
    theirs = state(replace(POSITION, stoploss=Decimal(96_800)))

    assert judged(ours, state(armed), theirs).state is None
    assert judged(ours, state(armed), theirs, fenced=True).state is IntentState.DEAD
    still = state(replace(POSITION, stoploss=Decimal(96_500)))
    assert judged(ours, state(armed), still, fenced=True).state is IntentState.NOT_APPLIED
    unarmed = state(replace(POSITION, stoploss=None))
    assert judged(ours, state(), theirs, fenced=True).state is IntentState.DEAD
    assert judged(ours, state(), unarmed, fenced=True).state is IntentState.NOT_APPLIED


def test_a_stop_that_liquidation_has_passed_since_is_neither_done_nor_undone():
    ours = SetStop(position="p", price=Decimal(97_000))
    passed = state(replace(POSITION, liquidation=Decimal("97000.5")))
    reached = state(replace(POSITION, liquidation=Decimal(97_000)))
    off = SetStop(position="p", price=None)
    armed = state(replace(POSITION, liquidation=Decimal("97000.5"), stoploss=Decimal(97_500)))

    assert judged(ours, state(), passed).state is None
    assert judged(ours, state(), passed, fenced=True).state is IntentState.DEAD
    assert judged(ours, state(), reached, fenced=True).state is IntentState.NOT_APPLIED
    assert judged(off, armed, armed, fenced=True).state is IntentState.NOT_APPLIED


STOP = SetStop(position="p", price=Decimal(96_500))


def moved(*, out: int = 0, added: int = 0, **more: object) -> Position:
    """Return the position after margin was cashed in and other margin was added."""
    margin = POSITION.margin - out + added
    price = liquidation(Side.BUY, POSITION.quantity, POSITION.entry, margin)
    return replace(POSITION, margin=margin, liquidation=price, sum_cash_in_margin=out, **more)


def test_a_stop_that_liquidation_passed_before_margin_came_back_is_neither_done_nor_undone():
    back = state(moved(out=20_000, added=20_000))

    verdict = judged(STOP, state(POSITION), back, fenced=True)

    assert verdict.state is IntentState.DEAD
    assert "come back" in verdict.message
    assert judged(STOP, state(POSITION), back).state is None


def test_a_stop_that_no_margin_taken_out_can_have_reached_was_never_set():
    little = state(moved(out=100, added=100))
    added = state(moved(added=50_000))

    assert judged(STOP, state(POSITION), little, fenced=True).state is IntentState.NOT_APPLIED
    assert judged(STOP, state(POSITION), added, fenced=True).state is IntentState.NOT_APPLIED


def test_a_stop_on_a_position_whose_entry_moved_is_neither_done_nor_undone():
    taken = state(replace(POSITION, sum_cash_in_pl=1_000))

    assert judged(STOP, state(POSITION), taken, fenced=True).state is IntentState.DEAD


def test_a_stop_on_a_position_whose_liquidation_is_reckoned_otherwise_is_not_guessed_at():
    other = replace(moved(out=100, added=100), liquidation=Decimal(96_100))

    assert judged(STOP, state(POSITION), state(other), fenced=True).state is IntentState.DEAD


def test_funding_that_was_paid_is_read_before_a_stop_is_said_to_be_missing():
    paid = moved(sum_funding_fees=12_000, added=0)
    paid = replace(paid, margin=POSITION.margin)
    fees = (Funding("p", 12_000, NOW + timedelta(minutes=1)),)
    baseline = baseline_of(STOP, state(POSITION), market_us=US)

    assert needs_fundings(STOP, baseline, state(paid), market_us=US)
    assert not needs_fundings(STOP, baseline, state(POSITION), market_us=US)
    assert judged(STOP, state(POSITION), state(paid), fenced=True).state is None
    verdict = judged(STOP, state(POSITION), state(paid), fenced=True, fundings=fees)
    assert verdict.state is IntentState.DEAD


@given(
    out=st.integers(0, 90_000),
    added=st.integers(0, 200_000),
    stop=st.integers(96_200, 99_900),
)
def test_a_stop_is_said_to_be_never_set_only_where_no_order_of_events_can_have_swept_it(
    out: int, added: int, stop: int
):
    ours = SetStop(position="p", price=Decimal(stop))
    worst = liquidation(Side.BUY, POSITION.quantity, POSITION.entry, POSITION.margin - out)

    verdict = judged(ours, state(POSITION), state(moved(out=out, added=added)), fenced=True)

    swept = stop < worst
    assert verdict.state is (IntentState.DEAD if swept else IntentState.NOT_APPLIED)


def test_a_baseline_survives_being_written_down():
    baseline = baseline_of(ADD, state(POSITION), market_us=US)

    assert decode_baseline(encode_baseline(baseline)) == baseline
    assert decode_baseline(b"").margin is None
