"""Plays a journal back: each step and each command is decided again and compared, in order."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import (
    AxisorError,
    ConfigInvalid,
    JournalCorrupt,
    ReviewRefused,
    StrategyNotFound,
)
from axisor.events import (
    CommandReceived,
    CommandRefused,
    IntentPlanned,
    IntentReviewRefused,
    NoticeGiven,
    Payload,
    RunChanged,
    StepTaken,
)
from axisor.intents import Action
from axisor.model import Leash
from axisor.strategy import StepResult, Strategy, View, decode_config, take_step
from axisor.versions import Version
from axisor_server.domain.divergence import Divergence, difference
from axisor_server.domain.emergency import PRINCIPAL
from axisor_server.domain.journal import Entry, decode_payload, encode_payload, from_us
from axisor_server.domain.seal import is_whole
from axisor_server.domain.told import Moment
from axisor_server.engine.calls import Call
from axisor_server.engine.desk import Desk
from axisor_server.engine.draft import Draft, LiveRun
from axisor_server.engine.editions import ONE_EACH, Editions
from axisor_server.engine.steps import seed_of
from axisor_server.services.replay.past import Past
from axisor_server.services.replay.standstill import Standstill

Strategies = Mapping[str, type[Strategy[Any, Any]]]
Heard = tuple[Entry, Payload]

FOLLOWS = (IntentPlanned, IntentReviewRefused, CommandRefused, NoticeGiven, RunChanged)
"""What a decision leads to in the same unit."""


class Verdict(Struct, frozen=True, kw_only=True):
    """How a journal compares with today's code.

    `decisions` were made again and came out the same; `unrecorded` are older ones that did not keep
    what they saw, the last of them at `unrecorded_until`. `not_at_hand` were made by versions of
    strategies that are not here, `missing` names them; what they asked for is taken as it is.
    `divergence` is the first one that came
    out otherwise; nothing after it was looked at. `digest` is SHA-256 over the bytes of all that
    was decided again, the same in every process that decides the same.
    """

    stream: str
    entries: int
    decisions: int
    unrecorded: int = 0
    unrecorded_until: int = 0
    not_at_hand: int = 0
    missing: tuple[str, ...] = ()
    divergence: Divergence | None = None
    digest: str = ""


def replay(
    entries: Iterable[Entry],
    strategies: Strategies,
    *,
    since: int = 1,
    editions: Editions = ONE_EACH,
) -> Verdict:
    """Decide everything again from sequence `since` on; earlier entries are only read.

    With `editions` each step is decided by the version that decided it, where the journal names it;
    without, by the strategies given.

    Raises StrategyNotFound for a run whose strategy is not among `strategies`, JournalCorrupt for
    an entry that is none. Deterministic: the same in any process.
    """
    player = Player(strategies, since=since, editions=editions)
    stream, count, divergence = "", 0, None
    for entry in player.over(entries):
        stream, count = entry.stream, count + 1
        divergence = player.divergence
        if divergence is not None:
            break
    return Verdict(
        stream=stream,
        entries=count,
        decisions=player.decisions,
        unrecorded=player.unrecorded,
        unrecorded_until=player.unrecorded_until,
        not_at_hand=player.not_at_hand,
        missing=tuple(player.missing),
        divergence=divergence or player.unfinished(),
        digest=player.digest,
    )


class Player:
    """The replay of one journal. `divergence` is set when a decision came out otherwise."""

    def __init__(
        self, strategies: Strategies, *, since: int, editions: Editions = ONE_EACH
    ) -> None:
        self.decisions = self.not_at_hand = 0
        self.missing: dict[str, None] = {}
        self._editions = editions
        self._trusted = False
        self.unrecorded = 0
        self.unrecorded_until = 0
        self.divergence: Divergence | None = None
        self._strategies = strategies
        self._since = since
        self._past: Past | None = None
        self._expected: deque[Payload] = deque()
        self._ahead: deque[Heard] = deque()
        self._source: Iterator[Entry] = iter(())
        self._last = 0
        self._sealed: bool | None = None
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> str:
        """Return the digest of all that was decided again so far."""
        return self._digest.hexdigest()

    def over(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Play entry by entry, yielding each one after it was judged."""
        self._source = iter(entries)
        while (heard := self._next()) is not None:
            entry, payload = heard
            self._last = entry.sequence
            past = self._past = self._past or Past(entry)
            self._judge(past, entry, payload)
            if self.divergence is None:
                self._hear(past, entry, payload)
            yield entry

    def unfinished(self) -> Divergence | None:
        """Return what is missing at the end of the journal, or None."""
        if self.divergence is not None or not self._expected:
            return None
        return _missing(self._last + 1, self._expected[0])

    def _next(self) -> Heard | None:
        if self._ahead:
            return self._ahead.popleft()
        entry = next(self._source, None)
        return None if entry is None else (entry, _payload(entry))

    def _followers(self) -> Iterator[Payload]:
        """Yield the payloads that follow the present one in its unit, without taking them."""
        for _, payload in self._ahead:
            if not isinstance(payload, FOLLOWS):
                return
            yield payload
        for entry in self._source:
            self._ahead.append((entry, _payload(entry)))
            if not isinstance(self._ahead[-1][1], FOLLOWS):
                return
            yield self._ahead[-1][1]

    def _hear(self, past: Past, entry: Entry, payload: Payload) -> None:
        try:
            past.hear(entry, payload)
        except JournalCorrupt as error:
            self.divergence = difference(payload, None, sequence=entry.sequence, note=error.message)

    def _judge(self, past: Past, entry: Entry, payload: Payload) -> None:
        if self._trusted and not isinstance(payload, FOLLOWS):
            self._trusted = False
        if self._expected:
            self._compare(entry, payload, self._expected.popleft())
        elif isinstance(payload, StepTaken | CommandReceived):
            self._decide(past, entry, payload)
        elif self._unasked(past, entry, payload):
            note = "No step before it asks for this."
            self.divergence = difference(payload, None, sequence=entry.sequence, note=note)

    def _unasked(self, past: Past, entry: Entry, payload: Payload) -> bool:
        if not self.decisions or not past.told.complete or self._trusted:
            return False
        return isinstance(payload, IntentReviewRefused) or (
            isinstance(payload, IntentPlanned)
            and bool(payload.run)
            and payload.principal != PRINCIPAL  # done while nothing could be recorded
        )

    def _compare(self, entry: Entry, payload: Payload, expected: Payload, note: str = "") -> None:
        if isinstance(payload, StepTaken) and isinstance(expected, StepTaken):
            # Of the bytes as they were written; a later version may write the same step otherwise.
            expected = replace(expected, seal=payload.seal)
        self._digest.update(encode_payload(expected) + b"\n")
        self.divergence = difference(
            payload, expected, sequence=entry.sequence, raw=entry.payload, note=note
        )

    def _decide(self, past: Past, entry: Entry, payload: StepTaken | CommandReceived) -> None:
        saw = payload.saw
        if saw is not None and saw.full:
            self._sealed = None  # another core writes from here on, of another version perhaps
        if saw is None or not (saw.full or past.told.complete):
            past.told.complete = False
            self.unrecorded += 1
            self.unrecorded_until = entry.sequence
            return
        cause = payload.cause if isinstance(payload, StepTaken) else None
        try:
            before, moment = past.see(saw, cause)
            draft = Draft(
                book=past.book, runs={}, coverage={}, now=from_us(entry.time_us), told=before
            )
        except (KeyError, ValueError) as error:
            note = f"It cannot have seen that: {type(error).__name__}: {error}."
            self.divergence = difference(payload, None, sequence=entry.sequence, note=note)
            return
        if entry.sequence < self._since:
            return
        if isinstance(payload, StepTaken) and self._is_missing(past, payload):
            return
        self.decisions += 1
        desk = self._desk(past, moment)
        note = (
            self._step(past, payload, desk, draft, moment)
            if isinstance(payload, StepTaken)
            else self._command(payload, desk, draft, moment)
        )
        made = deque(draft.payloads)
        if note or not made:
            note = note or "The strategy asks for nothing and remembers nothing new."
            self.divergence = difference(payload, None, sequence=entry.sequence, note=note)
            return
        self._expected = made
        self._compare(entry, payload, made.popleft())
        if self.divergence is None and isinstance(payload, StepTaken):
            self._look_at_seal(entry, payload)

    def _look_at_seal(self, entry: Entry, taken: StepTaken) -> None:
        """Find what no decision hangs on: every byte of a step is sealed, or no step of a core."""
        if self._sealed is None:
            self._sealed = bool(taken.seal)
        if self._sealed != bool(taken.seal) or (
            taken.seal and not is_whole(entry.payload, taken.seal)
        ):
            note = "The entry is not as its step was sealed."
            self.divergence = difference(taken, None, sequence=entry.sequence, note=note)

    def _desk(self, past: Past, moment: Moment) -> Desk:
        still = Standstill(moment)
        reviewers = [Recorded(self._followers())]
        return Desk(past.account, market=still, clock=still, reviewers=reviewers)

    def _step(self, past: Past, taken: StepTaken, desk: Desk, draft: Draft, moment: Moment) -> str:
        """Take a step again; returns what makes that impossible, or ''."""
        assert taken.saw is not None
        if taken.run not in past.runs:
            return f"There is no run {taken.run}."
        if not past.could_be_told(taken.run, taken.cause):
            return "Nothing in the journal is what it was called with."
        try:
            live = self._live(past, taken.run)
        except ConfigInvalid as error:
            return error.message
        live = replace(live, asked=(0,) * taken.saw.asked)
        record = live.record
        draft.runs = {record.id: live}
        view = desk.view(draft.book, seed=seed_of(record.id, record.step + 1), moment=moment)
        if taken.saw.elsewhere:
            # A runner decided, on what it was told before: its word is taken, and reviewed again.
            memory = taken.memory.encode()
            result = StepResult(taken.intents, memory, taken.wake, changed=True)
            desk.take(draft, live, Call(cause=taken.cause, moment=moment, elsewhere=True), result)
            return ""
        try:
            result = take_step(live.strategy, live.config, record.memory, taken.cause, view)
        except (Exception, SystemExit) as error:  # a plugin's boundary: it may have changed
            return f"The strategy fails with {type(error).__name__}: {error}."
        desk.take(draft, live, Call(cause=taken.cause, moment=moment), result)
        return ""

    def _is_missing(self, past: Past, taken: StepTaken) -> bool:
        """Return whether the version that took a step is not at hand, and take its word then."""
        version = past.versions.get(taken.run)
        if self._editions is ONE_EACH or not version or taken.run not in past.runs:
            return False
        assert taken.saw is not None
        name = past.runs[taken.run].strategy
        if taken.saw.elsewhere or self._editions.find(name, version) is not None:
            return False
        self.not_at_hand += 1
        self.missing[f"{name} {version}"] = None
        self._trusted = True
        return True

    def _live(self, past: Past, run: str) -> LiveRun:
        record = past.runs[run]
        strategy = self._editions.find(record.strategy, past.versions.get(run, Version()))
        strategy = strategy or self._strategies.get(record.strategy)
        if strategy is None:
            raise StrategyNotFound(
                f"No enabled plugin offers the strategy {record.strategy} of the run {run}.",
                fix="Enable the plugin it came with, in the version to compare with.",
                strategy=record.strategy,
            )
        return LiveRun(
            record=record,
            strategy=strategy,
            config=decode_config(strategy, record.config),
            leash=msgspec.json.decode(record.leash, type=Leash),
        )

    def _command(self, received: CommandReceived, desk: Desk, draft: Draft, moment: Moment) -> str:
        """Review a client's action again."""
        draft.say(replace(received, saw=desk.sees(draft, moment)))
        refusal = desk.plan(
            draft,
            received.action,
            id=received.request_id,
            asker=None,
            principal=received.principal,
            moment=moment,
        )
        if refusal is not None:
            draft.say(
                CommandRefused(
                    request_id=received.request_id,
                    reason=refusal.error.reason,
                    message=refusal.error.message,
                    reviewer=refusal.reviewer,
                )
            )
        return ""


class Recorded:
    """The reviewers of plugins as they spoke: their verdicts are read, not asked for again."""

    def __init__(self, followers: Iterator[Payload]) -> None:
        self._refused = [
            payload
            for payload in followers
            if isinstance(payload, IntentReviewRefused | CommandRefused) and payload.reviewer
        ]

    def __call__(self, action: Action, run: str, view: View) -> AxisorError | None:
        """Return the refusal that was recorded for this action, or None."""
        if not self._refused:
            return None
        first = self._refused[0]
        if isinstance(first, IntentReviewRefused) and (first.run, first.action) != (run, action):
            return None
        del self._refused[0]
        refusal = ReviewRefused(first.message)
        refusal.reason = first.reason  # type: ignore[misc]  # it may be a plugin's own
        return refusal


def _payload(entry: Entry) -> Payload:
    try:
        payload = decode_payload(entry.payload)
    except JournalCorrupt as error:
        raise JournalCorrupt(
            f"Entry {entry.sequence} cannot be read: {error.message}",
            stream=entry.stream,
            sequence=entry.sequence,
        ) from error
    if type(payload).__name__ != entry.kind:
        raise JournalCorrupt(
            f"Entry {entry.sequence} says it is {entry.kind} and is {type(payload).__name__}.",
            stream=entry.stream,
            sequence=entry.sequence,
        )
    return payload


def _missing(sequence: int, expected: Payload) -> Divergence:
    return Divergence(
        sequence=sequence,
        kind=type(expected).__name__,
        path="$",
        recorded="",
        replayed=msgspec.json.encode(expected).decode(),
        run=getattr(expected, "run", ""),
        step=getattr(expected, "step", 0),
        note="The journal ends before what this decision leads to.",
    )
