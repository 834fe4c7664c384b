"""How engines share accounts: who takes a free one, and who gives one up."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from axisor_server.domain.records import EngineRecord

MOST_GIVEN = 16
"""The most accounts that are given up in one round, so that a round stays short."""


class Round(Struct, frozen=True, kw_only=True):
    """What one engine does now: take up to `room` of `free`, all of `overdue`, give up `surplus`.

    `room` is how many more it would lead, whether or not they are free.
    """

    free: tuple[str, ...]
    overdue: tuple[str, ...]
    room: int
    surplus: int


def share_of(accounts: int, engines: int) -> int:
    """Return how many accounts one of so many engines leads at most."""
    return -(-accounts // max(engines, 1))


def plan(
    accounts: Sequence[str],
    *,
    mine: Collection[str],
    others: Collection[str],
    unfit: Collection[str],
    overdue: Collection[str],
    engines: Sequence[EngineRecord],
) -> Round:
    """Return what to do, from all accounts and those led here, led elsewhere or unfit for here.

    A share never leaves an account unguarded: what has been free for too long (`overdue`) is
    taken beyond it. Nothing is given up that no other engine has room for. `engines` are the
    other ones.
    """
    fit = [account for account in accounts if account not in unfit]
    free = tuple([a for a in fit if a not in mine and a not in others])
    share = share_of(len(accounts), len(engines) + 1)
    wanted = sum([engine.room for engine in engines])
    return Round(
        free=free,
        overdue=tuple([account for account in free if account in overdue]) if overdue else (),
        room=max(0, min(share, len(fit)) - len(mine)),
        surplus=min(max(0, len(mine) - share), wanted, MOST_GIVEN),
    )
