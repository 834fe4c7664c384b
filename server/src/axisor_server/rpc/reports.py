"""Turns what the core keeps into what clients see: accounts, runs, effects, positions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import msgspec

from axisor import maths
from axisor.events import Coverage
from axisor.intents import Action
from axisor.model import Leash, Mode, Permission, Position, Side
from axisor.strategy import View
from axisor.wire.records import (
    Account,
    AccountBalance,
    Effect,
    Figures,
    PositionReport,
    Preview,
    Run,
    Settlement,
    Snapshot,
    TickReport,
)
from axisor_server.domain.journal import from_us
from axisor_server.domain.records import AccountRecord, IntentRecord, RunRecord, etag_of
from axisor_server.domain.standing import stand
from axisor_server.engine import answers
from axisor_server.engine.answers import CommandResult
from axisor_server.services.market import Price
from axisor_server.services.snapshots import AccountSnapshot

PERCENT_STEP = Decimal("1e-6")
"""Percentages are for reading; a millionth of a percent is finer than any price step."""

_actions = msgspec.json.Decoder(Action)
_leashes = msgspec.json.Decoder(Leash)


def percent(fraction: Decimal) -> Decimal:
    """Return a fraction as percent, rounded half even to a millionth of a percent."""
    return (fraction * 100).quantize(PERCENT_STEP)


def account_of(record: AccountRecord, scopes: Sequence[str] = ()) -> Account:
    """Return an account as clients see it."""
    return Account(
        id=record.id,
        label=record.label,
        venue=record.venue,
        network=record.network,
        mode=record.mode,
        base_url=record.url,
        halt=record.halt,
        scopes=tuple(scopes),
        created_at=from_us(record.created_us),
        updated_at=from_us(record.updated_us),
        etag=etag_of(record.revision),
        near_percent=Decimal(record.near_bp) / 100,
        critical_percent=Decimal(record.critical_bp) / 100,
    )


def run_of(record: RunRecord, mode: Mode, permissions: Permission) -> Run:
    """Return a run as clients see it, without its memory."""
    return Run(
        id=record.id,
        account=record.account,
        strategy=record.strategy,
        state=record.state,
        label=record.label,
        reason=record.reason,
        config=record.config.decode(),
        leash=_leashes.decode(record.leash) if record.leash else Leash(),
        permissions=permissions,
        mode=mode,
        step=record.step,
        created_at=from_us(record.created_us),
        updated_at=from_us(record.updated_us),
        etag=etag_of(record.revision),
        resumes_at=None if record.resume_us is None else from_us(record.resume_us),
    )


def effect_of(record: IntentRecord) -> Effect:
    """Return an effect as clients see it."""
    return Effect(
        id=record.id,
        account=record.account,
        state=record.state,
        action=_actions.decode(record.action),
        target=record.target,
        run=record.run,
        principal=record.principal,
        attempt=record.attempt,
        fence=None if record.fence_us is None else from_us(record.fence_us),
        created_at=from_us(record.created_us),
    )


def position_of(
    account: str, position: Position, view: View, coverage: Coverage | None = None
) -> PositionReport:
    """Return a position with its profit and its distance to liquidation at present prices."""
    position = _marked(position, view)
    price = view.tick.guard_price(position.side, position.quantity) if view.tick else None
    if price is None or position.liquidation <= 0:
        return PositionReport(account=account, position=position, coverage=coverage)
    liquidation = position.liquidation
    consumed = None
    if position.entry != liquidation:
        consumed = percent(maths.consumed(position.side, price, position.entry, liquidation))
    return PositionReport(
        account=account,
        position=position,
        distance_percent=percent(maths.distance(position.side, price, liquidation)),
        consumed_percent=consumed,
        coverage=coverage,
    )


def _marked(position: Position, view: View) -> Position:
    """Return the position with the profit it would be closed at now; as read without a price."""
    tick, quantity = view.tick, position.quantity
    if tick is None:
        return position
    long = position.side is Side.BUY
    price = tick.bid_for(quantity) if long else tick.ask_for(quantity)
    if price is None:
        return position
    profit = maths.pl(position.side, quantity, position.entry, price)
    return msgspec.structs.replace(position, pl=profit)


def positions_of(
    account: str, positions: Sequence[Position], view: View, coverages: Sequence[Coverage]
) -> tuple[PositionReport, ...]:
    """Return positions with their distance and coverage."""
    covers = {cover.position: cover for cover in coverages}
    return tuple(position_of(account, each, view, covers.get(each.id)) for each in positions)


def snapshot_of(
    taken: AccountSnapshot, positions: Sequence[Position], rights: dict[str, Permission]
) -> Snapshot:
    """Return a snapshot as clients see it; `rights` are those of each strategy."""
    record, view = taken.account, taken.view
    return Snapshot(
        sequence=taken.sequence,
        time=taken.taken,
        account=account_of(record),
        balance=AccountBalance(balance=view.balance, cross=view.cross),
        positions=positions_of(record.id, positions, view, taken.coverages),
        orders=view.orders,
        runs=tuple(
            run_of(run, record.mode, rights.get(run.strategy, Permission.NONE))
            for run in taken.runs
        ),
        coverages=taken.coverages,
        effects=tuple(effect_of(intent) for intent in taken.intents),
        halt=record.halt,
        platform_halt=taken.platform_halt,
        standing=stand(taken.causes),
        causes=taken.causes,
    )


def tick_of(price: Price) -> TickReport | None:
    """Return the latest tick with its age, None before the first."""
    if price.tick is None:
        return None
    age = None if price.age_ms is None else timedelta(milliseconds=price.age_ms)
    return TickReport(tick=price.tick, quality=price.quality, age=age)


def settlement_of(result: CommandResult) -> Settlement:
    """Return how an effect ended."""
    return Settlement(
        intent=result.intent,
        reason=result.reason,
        message=result.message,
        venue_id=result.venue_id,
    )


def preview_of(preview: answers.Preview | None, view: View | None = None) -> Preview:
    """Return what an action changes; empty where that was not computed."""
    if preview is None:
        return Preview()
    return Preview(
        before=_figures(preview.before, view),
        after=_figures(preview.after, view),
        fee=preview.fee,
    )


def figures_of(position: Position, view: View | None, free: int) -> Figures:
    """Return the figures of a position beside the free balance."""
    report = position_of("", position, view) if view else None
    return Figures(
        margin=position.margin,
        liquidation=position.liquidation if position.liquidation > 0 else None,
        distance_percent=report.distance_percent if report else None,
        leverage=position.leverage,
        free=free,
    )


def _figures(part: answers.Snapshot, view: View | None) -> Figures:
    if part.position is not None:
        return figures_of(part.position, view, part.balance.free)
    return Figures(margin=part.cross.margin, free=part.balance.free)
