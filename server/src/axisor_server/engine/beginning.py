"""How an account begins to be served: what a former life left is settled, then its runs go on."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import OutcomeUnknown
from axisor.events import AccountOpened, IntentState, NoticeGiven, RunState, Stimulus
from axisor.model import Severity
from axisor_server.domain.records import AccountRecord, RunRecord
from axisor_server.domain.run import ACTING, after_restart
from axisor_server.engine import settling
from axisor_server.engine.breakglass import BreakGlass
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Draft, changed
from axisor_server.engine.recovery import Boot
from axisor_server.engine.verbs import Verbs

UNSENT = "The core stopped before it was sent."

Told: TypeAlias = list[tuple[str, Stimulus, int]]
"""Runs with a stimulus, and its depth within one message."""


class Later(Struct, kw_only=True):
    """What waits until the runs begin: what they are to be told, and what is canceled then.

    What is `unsent` stays planned until its run can be told in the same unit: were it canceled
    before, a core that ends between the two would leave the run waiting for ever.
    """

    told: Told = []
    unsent: dict[str, None] = {}
    lost: bool = False
    """Whether a run that should live could not be made: what it protected, nobody does."""


async def settle_former(core: Core, glass: BreakGlass | None, boot: Boot) -> Later:
    """Cancel what was never sent, doubt what was, and fail runs that cannot be made.

    Returns what waits until the runs begin.
    """

    async def work() -> Later:
        draft, later = core.draft(), Later()
        if boot.head.sequence == 0:
            draft.say(_opened(boot.account))
        if glass is not None:
            glass.begin()
            await glass.take_over(draft)
        for record in boot.book.open.values():
            if record.state is IntentState.PLANNED and not core.reconciling:
                if _acts(core, record.run):
                    later.unsent[record.id] = None
                else:
                    settling.cancel(draft, record, UNSENT)
            elif record.state is IntentState.SENT:
                settling.settle(
                    draft,
                    record,
                    IntentState.UNKNOWN,
                    reason=OutcomeUnknown.reason,
                    message="The core stopped before the answer was recorded.",
                )
        for row, reason in boot.broken:
            _fail(draft, row, reason)
            later.lost = True
        later.told.extend(draft.queue)
        draft.queue.clear()
        if not draft.empty:
            await core.commit(draft)
        if glass is not None:
            await glass.retire(now_us=draft.now_us)
        return later

    return await core.in_turn(work, urgent=True)


async def begin_runs(core: Core, verbs: Verbs, later: Later) -> None:
    """Let the account act, and start its runs with what they missed."""

    async def work() -> None:
        core.acting = True
        for run in list(core.runs):
            live = core.runs[run]
            state = after_restart(live.record.state)
            if not _acts(core, run):
                continue
            draft = core.draft()
            canceled = _cancel(draft, later, run)
            verbs.move_run(draft, live, state)
            for owner, cause, depth in (*canceled, *later.told, *core.desk.later):
                if owner == run:
                    draft.call(run, cause, depth)
            await core.commit(draft)
        rest = core.draft()  # of runs that were paused or ended meanwhile
        _cancel(rest, later, None)
        rest.touched |= later.lost
        if rest.payloads or rest.touched:
            await core.commit(rest)

    await core.in_turn(work, urgent=True)
    core.desk.later.clear()
    verbs.expect_pauses()


def _fail(draft: Draft, row: RunRecord, reason: str) -> None:
    """End a run that cannot be made, and say so aloud: it may be what guarded the account."""
    failed = replace(row, state=RunState.FAILED, reason=reason, resume_us=None)
    failed = replace(failed, revision=row.revision + 1)
    draft.rows.append(lambda tx: tx.put_run(failed, revision=row.revision))
    draft.say(changed(failed))
    draft.say(
        NoticeGiven(
            severity=Severity.CRIT,
            code="RUN_CANNOT_BEGIN",
            text=f"The run of {row.strategy} does not act any more: {reason}"
            " Enable what it needs, then start it again.",
            data={"run": row.id, "strategy": row.strategy},
        )
    )


def _acts(core: Core, run: str) -> bool:
    live = core.runs.get(run)
    return live is not None and live.record.state in ACTING


def _cancel(draft: Draft, later: Later, run: str | None) -> Told:
    """Cancel what was never sent, of one run or of all; returns what to tell of it."""
    for record in list(draft.book.open.values()):
        if record.id in later.unsent and run in (None, record.run):
            settling.cancel(draft, record, UNSENT)
    told = list(draft.queue)
    draft.queue.clear()
    return told


def _opened(account: AccountRecord) -> AccountOpened:
    return AccountOpened(
        venue=account.venue,
        network=account.network,
        mode=account.mode,
        label=account.label,
    )
