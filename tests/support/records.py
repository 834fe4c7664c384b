"""Records for tests of stores: every field set, the interesting ones by argument."""

from __future__ import annotations

from collections.abc import Callable

from axisor.events import IntentState, NoticeGiven, Payload, RunState
from axisor.model import Mode, Severity
from axisor_server.domain.journal import Entry, Head, extend, from_us
from axisor_server.domain.records import (
    TENANT,
    AccountRecord,
    CommandRecord,
    IntentRecord,
    RunRecord,
)
from axisor_server.ports import Transaction


def account(id: str = "a", *, revision: int = 1, created_us: int = 1) -> AccountRecord:
    """Return an account."""
    return AccountRecord(
        id=id,
        venue="lnmarkets",
        network="signet",
        mode=Mode.SIM,
        label=f"label of {id}",
        revision=revision,
        created_us=created_us,
        updated_us=created_us,
    )


def intent(
    id: str = "i",
    *,
    account: str = "a",
    target: str = "positions/p",
    additive: bool = True,
    state: IntentState = IntentState.PLANNED,
    created_us: int = 1,
    fence_us: int | None = None,
) -> IntentRecord:
    """Return an intent."""
    return IntentRecord(
        id=id,
        account=account,
        target=target,
        kind="AddMargin",
        additive=additive,
        amount=21_000_000 * 100_000_000,
        action=b'{"is":"AddMargin"}',
        state=state,
        run="r",
        step=3,
        lane=0,
        epoch=2,
        fence_us=fence_us,
        created_us=created_us,
        updated_us=created_us,
    )


def run(
    id: str = "r",
    *,
    account: str = "a",
    step: int = 0,
    revision: int = 1,
    created_us: int = 1,
    state: RunState = RunState.RUNNING,
) -> RunRecord:
    """Return a run."""
    return RunRecord(
        id=id,
        account=account,
        strategy="guard",
        label="",
        config=b"{}",
        leash=b"{}",
        state=state,
        step=step,
        memory=b"\x00\xff",
        revision=revision,
        created_us=created_us,
        updated_us=created_us,
    )


def command(request_id: str = "q", *, account: str = "a", created_us: int = 1) -> CommandRecord:
    """Return a command without an answer."""
    return CommandRecord(
        tenant=TENANT,
        request_id=request_id,
        account=account,
        method="AddMargin",
        digest=bytes(range(32)),
        body=b"{}",
        principal="owner",
        not_after_us=None,
        created_us=created_us,
    )


def notice(text: str = "text", *, code: str = "code") -> Payload:
    """Return a payload."""
    return NoticeGiven(severity=Severity.OK, code=code, text=text)


def entries(head: Head, *payloads: Payload, stream: str = "accounts/a") -> tuple[Entry, ...]:
    """Return the entries that continue a journal."""
    return extend(head, stream=stream, mode=Mode.SIM, time=from_us(1_000), payloads=payloads)


def appending(
    *payloads: Payload, stream: str = "accounts/a", epoch: int | None = None
) -> Callable[[Transaction], Head]:
    """Return a unit that appends payloads at the end of a journal."""

    def unit(transaction: Transaction) -> Head:
        head = transaction.head(stream)
        new = entries(head, *payloads, stream=stream)
        transaction.append(head, new, epoch=epoch)
        return transaction.head(stream)

    return unit
