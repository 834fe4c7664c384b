"""Turns stimuli into drafts: it calls strategies, reviews what they ask for, and plans it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from axisor.errors import AttemptsExhausted, AxisorError
from axisor.events import (
    BalanceChanged,
    FeedChanged,
    IntentPlanned,
    IntentReviewRefused,
    IntentState,
    NoticeGiven,
    OrderChanged,
    Outcome,
    Payload,
    PositionChanged,
    PositionClosed,
    RunState,
    Stimulus,
)
from axisor.intents import Action, Notice, Wake
from axisor.model import Permission, Severity
from axisor.ports import Clock, Lane
from axisor.saw import Saw
from axisor.strategy import StepResult, View, take_step
from axisor_server.domain import attempts
from axisor_server.domain.account import AccountBook
from axisor_server.domain.attempts import Bounds
from axisor_server.domain.hosting import Hosted
from axisor_server.domain.intent import (
    encode_action,
    intent_id,
    is_additive,
    is_protective,
    moved_sats,
    spends,
    target_of,
    with_client_id,
)
from axisor_server.domain.journal import to_us
from axisor_server.domain.preview import cost_of
from axisor_server.domain.records import AccountRecord, IntentRecord
from axisor_server.domain.review import Asker, Refusal, Reviewer, malformed, review, reviewed
from axisor_server.domain.run import ACTING
from axisor_server.domain.standing import is_reconciling
from axisor_server.domain.told import Moment
from axisor_server.domain.witness import Baseline, encode_baseline
from axisor_server.engine.calls import Call, MarketView, Trial, plainly
from axisor_server.engine.counting import fresh_enough
from axisor_server.engine.coverage import cover
from axisor_server.engine.draft import Decided, Draft, LiveRun
from axisor_server.engine.hearing import ALL_EVENTS, heard_as
from axisor_server.engine.steps import checked, encode_wake, notice_given, seed_of

DEPTH = 8
"""How often a run may answer its own refusals within one message before it is failed."""

MINUTE_MS = 60_000
CHANGES = (PositionChanged, PositionClosed, OrderChanged, BalanceChanged, FeedChanged)
"""Payloads that strategies may be called with."""


class Desk:
    """Decides for one account. Synchronous and without IO; all it changes is the draft."""

    def __init__(
        self,
        account: AccountRecord,
        *,
        market: MarketView,
        clock: Clock,
        reviewers: Sequence[Reviewer],
        bounds: Bounds | None = None,
    ) -> None:
        self.account = account
        self._market = market
        self._clock = clock
        self.reviewers = reviewers
        self._bounds = bounds
        self.later: list[tuple[str, Stimulus, int]] = []
        self.trial: Trial = plainly

    def market_now(self) -> datetime:
        """Return market time: the latest tick's, before the first one our own."""
        tick = self._market.tick
        return self._clock.now() if tick is None else tick.time

    def moment(self) -> Moment:
        """Return what the market shows now. One decision is made on one moment."""
        return Moment(
            now=self.market_now(),
            tick=self._market.tick,
            quality=self._market.quality,
            age_ms=self._market.age_ms(),
        )

    def view(self, book: AccountBook, *, seed: int = 0, moment: Moment | None = None) -> View:
        """Return what may be known of the account at a moment, without one now."""
        at = moment or self.moment()
        return book.view(
            now=at.now, tick=at.tick, quality=at.quality, price_age_ms=at.age_ms, seed=seed
        )

    def sees(self, draft: Draft, moment: Moment) -> Saw:
        """Return what review sees beyond the journal, and have the draft remember it."""
        saw = draft.told.beyond(draft.book, moment)
        draft.told.see(saw)
        return saw

    def work_off(self, draft: Draft) -> None:
        """Call every run in the draft's queue, and whoever that leads to.

        While an account finds out about the time before a restore no run is called: outcomes are
        kept for later, and what changed each run sees when it begins.
        """
        if is_reconciling(draft.book.causes):
            self.later.extend(item for item in draft.queue if isinstance(item[1], Outcome))
            draft.queue.clear()
        while draft.queue:
            run, cause, depth = draft.queue.popleft()
            live = draft.runs.get(run)
            if live is None or live.record.state not in ACTING:
                continue
            name = heard_as(cause)
            heard = ALL_EVENTS if live.wake is None else live.wake.on
            if name is not None and name not in heard:
                continue
            self._step(draft, live, cause, depth)
        if draft.touched:
            cover(draft, self.view(draft.book))

    def tell_all(self, draft: Draft, changes: Sequence[Payload]) -> None:
        """Queue changes of the account for every run that acts."""
        for run, live in draft.runs.items():
            if live.record.state not in ACTING:
                continue
            for change in changes:
                if isinstance(change, CHANGES):
                    draft.call(run, change)

    def fail(self, draft: Draft, live: LiveRun, reason: str) -> None:
        """End a run that broke; nobody else is touched."""
        present = draft.runs[live.record.id]
        record = replace(present.record, state=RunState.FAILED, reason=reason)
        draft.put_run(replace(present, record=record, wake=None))

    def inform(self, draft: Draft, run: str, cause: Stimulus) -> None:
        """Call a run whatever its state and whatever it waits for."""
        self._step(draft, draft.runs[run], cause, 0)

    def _step(self, draft: Draft, live: LiveRun, cause: Stimulus, depth: int) -> None:
        if issubclass(live.strategy, Hosted):
            draft.elsewhere.append((live.record.id, cause, depth))
            return
        run = live.record.id
        if self.trial(draft, run, lambda: self._decide(draft, live, cause, depth)):
            self._decide(draft, draft.runs[run], cause, 0)

    def _decide(self, draft: Draft, live: LiveRun, cause: Stimulus, depth: int) -> None:
        if depth > DEPTH:
            self.fail(draft, live, "It asks again and again for what is refused.")
            return
        step = live.record.step + 1
        moment = self.moment()
        view = self.view(draft.book, seed=seed_of(live.record.id, step), moment=moment)
        started = self._clock.monotonic_ms()
        try:
            result = take_step(live.strategy, live.config, live.record.memory, cause, view)
        except (Exception, SystemExit) as error:  # a plugin's boundary: it fails its run alone
            self.fail(draft, live, f"{type(error).__name__}: {error}")
            return
        took = self._clock.monotonic_ms() - started
        limit = round(live.leash.step.total_seconds() * 1000)
        if took > limit:
            self.fail(draft, live, f"A step took {took} ms; the leash allows {limit} ms.")
            return
        lately = tuple(at for at in live.asked if started - at < MINUTE_MS)
        call = Call(cause=cause, moment=moment, at_ms=started, depth=depth)
        if live.record.id in draft.held and draft.held[live.record.id].shadowing:
            draft.decided.append(Decided(live=live, cause=cause, view=view, result=result))
        self.take(draft, replace(live, asked=lately), call, result)

    def take(self, draft: Draft, live: LiveRun, call: Call, result: StepResult) -> None:
        """Write a step down with all that follows from it; the same in a replay."""
        wake = live.wake if result.wake is None else result.wake
        live = replace(live, wake=wake)
        run, step = live.record.id, live.record.step + 1
        try:
            encoded_wake = encode_wake(wake)
            if not result.intents and not result.changed:
                if result.wake is not None:
                    draft.hold(live)
                return
            asked = len(live.asked)
            saw = draft.told.beyond(draft.book, call.moment, cause=call.cause, asked=asked)
            saw = replace(saw, elsewhere=call.elsewhere)
            taken = checked(run, step, call.cause, result, saw)
        except Exception as error:  # a plugin's boundary: what it asks for may be anything
            self.fail(draft, live, f"It asks for what is no intent: {error}")
            return
        draft.save_step(live, step=step, memory=result.memory, wake=encoded_wake)
        draft.told.see(saw, cause=call.cause)
        draft.say(taken)
        for index, intent in enumerate(taken.intents):
            if isinstance(intent, Notice):
                draft.say(notice_given(intent, run))
            elif not isinstance(intent, Wake):
                self._ask(draft, run, step, index, intent, call)

    def _ask(
        self, draft: Draft, run: str, step: int, index: int, action: Action, call: Call
    ) -> None:
        live = draft.runs[run]
        asker = Asker(
            run=run,
            state=live.record.state,
            permissions=live.strategy.permissions,
            leash=live.leash,
            asked_lately=len(live.asked),
        )
        draft.hold(replace(live, asked=(*live.asked, call.at_ms)))
        id = intent_id(run, step, index)
        try:
            refusal = self.plan(draft, action, id=id, asker=asker, step=step, moment=call.moment)
        except Exception as error:  # figures no arithmetic can bear, such as a price that is NaN
            self.fail(draft, live, f"{type(action).__name__} cannot be reckoned: {error!r}")
            return
        if refusal is None:
            return
        draft.say(
            IntentReviewRefused(
                run=run,
                step=step,
                action=action,
                reason=refusal.error.reason,
                message=refusal.error.message,
                reviewer=refusal.reviewer,
            )
        )
        self._tell_exhausted(draft, target_of(action, id), run, refusal)
        outcome = Outcome(
            action=action,
            state=IntentState.REFUSED,
            reason=refusal.error.reason,
            message=refusal.error.message,
        )
        draft.call(run, outcome, call.depth + 1)

    def _tell_exhausted(self, draft: Draft, target: str, run: str, refusal: Refusal) -> None:
        """Say once that a run may not try again on a target, until it may."""
        refused = refusal.error.reason == AttemptsExhausted.reason
        if not refused or target in draft.book.exhausted:
            return
        draft.book = replace(draft.book, exhausted=draft.book.exhausted | {target})
        draft.say(
            NoticeGiven(
                severity=Severity.CRIT,
                code=attempts.NOTICE,
                text="A run may not add to this position any more for now: look at it yourself.",
                position=target.removeprefix("positions/"),
                run=run,
                data={"reason": refusal.error.message},
            )
        )

    def plan(
        self,
        draft: Draft,
        action: Action,
        *,
        id: str,
        asker: Asker | None,
        step: int = 0,
        principal: str = "",
        moment: Moment | None = None,
    ) -> Refusal | None:
        """Review an action and add it to the draft, or return why not."""
        view = self.view(draft.book, moment=moment)
        cost, refusal = self._judge(draft, action, id, asker, view)
        if refusal is not None:
            return refusal
        action = with_client_id(action, id)
        run = "" if asker is None else asker.run
        kind = type(action).__name__
        guarding = asker is not None and Permission.GUARD in asker.permissions
        record = IntentRecord(
            id=id,
            account=self.account.id,
            target=target_of(action, id),
            kind=kind,
            additive=is_additive(action),
            amount=cost if spends(kind) else moved_sats(action),
            action=encode_action(action),
            state=IntentState.PLANNED,
            run=run,
            step=step,
            request_id="" if run else id,
            principal=principal,
            lane=int(Lane.GUARD if guarding or is_protective(action) else Lane.COMMAND),
            epoch=draft.epoch,
            witness=encode_baseline(Baseline(market_us=to_us(view.now))),
            created_us=draft.now_us,
            updated_us=draft.now_us,
        )
        draft.rows.append(fresh_enough(draft, record))
        draft.plan(record)
        draft.say(
            IntentPlanned(
                intent=id,
                action=action,
                target=record.target,
                run=run,
                step=step,
                principal=principal,
                amount=record.amount,
            )
        )
        return None

    def _judge(
        self, draft: Draft, action: Action, id: str, asker: Asker | None, view: View
    ) -> tuple[int, Refusal | None]:
        objection = malformed(action)
        if objection is not None:
            return 0, Refusal(objection)
        try:
            cost = cost_of(action, view)
        except AxisorError as error:
            return 0, Refusal(error)
        objection = review(
            action,
            intent=id,
            cost=cost,
            book=draft.book,
            view=view,
            asker=asker,
        )
        if objection is not None:
            return cost, Refusal(objection)
        if asker is not None and self._bounds is not None:
            objection = attempts.objection(
                action,
                target_of(action, id),
                draft.book.attempts,
                run=asker.run,
                now_us=draft.now_us,
                bounds=self._bounds,
            )
            if objection is not None:
                return cost, Refusal(objection, reviewer=True)
        objection = reviewed(action, "" if asker is None else asker.run, view, self.reviewers)
        return cost, None if objection is None else Refusal(objection, reviewer=True)

    def check(self, book: AccountBook, action: Action) -> AxisorError | None:
        """Return why a client's action would be refused now, planning nothing."""
        draft = Draft(book=book, runs={}, coverage={}, now=self._clock.now())
        refusal = self._judge(draft, action, "", None, self.view(book))[1]
        return None if refusal is None else refusal.error
