"""The journal that is streamed: the same entries in every process, so that none needs be sent."""

from __future__ import annotations

from collections.abc import Iterator

from axisor.events import NoticeGiven
from axisor.model import Mode, Severity
from axisor_server.domain.journal import Entry, Head, extend, from_us, head_of
from axisor_server.rpc.watches import encode

ACCOUNT = "0190f5a0-0000-7000-8000-0000000000be"
STREAM = f"accounts/{ACCOUNT}"
BODY = "margin added, as the price crossed the guard's trigger "
TIME = from_us(1_767_600_000_000_000)


def entries() -> Iterator[Entry]:
    """Yield the journal's entries from its first on, without end."""
    payload = NoticeGiven(severity=Severity.ACT, code="bench", text=BODY)
    head = Head()
    while True:
        new = extend(head, stream=STREAM, mode=Mode.SIM, time=TIME, payloads=[payload])
        yield from new
        head = head_of(new, head)


def sizes(first: int, last: int) -> list[int]:
    """Return for each sequence from `first` to `last` how many bytes of frames end with it.

    Frames concatenate, so a message's end tells how far a subscriber has come.
    """
    found: list[int] = []
    total = 0
    for entry in entries():
        if entry.sequence > last:
            break
        if entry.sequence >= first:
            total += len(encode(entry))
            found.append(total)
    return found
