"""What a decision knew that no entry of the journal tells, as it is kept with the decision."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from axisor.model import FeedQuality, Tick
from axisor.states import Cause, HaltLevel


class Saw(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a decision was made on that no other entry tells, so that it can be made again.

    A field that is not given is as the last decision of the account had it; in the first one after
    a core took the account over (`full`) it is none, empty, or unknown. `now` is given only without
    a tick. A tick that is the cause's own is not repeated. `listed` and `waiting` are the ids of
    positions and orders in the order they were shown in, `pl` the profit and loss of `listed`,
    `unread` the confirmed actions that no reading showed yet, `frozen` the positions to which
    nothing could be added, `halt` and `platform` the halts that held for this account and for all,
    `causes` what hindered the core, and `asked` how many wishes of the run the last minute had.
    `elsewhere` says that a runner decided, on what it was told a moment before; review saw this.
    """

    full: bool = False
    tick: Tick | UnsetType | None = UNSET
    now: datetime | None = None
    age_ms: int | None = None
    quality: FeedQuality | UnsetType = UNSET
    halt: HaltLevel | UnsetType = UNSET
    platform: HaltLevel | UnsetType = UNSET
    causes: tuple[Cause, ...] | UnsetType = UNSET
    listed: tuple[str, ...] | UnsetType = UNSET
    waiting: tuple[str, ...] | UnsetType = UNSET
    pl: tuple[int, ...] | UnsetType = UNSET
    unreadable: tuple[str, ...] | UnsetType = UNSET
    unread: tuple[str, ...] | UnsetType = UNSET
    frozen: tuple[str, ...] | UnsetType = UNSET
    asked: int = 0
    elsewhere: bool = False
