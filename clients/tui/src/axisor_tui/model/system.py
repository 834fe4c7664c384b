"""The core on one screen: its accounts, the venues' rate limits, replicas, settings."""

from __future__ import annotations

from datetime import UTC, timedelta
from decimal import Decimal

from axisor.events import HaltLevel, Standing
from axisor_tui.model.cells import (
    MODE_TONES,
    Cell,
    Column,
    Line,
    Row,
    Table,
    Tone,
    line,
    muted,
    row,
    strong,
)
from axisor_tui.model.records import AccountLook, Budget, CoreLook
from axisor_tui.model.state import State


def core(state: State) -> tuple[Line, ...]:
    """Return the core: version, replica, how long it is up, whether it is halted or stopping."""
    look = state.look
    if look is None:
        return (line(muted("asking the core")),)
    up = "" if look.started_at is None or look.told_at is None else look.told_at - look.started_at
    since = f"   up {span(up)}" if isinstance(up, timedelta) else ""
    lines = [
        line(strong(f"core {look.version}"), f"   replica {look.replica or '-'}{since}"),
        line(f"highest mode {look.max_mode.value.upper()}   at {state.core or '-'}"),
    ]
    if look.draining:
        lines.append(line(Cell("! it is stopping: nothing new is taken on", Tone.WARN)))
    if look.halt is not HaltLevel.NONE:
        because = f": {look.halt_reason}" if look.halt_reason else ""
        text = f"‼ all accounts halted ({look.halt.value}) by {look.halt_by}{because}"
        lines.append(line(Cell(text, Tone.CRIT)))
    enabled = sum(each.state == "enabled" for each in look.plugins)
    out = sum(each.state == "quarantined" for each in look.plugins)
    lines.append(line(f"plugins {enabled} at work, {out} in quarantine   (9 shows them)"))
    return tuple(lines)


def span(time: timedelta) -> str:
    """Return a span of time in its two largest units."""
    seconds = int(time.total_seconds())
    sizes = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
    for n, (size, name) in enumerate(sizes):
        if seconds >= size or size == 1:
            rest = sizes[n + 1] if n + 1 < len(sizes) else None
            more = f" {seconds % size // rest[0]}{rest[1]}" if rest else ""
            return f"{seconds // size}{name}{more}"
    raise AssertionError("seconds are the last unit")


def accounts(state: State) -> Table:
    """Return the accounts of the core that the caller may see."""
    columns = (
        Column("account", 12),
        Column("mode", 7),
        Column("standing", 14),
        Column("halt", 7),
        Column("price", 14),
        Column("read", 9, right=True, least=100),
        Column("protected", 10, right=True),
        Column("runs", 5, right=True, least=100),
        Column("open acts", 9, right=True, least=100),
        Column("", 10, grow=True, least=120),
    )
    found = () if state.look is None else state.look.accounts
    return Table(columns, tuple(map(_account, found)), "no accounts yet")


def _account(look: AccountLook) -> Row:
    bad = look.standing is not Standing.ACTIVE
    halted = look.halt is not HaltLevel.NONE
    age = "" if look.price_age is None else f" {look.price_age.total_seconds():.1f}s"
    read = look.reconcile_age
    all_safe = look.protected == look.positions
    standing = look.standing.value.replace("_", " ")
    return row(
        look.id,
        look.label or look.id,
        Cell(look.mode.value.upper(), MODE_TONES[look.mode]),
        Cell(f"{'! ' if bad else ''}{standing}", Tone.WARN if bad else Tone.OK),
        Cell(look.halt.value, Tone.CRIT if halted else Tone.MUTED),
        f"{look.quality.value}{age}",
        "-" if read is None else span(read),
        Cell(f"{look.protected} of {look.positions}", Tone.OK if all_safe else Tone.WARN),
        f"{look.running}",
        f"{look.open_intents}",
        muted(" ".join(cause.text or cause.code for cause in look.causes)),
    )


def budgets(state: State) -> tuple[Line, ...]:
    """Return how much of each venue's rate limit is used."""
    look = state.look
    if look is None or not look.budgets:
        return (line(muted("no venue was asked yet")),)
    return tuple(map(_budget, look.budgets))


def _budget(each: Budget) -> Line:
    limit, used = Decimal(each.limit or "0"), Decimal(each.used or "0")
    share = min(Decimal(1), used / limit) if limit else Decimal(0)
    full = int(share * 10)
    latency = (
        "" if each.latency is None else f"   {each.latency / timedelta(milliseconds=1):.0f} ms"
    )
    return line(
        f"{each.venue} {each.network:<9}",
        Cell(
            f"▕{'█' * full}{'░' * (10 - full)}▏", Tone.WARN if share > Decimal("0.8") else Tone.OK
        ),
        f" {each.used} of {each.limit} calls/s (guards keep {each.guard}){latency}",
    )


def settings(state: State) -> Table:
    """Return the settings in force and where each comes from; none of them shows a secret."""
    columns = (
        Column("setting", 30),
        Column("value", 24, grow=True),
        Column("from", 16, least=100),
    )
    found = () if state.look is None else state.look.settings
    rows = tuple(row(each.name, each.name, each.value, muted(each.source)) for each in found)
    return Table(columns, rows, "not asked for, or not for this token")


def leases(look: CoreLook) -> tuple[Line, ...]:
    """Return which replica works for which account."""
    return tuple(
        line(
            f"{each.account}: {each.owner}, epoch {each.epoch}",
            muted("" if each.until is None else f" until {each.until.astimezone(UTC):%H:%M:%S}"),
        )
        for each in look.leases
    )
