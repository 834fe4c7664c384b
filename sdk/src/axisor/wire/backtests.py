"""Carries started back-tests over the wire."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from axisor.model import Sats
from axisor.states import BacktestState
from axisor.v1 import backtests_pb2 as pb
from axisor.wire.names import account_part, backtest_name, last_part, strategy_name
from axisor.wire.scalars import enum_from_wire, enum_to_wire, time_or_none, time_to_wire


class Backtest(Struct, frozen=True, kw_only=True):
    """A back-test that a core was told to start.

    `done` of `of` prints are walked; `reason` and `text` say why there is no report, `report_bytes`
    how large it is.
    """

    account: str
    id: str
    strategy: str
    market: str
    balance: Sats
    state: BacktestState
    done: int = 0
    of: int = 0
    created_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str = ""
    text: str = ""
    report_bytes: int = 0


def backtest_to_wire(found: Backtest) -> pb.Backtest:
    """Return a started back-test as a message."""
    return pb.Backtest(
        name=backtest_name(found.account, found.id),
        strategy=strategy_name(found.strategy),
        market=found.market,
        balance_sats=found.balance,
        state=enum_to_wire(found.state),
        progress=pb.BacktestProgress(done_count=found.done, total_count=found.of),
        create_time=time_to_wire(found.created_at, "create_time"),
        end_time=time_to_wire(found.ended_at, "end_time"),
        reason=found.reason,
        text=found.text,
        report_bytes=found.report_bytes,
    )


def backtest_from_wire(message: pb.Backtest) -> Backtest:
    """Return the started back-test in a message."""
    return Backtest(
        account=account_part(message.name),
        id=last_part(message.name),
        strategy=last_part(message.strategy),
        market=message.market,
        balance=message.balance_sats,
        state=enum_from_wire(BacktestState, message.state),
        done=message.progress.done_count,
        of=message.progress.total_count,
        created_at=time_or_none(message, "create_time"),
        ended_at=time_or_none(message, "end_time"),
        reason=message.reason,
        text=message.text,
        report_bytes=message.report_bytes,
    )
