"""A call that waits for a word: what it would change, until when, and which word it takes."""

from __future__ import annotations

import re
from datetime import timedelta

from axisor.wire.confirmations import Confirmation
from axisor.wire.records import ActionResult, Figures
from axisor_tui.model.cells import Cell, Line, Tone, line, muted, strong

_HEAD = re.compile(r"[A-Z][a-z]+")


def word_for(confirmation: Confirmation) -> str:
    """Return the word that must be typed before it is carried out, empty where `y` is enough."""
    method = confirmation.method.rpartition("/")[2]
    if confirmation.danger != "destructive":
        return ""
    found = _HEAD.match(method)
    return "confirm" if found is None else found[0].lower()


def lifetime(confirmation: Confirmation, *, mine: bool) -> timedelta:
    """Return how long there is to say the word, from when it was prepared."""
    until = confirmation.commit_until if mine else confirmation.until
    return (until or confirmation.until) - confirmation.created_at


def preview(confirmation: Confirmation) -> tuple[Line, ...]:
    """Return a call in words, its figures before and after, its fee, and what to know before."""
    lines = [line(strong(confirmation.summary)), line()]
    shown = confirmation.preview
    if shown is not None and shown.after is not None:
        lines.append(line(muted(f"{'':<14}{'before':>16}{'after':>16}")))
        lines += _figures(shown.before or Figures(), shown.after)
        if shown.fee:
            lines.append(line(f"{'fee':<14}{'':>16}{shown.fee:>16,} sat"))
    if shown is not None:
        lines += [
            line(Cell(f"! {each.name}: {each.value}, limit {each.threshold}", Tone.WARN))
            for each in shown.checks
            if not each.passed
        ]
    lines += [line(Cell(f"! {each}", Tone.WARN)) for each in confirmation.warnings]
    return tuple(lines)


def _figures(before: Figures, after: Figures) -> list[Line]:
    rows = (
        ("margin", f"{before.margin:,}", f"{after.margin:,}", " sat"),
        ("liq", _or(before.liquidation, ",f"), _or(after.liquidation, ",f"), ""),
        ("distance", _or(before.distance_percent, ".2f"), _or(after.distance_percent, ".2f"), "%"),
        ("leverage", _or(before.leverage, ".1f"), _or(after.leverage, ".1f"), "x"),
        ("free balance", f"{before.free:,}", f"{after.free:,}", " sat"),
    )
    return [
        line(
            f"{name:<14}{old:>16}",
            Cell(f"{new:>16}", Tone.PLAIN if old == new else Tone.STRONG),
            unit,
        )
        for name, old, new, unit in rows
        if (old, new) != ("-", "-")
    ]


def _or(value: object, form: str) -> str:
    return "-" if value is None else format(value, form)


def outcome(result: ActionResult | None) -> tuple[str, bool]:
    """Return how a committed call ended in words, and whether that is good."""
    if result is None:
        return "Done.", True
    settlement = result.settlement
    words = result.state.value.replace("_", " ")
    took = settlement.latency
    how_long = "" if took is None else f" in {took / timedelta(milliseconds=1):,.0f} ms"
    why = f": {settlement.message}" if settlement.message else ""
    return f"{words}{how_long}{why} (event {result.sequence:,})", words == "confirmed"
