"""What belongs together is told once: its beginning, its getting worse, and its end.

What comes back again and again within an hour is told three times, and says so the third time;
only what is CRIT or LOST is told each time.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from axisor.notices import NoticeLevel
from axisor_server.domain.telling.happening import Told
from axisor_server.domain.telling.records import Alert

FLAPPING_US = 3_600 * 1_000_000
MOST_TIMES = 3
"""How often something that comes and goes is told within an hour."""


class Taken(Struct, frozen=True):
    """What a thing to tell makes of its alert, None of none; `say` whether anybody is told.

    `fresh` says that the alert takes the place of an earlier one of its episode, `flapping` how
    often it came, 0 while that is no news.
    """

    alert: Alert | None
    say: bool
    fresh: bool = False
    flapping: int = 0


def take(found: Alert | None, told: Told) -> Taken:
    """Return what becomes of the alert of an episode, given the one that is kept."""
    if told.ends:
        return _ended(found, told)
    if found is None or (found.over and told.time_us - found.began_us > FLAPPING_US):
        return Taken(_begun(told), say=True, fresh=True)
    if found.over:
        return _again(found, told)
    if told.level.rank > found.peak.rank:
        worse = replace(
            found, told=_kept(found, told), peak=told.level, changed_us=told.time_us, said=True
        )
        return Taken(replace(worse, seen={}), say=True)
    return Taken(None, say=False)


def _ended(found: Alert | None, told: Told) -> Taken:
    if found is None or found.over:
        return Taken(None, say=False)
    heard = found.said and found.peak.rank >= NoticeLevel.WARN.rank
    return Taken(replace(found, over=True, changed_us=told.time_us), say=heard and not told.silent)


def _again(found: Alert, told: Told) -> Taken:
    times = found.times + 1
    say = times <= MOST_TIMES or told.level.pierces
    back = replace(
        found,
        told=_kept(found, told),
        peak=max(found.peak, told.level, key=lambda level: level.rank),
        over=False,
        times=times,
        said=say,
        changed_us=told.time_us,
        seen={},
    )
    return Taken(back, say=say, flapping=times if times >= MOST_TIMES and say else 0)


def _begun(told: Told) -> Alert:
    return Alert(
        id=told.id,
        told=told,
        peak=told.level,
        over=not goes_on(told),
        began_us=told.time_us,
        changed_us=told.time_us,
    )


def _kept(found: Alert, told: Told) -> Told:
    """Return the louder of the two, which the alert shows."""
    return told if told.level.rank >= found.told.level.rank else found.told


def goes_on(told: Told) -> bool:
    """Return whether what is told goes on after it was told, until it ends or is acknowledged."""
    lasting = told.level in (NoticeLevel.WARN, NoticeLevel.CRIT, NoticeLevel.LOST)
    return lasting and not told.ends
