"""Reads a journal for what people are told: follows positions and actions from entry to entry.

It is a fold: the same entries give the same things to tell, with the same ids, however often they
are read. What it must remember between two entries is `Picture`, which is stored with the place in
the journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import msgspec
from msgspec import Struct

from axisor.events import (
    ChangeMade,
    CoverageChanged,
    CoverageState,
    Event,
    HaltChanged,
    HaltLevel,
    IntentPlanned,
    IntentReviewRefused,
    IntentSettled,
    IntentState,
    NoticeGiven,
    PositionChanged,
    PositionClosed,
    PositionEnd,
    RestoreReconciled,
    RunChanged,
    RunState,
)
from axisor.intents import Action, AddMargin, DepositCross
from axisor.model import CROSS, Mode
from axisor.notices import NoticeLevel
from axisor.words import short, side_word
from axisor_server.domain.journal import to_us
from axisor_server.domain.telling.actions import doing
from axisor_server.domain.telling.happening import LEVELS, Told, id_of, plain
from axisor_server.domain.telling.pauses import Guarding
from axisor_server.domain.telling.spoken import spoken

KIND = "told_picture"
"""The kind of the document that keeps a picture, by the account's id."""

REMEMBERED_US = 48 * 3_600 * 1_000_000
MOST_ACTS = 500
LOOK_AHEAD = 4
"""The change that an action made stands so near behind its outcome."""

MATTERS = (
    *(ChangeMade, CoverageChanged, HaltChanged, IntentPlanned, IntentReviewRefused),
    *(IntentSettled, NoticeGiven, PositionChanged, PositionClosed, RestoreReconciled, RunChanged),
)


class Held(Struct, frozen=True):
    """A position as it was last seen."""

    side: str
    liquidation: str


class Asked(Struct, frozen=True, kw_only=True):
    """An action that was planned and is not settled. `doing` and `figures` are its words."""

    doing: str
    figures: dict[str, str]
    kind: str
    position: str
    run: str
    principal: str
    before: str = ""
    unknown: bool = False


class Picture(Struct, kw_only=True):
    """What is remembered of one account. `acts` are the guard's additions: when, and how many."""

    positions: dict[str, Held] = {}
    asked: dict[str, Asked] = {}
    coverage: dict[str, bool] = {}
    acts: list[tuple[int, int]] = []
    guarding: Guarding = msgspec.field(default_factory=Guarding)


class Follower:
    """Takes entries of one account's journal in order, and tells."""

    def __init__(self, account: str, picture: Picture) -> None:
        self.account = account
        self.picture = picture
        self._event: Event

    def take(self, events: Sequence[Event]) -> list[Told]:
        """Return what some entries give to tell, and remember what comes of them."""
        found: list[Told] = []
        for at, event in enumerate(events):
            self._event = event
            ahead = [each.payload for each in events[at + 1 : at + 1 + LOOK_AHEAD]]
            found += self._effect(event.payload, ahead)
            found += self._account(event.payload, ahead)
        return found

    # ---------------------------------------------------------------- actions

    def _effect(self, payload: object, ahead: Sequence[object]) -> Iterator[Told]:
        match payload:
            case IntentPlanned():
                yield from self._planned(payload)
            case IntentSettled():
                yield from self._settled(payload, ahead)
            case IntentReviewRefused():
                words, figures = doing(payload.action)
                yield self._told(
                    "refused",
                    NoticeLevel.WARN,
                    f"refused/{payload.run}/{payload.reason}",
                    code=f"refused.{words}",
                    position=_position(payload.action),
                    figures=figures | {"text": payload.message},
                )
            case _:
                pass

    def _planned(self, planned: IntentPlanned) -> Iterator[Told]:
        words, figures = doing(planned.action)
        position = _position(planned.action)
        held = self.picture.positions.get(position)
        self.picture.asked[planned.intent] = Asked(
            doing=words,
            figures=figures,
            kind=type(planned.action).__name__,
            position=position,
            run=planned.run,
            principal=planned.principal,
            before="" if held is None else held.liquidation,
        )
        why = planned.action.why
        distance = "" if why is None else why.inputs.get("distance_percent", "")
        if not (planned.run and distance and _adds(planned.action)):
            return
        assert why is not None
        code = "near.shadow" if self._event.mode is Mode.SHADOW else "near.acting"
        yield self._told(
            "near",
            NoticeLevel.WARN,
            f"near/{position}",
            code=code,
            position=position,
            figures={
                **figures,
                **self._named(position),
                "distance_pct": distance,
                "price_usd": why.inputs.get("price", ""),
                "liquidation_usd": why.inputs.get("liquidation", ""),
            },
        )

    def _settled(self, settled: IntentSettled, ahead: Sequence[object]) -> Iterator[Told]:
        asked = self.picture.asked.get(settled.intent)
        if asked is None:
            return
        if settled.state is IntentState.UNKNOWN:
            self.picture.asked[settled.intent] = msgspec.structs.replace(asked, unknown=True)
        else:
            del self.picture.asked[settled.intent]
        episode = f"unknown/{settled.intent}"
        figures = asked.figures | {"text": settled.message, "who": asked.principal}
        tell = partial(self._told, position=asked.position, figures=figures)
        match settled.state:
            case IntentState.UNKNOWN:
                yield tell("unknown", NoticeLevel.WARN, episode, code=f"unknown.{asked.doing}")
                return
            case IntentState.CONFIRMED:
                yield self._confirmed(settled, asked, ahead)
            case IntentState.DEAD:
                yield tell("dead", NoticeLevel.CRIT, episode, code=f"dead.{asked.doing}")
                return
            case IntentState.REFUSED if settled.reason == "SHADOW_ONLY":
                yield tell("would", NoticeLevel.INFO, code=f"would.{asked.doing}")
            case IntentState.REFUSED | IntentState.NOT_APPLIED if not asked.run:
                yield tell("refused", NoticeLevel.WARN, code=f"refused.{asked.doing}")
            case _:
                pass
        if asked.unknown:
            code = f"known.{settled.state.value}"
            yield tell("unknown", NoticeLevel.OK, episode, code=code, ends=True)

    def _confirmed(self, settled: IntentSettled, asked: Asked, ahead: Sequence[object]) -> Told:
        after = next(
            (
                plain(each.position.liquidation)
                for each in ahead
                if isinstance(each, PositionChanged) and each.position.id == asked.position
            ),
            "",
        )
        figures = {
            **asked.figures,
            **self._named(asked.position),
            "who": asked.principal,
            "before_usd": asked.before,
            "after_usd": after,
        }
        if not asked.run:
            return self._told(
                "asked",
                NoticeLevel.INFO,
                code=f"asked.{asked.doing}",
                position=asked.position,
                figures=figures,
            )
        if asked.kind in ("AddMargin", "DepositCross"):
            now_us = to_us(self._event.time)
            kept = [act for act in self.picture.acts if act[0] > now_us - REMEMBERED_US]
            amount = int(asked.figures.get("amount_sat", "0"))
            self.picture.acts = [*kept[-MOST_ACTS + 1 :], (now_us, amount)]
        moved = asked.kind == "AddMargin" and asked.before and after
        code = "acted.moved" if moved else f"acted.{asked.doing}"
        return self._told(
            "acted", NoticeLevel.ACT, code=code, position=asked.position, figures=figures
        )

    # ---------------------------------------------------------------- what stands and what goes

    def _account(self, payload: object, ahead: Sequence[object]) -> Iterator[Told]:
        match payload:
            case PositionChanged(position=position):
                self.picture.positions[position.id] = Held(
                    side_word(position.side), plain(position.liquidation)
                )
            case PositionClosed():
                yield from self._closed(payload)
            case CoverageChanged(coverage=coverage):
                self.picture.coverage[coverage.position] = coverage.state is CoverageState.PROTECTED
                self.picture.guarding.cover(coverage)
            case NoticeGiven():
                said = spoken(payload)
                yield self._told(
                    said.kind,
                    LEVELS[payload.severity],
                    said.episode,
                    code=said.code,
                    position=payload.position,
                    figures=payload.data | self._named(payload.position) | {"text": payload.text},
                    ends=said.ends,
                )
            case RunChanged():
                yield from self._run(payload, ahead)
            case HaltChanged(level=level):
                over = level is HaltLevel.NONE
                yield self._told(
                    "halt",
                    NoticeLevel.OK if over else NoticeLevel.CRIT,
                    "halt",
                    code="halt.over" if over else f"halt.{level.value}",
                    figures={"who": payload.principal, "text": payload.reason},
                    ends=over,
                )
            case RestoreReconciled(increases=increases):
                moved = sum(each.amount for each in increases)
                yield self._told(
                    "restored",
                    NoticeLevel.WARN if moved else NoticeLevel.OK,
                    code="restored",
                    figures={"moved_sat": str(moved)},
                )
            case _:
                pass

    def _closed(self, closed: PositionClosed) -> Iterator[Told]:
        position = closed.position
        lost = closed.end is PositionEnd.LIQUIDATED
        figures = {
            "name": short(position.id),
            "side": side_word(position.side),
            "quantity_count": str(position.quantity),
            "pl_sat": f"{closed.pl:+d}",
            "exit_usd": closed.exit_price or plain(position.liquidation),
        }
        code = f"ended.{closed.end.value}"
        pause = self.picture.guarding.close(position.id)
        if lost and pause is not None:
            code, figures = pause.code(f"{code}_paused"), figures | pause.figures
        yield self._told(
            "liquidated" if lost else "closed",
            NoticeLevel.LOST if lost else NoticeLevel.INFO,
            code=code,
            position=position.id,
            figures=figures,
        )
        for episode in ("near", "cover", "bare"):
            yield self._told(
                episode,
                NoticeLevel.OK,
                f"{episode}/{position.id}",
                code="over",
                position=position.id,
                ends=True,
                silent=True,
            )
        self.picture.positions.pop(position.id, None)
        self.picture.coverage.pop(position.id, None)

    def _run(self, changed: RunChanged, ahead: Sequence[object]) -> Iterator[Told]:
        levels = {
            RunState.FAILED: NoticeLevel.CRIT,
            RunState.PAUSED: NoticeLevel.WARN,
            RunState.STOPPED: NoticeLevel.WARN,
            RunState.RUNNING: NoticeLevel.OK,
        }
        if changed.state not in levels:
            return
        level, code = levels[changed.state], f"run.{changed.state.value}"
        figures = {"strategy": changed.strategy, "text": changed.reason}
        guarding, time_us = self.picture.guarding, to_us(self._event.time)
        if changed.state is RunState.PAUSED:
            level, code, more = guarding.pause(changed, ahead, time_us)
            figures |= more
        elif guarding.go_on(changed.run, time_us) and changed.state is RunState.RUNNING:
            code = "run.resumed"
        yield self._told(
            "run",
            level,
            f"run/{changed.run}",
            code=code,
            figures=figures,
            ends=changed.state is RunState.RUNNING,
        )

    # ---------------------------------------------------------------- parts

    def _named(self, position: str) -> dict[str, str]:
        if not position:
            return {}
        held = self.picture.positions.get(position)
        return {"name": short(position), "side": "" if held is None else held.side}

    def _told(
        self,
        kind: str,
        level: NoticeLevel,
        episode: str = "",
        *,
        code: str,
        position: str = "",
        figures: dict[str, str] | None = None,
        ends: bool = False,
        silent: bool = False,
    ) -> Told:
        event = self._event
        id = id_of(event.stream, event.sequence, kind, episode)
        return Told(
            id=id,
            account=self.account,
            mode=event.mode,
            episode=episode or f"once/{id}",
            level=level,
            kind=kind,
            code=code,
            position=position,
            figures=figures or {},
            time_us=to_us(event.time),
            ends=ends,
            silent=silent,
        )


def _adds(action: Action) -> bool:
    return isinstance(action, AddMargin | DepositCross)


def _position(action: Action) -> str:
    if isinstance(action, DepositCross):
        return CROSS
    found = getattr(action, "position", "")
    return found if isinstance(found, str) else ""
