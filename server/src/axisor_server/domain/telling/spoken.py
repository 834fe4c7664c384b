"""What a notice in a journal belongs to: its episode, and whether it begins or ends it."""

from __future__ import annotations

from msgspec import Struct

from axisor.events import NoticeGiven
from axisor.model import Severity
from axisor_server.domain.nearness import COVERED as BARE_COVERED
from axisor_server.domain.nearness import NEAR as BARE
from axisor_server.domain.nearness import OVER as BARE_OVER

SAID_BARE = "bare.near"
"""The words for a position that nothing protects and that is near liquidation."""

NEAR, NEAR_OVER = "NEAR_LIQUIDATION", "NEAR_LIQUIDATION_OVER"


class Spoken(Struct, frozen=True):
    """The kind, the episode and the words of a notice, and whether the episode ends with it."""

    kind: str
    episode: str
    code: str
    ends: bool = False


def spoken(notice: NoticeGiven) -> Spoken:
    """Return what a notice belongs to; one that is not known belongs to its own code."""
    code, position = notice.code, notice.position
    if code in (NEAR, NEAR_OVER):
        over = code == NEAR_OVER
        return Spoken("near", f"near/{position}", "near.over" if over else "near.seen", over)
    if code in ("GUARD_NOT_APPLIED", "GUARD_REFUSED", "GUARD_INSUFFICIENT_BALANCE"):
        return Spoken("guard_failed", f"near/{position}", "guard.failed")
    if code == "GUARD_RECOVERED":
        return Spoken("near", f"near/{position}", "guard.recovered", ends=True)
    if code == "GUARD_PROTECTED":
        return Spoken("cover", f"cover/{position}", "cover.protected", ends=True)
    if code.startswith("GUARD_") and position:
        return Spoken("cover", f"cover/{position}", "cover.lost")
    if code in ("GUARD_DEGRADED", "GUARD_RESTORED"):
        over = code == "GUARD_RESTORED"
        return Spoken("blind", f"blind/{notice.run}", "blind.over" if over else "blind", over)
    if code in ("PROTECTION_DEGRADED", "PROTECTION_RESTORED"):
        over = code == "PROTECTION_RESTORED"
        return Spoken("protection", "protection", "blind.over" if over else "blind", over)
    if code in (BARE, BARE_OVER, BARE_COVERED):
        words = {BARE: SAID_BARE, BARE_OVER: "near.over", BARE_COVERED: "cover.protected"}
        return Spoken("near", f"bare/{position}", words[code], ends=code != BARE)
    if code == "KEY_CAN_WITHDRAW":
        return Spoken("key", "key", "key")
    quiet = notice.severity in (Severity.OK, Severity.WATCH)
    return Spoken("notice", "" if quiet else f"notice/{code}/{position}", "notice")
