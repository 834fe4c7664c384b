"""Says actions and events in words, the same in every client."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from axisor.events import (
    BalanceChanged,
    ChangeMade,
    CommandReceived,
    CommandRefused,
    CoverageChanged,
    CoverageState,
    FeedChanged,
    FundingPaid,
    HaltChanged,
    HaltLevel,
    IntentPlanned,
    IntentReviewRefused,
    IntentSent,
    IntentSettled,
    IntentState,
    IntentWitnessed,
    NoticeGiven,
    OrderChanged,
    PositionChanged,
    PositionClosed,
    PositionEnd,
    RestoreReconciled,
    RunChanged,
    RunState,
    RunUpgraded,
    Standing,
    StandingChanged,
)
from axisor.intents import (
    AddMargin,
    CancelAllOrders,
    CancelOrder,
    CashIn,
    ClosePosition,
    CrossOrder,
    DepositCross,
    Notice,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    Wake,
    WithdrawCross,
)
from axisor.model import FeedQuality, Severity, Side
from axisor.versions import UpgradeEnd

SHORT = 8
"""So many characters of an id are enough for people; commands take any that are unambiguous."""

SIGNS = {
    Severity.OK: " ",
    Severity.WATCH: " ",
    Severity.WARN: "!",
    Severity.ACT: ">",
    Severity.CRIT: "‼",
}
"""The sign of a severity, so that no meaning is left to colour."""

_SETTLED = {
    IntentState.CONFIRMED: Severity.OK,
    IntentState.REFUSED: Severity.WARN,
    IntentState.UNKNOWN: Severity.WARN,
    IntentState.NOT_APPLIED: Severity.WARN,
    IntentState.DEAD: Severity.WARN,
}


_STANDINGS = {
    Standing.ACTIVE: Severity.OK,
    Standing.DEGRADED: Severity.CRIT,
    Standing.HALTED: Severity.CRIT,
}


class Line(Struct, frozen=True):
    """What happened, for people: how loud, who or what it is about, and a sentence."""

    severity: Severity
    subject: str
    text: str


def short(id: str, length: int = SHORT) -> str:
    """Return the part of an id that people read; a short word such as `cross` stays whole."""
    return id[:length] if len(id) > SHORT else id


def side_word(side: Side) -> str:
    """Return LONG or SHORT."""
    return "LONG" if side is Side.BUY else "SHORT"


def describe(intent: object) -> str:
    """Return what is to be done as a person would say it; an unknown kind by its name."""
    return _of_position(intent) or _of_account(intent) or type(intent).__name__


def _of_position(intent: object) -> str | None:
    match intent:
        case AddMargin(position=position, amount=amount):
            return f"add {amount:,} sat to {short(position)}"
        case CashIn(position=position, amount=amount):
            return f"cash {amount:,} sat in from {short(position)}"
        case ClosePosition(position=position):
            return f"close {short(position)}"
        case SetStop(position=position, price=price):
            return f"stop of {short(position)} {_at(price)}"
        case SetTakeProfit(position=position, price=price):
            return f"target of {short(position)} {_at(price)}"
        case OpenPosition(side=side, leverage=leverage):
            size = f"{intent.quantity:,} USD" if intent.quantity else f"{intent.margin:,} sat"
            limit = "" if intent.price is None else f" {_at(intent.price)}"
            return f"open {side_word(side)} {size} x{leverage:f}{limit}"
        case _:
            return None


def _of_account(intent: object) -> str | None:
    match intent:
        case CrossOrder(side=side, quantity=quantity, price=price):
            limit = "" if price is None else f" {_at(price)}"
            return f"cross {side.value} {quantity:,} USD{limit}"
        case DepositCross(amount=amount):
            return f"deposit {amount:,} sat into cross"
        case WithdrawCross(amount=amount):
            return f"take {amount:,} sat out of cross"
        case SetCrossLeverage(leverage=leverage):
            return f"cross leverage x{leverage}"
        case CancelOrder(order=order):
            return f"cancel order {short(order)}"
        case CancelAllOrders(margin_mode=mode):
            return f"cancel every {mode.value} order"
        case Notice(text=text):
            return f"say: {text}"
        case Wake():
            return "wait"
        case _:
            return None


def _at(price: Decimal | None) -> str:
    return "off" if price is None else f"at {price:,f}"


def tell(payload: object) -> Line | None:
    """Return an event's payload as a line, None where it is not for people."""
    return _tell_effect(payload) or _tell_venue(payload) or _tell_core(payload)


def _tell_effect(payload: object) -> Line | None:
    match payload:
        case IntentPlanned():
            who = "guard" if payload.run else "you"
            return Line(Severity.ACT, who, describe(payload.action))
        case IntentSent(attempt=attempt):
            return Line(Severity.WATCH, "venue", f"sent, attempt {attempt}")
        case IntentSettled(state=state) if state in _SETTLED:
            return Line(_SETTLED[state], "venue", settled(payload))
        case IntentWitnessed():
            return Line(Severity.WATCH, "venue", f"still unknown: {payload.message}")
        case IntentReviewRefused():
            text = f"not sent, {describe(payload.action)}: {payload.message}"
            return Line(Severity.WARN, "review", text)
        case CommandReceived():
            return Line(Severity.WATCH, payload.principal, f"asks to {describe(payload.action)}")
        case CommandRefused():
            return Line(Severity.WARN, "refused", payload.message)
        case NoticeGiven():
            return Line(payload.severity, "notice", payload.text)
        case _:
            return None


def settled(payload: IntentSettled) -> str:
    """Return how an action ended."""
    words = payload.state.value.replace("_", " ")
    took = f" in {payload.latency_ms:,} ms" if payload.latency_ms else ""
    how = "" if payload.by == "answer" else f", known by the {payload.by}"
    if payload.by == "operator":
        how = f", said {payload.principal}: {payload.note}"
    why = f": {payload.message}" if payload.message else ""
    return f"{words}{took}{how}{why}"


def _tell_venue(payload: object) -> Line | None:
    match payload:
        case PositionChanged(position=held):
            text = f"margin {held.margin:,} sat, liquidation {held.liquidation:,f}"
            return Line(Severity.WATCH, "position", f"{short(held.id)} {text}")
        case PositionClosed(position=held, end=end):
            loud = Severity.CRIT if end is PositionEnd.LIQUIDATED else Severity.WATCH
            return Line(loud, "position", f"{short(held.id)} {end.value} {payload.pl:+,} sat")
        case BalanceChanged(balance=balance):
            return Line(Severity.WATCH, "balance", f"free {balance.free:,} sat")
        case OrderChanged(order=order):
            text = f"{order.side.value} {order.quantity:,} USD {_at(order.price)}"
            return Line(Severity.WATCH, "order", f"{text} {order.state.value}")
        case FundingPaid(funding=funding):
            word = "paid" if funding.fee > 0 else "received"
            return Line(Severity.WATCH, "funding", f"{word} {abs(funding.fee):,} sat")
        case FeedChanged(quality=quality):
            loud = Severity.OK if quality is FeedQuality.FRESH else Severity.WARN
            return Line(loud, "price", f"{quality.value} {payload.reason}".strip())
        case _:
            return None


def _tell_core(payload: object) -> Line | None:
    match payload:
        case RunChanged():
            loud = Severity.CRIT if payload.state is RunState.FAILED else Severity.WATCH
            text = f"{payload.strategy} {payload.state.value}{_because(payload.reason)}"
            return Line(loud, "run", text)
        case RunUpgraded(before=before, after=after):
            loud = Severity.WARN if payload.by is UpgradeEnd.ROLLED_BACK else Severity.WATCH
            text = f"{after} decides instead of {before}" if before else f"{after} decides"
            return Line(loud, "run", f"{text}{_because(payload.reason)}")
        case CoverageChanged(coverage=coverage):
            safe = coverage.state is CoverageState.PROTECTED
            text = f"{short(coverage.position)} {coverage.state.value}{_because(coverage.reason)}"
            return Line(Severity.OK if safe else Severity.WARN, "cover", text)
        case HaltChanged(level=HaltLevel.NONE):
            return Line(Severity.OK, "halt", f"{_all(payload)}resumed by {payload.principal}")
        case HaltChanged(level=level):
            text = f"{_all(payload)}{level.value} by {payload.principal}{_because(payload.reason)}"
            return Line(Severity.CRIT, "halt", text)
        case ChangeMade(principal=principal, method=method):
            return Line(Severity.OK, "change", f"{method.rpartition('/')[2]} by {principal}")
        case StandingChanged(standing=standing):
            text = standing.value.replace("_", "-") + _because(_sentences(payload))
            return Line(_STANDINGS.get(standing, Severity.WARN), "standing", text)
        case RestoreReconciled(increases=increases):
            moved = sum(increase.amount for increase in increases)
            text = f"acts again; {moved:,} sat moved since the backup of {payload.backup_at:%F %R}"
            return Line(Severity.WARN if moved else Severity.OK, "restore", text)
        case _:
            return None


def _all(payload: HaltChanged) -> str:
    return "all accounts: " if payload.platform else ""


def _sentences(payload: StandingChanged) -> str:
    return " ".join(cause.text or cause.code for cause in payload.causes)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
