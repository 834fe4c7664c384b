"""A strategy that remembers a digest of all that it is shown, so that nothing differs unseen."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import msgspec

from axisor.events import Outcome
from axisor.intents import AddMargin, Intent, Notice, OpenPosition, SetStop, Wake
from axisor.model import Permission, Severity, Side, Tick
from axisor.strategy import Config, Memory, Strategy, View

_encoder = msgspec.json.Encoder(order="deterministic")


class MirrorConfig(Config, frozen=True):
    """How often it acts: at every so many calls."""

    every: int = 5
    amount: int = 700


class MirrorMemory(Memory):
    """What it was shown, folded into one digest, and how often it was called."""

    seen: str = ""
    calls: int = 0


class Mirror(Strategy[MirrorConfig, MirrorMemory]):
    """Sees every tick and every change; acts by the count of its calls, without sense."""

    name = "mirror"
    permissions = Permission.TRADE | Permission.ADJUST_MARGIN | Permission.GUARD

    def _look(self, what: Any, view: View) -> list[Intent]:
        memory = self.memory
        shown = _encoder.encode([msgspec.to_builtins(what), view, str(view.random.random())])
        memory.seen = hashlib.sha256(memory.seen.encode() + shown).hexdigest()
        memory.calls += 1
        every = frozenset({"position", "order", "outcome", "balance", "feed", "funding"})
        found: list[Intent] = [Wake(on=every)]
        if memory.calls % self.config.every:
            return found
        return found + self._wishes(view)

    def _wishes(self, view: View) -> list[Intent]:
        amount = self.config.amount
        wishes: list[Intent] = [AddMargin(position=p.id, amount=amount) for p in view.positions]
        if view.positions and view.tick is not None:
            first = view.positions[0]
            below = (view.tick.last * first.side.sign * -1) / 50 + view.tick.last
            wishes.append(SetStop(position=first.id, price=below // 1))
        match self.memory.calls // self.config.every % 4:
            case 0:
                wishes.append(
                    OpenPosition(side=Side.SELL, leverage=Decimal(5), quantity=3 + len(wishes))
                )
            case 1:
                text = f"{self.memory.calls} calls."
                wishes.append(Notice(severity=Severity.OK, code="CALLS", text=text))
        return wishes

    def on_start(self, view: View) -> list[Intent]:
        """Look."""
        return self._look("start", view)

    def on_tick(self, tick: Tick, view: View) -> list[Intent]:
        """Look."""
        return self._look(tick, view)

    def on_wake(self, tick: Tick, view: View) -> list[Intent]:
        """Look."""
        return self._look(tick, view)

    def on_order(self, change: Any, view: View) -> list[Intent]:
        """Look."""
        return self._look(change, view)

    def on_position(self, change: Any, view: View) -> list[Intent]:
        """Look."""
        return self._look(change, view)

    def on_balance(self, change: Any, view: View) -> list[Intent]:
        """Look."""
        return self._look(change, view)

    def on_feed(self, change: Any, view: View) -> list[Intent]:
        """Look."""
        return self._look(change, view)

    def on_outcome(self, outcome: Outcome, view: View) -> list[Intent]:
        """Look, and ask for nothing: an answer that leads to another has no end."""
        self._look(outcome, view)
        return []

    def on_stop(self, view: View) -> list[Intent]:
        """Look."""
        return self._look("stop", view)
