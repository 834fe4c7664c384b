"""Tells the owner of a channel that does not work so, by the other channels that they have."""

from __future__ import annotations

from axisor.model import Mode
from axisor.notices import NoticeLevel
from axisor_server.domain.telling.happening import Told, id_of
from axisor_server.domain.telling.records import CHANNEL, Channel, read
from axisor_server.domain.telling.saying import say
from axisor_server.ports import Transaction
from axisor_server.services.telling.following import put, rules_of

EVERY_US = 6 * 3_600 * 1_000_000
"""How often one channel's failing is told at most."""


def tell_others(tx: Transaction, failing: Channel, why: str, now_us: int) -> None:
    """Write to the other channels of an owner that one does not work."""
    told = Told(
        id=id_of("failing", failing.id, now_us // EVERY_US),
        account="",
        mode=Mode.LIVE,
        episode=f"failing/{failing.id}",
        level=NoticeLevel.CRIT,
        kind="failing",
        code="failing",
        figures={"name": failing.label, "text": why},
        time_us=now_us,
    )
    language = rules_of(tx, failing.owner, failing.tenant).language
    for document in tx.documents(CHANNEL, owner=failing.owner):
        channel = read(document, Channel)
        if channel.id != failing.id and not channel.paused and not channel.trouble:
            put(tx, channel, say(told, language), alert="", due_us=now_us, now_us=now_us)
