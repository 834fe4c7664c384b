"""What a strategy asked for, in a form that is equal wherever the same decision was made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import asdict

from axisor.events import OrderChanged, Payload, PositionChanged, StepTaken, Ticked, Woken
from axisor.intents import Action, Intent, Notice, Wake
from axisor.model import AccountState, Price, Tick

_BESIDE = frozenset({"why", "episode", "client_id"})
_IDS = frozenset({"position", "order"})
_encode = msgspec.json.Encoder(order="deterministic").encode


class Decision(Struct, frozen=True):
    """One step that asked for something: market time, last price, and the actions in order."""

    time: datetime
    price: Price
    actions: tuple[Action, ...]


class Names:
    """Numbers positions and orders in the order they appear: each venue gives ids of its own."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def meet(self, state: AccountState) -> None:
        """Number what an account holds that was not there before."""
        for position in state.positions:
            self.of(position.id)
        for order in state.orders:
            self.of(order.id)

    def of(self, id: str) -> str:
        """Return the number of an id, the next one for a new id; `cross` stays what it is."""
        if id == "cross":
            return id
        return self._names.setdefault(id, f"#{len(self._names) + 1}")


def asked(time: datetime, price: Price, intents: Iterable[Intent], names: Names) -> Decision | None:
    """Return the decision in a step's intents, None where it asks for no action.

    Ids are numbered by `names`. The explanation, the episode and the client's id are left out: they
    tell of a decision, and carry ids and times of the world it was made in.
    """
    actions = tuple(
        _numbered(intent, names) for intent in intents if not isinstance(intent, Notice | Wake)
    )
    return Decision(time, price, actions) if actions else None


def decision_hash(decisions: Iterable[Decision]) -> str:
    """Return the SHA-256 in hex over when, at which price and what was asked, in that order."""
    digest = hashlib.sha256()
    for decision in decisions:
        time = decision.time.astimezone(UTC).isoformat()
        plain = [(type(action).__name__, _plain(action)) for action in decision.actions]
        digest.update(_encode((time, _text(decision.price), plain)) + b"\n")
    return digest.hexdigest()


def _numbered(action: Action, names: Names) -> Action:
    fields: dict[str, Any] = {"why": None}
    for name, value in asdict(action).items():
        if name in _IDS:
            fields[name] = names.of(value)
        elif name == "episode":
            fields[name] = ""
        elif name == "client_id":
            fields[name] = None
    return msgspec.structs.replace(action, **fields)


def _plain(action: Action) -> dict[str, Any]:
    return {
        name: _text(value) if isinstance(value, Decimal) else value
        for name, value in asdict(action).items()
        if name not in _BESIDE
    }


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"


def journaled(payloads: Iterable[Payload], run: str) -> tuple[Decision, ...]:
    """Return what a run asked for, by the journal of its account from its first entry on.

    Comparable with a back-test's over the prints that the run saw, given the same positions.
    """
    names = Names()
    tick: Tick | None = None
    found: list[Decision] = []
    for payload in payloads:
        match payload:
            case PositionChanged(position=position):
                names.of(position.id)
            case OrderChanged(order=order):
                names.of(order.id)
            case StepTaken(cause=cause, saw=saw):
                if isinstance(cause, Woken | Ticked):
                    tick = cause.tick
                elif saw is not None and saw.tick is not UNSET:
                    tick = saw.tick
                if payload.run != run or tick is None:
                    continue
                decision = asked(tick.time, tick.last, payload.intents, names)
                if decision is not None:
                    found.append(decision)
    return tuple(found)
