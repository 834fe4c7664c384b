"""What may still be done while the store is away, and how it is written down line by line.

Only actions that may happen twice without harm are allowed, and only towards safety: a stop that is
nearer to the market than the present one, and closing. Each line of the log covers the one before
it by a hash: SHA-256 over a leading zero byte, the hash before and the deed's canonical JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeAlias

import msgspec
from msgspec import Struct

from axisor.errors import AxisorError, PositionNotFound, ReviewRefused, StoreUnavailable
from axisor.events import IntentState
from axisor.intents import Action, ClosePosition, SetStop
from axisor.strategy import View
from axisor_server.domain.journal import GENESIS

PRINCIPAL = "break-glass"
"""Who acts while the store is away, as the journal names it."""


class Left(Struct, frozen=True, tag=True, kw_only=True):
    """An action that is about to leave. Times are microseconds since 1970."""

    id: str
    account: str
    run: str
    target: str
    kind: str
    action: msgspec.Raw
    epoch: int
    at_us: int
    signed_us: int
    fence_us: int


class Ended(Struct, frozen=True, tag=True, kw_only=True):
    """What became of an action that left, as far as its answer tells."""

    id: str
    account: str
    state: IntentState
    at_us: int
    reason: str = ""
    message: str = ""
    venue_id: str = ""
    latency_ms: int = 0


class Taken(Struct, frozen=True, tag=True, kw_only=True):
    """Everything above of an account is in its journal."""

    account: str
    at_us: int


Deed: TypeAlias = Left | Ended | Taken
"""A line of the log."""


class _Line(Struct, frozen=True):
    prev: str
    hash: str
    deed: Deed


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(_Line)


class Read(Struct, frozen=True):
    """The deeds of a log, the hash of the last, and how many bytes of it hold.

    `broken` says that lines which once were whole do not hold any more.
    """

    deeds: tuple[Deed, ...]
    head: bytes
    length: int
    broken: bool


def write_line(head: bytes, deed: Deed) -> tuple[bytes, bytes]:
    """Return a deed as the line that follows `head`, and the hash of that line."""
    body = _encoder.encode(deed)
    digest = hashlib.sha256(b"\x00" + head + body).digest()
    decoded = msgspec.json.decode(body, type=Deed)
    line = _Line(prev=head.hex(), hash=digest.hex(), deed=decoded)
    return _encoder.encode(line) + b"\n", digest


def read_lines(data: bytes) -> Read:
    """Return what a log holds, up to the first line that does not follow the one before.

    A last line without its end was never durable, so nothing left for it: it is passed over.
    """
    deeds: list[Deed] = []
    head, at = GENESIS, 0
    while (end := data.find(b"\n", at)) >= 0:
        try:
            line = _decoder.decode(data[at:end])
            again, digest = write_line(head, line.deed)
        except (msgspec.DecodeError, ValueError):
            return Read(tuple(deeds), head, at, broken=True)
        if again != data[at : end + 1]:
            return Read(tuple(deeds), head, at, broken=True)
        deeds.append(line.deed)
        head, at = digest, end + 1
    return Read(tuple(deeds), head, at, broken=False)


def not_taken(deeds: Sequence[Deed], account: str) -> tuple[Left | Ended, ...]:
    """Return the deeds of an account that its journal may not have, oldest first."""
    found: list[Left | Ended] = []
    for deed in deeds:
        if deed.account != account:
            continue
        if isinstance(deed, Taken):
            found.clear()
        else:
            found.append(deed)
    return tuple(found)


def key_of(action: Action) -> str:
    """Return under which name an action is done at most once in an outage."""
    match action:
        case ClosePosition():
            return f"close {action.position}"
        case SetStop():
            return f"stop {action.position} {action.price}"
        case _:
            return type(action).__name__


def objection(action: Action, view: View) -> AxisorError | None:
    """Return why an action must wait for the store, or None where it is absolute and protects."""
    if not isinstance(action, ClosePosition | SetStop):
        return StoreUnavailable(
            f"{type(action).__name__} could happen twice, so it waits for the store.",
            money="Nothing was sent.",
        )
    position = view.position(action.position)
    if position is None:
        return PositionNotFound(f"There is no open position {action.position}.")
    if isinstance(action, ClosePosition):
        return None
    present = position.stoploss
    if action.price is None or position.stoploss_trailing is not None:
        return ReviewRefused("A stop is not taken away, and one that trails is not replaced.")
    if present is not None and position.side.sign * (action.price - present) <= 0:
        return ReviewRefused(f"A stop at {action.price} is no nearer than the one at {present}.")
    return None
