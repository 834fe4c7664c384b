"""Judges a world by the venue's ledger, the journal and the tables, never by the core's word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from axisor.events import (
    IntentPlanned,
    IntentSent,
    IntentSettled,
    Payload,
    PositionChanged,
)
from axisor.intents import AddMargin
from axisor.model import AccountState, Position
from axisor_server.domain.emergency import Left
from tests.simulation import glass, journals
from tests.simulation.clients import Clients
from tests.simulation.exchange import WINDOW_MS, Request, SimExchange, effects_of
from tests.simulation.loop import START
from tests.simulation.world import World

VAGUE_S = 1.0
"""How far off a core may be about the venue's time when it signs."""

NOTHING_HAPPENED = frozenset({"not_applied", "refused", "canceled"})
OPEN = frozenset({"planned", "sent", "unknown"})
INTENTS = (
    "SELECT id, account, target, kind, additive, amount, state, run, created_us, fence_us"
    " FROM intents ORDER BY id"
)
ASKED = "SELECT id, principal FROM intents WHERE principal NOT IN ('', 'break-glass')"
_payloads: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Payload)


class Intent(Struct):
    """What the tables and the journal say of one intent, with true times."""

    id: str
    account: str
    target: str
    kind: str
    additive: bool
    amount: int
    state: str
    run: str
    created_us: int
    fence_us: int | None
    planned: float | None = None
    sent: float | None = None
    settled: float | None = None
    by: str = ""
    seen: Position | None = None
    base: Position | None = None
    requests: list[Request] = []

    @property
    def effects(self) -> int:
        """Return how often it took effect."""
        return sum(r.effects for r in self.requests)

    @property
    def position(self) -> str:
        """Return the position it is about."""
        return self.target.removeprefix("positions/")


def unsettled(world: World, clients: Clients) -> list[str]:
    """Return what a healed world has still to put right; empty where it has converged."""
    found: list[str] = []
    now = world.loop.time()
    connection = world.database.connection
    rows = connection.execute(
        "SELECT id, state FROM intents WHERE state IN ('planned','sent','unknown')"
    )
    found += [f"intent {id} is {state}" for id, state in rows]
    for request in world.exchange.requests:
        if request.lands is not None and request.lands > now:
            found.append("a request is still under way")
    for plan in world.plan.accounts:
        truth = world.exchange.state_at(plan.id, now)
        if not any(_agrees(p.engine, plan.id, truth) for p in world.processes.values() if p.serves):
            found.append(f"no core sees {plan.id[-4:]} as the venue does")
        head = world.database.reader().head(f"accounts/{plan.id}").sequence
        watcher = next(w for w in clients.watchers if w.stream.endswith(plan.id))
        if watcher.cursor != head:
            found.append(f"the watcher of {plan.id[-4:]} is at {watcher.cursor} of {head}")
    return found


def _agrees(engine: Any, account: str, truth: AccountState) -> bool:
    summary = next((s for s in engine.status().accounts if s.account == account), None)
    if summary is None or not summary.acting:
        return False
    view = engine.view(account)
    return _figures(view.positions) == _figures(truth.positions) and not view.unreadable


def _figures(positions: tuple[Position, ...]) -> list[tuple[object, ...]]:
    return sorted(
        (
            p.id,
            p.margin,
            p.quantity,
            p.sum_funding_fees,
            p.sum_cash_in_margin,
            p.sum_cash_in_pl,
            str(p.stoploss),
        )
        for p in positions
    )


def check(world: World, clients: Clients | None, horizon_s: float, converged: float | None) -> None:
    """Accuse the world of every promise it broke."""
    intents = read_intents(world)
    for kind, detail in (
        *journals.chain(world),
        *journals.moves(world),
        *journals.runs(world),
        *glass.judge(world.disks.done),
        *_requests(world, intents),
        *_outcomes(world, intents),
        *_commands(world),
        *_rescues(world, intents),
        *_budgets(world, intents),
        *journals.leases(world),
        *journals.watches(world, clients),
        *_answers(clients, intents),
    ):
        world.accuse(kind, detail)
    if clients is not None and converged is None:
        world.accuse("stuck", "; ".join(unsettled(world, clients))[:500])
    for failure in world.loop.failures:
        world.accuse("broken-task", f"{failure.get('message')}: {failure.get('exception')!r}")


def read_intents(world: World) -> dict[str, Intent]:
    """Return every intent with what the journal and the venue know of it."""
    intents: dict[str, Intent] = {}
    for row in world.database.connection.execute(INTENTS):
        named = dict(zip(Intent.__struct_fields__, row, strict=False))
        intents[row[0]] = msgspec.convert(named, Intent, strict=False)
    intents |= {
        one.deed.id: _on_disk(one.deed) for one in world.disks.done if one.deed.id not in intents
    }
    seen: dict[str, Position] = {}
    for committed in world.journal:
        payload = _payloads.decode(committed.entry.payload)
        match payload:
            case PositionChanged(position=position):
                seen[position.id] = position
            case IntentPlanned(intent=id) if id in intents:
                intents[id].planned = committed.at
                intents[id].seen = seen.get(intents[id].position)
            case IntentSent(intent=id) if id in intents:
                intents[id].sent = committed.at
                intents[id].base = seen.get(intents[id].position)
            case IntentSettled(intent=id, by=by) if id in intents:
                intents[id].settled = committed.at
                intents[id].by = by
    for request in world.exchange.requests:
        if request.intent in intents:
            intents[request.intent].requests.append(request)
    return intents


def _on_disk(deed: Left) -> Intent:
    """Return what was done without the database and is so far on its core's disk alone."""
    return Intent(
        id=deed.id,
        account=deed.account,
        target=deed.target,
        kind=deed.kind,
        additive=False,
        amount=0,
        state="sent",
        run=deed.run,
        created_us=deed.at_us,
        fence_us=deed.fence_us,
    )


Found = Iterator[tuple[str, str]]


def _requests(world: World, intents: Mapping[str, Intent]) -> Found:
    for request in world.exchange.requests:
        if request.intent not in intents:
            yield "unlogged", f"{type(request.action).__name__} left {request.process} unlogged"
        if request.stale_epoch and not _is_worthless(request):
            if _could_not_know(world, request):
                world.say("late", request.intent, "left a machine that had lost its clocks")
            else:
                yield "stale-epoch", f"{request.intent} left {request.process} after its lease"
    for intent in intents.values():
        if len(intent.requests) > 1 and not _is_one_more_attempt(intent.requests):
            yield "sent-twice", f"{intent.kind} {intent.id} left {len(intent.requests)} times"


def _is_one_more_attempt(requests: Sequence[Request]) -> bool:
    """Return whether an action left again because its stamp was refused, and once only."""
    first, *others = requests
    stamps = {request.signed_at_ms for request in requests}
    return first.refusal == "window" and len(others) == 1 and len(stamps) == 2


def _is_worthless(request: Request) -> bool:
    """Return whether a request was signed for so long ago, when it left, that no venue takes it."""
    left_ms = round((START.timestamp() + request.departed) * 1_000)
    return left_ms - request.signed_at_ms > WINDOW_MS


def _could_not_know(world: World, request: Request) -> bool:
    """Return whether neither core nor venue could tell that a request came too late.

    That is so where signatures are not dated back, and a machine stood still with all its clocks
    between the stamp and the bytes. What is left then is the fence, which others wait for.
    """
    stamped = request.signed_at_ms / 1_000 - START.timestamp()
    return not world.plan.back_date_ms and request.stood_since >= stamped - VAGUE_S


def _outcomes(world: World, intents: Mapping[str, Intent]) -> Found:
    for intent in intents.values():
        if intent.effects > 1:
            yield "double", f"{intent.kind} {intent.id} took effect {intent.effects} times"
        if intent.state in NOTHING_HAPPENED and intent.effects:
            yield "misclassified", f"{intent.kind} {intent.id} is {intent.state} and happened"
        if intent.state == "confirmed" and not intent.effects:
            if _explained(world, intent):
                world.conflated += 1
            else:
                yield "misclassified", f"{intent.kind} {intent.id} is confirmed and never happened"


def _commands(world: World) -> Found:
    """What was asked for under one request id happened once at most; clients sign with that id."""
    asked = dict(world.database.connection.execute(ASKED).fetchall())
    effects = Counter(
        asked[r.intent] for r in world.exchange.requests if r.effects and r.intent in asked
    )
    for request_id, times in effects.items():
        if times > 1:
            yield "command-twice", f"request {request_id} took effect {times} times"


def _explained(world: World, intent: Intent) -> bool:
    """Return whether somebody else's deed looks just like this one, so that nobody could tell."""
    if intent.by == "answer":
        return False
    if intent.kind in {"AddMargin", "CashIn"}:
        kind = "adds" if intent.kind == "AddMargin" else "cashes-in"
        since, until = _based_on(world.exchange, intent), intent.settled or world.loop.time()
        moved = sum(
            touch.amount
            for touch in world.exchange.touches
            if touch.position == intent.position
            and touch.kind == kind
            and since <= touch.at <= until
        )
        return moved >= intent.amount
    return intent.kind in {"SetStop", "SetTakeProfit", "ClosePosition", "CancelOrder"}


def _rescues(world: World, intents: Mapping[str, Intent]) -> Found:
    """A second effect on a target must have been decided after the first, and knowing it."""
    last: dict[tuple[str, str], Request] = {}
    for request in effects_of(world.exchange.requests):
        intent = intents.get(request.intent)
        if intent is None or not intent.additive:
            continue
        key = (intent.account, intent.target)
        before, last[key] = last.get(key), request
        if before is None or intent.planned is None:
            continue
        if intent.planned < (before.effect or 0.0):
            yield "double-rescue", f"{intent.id} was decided before {before.intent} took effect"
        elif not _knew(world.exchange, intent, request, since=before.effect or 0.0):
            yield "double-rescue", f"{intent.id} was decided not knowing of {before.intent}"


def _knew(exchange: SimExchange, intent: Intent, request: Request, *, since: float) -> bool:
    """Return whether a guard decided on figures that the venue showed since a time."""
    if not intent.run or not isinstance(request.action, AddMargin) or intent.seen is None:
        return True
    times, states = exchange.history[intent.account]
    wanted = _sums(intent.seen)
    for at, state in zip(times, states, strict=True):
        position = state.position(intent.position)
        if at >= since and position is not None and _sums(position) == wanted:
            return True
    return False


def _based_on(exchange: SimExchange, intent: Intent) -> float:
    """Return until when the figures that an intent was sent upon were those of the venue."""
    if intent.base is None:
        return intent.sent or 0.0
    times, states = exchange.history[intent.account]
    wanted, until = _sums(intent.base), 0.0
    for number, state in enumerate(states):
        position = state.position(intent.position)
        if (
            position is not None
            and _sums(position) == wanted
            and times[number] <= (intent.sent or 0)
        ):
            until = times[number + 1] if number + 1 < len(times) else exchange.loop.time()
    return until


def _sums(position: Position) -> tuple[int, ...]:
    return (
        position.margin,
        position.sum_cash_in_margin,
        position.sum_cash_in_pl,
        position.sum_funding_fees,
    )


def _budgets(world: World, intents: Mapping[str, Intent]) -> Found:
    for plan in world.plan.accounts:
        action, position, day = plan.budget
        spent: dict[str, int] = {}
        for intent in intents.values():
            if intent.run != plan.run or intent.kind != "AddMargin":
                continue
            if intent.effects or intent.state in OPEN:
                spent[intent.target] = spent.get(intent.target, 0) + intent.amount
                if action is not None and intent.amount > action:
                    yield "budget", f"{intent.id} spent {intent.amount} of {action} for an action"
        for target, sats in spent.items():
            if position is not None and sats > position:
                yield "budget", f"{target} took {sats} of {position}"
        if day is not None and sum(spent.values()) > day:
            yield "budget", f"{plan.run} spent {sum(spent.values())} of {day} in a day"


def _answers(clients: Clients | None, intents: Mapping[str, Intent]) -> Found:
    if clients is None:
        return
    final = frozenset({"confirmed", "not_applied", "refused", "canceled", "dead"})
    for id, answers in clients.answers.items():
        ends = {answer for answer in answers if answer in final}
        if len(ends) > 1:
            yield "answer", f"request {id} was answered {sorted(ends)}"
        intent = intents.get(id)
        if ends and intent is not None and intent.state not in ends:
            yield "answer", f"request {id} was answered {sorted(ends)} and is {intent.state}"
