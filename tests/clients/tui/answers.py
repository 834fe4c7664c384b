"""What a core answers when it is asked about the whole account: what if, why, what waits."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from axisor.client.guard import Explanation, TimelineEntry
from axisor.intents import Check, Why
from axisor.states import ConfirmationState
from axisor.wire.confirmations import Confirmation
from axisor.wire.records import Fate, Figures, Preview, WhatIf, WhatIfPosition
from axisor_tui.model.messages import Scenario, WhatIfSeen
from axisor_tui.model.whatif import SHOCKS, STEPS
from tests.clients.tui.support import LONG, NOW, SHORT

A = "19c20000-0000-4000-8000-00000000000a"
C, D = SHORT, "0b770000-0000-4000-8000-00000000000d"
B = LONG
CONFIRMATION = "01900000-0000-7000-8000-0000000000c1"


def what_if() -> WhatIfSeen:
    figures = {
        0: ("93864", "3.63", "26.5"),
        100_000: ("92134", "5.41", "17.5"),
        250_000: ("89656", "7.95", "11.6"),
        500_000: ("85809", "11.90", "7.4"),
        1_000_000: ("79028", "18.86", "4.3"),
    }
    margins = []
    for added in STEPS:
        liq, distance, leverage = figures[added]
        after = Figures(
            margin=484_262 + added,
            liquidation=Decimal(liq),
            distance_percent=Decimal(distance),
            leverage=Decimal(leverage),
            free=1_850_000 - added,
        )
        preview = Preview(after=after)
        alive = Fate.SURVIVES
        of = WhatIfPosition(
            position=B, unguarded=alive, walked=alive, jumped=alive, preview=preview
        )
        answer = WhatIf(price=Decimal(97_400), move=Decimal(0), positions=(of,))
        margins.append(Scenario(Decimal(0), added, answer))
    return WhatIfSeen(B, tuple(margins), tuple(_shock(move) for move in SHOCKS))


def _shock(move: Decimal) -> Scenario:
    price = Decimal(97_400) * (1 + move)
    dead = {"-0.03": (B,), "-0.05": (A, B), "-0.1": (A, B)}.get(str(move), ())
    walked = (A, B) if move == Decimal("-0.1") else ()
    fates = tuple(
        WhatIfPosition(
            position=id,
            unguarded=Fate.LIQUIDATED if id in dead else Fate.SURVIVES,
            walked=Fate.LIQUIDATED if id in walked else Fate.SURVIVES,
            jumped=Fate.LIQUIDATED if id in dead else Fate.SURVIVES,
        )
        for id in (A, B, C, D)
    )
    margin = {A: 484_262, B: 101_420}
    answer = WhatIf(
        price=price,
        move=move,
        positions=fates,
        unguarded_loss=sum(margin[id] for id in dead),
        walked_loss=sum(margin[id] for id in walked),
        jumped_loss=sum(margin[id] for id in dead),
        walked_spend=0 if not dead else 251_488 if len(dead) == 1 else 500_000,
        missing=369_952 if walked else 0,
    )
    return Scenario(move, 0, answer)


def confirmation(
    *,
    method: str = "/axisor.v1.MarginService/AddMargin",
    danger: str = "money",
    summary: str = "add 250,000 sat to 19c20000",
    preparer: str = "helper",
    figures: bool = True,
) -> Confirmation:
    before = Figures(
        margin=484_262,
        liquidation=Decimal(93_864),
        distance_percent=Decimal("3.63"),
        leverage=Decimal("26.5"),
        free=1_850_000,
    )
    after = Figures(
        margin=734_262,
        liquidation=Decimal(89_656),
        distance_percent=Decimal("7.95"),
        leverage=Decimal("11.6"),
        free=1_600_000,
    )
    return Confirmation(
        id=CONFIRMATION,
        name=f"accounts/acc/confirmations/{CONFIRMATION}",
        state=ConfirmationState.PENDING,
        method=method,
        summary=summary,
        danger=danger,
        preview=Preview(before=before, after=after) if figures else None,
        preparer=preparer,
        created_at=NOW,
        commit_until=NOW + timedelta(seconds=30),
        until=NOW + timedelta(minutes=5),
    )


def explanation() -> Explanation:
    return Explanation(
        text="The guard warned: 7f3a0000 is 2.7% away, and 3.0% is where it warns.",
        why=Why(
            rule="warn below 3.0%",
            inputs={"price": "97,400", "margin": "101,420", "liquidation": "94,808"},
            checks=(
                Check("fresh", "0.3 s", "30 s", passed=True),
                Check("distance", "2.7%", "3.0%", passed=False),
            ),
            rejected=("add margin: not below the trigger of 2.0%",),
        ),
        timeline=(TimelineEntry(sequence=18, time=NOW, kind="NoticeGiven", text="notice"),),
    )
