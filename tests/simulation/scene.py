"""The position two cores look after on the small stage, and the strategy that looks after it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from axisor.events import AccountOpened, BalanceChanged, PositionChanged, RunState
from axisor.intents import AddMargin, Intent, Why
from axisor.model import Balance, Leash, Mode, Permission, Position, Side, Tick
from axisor.strategy import Config, Memory, Strategy, View
from axisor_server.domain.journal import Head, extend, to_us
from axisor_server.domain.records import AccountRecord, RunRecord
from axisor_server.ports import Transaction

START = datetime(2026, 1, 1, tzinfo=UTC)
START_US = to_us(START)
ACCOUNT = "0190f5a0-0000-7000-8000-000000000001"
RUN = "0190f5a0-0000-7000-9000-000000000001"
STREAM = f"accounts/{ACCOUNT}"
WINDOW_MS = 30_000
BACK_DATE_MS = 25_000
SHORT, ENOUGH = 50_000, 80_000
"""The margin at first, and the margin that one rescue brings it to."""

POSITION = Position(
    id="p1",
    side=Side.BUY,
    quantity=1_000,
    entry=Decimal(100_000),
    margin=SHORT,
    leverage=Decimal(20),
    liquidation=Decimal(95_000),
    entry_price=Decimal(100_000),
    entry_margin=SHORT,
)
LAST = Decimal(96_000)
TICK = Tick(time=START, received=START, last=LAST, bid=LAST, ask=LAST)
FATES = ("ok", "lost", "deaf", "late", "refused")
"""What may become of a request: done and answered, lost, done and the answer lost, done later and
never answered, refused by the venue."""


class NoConfig(Config, frozen=True):
    """Nothing can be set."""


class Asked(Memory):
    """How often margin was asked for."""

    times: int = 0


class Topper(Strategy[NoConfig, Asked]):
    """Brings the margin to what is enough, whenever it is short and nothing is under way."""

    name = "topper"
    permissions = Permission.GUARD

    def _act(self, view: View) -> list[Intent]:
        found: list[Intent] = []
        for position in view.positions:
            if position.margin < ENOUGH and position.id not in view.pending:
                self.memory.times += 1
                why = Why(rule="short", inputs={"number": str(self.memory.times)})
                missing = ENOUGH - position.margin
                found.append(AddMargin(position=position.id, amount=missing, why=why))
        return found

    def on_start(self, view: View) -> list[Intent]:
        """Look once."""
        return self._act(view)

    def on_position(self, change: Any, view: View) -> list[Intent]:
        """Look again."""
        return self._act(view)

    def on_outcome(self, outcome: Any, view: View) -> list[Intent]:
        """Look again once something is settled."""
        return self._act(view)


def furnish(tx: Transaction) -> None:
    """Store the account, its run, and a journal that knows the position already."""
    account = AccountRecord(
        id=ACCOUNT,
        venue="stage",
        network="signet",
        mode=Mode.LIVE,
        label="stage",
        created_us=START_US,
        updated_us=START_US,
    )
    run = RunRecord(
        id=RUN,
        account=ACCOUNT,
        strategy="topper",
        label="",
        config=b"{}",
        leash=msgspec.json.encode(Leash()),
        state=RunState.RUNNING,
        created_us=START_US,
        updated_us=START_US,
    )
    known = (
        AccountOpened(venue="stage", network="signet", mode=Mode.LIVE, label="stage"),
        BalanceChanged(balance=Balance(free=10**8)),
        PositionChanged(position=POSITION),
    )
    tx.put_account(account, revision=None)
    tx.put_run(run, revision=None)
    entries = extend(Head(), stream=STREAM, mode=Mode.LIVE, time=START, payloads=known)
    tx.append(Head(), entries, epoch=None)
