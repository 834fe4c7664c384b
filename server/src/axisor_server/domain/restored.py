"""What moved between a backup and the present that the restored journal cannot explain."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from axisor.errors import AxisorError, RequestExpired
from axisor.events import Counted, Increase, IntentState
from axisor.model import CROSS, AccountState, Funding, MarginMode, Position, Sats
from axisor.ports import Transfer
from axisor_server.domain.intent import encode_action
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import CommandRecord, IntentRecord
from axisor_server.domain.witness import SETTLEMENT_US, Baseline, added_since, encode_baseline

RECONCILED = "reconciled/"
"""Before an account's id: the fact that names the backup it was found out about after."""

CLOCKS_US = 60 * 1_000_000
"""How far the venue's ledger and our clock may differ about when the backup was taken."""

UUID7 = 7


class Deposit(Struct, frozen=True):
    """A confirmed deposit into the cross wallet, by when it was planned."""

    amount: Sats
    planned_us: int


class Known(Struct, frozen=True, kw_only=True):
    """What the journal tells of an account up to the restore, and what was learned since.

    `state` is the account as the backup knew it. `explained` holds sats by target that confirmed
    actions moved and that `state` does not show, `claimed` the ids that actions account for:
    positions, orders, rows of the ledger. `deposits` are those whose row is not known. A simulated
    venue has a time of its own (`real_time` False), which the backup's says nothing about.
    """

    state: AccountState | None
    explained: Mapping[str, Sats]
    claimed: frozenset[str]
    deposits: tuple[Deposit, ...] = ()
    since_us: int
    real_time: bool = True

    def holds(self, target: str) -> bool:
        """Return whether the backup knew a position of its own margin."""
        id = target.removeprefix("positions/")
        return id != CROSS and self.state is not None and self.state.position(id) is not None


class Evidence(Struct, frozen=True, kw_only=True):
    """What was read after everything that could still arrive had died."""

    state: AccountState
    fundings: Mapping[str, Sequence[Funding]]
    transfers: Sequence[Transfer] = ()


def needs_fundings(known: Known, state: AccountState, *, now_us: int) -> tuple[str, ...]:
    """Return the positions whose funding payments tell what was added to them.

    Within a short time a net total that did not move proves that nothing was settled.
    """
    short = now_us - known.since_us <= SETTLEMENT_US
    found = []
    for position in state.positions:
        old = None if known.state is None else known.state.position(position.id)
        same = old is not None and old.sum_funding_fees == position.sum_funding_fees
        if position.margin_mode is MarginMode.ISOLATED and not (short and same):
            found.append(position.id)
    return tuple(found)


def unexplained(known: Known, evidence: Evidence) -> tuple[Increase, ...]:
    """Return the sats that are in positions now and that no action of the journal put there.

    Where the readings do not fit together the most that may have been added counts.
    """
    found: list[Increase] = []
    for position in evidence.state.positions:
        if position.margin_mode is MarginMode.ISOLATED:
            found.extend(_of_position(known, position, evidence.fundings.get(position.id)))
    found.append(_of_cross(known, evidence.transfers))
    return tuple(increase for increase in found if increase.amount > 0)


def _of_position(
    known: Known, position: Position, fundings: Sequence[Funding] | None
) -> Iterator[Increase]:
    target = f"positions/{position.id}"
    old = None if known.state is None else known.state.position(position.id)
    explained = known.explained.get(target, 0)
    if old is not None:
        added = _added(old, position, fundings, known.since_us)
        yield Increase(target=target, amount=added - explained)
        return
    put_in = position.margin + position.sum_cash_in_margin + _paid(fundings or ())
    opened_with = position.margin if position.entry_margin is None else position.entry_margin
    if position.id not in known.claimed:
        yield Increase(target=target, amount=opened_with, opened=True)
    yield Increase(target=target, amount=put_in - opened_with - explained)


def _added(old: Position, new: Position, fundings: Sequence[Funding] | None, us: int) -> Sats:
    baseline = Baseline(
        market_us=us,
        margin=old.margin,
        cash_in_margin=old.sum_cash_in_margin,
        cash_in_pl=old.sum_cash_in_pl,
        funding=old.sum_funding_fees,
    )
    added = added_since(baseline, new, fundings)
    if added is not None:
        return added
    moved = new.margin - old.margin + new.sum_cash_in_margin - old.sum_cash_in_margin
    return moved + _paid(fundings or ())


def _paid(fundings: Iterable[Funding]) -> Sats:
    return sum(funding.fee for funding in fundings if funding.fee > 0)


def _of_cross(known: Known, transfers: Sequence[Transfer]) -> Increase:
    since_us = known.since_us - CLOCKS_US if known.real_time else 0
    mine = Counter(d.amount for d in known.deposits if d.planned_us > since_us - CLOCKS_US)
    amount = 0
    for row in transfers:
        late = not known.real_time or to_us(row.time) > since_us
        if row.amount <= 0 or row.id in known.claimed or not late:
            continue
        if mine[row.amount] > 0:
            mine[row.amount] -= 1
        else:
            amount += row.amount
    return Increase(target=f"positions/{CROSS}", amount=amount)


def counted_record(
    counted: Counted, *, account: str, market_us: int, now_us: int, epoch: int = 0
) -> IntentRecord:
    """Return the intent by which an increase counts as spent for a run."""
    return IntentRecord(
        id=counted.intent,
        account=account,
        target=counted.target,
        kind=type(counted.action).__name__,
        additive=True,
        amount=counted.amount,
        action=encode_action(counted.action),
        state=IntentState.CONFIRMED,
        run=counted.run,
        principal="restore",
        epoch=epoch,
        witness=encode_baseline(Baseline(market_us=market_us)),
        created_us=now_us,
        updated_us=now_us,
        message="It is in no journal; it counts as spent by every run that may spend.",
        venue_id=counted.target.removeprefix("positions/") if counted.opened else "",
    )


def older_than_restore(record: CommandRecord, restored_us: int | None) -> AxisorError | None:
    """Return why a command must not be carried out after a restore, None where it may be.

    What was asked before it may have been carried out by the core that was lost. Stored commands
    say when they were; of others only an id that carries the time of its making can tell.
    """
    if restored_us is None:
        return None
    made_ms = made_at_ms(record.request_id)
    made_before = made_ms is not None and made_ms * 1_000 < restored_us
    if record.created_us > restored_us and not made_before:
        return None
    return RequestExpired(
        "The request was made before this core was restored from a backup.",
        money="It may have been carried out already; it is not carried out now.",
    )


def made_at_ms(request_id: str) -> int | None:
    """Return when a request id was made, by the time it carries; None where it carries none."""
    try:
        parsed = uuid.UUID(request_id)
    except ValueError:
        return None
    return parsed.int >> 80 if parsed.version == UUID7 else None


def spend_id(backup: str, run: str, target: str) -> str:
    """Return the id of the intent that counts an increase as spent by a run."""
    return str(uuid.uuid5(uuid.UUID(backup), f"{run}/{target}"))
