"""Says to the core that alerts were seen, and that channels keep quiet for a while."""

from __future__ import annotations

from axisor.wire.notices import AlertSummary
from axisor_tui import alerting
from axisor_tui.configuring import Configures
from axisor_tui.overlays.mute import ALL, Mute

ACKNOWLEDGE = "NotificationService.AcknowledgeAlert"
MUTE = "NotificationService.MuteAlerts"


class Heeds(Configures):
    """The part of the console that deals with alerts; it moves no money, so one key is enough."""

    def acknowledge(self, alert: AlertSummary | None) -> None:
        """Say that an alert was seen."""
        if alert is None or not alert.open:
            self.say("No alert is open." if alert is None else "It is over already.")
        elif alert.acknowledged:
            self.say("You have acknowledged it already.")
        else:
            self.attempt(self._acknowledge(alert))

    async def _acknowledge(self, alert: AlertSummary) -> None:
        desk = self.reachable()
        if desk is not None:
            with self.noting(ACKNOWLEDGE, alert.title):
                self.take(await alerting.acknowledge(desk, alert.id))
            self.note(ACKNOWLEDGE, alert.title, "acknowledged")
            self.say(f"Acknowledged, it is not repeated to you: {alert.title}")

    def mute(self, kind: str) -> None:
        """Ask for how long channels keep quiet about a kind of alerts."""
        self.attempt(self._mute(kind))

    async def _mute(self, kind: str) -> None:
        state = self.state
        kinds = sorted({each.kind for each in state.alerts or ()})
        wish = await self.push_screen_wait(Mute(state.label or state.account, kinds, kind))
        desk = None if wish is None else self.reachable()
        if wish is None or desk is None:
            return
        what = wish.kind or ALL
        with self.noting(MUTE, f"mute {what}"):
            self.take(await alerting.mute(desk, wish.minutes, wish.kind))
        said = f"Your channels tell {what} again."
        if wish.minutes:
            said = f"Your channels are quiet about {what} for {wish.minutes:,} minutes; "
            said += "about CRIT and LOST for 30 at most."
        self.note(MUTE, f"mute {what}", said)
        self.say(said)
