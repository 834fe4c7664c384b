"""Keeps the count of each position's margin in step with readings, in book, store and journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec.structs import replace

from axisor.errors import ActionPending
from axisor.events import IntentState, NoticeGiven
from axisor.model import AccountState, Sats, Severity
from axisor_server.domain.counters import (
    Count,
    Fundings,
    Outside,
    behind_error,
    counted,
    explained,
    origin,
    read_us,
    taken,
    unseen_error,
)
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.witness import added_since, decode_baseline
from axisor_server.engine.draft import Draft
from axisor_server.ports import Conflict, Transaction

COUNTED_KIND = "AddMargin"
FIGURED = (COUNTED_KIND, "CashIn")
"""Kinds whose outcome only the figures of their position tell."""
OUTSIDE = "MARGIN_MOVED_OUTSIDE"
FELL = "MARGIN_COUNT_FELL"


def take(
    draft: Draft, after: AccountState, fundings: Fundings, *, final: bool, doubted: bool = False
) -> None:
    """Count what a reading shows; call it before the reading replaces the one before.

    `final` says that it must show every effect known by now: what it does not show is given up.
    `doubted` says that it just settled an action of ours.
    """
    before = draft.book.state
    since_us = 0 if before is None else read_us(before)
    for position in after.positions:
        if not counted(position) or position.id in after.unreadable:
            continue
        old = draft.book.counts.get(position.id)
        new = taken(
            old,
            None if before is None else before.position(position.id),
            position,
            fundings=fundings.get(position.id),
            since_us=since_us,
        )
        if new != old:
            _put(draft, position.id, old, new)
        if old is not None and new.shown < new.floor and old.shown >= old.floor:
            draft.say(_fell(position.id, new.missing))
        assign(draft, position.id, doubted=doubted)
        if final:
            _give_up(draft, position.id)


def _put(draft: Draft, position: str, old: Count | None, new: Count) -> None:
    draft.book = replace(draft.book, counts={**draft.book.counts, position: new})
    if old is None or new.floor > old.floor:
        account, now_us, floor = draft.book.account, draft.now_us, new.floor
        target = f"positions/{position}"
        draft.rows.append(
            lambda tx: tx.raise_witness(account, target, counter=floor, now_us=now_us)
        )


def assign(draft: Draft, position: str, *, doubted: bool = False) -> None:
    """Account for the growth of a position's margin, unless an open action may explain it.

    What nothing explains is said, and counts in budgets from now on. `doubted` says that an action
    of ours was just settled, so that the growth may be its effect a second time.
    """
    count = draft.book.counts.get(position)
    if count is None or not (count.held or count.due):
        return
    if any(record.additive for record in draft.book.open_on(f"positions/{position}")):
        return
    new, rest = explained(count)
    _put(draft, position, count, new)
    if rest:
        came = Outside(position, rest, draft.now_us)
        draft.book = replace(draft.book, outside=(*draft.book.outside, came))
        draft.say(_moved(position, rest, doubted=doubted or count.due > 0))


def settled(draft: Draft, record: IntentRecord, *, by: str) -> None:
    """Count an action that was just settled: what was confirmed is expected to be shown.

    An operator's word explains growth that was seen, and promises none.
    """
    if record.kind != COUNTED_KIND:
        return
    position = record.target.removeprefix("positions/")
    count = draft.book.counts.get(position)
    if count is not None and record.state in (IntentState.CONFIRMED, IntentState.DEAD):
        _put(draft, position, count, replace(count, due=count.due + record.amount))
    assign(draft, position, doubted=True)
    if by == "operator" or record.state is IntentState.DEAD:
        _forgive(draft, position)


def _forgive(draft: Draft, position: str) -> Sats:
    count = draft.book.counts.get(position)
    if count is None or not count.due:
        return 0
    _put(draft, position, count, replace(count, due=0))
    return count.due


def _give_up(draft: Draft, position: str) -> None:
    if missing := _forgive(draft, position):
        draft.say(_fell(position, missing))


def objection(draft: Draft, record: IntentRecord) -> ActionPending | None:
    """Return why margin must not be moved now: less is shown than is known, or nothing is."""
    position, state = record.target.removeprefix("positions/"), draft.book.state
    if record.kind in FIGURED and (state is None or state.position(position) is None):
        return unseen_error(record.target)
    count = draft.book.counts.get(position)
    if not record.additive or count is None or not count.is_behind:
        return None
    return behind_error(record.target)


def fresh_enough(draft: Draft, record: IntentRecord) -> Callable[[Transaction], None]:
    """Return the check that no newer reading is stored than the one an action was decided on."""
    count = draft.book.counts.get(record.target.removeprefix("positions/"))

    def row(tx: Transaction) -> None:
        stored = tx.witness(record.account, record.target) if record.additive else None
        if stored is not None and count is not None and count.shown < stored:
            raise Conflict(
                f"The count of {record.target} is {stored}, beyond the {count.shown} decided on.",
                target=record.target,
            )

    return row


def came_of(notice: NoticeGiven, at_us: int) -> Iterator[Outside]:
    """Yield the sats that a notice says came from elsewhere; a run's notice says nothing here."""
    if notice.code == OUTSIDE and not notice.run:
        yield Outside(notice.position, int(notice.data["sats"]), at_us)


def _moved(position: str, sats: int, *, doubted: bool) -> NoticeGiven:
    text = "Margin was added outside this core."
    if doubted:
        text = "More margin was added than this core asked for."
    return NoticeGiven(
        severity=Severity.WARN if doubted else Severity.WATCH,
        code=OUTSIDE,
        text=text,
        position=position,
        data={"sats": str(sats)},
    )


def _fell(position: str, missing: Sats) -> NoticeGiven:
    return NoticeGiven(
        severity=Severity.CRIT,
        code=FELL,
        text="The venue shows less margin than it confirmed.",
        position=position,
        data={"missing_sats": str(missing)},
    )


def counts_of(
    stored: Mapping[str, int], state: AccountState | None, open_: Iterable[IntentRecord]
) -> dict[str, Count]:
    """Return the counts of positions as they were stored with the last reading of each.

    What grew while an action was open may be that action's, until it is settled.
    """
    counts = {
        target.removeprefix("positions/"): Count(floor=floor, shown=floor)
        for target, floor in stored.items()
    }
    for position in () if state is None else state.positions:
        if counted(position):
            first = origin(position)
            counts.setdefault(position.id, Count(floor=first, shown=first))
    for record in open_:
        id = record.target.removeprefix("positions/")
        held = None if state is None else state.position(id)
        if record.kind != COUNTED_KIND or held is None or id not in counts:
            continue
        grown = added_since(decode_baseline(record.witness), held, None)
        counts[id] = replace(counts[id], held=max(0, grown or 0))
    return counts
