"""What a venue says about credentials, and what an owner should know about it."""

from __future__ import annotations

from datetime import datetime

import structlog
from msgspec import Struct

from axisor.errors import KeyCanWithdraw
from axisor.events import NoticeGiven
from axisor.model import Mode, Severity
from axisor.ports import Clock, Credentials, KeyRights, Venue

log = structlog.get_logger("axisor.credentials")

WITHDRAWS = (
    "DANGER: this key can withdraw. Nothing here needs that right, and a thief of the key takes "
    "every sat. Make a key without it and replace this one."
)
CLEAN = "The venue accepts the key, and it cannot withdraw."
UNTOLD = "The venue accepts the key and does not tell whether it can withdraw: look at the venue."
ABSENT = "This account has no key."


class CredentialReport(Struct, frozen=True, kw_only=True):
    """What a venue says about credentials; `can_withdraw` is None where it does not tell."""

    valid: bool
    scopes: tuple[str, ...]
    can_withdraw: bool | None
    text: str
    checked: datetime


async def ask(
    venue: Venue, *, network: str, url: str, credentials: Credentials, clock: Clock
) -> KeyRights:
    """Ask a venue what credentials may do. Raises VenueAuth where it does not accept them."""
    account = venue.account(network=network, url=url or None, credentials=credentials, clock=clock)
    try:
        rights = await account.rights()
    finally:
        await account.aclose()
    if rights.can_withdraw:
        log.warning("a key can withdraw", venue=venue.name, network=network)
    return rights


def vet(rights: KeyRights, mode: Mode, *, allow_withdrawals: bool, venue: str) -> None:
    """Raise KeyCanWithdraw for such a key of an account in LIVE, unless its owner means it.

    A venue that does not tell is taken at its word: nothing.
    """
    if mode is Mode.LIVE and rights.can_withdraw and not allow_withdrawals:
        raise KeyCanWithdraw(venue=venue)


def warning_of(rights: KeyRights | None, mode: Mode) -> NoticeGiven | None:
    """Return what an account's journal says of a key that can withdraw and was taken."""
    if rights is None or not rights.can_withdraw or mode is not Mode.LIVE:
        return None
    return NoticeGiven(
        severity=Severity.CRIT, code="KEY_CAN_WITHDRAW", text=WITHDRAWS, data={"mode": mode.value}
    )


def report_on(rights: KeyRights | None, mode: Mode, now: datetime) -> CredentialReport:
    """Return what to tell about rights; None is an account without a key."""
    if rights is None:
        return CredentialReport(
            valid=mode in (Mode.SIM, Mode.PAPER),
            scopes=(),
            can_withdraw=None,
            text=ABSENT,
            checked=now,
        )
    text = {True: WITHDRAWS, False: CLEAN, None: UNTOLD}[rights.can_withdraw]
    return CredentialReport(
        valid=True,
        scopes=tuple(sorted(rights.scopes)),
        can_withdraw=rights.can_withdraw,
        text=text,
        checked=now,
    )
