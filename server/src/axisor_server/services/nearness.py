"""Warns of positions that nothing protects and that come near liquidation.

It looks beside the decisions, at what the accounts that are led here show anyway, and says what it
finds in their journals. What was said before a start, or by another leader, it knows by the alerts
that are open, so nothing is said twice and the end of each is said.
"""

from __future__ import annotations

import logging

from msgspec import Struct

from axisor.errors import AxisorError
from axisor.events import CoverageState
from axisor.model import FeedQuality, Position, Price
from axisor.notices import NoticeLevel
from axisor.ports import Clock
from axisor_server.domain.nearness import Bounds, Zone, covered, notice_of, zone_of
from axisor_server.domain.telling.records import ALERT, Alert, read
from axisor_server.domain.telling.spoken import SAID_BARE
from axisor_server.engine.actor import Actor
from axisor_server.engine.core import Core
from axisor_server.engine.facade import Engine
from axisor_server.ports import Store

LOOK_S = 1.0
AT_ONCE = 64
"""How many accounts are looked at before others get their turn."""

log = logging.getLogger(__name__)


class _Known(Struct):
    """What was said of the positions of one account, while one core acts for it."""

    core: Core
    zones: dict[str, Zone]


class Nearness:
    """Watches the positions of the accounts that this core leads."""

    def __init__(self, *, engine: Engine, store: Store, clock: Clock) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._known: dict[str, _Known] = {}

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Look at every account once; what cannot be said now is said at the next look."""
        led = {actor.core.account.id: actor for actor in self._engine.led() if actor.opened}
        self._known = {id: known for id, known in self._known.items() if id in led}
        for count, (id, actor) in enumerate(led.items(), 1):
            try:
                await self._look_at(id, actor)
            except AxisorError as error:
                log.warning("account %s is not warned for now: %s", id, error)
            if count % AT_ONCE == 0:
                await self._clock.sleep(0)

    async def _look_at(self, id: str, actor: Actor) -> None:
        core = actor.core
        state, known = core.book.state, self._known.get(id)
        if state is None or not state.positions:
            return
        if known is None or known.core is not core:
            known = self._known[id] = _Known(core, await self._said(id))
        if known.zones:
            held = {position.id for position in state.positions}
            known.zones = {p: zone for p, zone in known.zones.items() if p in held}
        for position in state.positions:
            await self._look_at_position(actor, known, position)

    async def _look_at_position(self, actor: Actor, known: _Known, position: Position) -> None:
        before = known.zones.get(position.id, Zone.FAR)
        if not _is_bare(actor.core, position.id):
            if before is not Zone.FAR:
                await actor.say(covered(position.id))
                known.zones.pop(position.id)
            return
        price = _price(actor.core, position)
        if price is None:
            return  # an old price says nothing; that the core is blind is told by itself
        account = actor.core.account
        bounds = Bounds(account.near_bp, account.critical_bp)
        after = zone_of(before, position, price, bounds)
        if after is before:
            return
        notice = notice_of(before, after, position, price)
        if notice is not None:
            await actor.say(notice)
        known.zones[position.id] = after

    async def _said(self, account: str) -> dict[str, Zone]:
        """Return what was said of positions before, and is not over."""
        found = await self._store.read(lambda view: view.documents(ALERT, about=account))
        alerts = (read(document, Alert) for document in found)
        return {
            alert.told.position: Zone.CRITICAL if alert.peak is NoticeLevel.CRIT else Zone.NEAR
            for alert in alerts
            if alert.told.code == SAID_BARE and not alert.over
        }


def _is_bare(core: Core, position: str) -> bool:
    coverage = core.coverage.get(position)
    return coverage is None or coverage.state is CoverageState.UNPROTECTED


def _price(core: Core, position: Position) -> Price | None:
    tick = core.market.tick
    if tick is None or core.market.quality is not FeedQuality.FRESH or position.liquidation <= 0:
        return None
    return tick.guard_price(position.side, position.quantity)
