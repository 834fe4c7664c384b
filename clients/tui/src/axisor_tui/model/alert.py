"""One alert whole: what it means, what to do, since when, and what was sent because of it."""

from __future__ import annotations

from datetime import UTC, datetime

from axisor.states import DeliveryState
from axisor.wire.notices import AlertSummary, DeliverySummary
from axisor.words import short
from axisor_tui.model import alerts
from axisor_tui.model.cells import NOTICE_TONES, Cell, Line, Tone, line, muted, strong
from axisor_tui.model.positions import named
from axisor_tui.model.standing import ID
from axisor_tui.model.state import State

SENT = {
    DeliveryState.QUEUED: ("waits", Tone.MUTED),
    DeliveryState.SENDING: ("on its way", Tone.MUTED),
    DeliveryState.SENT: ("sent", Tone.OK),
    DeliveryState.DEAD: ("! given up", Tone.WARN),
    DeliveryState.SUMMARIZED: ("counted in another message", Tone.MUTED),
}


def detail(state: State, id: str) -> tuple[Line, ...]:
    """Return one alert whole: what it means, what to do, since when, and who was told."""
    alert = alerts.found(state, id)
    if alert is None:
        return (line(muted("choose an alert")),)
    loud = NOTICE_TONES[alert.level] if alert.open else Tone.MUTED
    lines = [line(Cell(f"{alerts.level(alert)}  ".lstrip(), loud), strong(alert.title))]
    lines += [line(each) for each in (alert.effect, alert.next_step) if each]
    lines += [line(), *_about(state, alert), *_times(alert), _standing(alert)]
    lines += _sent(state, alert)
    lines.append(line(muted(f"from a shell: axisor alert ack {short(alert.id)}")))
    return tuple(lines)


def _about(state: State, alert: AlertSummary) -> tuple[Line, ...]:
    held = next((each for each in state.positions if each.id == alert.position), None)
    gone = f"{short(alert.position, ID)}, which is closed" if alert.position else "no position"
    return (
        line(f"about    {gone if held is None else named(held)}"),
        line(f"kind     {alert.kind}, of account {state.label or state.account}"),
    )


def _times(alert: AlertSummary) -> tuple[Line, ...]:
    began, changed = alert.created_at, alert.updated_at
    if changed in (None, began):
        return (line(f"began    {_moment(began)}"),)
    times = f", {alert.times} times within an hour" if alert.times > 1 else ""
    return (line(f"began    {_moment(began)}"), line(f"changed  {_moment(changed)}{times}"))


def _moment(time: datetime | None) -> str:
    return "-" if time is None else f"{time.astimezone(UTC):%F %H:%M:%S} UTC"


def _standing(alert: AlertSummary) -> Line:
    if not alert.open:
        return line("state    over")
    if not alert.acknowledged:
        return line("state    ", strong("open"), ", not acknowledged by you")
    at = "" if alert.acknowledged_at is None else f" at {_moment(alert.acknowledged_at)}"
    return line(f"state    open, acknowledged by you{at}")


def _sent(state: State, alert: AlertSummary) -> tuple[Line, ...]:
    if state.sent is None:
        return (line("sent     ", muted("asking the core")),)
    if not state.sent.channels:
        return (line("sent     ", muted("nowhere: you have no channel (axisor notify add)")),)
    to = [each for each in state.sent.deliveries if each.alert.rpartition("/")[2] == alert.id]
    if not to:
        return (line("sent     ", muted("to none of your channels")),)
    return tuple(
        line(f"{'sent' if n == 0 else '':<9}", *_delivery(state.sent.channels, each))
        for n, each in enumerate(to)
    )


def _delivery(channels: dict[str, str], sent: DeliverySummary) -> tuple[Cell, ...]:
    said, tone = SENT[sent.state]
    name = channels.get(sent.channel, short(sent.channel))
    if sent.sent_at is not None and sent.created_at is not None:
        said += f" in {(sent.sent_at - sent.created_at).total_seconds():.1f} s"
    if sent.next_at is not None:
        said += f", next at {alerts.clock(sent.next_at)}"
    why = f": {sent.error}" if sent.error else ""
    return (Cell(f"{name}  "), Cell(f"{said}{why}", tone))
