"""What a back-test made by the core is asked for with, and what it tells on its way."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class Wish(Struct, frozen=True, kw_only=True):
    """One back-test. `strategy` is the class as `module:name`; one of the two markets is given."""

    strategy: str
    config: str
    balance: int
    positions: tuple[str, ...] = ()
    scenario: str = ""
    candles: bytes = b""


class Advanced(Struct, frozen=True, tag=True):
    """How many prints are done, of how many."""

    done: int
    of: int


class Reported(Struct, frozen=True, tag=True):
    """The next part of the report."""

    part: bytes


class Refused(Struct, frozen=True, tag=True):
    """Why there is no report: an error as it was raised."""

    reason: str
    message: str
    means: str
    todo: str
    metadata: dict[str, str]


class Broken(Struct, frozen=True, tag=True):
    """The strategy broke, or the process was ended for what it used up."""

    message: str


Told: TypeAlias = Advanced | Reported | Refused | Broken


class Line(Struct, frozen=True):
    """One line of a process that makes a back-test; None says that it told everything."""

    told: Told | None
