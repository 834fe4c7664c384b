"""Results of an account by its journal, against cases reckoned by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from axisor.events import (
    BalanceChanged,
    IntentPlanned,
    IntentSettled,
    IntentState,
    Payload,
    PositionChanged,
    PositionClosed,
    PositionEnd,
)
from axisor.intents import AddMargin
from axisor.model import Balance, Position, Side
from axisor_server.domain.journal import to_us
from axisor_server.domain.performance import Figures, Results

START = datetime(2026, 1, 1, tzinfo=UTC)
LONG = Position(
    id="p1",
    side=Side.BUY,
    quantity=2_500,
    entry=Decimal(100_000),
    margin=100_000,
    leverage=Decimal(25),
    liquidation=Decimal("96154"),
    maintenance_margin=5_000,
    opening_fee=2_500,
)


def told(*entries: tuple[float, Payload], start=None, until: float = 10) -> Figures:
    """Return the figures of entries, each a number of days after the start."""
    results = Results()
    for sequence, (days, payload) in enumerate(entries, 1):
        results.take(sequence, to_us(START + timedelta(days=days)), payload)
    return results.figures(start, START + timedelta(days=until))


def balance(free: int) -> BalanceChanged:
    return BalanceChanged(balance=Balance(free=free))


def test_an_account_without_entries_has_no_figures():
    figures = told()

    assert figures.metrics.net_pl_sats == 0
    assert figures.metrics.win_rate is None


def test_equity_begins_with_all_that_was_there_at_the_first_reading():
    figures = told((0, balance(1_000_000)), (0, PositionChanged(position=LONG)))

    assert figures.equity == 1_000_000 + 100_000 + 5_000
    assert figures.metrics.net_pl_sats == 0, "what was opened before is no result of ours"


def test_a_position_gains_less_its_fees_and_funding():
    paid = replace(LONG, sum_funding_fees=300)
    closed = PositionClosed(position=paid, end=PositionEnd.CLOSED, exit_price="104000", pl=96_154)
    figures = told(
        (0, balance(1_000_000)),
        (1, PositionChanged(position=LONG)),
        (2, PositionChanged(position=paid)),
        (3, closed),
    )

    # 0.1 % of 2,500 dollars: 2,500 sats to open, of 2,403,846 sats 2,403 to close.
    assert figures.fees == 2_500 + 2_403
    assert figures.funding == 300
    assert figures.metrics.net_pl_sats == 96_154 - 2_500 - 2_403 - 300
    assert figures.metrics.closed == 1
    assert figures.metrics.win_rate == 1


def test_a_liquidation_is_a_loss_and_counts():
    closed = PositionClosed(
        position=LONG, end=PositionEnd.LIQUIDATED, exit_price="96154", pl=-100_000
    )
    figures = told((0, balance(1_000_000)), (1, PositionChanged(position=LONG)), (2, closed))

    # 0.1 % of 2,500 / 96,154 bitcoin is 2,599 sats.
    assert figures.metrics.liquidations == 1
    assert figures.metrics.net_pl_sats == -100_000 - 2_500 - 2_599
    assert figures.metrics.max_drawdown_sats == 105_099
    assert figures.metrics.win_rate == 0


def test_a_deposit_is_no_result():
    figures = told((0, balance(1_000_000)), (1, balance(5_000_000)))

    assert figures.metrics.net_pl_sats == 0


def test_profit_that_is_cashed_in_is_booked_once():
    cashed = replace(LONG, sum_cash_in_pl=4_000)
    closed = PositionClosed(position=cashed, end=PositionEnd.CLOSED, exit_price="100000", pl=0)
    figures = told(
        (0, balance(1_000_000)),
        (1, PositionChanged(position=LONG)),
        (2, PositionChanged(position=cashed)),
        (3, closed),
    )

    assert figures.metrics.net_pl_sats == 4_000 - 2_500 - 2_500


def test_only_what_happened_within_the_time_counts():
    closed = PositionClosed(position=LONG, end=PositionEnd.CLOSED, exit_price="100000", pl=10)
    entries = ((0, balance(9)), (1, PositionChanged(position=LONG)), (3, closed))

    later = told(*entries, start=START + timedelta(days=2))
    earlier = told(*entries, until=2)

    assert later.equity == 9 - 2_500
    assert later.metrics.net_pl_sats == 10 - 2_500
    assert earlier.metrics.net_pl_sats == -2_500
    assert earlier.metrics.closed == 0


def test_a_time_before_the_journal_begins_is_its_beginning():
    figures = told((1, balance(7)), start=START)

    assert figures.start == START + timedelta(days=1)


def test_actions_that_were_carried_out_are_counted_with_what_they_added():
    add = AddMargin(position="p1", amount=700)
    planned = [
        IntentPlanned(intent=f"i{n}", action=add, target="positions/p1", amount=700)
        for n in range(3)
    ]
    figures = told(
        (0, balance(1_000_000)),
        *((1, each) for each in planned),
        (1, IntentSettled(intent="i0", state=IntentState.CONFIRMED)),
        (1, IntentSettled(intent="i1", state=IntentState.REFUSED)),
        (1, IntentSettled(intent="i2", state=IntentState.UNKNOWN)),
        (2, IntentSettled(intent="i2", state=IntentState.CONFIRMED)),
    )

    assert (figures.actions, figures.added) == (2, 1_400)


def test_ratios_are_over_days():
    entries: list[tuple[float, Payload]] = [(0, balance(1_000_000))]
    for day, pl in enumerate((50_000, -20_000, 30_000), 1):
        held = replace(LONG, id=f"p{day}", opening_fee=0, maintenance_margin=0)
        entries.append((day - 0.5, PositionChanged(position=held)))
        entries.append((day - 0.4, PositionClosed(position=held, end=PositionEnd.CLOSED, pl=pl)))

    figures = told(*entries, until=4)

    assert figures.metrics.sharpe is not None
    assert figures.metrics.sortino is not None
    assert figures.metrics.profit_factor is not None
