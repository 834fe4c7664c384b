"""How much margin each position was ever given, so that an older reading is known as such.

Margin that was added cannot be taken back (cashing in has a sum of its own), so the count only
grows. A reading below it is older than what is known; growth that no action of ours explains came
from elsewhere, or from an action that was judged wrongly, and counts in budgets as if it were ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import ActionPending
from axisor.model import AccountState, Funding, MarginMode, Position, Sats
from axisor_server.domain.journal import to_us
from axisor_server.domain.witness import (
    Baseline,
    added_between,
    added_since,
    cashed_counter,
)

Fundings = Mapping[str, Sequence[Funding]]
"""The funding payments of some positions, newest first."""


class Count(Struct, frozen=True, kw_only=True):
    """The margin added to one position, in sats from an origin of its own.

    `floor` is the most that was ever shown, `shown` what the last reading shows. `due` was
    confirmed and is not yet shown, `held` is growth that an open action may explain.
    """

    floor: Sats
    shown: Sats
    due: Sats = 0
    held: Sats = 0

    @property
    def is_behind(self) -> bool:
        """Return whether the venue shows less than is known."""
        return self.shown < self.floor or self.due > 0

    @property
    def missing(self) -> Sats:
        """Return the sats that are known to be there and not shown."""
        return max(0, self.floor - self.shown) + self.due


class Outside(Struct, frozen=True):
    """Sats that reached a position without an action of ours that explains them."""

    position: str
    amount: Sats
    at_us: int


def origin(position: Position) -> Sats:
    """Return the count of a position seen for the first time."""
    added = position.margin - (position.entry_margin or 0) + position.sum_cash_in_margin
    return added + max(0, position.sum_funding_fees)


def counted(position: Position) -> bool:
    """Return whether a position's margin is its own; the cross wallet has a ledger instead."""
    return position.margin_mode is MarginMode.ISOLATED


def shown_by(
    count: Count,
    before: Position,
    after: Position,
    *,
    fundings: Sequence[Funding] | None,
    since_us: int,
) -> Sats | None:
    """Return the count that a reading shows; None where its funding payments do not fit.

    Without the list of payments it holds for at most one payment since the reading before. Another
    entry price is another computation at the venue, so growth is seen then and nothing else.
    """
    if fundings is None:
        grown: Sats | None = added_between(before, after)
    else:
        known = Baseline(
            market_us=since_us,
            margin=before.margin,
            cash_in_margin=before.sum_cash_in_margin,
            funding=before.sum_funding_fees,
        )
        grown = added_since(known, after, fundings)
    if grown is None:
        return None
    if before.entry_price != after.entry_price:
        grown = max(0, grown)
    return count.shown + grown


def behind(
    counts: Mapping[str, Count],
    before: AccountState | None,
    after: AccountState,
    fundings: Fundings,
) -> tuple[str, ...]:
    """Return ids of positions of which a reading shows less than is known.

    A position whose payments do not fit together is one of them: nothing proves the reading.
    """
    if before is None:
        return ()
    found = []
    for position in after.positions:
        old, count = before.position(position.id), counts.get(position.id)
        if old is None or count is None or not counted(position):
            continue
        shown = shown_by(
            count,
            old,
            position,
            fundings=fundings.get(position.id),
            since_us=read_us(before),
        )
        less = shown is None or shown < count.floor
        if less or cashed_counter(position) < cashed_counter(old):
            found.append(position.id)
    return tuple(found)


def read_us(state: AccountState) -> int:
    """Return when a state was read, 0 where it came from the journal."""
    return 0 if state.read_at is None else to_us(state.read_at)


def taken(
    count: Count | None,
    before: Position | None,
    after: Position,
    *,
    fundings: Sequence[Funding] | None,
    since_us: int,
) -> Count:
    """Return the count after a reading was taken over, its growth held until it is explained."""
    if count is None:
        first = origin(after)
        return Count(floor=first, shown=first)
    if before is None:
        return replace(count, shown=count.floor)
    shown = shown_by(count, before, after, fundings=fundings, since_us=since_us)
    if shown is None:
        return count
    grown = max(0, shown - max(count.shown, count.floor))
    return replace(count, shown=shown, floor=max(count.floor, shown), held=count.held + grown)


def explained(count: Count) -> tuple[Count, Sats]:
    """Return a count whose growth is accounted for, and the sats that nothing explains."""
    ours = min(count.due, count.held)
    rest = count.held - ours
    return replace(count, due=count.due - ours, held=0), rest


def behind_error(target: str) -> ActionPending:
    """Return the refusal of an action whose position is shown older than it is known."""
    return ActionPending(
        f"The venue shows less margin on {target} than it confirmed.",
        money="The reading is older than the last known effect; adding now could double it.",
        fix="Wait for a newer reading.",
        target=target,
    )


def unseen_error(target: str) -> ActionPending:
    """Return the refusal of an action whose position the newest reading does not show."""
    return ActionPending(
        f"The venue's figures of {target} cannot be read.",
        money="Without them nobody could tell later whether margin arrived, so none is sent.",
        fix="Wait for a reading that shows the position.",
        target=target,
    )
