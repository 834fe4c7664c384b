"""The console on a terminal of the tests: fed with nothing, drawn at once, its clock standing."""

from __future__ import annotations

import asyncio

from textual.pilot import Pilot

from axisor.model import Permission
from axisor_tui.app import Console
from axisor_tui.desk import Desk
from axisor_tui.link import Emit
from axisor_tui.model.state import State
from axisor_tui.settings import Settings
from tests.clients.tui.support import NOW

EVERYTHING = (
    Permission.READ
    | Permission.TRADE
    | Permission.ADJUST_MARGIN
    | Permission.GUARD
    | Permission.OPERATE
)


class Quiet:
    """A link on which nothing happens, as with a core that has nothing to say."""

    def __init__(self, rights: Permission = EVERYTHING) -> None:
        self.desk: Desk | None = None
        self.rights = rights

    async def run(self, emit: Emit) -> None:
        """Emit nothing until cancelled."""
        await asyncio.Event().wait()


def console(
    state: State, *, settings: Settings | None = None, rights: Permission = EVERYTHING
) -> Console:
    """Return a console that shows a state, at a time that does not pass."""
    return Console(
        Quiet(rights),
        settings=settings,
        clock=lambda: state.now_ms,
        wall=lambda: state.wall or NOW,
        state=state,
    )


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the parts have their sizes, and draw into them."""
    app = pilot.app
    assert isinstance(app, Console)
    for _ in range(3):
        await pilot.pause()
        app.paint()
    await pilot.pause()
