"""How the truth about an action is read back from what the venue shows.

Added margin leaves a counter that only additions move: `A = margin - entry margin + cashed-in
margin + paid funding`. A paid funding fee lowers the margin, a received one goes to the balance, so
only fees above zero belong into it. Orders carry a client id, cross transfers have a ledger, and
for the absolute actions the wanted value itself is the witness.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from axisor.events import IntentState
from axisor.intents import (
    Action,
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
from axisor.maths import liquidation
from axisor.model import AccountState, Funding, Order, Position, Price, Sats
from axisor.ports import ClosedPosition, Transfer
from axisor_server.domain.journal import to_us


class Baseline(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was known just before an action was sent; the outcome is judged against it.

    `market_us` is the market time of the decision, which the day's budget is counted by.
    `transfer` is the newest row of the cross ledger, `ids` what carried the same client id already,
    `former` the value that an action replaces, as text; None where that was not known.
    """

    market_us: int = 0
    margin: Sats | None = None
    cash_in_margin: Sats = 0
    cash_in_pl: Sats = 0
    funding: Sats = 0
    ids: tuple[str, ...] = ()
    transfer: str = ""
    former: str | None = None


class Evidence(Struct, frozen=True, kw_only=True):
    """What was read to settle an action; None is what was not read.

    `claimed` holds the ledger rows that other actions account for.
    """

    state: AccountState | None = None
    found: tuple[Order | Position | ClosedPosition, ...] | None = None
    transfers: tuple[Transfer, ...] | None = None
    claimed: frozenset[str] = frozenset()
    fundings: tuple[Funding, ...] | None = None
    closed: ClosedPosition | None = None


class Verdict(Struct, frozen=True):
    """How an unknown action turned out; state None says that it cannot be told yet.

    `by` is `witness` or `fence`; `position` is what the reading showed of it.
    """

    state: IntentState | None
    by: str = "witness"
    venue_id: str = ""
    message: str = ""
    position: Position | None = None


NOT_YET = Verdict(None)

FORMER = "The venue still shows the former value."

_decoder = msgspec.json.Decoder(Baseline)


def encode_baseline(baseline: Baseline) -> bytes:
    """Return a baseline as JSON."""
    return msgspec.json.encode(baseline)


def decode_baseline(baseline: bytes) -> Baseline:
    """Return the baseline of JSON; empty bytes are one that knows nothing."""
    return _decoder.decode(baseline) if baseline else Baseline()


def baseline_of(
    action: Action, state: AccountState | None, *, market_us: int, transfer: str = ""
) -> Baseline:
    """Return the baseline of an action about to be sent, from the newest reading."""
    match action:
        case AddMargin() | CashIn():
            position = None if state is None else state.position(action.position)
            return _figures(position, market_us)
        case OpenPosition() | CrossOrder():
            return Baseline(market_us=market_us, ids=_carriers(action.client_id, state))
        case DepositCross() | WithdrawCross():
            return Baseline(market_us=market_us, transfer=transfer)
        case SetStop() | SetTakeProfit():
            position = None if state is None else state.position(action.position)
            former = None if position is None else _text(_value(action, position))
            return msgspec.structs.replace(_figures(position, market_us), former=former)
        case _:
            return Baseline(market_us=market_us)


def _figures(position: Position | None, market_us: int) -> Baseline:
    if position is None:
        return Baseline(market_us=market_us)
    return Baseline(
        market_us=market_us,
        margin=position.margin,
        cash_in_margin=position.sum_cash_in_margin,
        cash_in_pl=position.sum_cash_in_pl,
        funding=position.sum_funding_fees,
    )


def _text(price: Price | None) -> str:
    return "" if price is None else format(price.normalize(), "f")


def _value(action: SetStop | SetTakeProfit, position: Position) -> Price | None:
    return position.stoploss if isinstance(action, SetStop) else position.takeprofit


def _is_swept(action: SetStop | SetTakeProfit, position: Position) -> bool:
    """Return whether the venue keeps no stop at this price now, and so would have dropped it."""
    if isinstance(action, SetTakeProfit) or action.price is None:
        return False
    return position.side.sign * (action.price - position.liquidation) < 0


def _may_have_been_swept(
    stop: Price, baseline: Baseline, position: Position, fundings: Sequence[Funding] | None
) -> bool | None:
    """Return whether a stop set since a baseline may have been dropped before this reading.

    Margin that was taken out or paid as funding brings liquidation nearer, and margin added later
    moves it back, where it shows no more. Reckoned with all that went out and nothing that came in.
    None where the funding payments must be read first.
    """
    if baseline.margin is None or position.stoploss is not None:
        return False
    paid = paid_since(baseline, position, fundings)
    if paid is None:
        return None
    out = paid + position.sum_cash_in_margin - baseline.cash_in_margin
    if position.sum_cash_in_pl != baseline.cash_in_pl:
        return True  # its entry moved with the price of that moment
    if out == 0:
        return False
    side, quantity, entry = position.side, position.quantity, position.entry
    known = liquidation(side, quantity, entry, position.margin) == position.liquidation
    least = baseline.margin - out
    if not known or least <= 0:
        return True
    return side.sign * (stop - liquidation(side, quantity, entry, least)) < 0


def _carriers(client_id: str | None, state: AccountState | None) -> tuple[str, ...]:
    if client_id is None or state is None:
        return ()
    both: Iterable[Order | Position] = (*state.orders, *state.positions)
    return tuple(item.id for item in both if item.client_id == client_id)


def added_counter(position: Position, fundings: Iterable[Funding]) -> Sats | None:
    """Return all margin ever added to a position; None where the venue hides the entry margin."""
    if position.entry_margin is None:
        return None
    paid = sum(f.fee for f in fundings if f.fee > 0)
    return position.margin - position.entry_margin + position.sum_cash_in_margin + paid


def cashed_counter(position: Position) -> Sats:
    """Return all sats ever cashed in from a position; it only grows."""
    return position.sum_cash_in_margin + position.sum_cash_in_pl


def added_between(before: Position, after: Position) -> Sats:
    """Return the margin added between two readings with at most one funding payment between."""
    paid = max(0, after.sum_funding_fees - before.sum_funding_fees)
    cashed = after.sum_cash_in_margin - before.sum_cash_in_margin
    return after.margin - before.margin + cashed + paid


def shows_more(before: Position, after: Position) -> bool:
    """Return whether a position was read after margin was added to it, or taken out, since."""
    return added_between(before, after) > 0 or cashed_counter(after) > cashed_counter(before)


def paid_since(
    baseline: Baseline, position: Position, fundings: Sequence[Funding] | None
) -> Sats | None:
    """Return the funding paid since a baseline, or None where the readings do not fit together.

    `fundings` are the position's payments, newest first, None where they were not read. Those since
    the baseline must add up to the change of the net total; where the clocks disagree about which
    those are, the list is walked back until they do, and where none do a net of 0 means none.
    """
    net = position.sum_funding_fees - baseline.funding
    if fundings is None:
        return 0 if net == 0 else None
    later = [f.fee for f in fundings if to_us(f.time) > baseline.market_us]
    if sum(later) == net:
        return sum(fee for fee in later if fee > 0)
    walked = paid = 0
    for funding in fundings:
        walked += funding.fee
        paid += max(0, funding.fee)
        if walked == net:
            return paid
    return 0 if net == 0 else None


def added_since(
    baseline: Baseline, position: Position, fundings: Sequence[Funding] | None
) -> Sats | None:
    """Return the margin added since a baseline, or None where the readings do not fit together."""
    paid = paid_since(baseline, position, fundings)
    if baseline.margin is None or paid is None:
        return None
    cashed = position.sum_cash_in_margin - baseline.cash_in_margin
    return position.margin - baseline.margin + cashed + paid


SETTLEMENT_US = 4 * 3_600 * 1_000_000
"""Half the time between two funding settlements: a shorter window holds at most one of them."""


def needs_fundings(
    action: Action, baseline: Baseline, state: AccountState, *, market_us: int, final: bool = False
) -> bool:
    """Return whether the funding payments must be read to judge an added margin or a stop-loss.

    In a short window a net total that did not move shows that nothing was settled; in a long one
    payments of both signs may cancel out. Where the verdict on added margin is `final` they are
    read in any case: what a venue settles at other times must not hide what was added.
    """
    if not isinstance(action, AddMargin | SetStop):
        return False
    position = state.position(action.position)
    if position is None or baseline.margin is None:
        return False
    long = market_us - baseline.market_us > SETTLEMENT_US
    last = final and isinstance(action, AddMargin)
    return last or long or position.sum_funding_fees != baseline.funding


def judge(action: Action, baseline: Baseline, evidence: Evidence, *, fenced: bool) -> Verdict:
    """Return how an action whose outcome is unknown turned out.

    `fenced` says that every reading in the evidence was begun after the fence, so that the absence
    of an effect is final. Two equal candidates stay unknown.
    """
    match action:
        case AddMargin() | CashIn():
            return _judge_margin(action, baseline, evidence, fenced=fenced)
        case OpenPosition() | CrossOrder():
            return _judge_order(baseline, evidence, fenced=fenced)
        case DepositCross():
            return _judge_transfer(action.amount, evidence, fenced=fenced)
        case WithdrawCross():
            return _judge_transfer(-action.amount, evidence, fenced=fenced)
        case ClosePosition():
            return _judge_close(action, evidence, fenced=fenced)
        case _:
            return _judge_value(action, baseline, evidence, fenced=fenced)


def _unseen(*, fenced: bool, message: str) -> Verdict:
    return Verdict(IntentState.NOT_APPLIED, by="fence", message=message) if fenced else NOT_YET


def _judge_margin(
    action: AddMargin | CashIn, baseline: Baseline, evidence: Evidence, *, fenced: bool
) -> Verdict:
    if evidence.state is None or action.position in evidence.state.unreadable:
        return NOT_YET
    position = evidence.state.position(action.position)
    if position is None:
        return Verdict(IntentState.DEAD, message="The position is gone.")
    if isinstance(action, AddMargin):
        moved = added_since(baseline, position, evidence.fundings)
    elif baseline.margin is None:
        moved = None
    else:
        moved = cashed_counter(position) - baseline.cash_in_margin - baseline.cash_in_pl
    if moved is None:
        return NOT_YET
    if moved >= action.amount:
        return Verdict(IntentState.CONFIRMED, venue_id=action.position, position=position)
    unseen = _unseen(fenced=fenced, message="The venue's counter did not move that far.")
    return Verdict(unseen.state, unseen.by, message=unseen.message, position=position)


def _judge_order(baseline: Baseline, evidence: Evidence, *, fenced: bool) -> Verdict:
    if evidence.found is None:
        return NOT_YET
    known = frozenset(baseline.ids)
    ids = list(dict.fromkeys(item.id for item in evidence.found if item.id not in known))
    if len(ids) == 1:
        return Verdict(IntentState.CONFIRMED, venue_id=ids[0])
    if len(ids) > 1:
        return Verdict(None, message="Several orders carry the same client id.")
    return _unseen(fenced=fenced, message="No order carries the client id.")


def _judge_transfer(amount: Sats, evidence: Evidence, *, fenced: bool) -> Verdict:
    if evidence.transfers is None:
        return NOT_YET
    rows = [
        row for row in evidence.transfers if row.amount == amount and row.id not in evidence.claimed
    ]
    if len(rows) == 1:
        return Verdict(IntentState.CONFIRMED, venue_id=rows[0].id)
    if rows:
        return Verdict(None, message="Several transfers of this amount could be this one.")
    return _unseen(fenced=fenced, message="The ledger has no such transfer.")


def _judge_close(action: ClosePosition, evidence: Evidence, *, fenced: bool) -> Verdict:
    if evidence.state is None or action.position in evidence.state.unreadable:
        return NOT_YET
    if evidence.state.position(action.position) is not None:
        return _unseen(fenced=fenced, message="The position is still open.")
    closed = evidence.closed
    if closed is not None and closed.end in {"liquidated", "stopped", "taken"}:
        return Verdict(IntentState.DEAD, message=f"The position was {closed.end} instead.")
    return Verdict(IntentState.CONFIRMED, venue_id=action.position)


def _judge_value(
    action: Action, baseline: Baseline, evidence: Evidence, *, fenced: bool
) -> Verdict:
    state = evidence.state
    if state is None:
        return NOT_YET
    match action:
        case SetStop() | SetTakeProfit():
            if action.position in state.unreadable:
                return NOT_YET
            position = state.position(action.position)
            if position is None:
                return Verdict(IntentState.DEAD, message="The position is gone.")
            done = _value(action, position) == action.price
            if not done and fenced:
                return _judge_missing(action, baseline, position, evidence.fundings)
        case CancelOrder():
            done = all(order.id != action.order for order in state.orders)
        case CancelAllOrders():
            done = all(order.margin_mode is not action.margin_mode for order in state.orders)
        case SetCrossLeverage():
            done = state.cross.leverage == action.leverage
        case _:
            raise AssertionError(f"{type(action).__name__} is judged by another witness")
    if done:
        return Verdict(IntentState.CONFIRMED)
    return _unseen(fenced=fenced, message=FORMER)


def _judge_missing(
    action: SetStop | SetTakeProfit,
    baseline: Baseline,
    position: Position,
    fundings: Sequence[Funding] | None,
) -> Verdict:
    """Judge a stop that is not there after the fence: was it never set, or set and gone again?"""
    shown = _text(_value(action, position))
    unknown = baseline.former is None and _value(action, position) is not None
    if unknown or baseline.former not in (None, shown):
        message = "Another value has been set since, so nobody can tell whether this was."
        return Verdict(IntentState.DEAD, message=message)
    if _is_swept(action, position):
        message = "Liquidation has passed it since, and a stop beyond that is taken away."
        return Verdict(IntentState.DEAD, message=message)
    if isinstance(action, SetStop) and action.price is not None:
        swept = _may_have_been_swept(action.price, baseline, position, fundings)
        if swept is None:
            return NOT_YET
        if swept:
            message = "Margin went out since, and liquidation may have passed it and come back."
            return Verdict(IntentState.DEAD, message=message)
    return _unseen(fenced=True, message=FORMER)
