"""What a back-test found, as rows that say the same in a table and in JSON.

`saved_sats` is the starting margin of positions that were liquidated unguarded and are alive
guarded. `net_sats`, guarded less unguarded equity at the last close, stands beside it always: a
guard that defends a long slide can save much margin and still lose more than it saved.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from msgspec import Struct

from axisor.model import Sats, Side


class PositionRow(Struct, frozen=True, kw_only=True):
    """One position: `actions` counts what was carried out, `min_distance_pct` is in percent."""

    id: str
    side: str
    leverage: str
    guarded: bool
    opened_at: datetime
    liquidated_at: datetime | None
    actions: int
    added_sats: Sats
    min_distance_pct: str
    gap: bool
    capped: bool
    margin_sats: Sats
    equity_sats: Sats


class Group(Struct, frozen=True, kw_only=True):
    """How one kind of positions fared."""

    count: int
    liquidated: int
    gaps: int = 0
    capped: int = 0


class Summary(Struct, frozen=True, kw_only=True):
    """The whole in figures; `seconds` is what the run took."""

    guarded: Group
    unguarded: Group
    saved_sats: Sats
    net_sats: Sats
    spent_sats: Sats
    candles: int
    seconds: float


class Report(Struct, frozen=True, kw_only=True):
    """Every position and the summary."""

    positions: tuple[PositionRow, ...]
    summary: Summary


def percent(fraction: Decimal) -> str:
    """Return a fraction as percent with four decimals, rounded down: never safer than it is."""
    return str((fraction * 100).quantize(Decimal("0.0001"), rounding=ROUND_FLOOR))


def side_word(side: Side) -> str:
    """Return `long` or `short`."""
    return "long" if side is Side.BUY else "short"


def summarise(
    pairs: tuple[tuple[PositionRow, PositionRow], ...], *, candles: int, seconds: float
) -> Summary:
    """Return the summary of twin pairs, each guarded first."""
    guarded = [pair[0] for pair in pairs]
    unguarded = [pair[1] for pair in pairs]
    saved = sum(
        bare.margin_sats
        for kept, bare in pairs
        if bare.liquidated_at is not None and kept.liquidated_at is None
    )
    return Summary(
        guarded=Group(
            count=len(guarded),
            liquidated=_dead(guarded),
            gaps=sum(row.gap for row in guarded),
            capped=sum(row.capped for row in guarded),
        ),
        unguarded=Group(count=len(unguarded), liquidated=_dead(unguarded)),
        saved_sats=saved,
        net_sats=sum(kept.equity_sats - bare.equity_sats for kept, bare in pairs),
        spent_sats=sum(row.added_sats for row in guarded),
        candles=candles,
        seconds=seconds,
    )


def _dead(rows: list[PositionRow]) -> int:
    return sum(row.liquidated_at is not None for row in rows)
