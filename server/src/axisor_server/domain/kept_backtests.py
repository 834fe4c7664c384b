"""Back-tests that were started and are kept: where one stands, and which of an account stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import BacktestInterrupted
from axisor.model import Sats
from axisor.states import BacktestState
from axisor_server.domain.records import DocumentRecord

KIND = "backtest"
REPORT = "backtest_report"
"""The kind of the documents of reports, so that lists read none of them."""

SILENT_US = 60 * 1_000_000
"""Who makes a back-test and says nothing for so long is gone."""

KEPT_US = 30 * 24 * 60 * 60 * 1_000_000
"""How long one is kept at most."""

MOST_REPORT = 8 * 1024 * 1024


class Kept(Struct, frozen=True, kw_only=True):
    """A started back-test.

    `person` is who started it, empty for the owner of the core; `heard_us` when whoever makes it
    last said so. `reason`, `text`, `means`, `todo` and `metadata` are of the error it ended with.
    """

    id: str
    account: str
    strategy: str
    market: str
    balance: Sats
    person: str = ""
    state: BacktestState = BacktestState.RUNNING
    done: int = 0
    of: int = 0
    made_us: int
    heard_us: int
    ended_us: int | None = None
    reason: str = ""
    text: str = ""
    means: str = ""
    todo: str = ""
    metadata: dict[str, str] = {}
    report_bytes: int = 0


def as_heard(kept: Kept, now_us: int) -> Kept:
    """Return a back-test as it stands: one that nobody makes any more was interrupted."""
    if kept.state is BacktestState.RUNNING and now_us - kept.heard_us > SILENT_US:
        return interrupted(kept, kept.heard_us)
    return kept


def interrupted(kept: Kept, now_us: int) -> Kept:
    """Return a back-test whose maker is gone."""
    error = BacktestInterrupted(backtest=kept.id)
    return replace(
        kept,
        state=BacktestState.INTERRUPTED,
        ended_us=now_us,
        reason=error.reason,
        text=error.message,
    )


def too_many(all: Iterable[Kept], most: int) -> Sequence[Kept]:
    """Return those that ended and go, the oldest first, so that `most` stay."""
    ended = sorted(
        (each for each in all if each.state is not BacktestState.RUNNING),
        key=lambda each: (each.made_us, each.id),
    )
    return ended[: max(0, len(ended) - most)]


def to_document(kept: Kept, revision: int = 1) -> DocumentRecord:
    """Return the document that keeps a back-test. It belongs to its account."""
    return DocumentRecord(
        kind=KIND,
        id=kept.id,
        about=kept.account,
        body=msgspec.json.encode(kept),
        revision=revision,
        until_us=kept.made_us + KEPT_US,
        created_us=kept.made_us,
        updated_us=kept.ended_us or kept.heard_us,
    )


def report_document(kept: Kept, report: bytes) -> DocumentRecord:
    """Return the document of a report."""
    return DocumentRecord(
        kind=REPORT,
        id=kept.id,
        about=kept.account,
        body=report,
        until_us=kept.made_us + KEPT_US,
        created_us=kept.ended_us or kept.made_us,
        updated_us=kept.ended_us or kept.made_us,
    )


def from_document(document: DocumentRecord) -> Kept:
    """Return the back-test that a document keeps."""
    return msgspec.json.decode(document.body, type=Kept)
