"""What a core had to tell of the example account, and what became of it."""

from __future__ import annotations

from datetime import timedelta

from axisor.model import Mode
from axisor.notices import NoticeLevel
from axisor.states import DeliveryState
from axisor.wire.notices import AlertSummary, DeliverySummary, MuteSummary
from axisor_tui.model.messages import AlertsSeen, DeliveriesSeen
from tests.clients.tui.support import LONG, NOW

NEAR = "0d9f3c7e-0000-4000-8000-0000000000a1"
FAILED = "0d9f3c7e-0000-4000-8000-0000000000a2"
KEY = "0d9f3c7e-0000-4000-8000-0000000000a3"
ACTED = "0d9f3c7e-0000-4000-8000-0000000000a4"
BLIND = "0d9f3c7e-0000-4000-8000-0000000000a5"
PHONE, MAIL = "c0000000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-000000000002"


def alert(
    id: str = NEAR,
    level: NoticeLevel = NoticeLevel.WARN,
    kind: str = "near",
    title: str = "LONG 7f3a is 2.7 % from liquidation",
    *,
    position: str = LONG,
    effect: str = "",
    next_step: str = "",
    open: bool = True,
    times: int = 1,
    ago_s: int = 10,
    for_s: int = 0,
    acknowledged: bool = False,
    mode: Mode = Mode.LIVE,
) -> AlertSummary:
    """Return an alert that changed so many seconds before the picture, after so many others."""
    changed = NOW + timedelta(seconds=19 - ago_s)
    return AlertSummary(
        id=id,
        account="acc",
        level=level,
        kind=kind,
        mode=mode,
        position=position,
        title=title,
        effect=effect,
        next_step=next_step,
        open=open,
        times=times,
        created_at=changed - timedelta(seconds=for_s),
        updated_at=changed,
        acknowledged=acknowledged,
        acknowledged_at=changed + timedelta(seconds=50) if acknowledged else None,
    )


def alerts(mode: Mode = Mode.LIVE) -> AlertsSeen:
    """Return five alerts as a core lists them, the newest first."""
    found = (
        alert(
            effect="price 97,400 · liq 94,808",
            next_step="The guard adds 83,271 sat at 96,743.",
            times=2,
            for_s=240,
            mode=mode,
        ),
        alert(
            BLIND,
            NoticeLevel.CRIT,
            "blind",
            "The guard cannot act",
            position="",
            effect="No price for 34 s.",
            next_step="It goes on by itself as soon as it can.",
            open=False,
            ago_s=1_900,
            for_s=41,
            mode=mode,
        ),
        alert(
            FAILED,
            NoticeLevel.CRIT,
            "guard",
            "LONG 19c2 is near liquidation and the guard could not act",
            position="19c20000-0000-4000-8000-00000000000a",
            effect="The balance is 40,112 sat, 96,900 sat are needed.",
            next_step="Deposit, or close it: axisor position close 19c2",
            ago_s=130,
            mode=mode,
        ),
        alert(
            KEY,
            NoticeLevel.WARN,
            "key",
            "Your key can withdraw funds",
            position="",
            effect="Axisor never needs that; whoever steals it could take everything.",
            next_step="Make a key for futures only, then: axisor account replace-credentials",
            ago_s=90_000,
            acknowledged=True,
            mode=mode,
        ),
        alert(
            ACTED,
            NoticeLevel.ACT,
            "acted",
            "Guard added 83,596 sat to LONG 55b1",
            position="55b10000-0000-4000-8000-0000000000dd",
            effect="liq 94,808 -> 91,894",
            open=False,
            ago_s=200_000,
            mode=mode,
        ),
    )
    mute = MuteSummary(account="acc", kind="key", until=NOW + timedelta(minutes=30))
    return AlertsSeen(found, (mute,))


def delivery(
    id: str,
    channel: str,
    of: str,
    state: DeliveryState,
    *,
    took: timedelta | None = None,
    error: str = "",
) -> DeliverySummary:
    """Return a message to a channel that tells of an alert."""
    made = NOW - timedelta(seconds=111)
    return DeliverySummary(
        id=id,
        channel=channel,
        alert=f"accounts/acc/alerts/{of}",
        state=state,
        headline="CRIT",
        attempts=1,
        error=error,
        receipt="",
        created_at=made,
        sent_at=None if took is None else made + took,
        next_at=None if state.is_over else made + timedelta(minutes=4),
    )


def deliveries() -> DeliveriesSeen:
    """Return what was sent of the loudest alert and of the one that is near."""
    return DeliveriesSeen(
        (
            delivery("d1", PHONE, FAILED, DeliveryState.SENT, took=timedelta(seconds=0.6)),
            delivery("d2", MAIL, FAILED, DeliveryState.DEAD, error="550 no such mailbox"),
            delivery("d3", PHONE, NEAR, DeliveryState.QUEUED),
        ),
        {PHONE: "phone", MAIL: "mail"},
    )
