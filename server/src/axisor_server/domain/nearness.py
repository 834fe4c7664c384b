"""When a position that nothing protects is so near liquidation that its owner must know."""

from __future__ import annotations

import enum
from decimal import Decimal

from msgspec import Struct

from axisor.events import NoticeGiven
from axisor.maths import distance, is_nearer
from axisor.model import Position, Price, Severity
from axisor.words import short, side_word

NEAR, OVER, COVERED = "BARE_NEAR", "BARE_NEAR_OVER", "BARE_COVERED"
"""The codes of the notices: it is near, it is far again, something protects it now."""

SLACK = Decimal("1.1")
"""How much farther than the distance that it entered by a position leaves a zone."""

BP = Decimal(10_000)
PERCENT_STEP = Decimal("0.01")


class Zone(enum.IntEnum):
    """How near a position is."""

    FAR = 0
    NEAR = 1
    CRITICAL = 2


class Bounds(Struct, frozen=True):
    """Below which distances a position is near, in hundredths of a percent; 0 is never."""

    near_bp: int
    critical_bp: int


def zone_of(before: Zone, position: Position, price: Price, bounds: Bounds) -> Zone:
    """Return the zone of a position at a price: it is left a little farther than it is entered."""

    def within(zone: Zone, bp: int) -> bool:
        reach = Decimal(bp) / BP * (SLACK if before >= zone else 1)
        return bp > 0 and is_nearer(position.side, price, position.liquidation, reach)

    if within(Zone.CRITICAL, bounds.critical_bp):
        return Zone.CRITICAL
    return Zone.NEAR if within(Zone.NEAR, bounds.near_bp) else Zone.FAR


def notice_of(before: Zone, after: Zone, position: Position, price: Price) -> NoticeGiven | None:
    """Return what there is to say of a change, None where it only is not quite as bad any more."""
    far = distance(position.side, price, position.liquidation) * 100
    shown = format(far.quantize(PERCENT_STEP), "f")
    about = f"{side_word(position.side)} {short(position.id)} is {shown} % from liquidation"
    data = {
        "distance_pct": shown,
        "price_usd": format(price, "f"),
        "liquidation_usd": format(position.liquidation, "f"),
    }
    if after > before:
        severity = Severity.CRIT if after is Zone.CRITICAL else Severity.WARN
        text = f"{about}, and nothing protects it."
        return NoticeGiven(severity=severity, code=NEAR, text=text, position=position.id, data=data)
    if after is Zone.FAR and before is not Zone.FAR:
        text = f"{about} again."
        return NoticeGiven(
            severity=Severity.OK, code=OVER, text=text, position=position.id, data=data
        )
    return None


def covered(position: str) -> NoticeGiven:
    """Return that something protects a position that was said to be near and bare."""
    text = f"Position {short(position)} is protected now."
    return NoticeGiven(severity=Severity.OK, code=COVERED, text=text, position=position)
