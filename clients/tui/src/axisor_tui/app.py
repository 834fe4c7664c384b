"""The console: one state, fed by a core, shown by screens, repainted at most twice a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, Protocol

from textual.binding import BindingType

from axisor.client.guard import Explanation
from axisor.errors import AxisorError
from axisor.model import Permission
from axisor.wire.failures import CoreUnreachable
from axisor_tui import keymap
from axisor_tui.desk import Desk
from axisor_tui.heeding import Heeds
from axisor_tui.keymap import KeyAction
from axisor_tui.link import Emit
from axisor_tui.model import commands
from axisor_tui.model.messages import (
    Explained,
    LinkLost,
    Message,
    PriceSeen,
    Selected,
    Snapped,
    TimePassed,
    UnitChosen,
)
from axisor_tui.model.reducing import reduce
from axisor_tui.model.state import State
from axisor_tui.overlays.help import Help
from axisor_tui.overlays.jump import Jump
from axisor_tui.overlays.palette import Commands
from axisor_tui.overlays.pick import Pick
from axisor_tui.overlays.setup import Setup
from axisor_tui.overlays.text import Reading
from axisor_tui.screens.activity import Activity
from axisor_tui.screens.alerts import Alerts
from axisor_tui.screens.automations import Automations
from axisor_tui.screens.base import ConsoleScreen
from axisor_tui.screens.guard import GuardScreen
from axisor_tui.screens.orders import Orders
from axisor_tui.screens.overview import Overview
from axisor_tui.screens.plugins import Plugins
from axisor_tui.screens.position import PositionScreen
from axisor_tui.screens.system import System
from axisor_tui.screens.whatif import WhatIfScreen
from axisor_tui.settings import Settings
from axisor_tui.themes import DARK, THEMES, USUAL

REPAINT_S = 0.5
"""Prices repaint at most this often; what happens is shown at once."""

BURST_S = 0.05
"""What happens is shown within this, so that a burst of events is painted once."""

MOST_WAIT_S = 15.0


class Feeds(Protocol):
    """What feeds the console, and where it asks: `axisor_tui.link.Link`, or a quiet one."""

    desk: Desk | None
    rights: Permission

    async def run(self, emit: Emit) -> None:
        """Emit messages until cancelled."""
        ...


def _first(group: BaseExceptionGroup[AxisorError]) -> AxisorError:
    for error in group.exceptions:
        return _first(error) if isinstance(error, BaseExceptionGroup) else error
    raise AssertionError("a group is never empty")


class Console(Heeds):
    """The terminal console. `clock` (milliseconds) and `wall` are its times."""

    CSS_PATH = "console.tcss"
    TITLE = "axisor"
    COMMANDS: ClassVar[Any] = {Commands}
    MODES: ClassVar[Any] = {
        "overview": Overview,
        "position": PositionScreen,
        "guard": GuardScreen,
        "orders": Orders,
        "automations": Automations,
        "whatif": WhatIfScreen,
        "alerts": Alerts,
        "activity": Activity,
        "plugins": Plugins,
        "system": System,
    }
    DEFAULT_MODE = "overview"
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings(keymap.EVERYWHERE)]

    def __init__(
        self,
        link: Feeds,
        *,
        settings: Settings | None = None,
        clock: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        state: State | None = None,
    ) -> None:
        self.settings = settings or Settings()
        super().__init__()
        self._link, self.clock, self._wall = link, clock, wall
        self.state = state or State(unit=self.settings.unit)
        self.failure: AxisorError | None = None
        self._dirty, self._painting = True, False
        for palette in THEMES.values():
            self.register_theme(palette.theme)
        mono = self.no_color and self.settings.theme == USUAL
        self.theme = "mono" if mono else self.settings.theme
        self.set_keymap(self.settings.keymap)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the colours of the frames, for themes that have none."""
        return dict(DARK.theme.variables)

    @property
    def desk(self) -> Desk | None:
        """Return where a core is asked, None while there is none."""
        return self._link.desk

    @property
    def read_only(self) -> bool:
        """Return whether no action is offered."""
        return self.settings.read_only

    @property
    def base(self) -> ConsoleScreen | None:
        """Return the screen below all overlays."""
        stack = self.screen_stack
        found = stack[0] if stack else None
        return found if isinstance(found, ConsoleScreen) else None

    def on_mount(self) -> None:
        """Start the feed and the repainting."""
        self.action_refresh_all()
        self.set_interval(REPAINT_S, self._pass_time)

    async def _feed(self) -> None:
        wait = 1.0
        while True:
            problem = await self._fed()
            if problem is None:
                return
            known = self.state.account or self.state.newcomer
            if not isinstance(problem, CoreUnreachable) or not known:
                # What the core refuses for good ends the console; whoever ran it says why.
                self.failure = problem
                self.exit(return_code=1)
                return
            self.take(LinkLost(problem.message, wait))
            await asyncio.sleep(wait)
            wait = min(MOST_WAIT_S, wait * 2)

    async def _fed(self) -> AxisorError | None:
        """Take what the core says until it refuses, and return how."""
        problem: AxisorError | None = None
        try:
            await self._link.run(self.take)
        except* AxisorError as group:
            problem = _first(group)
        return problem

    def take(self, message: Message) -> None:
        """Change the state by a message; prices and time wait for the next repaint."""
        known = self.state.newcomer
        self.state = reduce(self.state, message)
        self._dirty = True
        if self.state.newcomer is not known:
            self._set_up(needed=self.state.newcomer)
        if isinstance(message, Snapped) and self.base is not None:
            self.base.ask()
        if not isinstance(message, PriceSeen | TimePassed):
            self._paint_soon()

    def _set_up(self, *, needed: bool) -> None:
        """Say what to do where there is no account, until there is one."""
        if needed:
            self.push_screen(Setup(self.state.core))
        elif isinstance(self.screen, Setup):
            self.screen.dismiss()

    def _pass_time(self) -> None:
        self.take(TimePassed(self.clock(), self._wall()))
        if self._dirty:
            self.paint()

    def _paint_soon(self) -> None:
        if not self._painting and self._running:
            self._painting = True
            self.set_timer(BURST_S, self.paint)

    def paint(self) -> None:
        """Show the state on the screen that is up."""
        self._painting = self._dirty = False
        if self.base is not None:
            self.base.paint()

    def may(self, scope: str, action: str) -> bool:
        """Return whether an action is offered: the token must hold its right, unless read-only."""
        held = Permission.NONE if self.read_only else self._link.rights
        for each in (*keymap.of(scope), *keymap.of(keymap.EVERYWHERE)):
            if each.action.partition("(")[0] == action:
                return each.right in held or each.right is Permission.NONE
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell whether an action of every screen is offered to this token."""
        return self.may(keymap.EVERYWHERE, action)

    def offered(self) -> list[KeyAction]:
        """Return the actions that hold on the screen that is up."""
        scope = keymap.EVERYWHERE if self.base is None else self.base.SCOPE
        scopes = (scope, keymap.LISTS, keymap.EVERYWHERE)
        return [
            each
            for name in scopes
            for each in keymap.of(name)
            if self.may(name, each.action.partition("(")[0])
        ]

    def act(self, id: str) -> None:
        """Do the action of an id, as if its key had been pressed."""
        action = next(each.action for each in keymap.ACTIONS if each.id == id)
        everywhere = id.startswith(f"{keymap.EVERYWHERE}.")
        target = self if everywhere or self.base is None else self.base
        self.call_later(partial(self.run_action, action, default_namespace=target))

    def fetch(self, ask: Callable[[Desk], Awaitable[Message]], *, group: str = "") -> None:
        """Ask the core for something and show it; of one group only the newest question counts."""
        if self.desk is not None:
            self.attempt(self._fetched(self.desk, ask), group=group)

    async def _fetched(self, desk: Desk, ask: Callable[[Desk], Awaitable[Message]]) -> None:
        self.take(await ask(desk))

    def explain(self, sequence: int, then: Callable[[Explanation], object] | None = None) -> None:
        """Ask why an event happened, and do something with the answer."""

        async def ask(desk: Desk) -> None:
            found: Explained = await desk.explain(sequence)
            self.take(found)
            if then is not None:
                then(found.explanation)

        desk = self.reachable()
        if desk is not None:
            self.attempt(ask(desk), group="why")

    def verify(self) -> None:
        """Have every hash of the journal computed again, and say what came of it."""

        async def ask(desk: Desk) -> None:
            found = await desk.verify()
            good = found.first_bad is None
            text = f"{found.events:,} events, every hash holds." if good else found.problem
            self.say(text, problem=not good)

        desk = self.reachable()
        if desk is not None:
            self.attempt(ask(desk))

    def next_position(self) -> None:
        """Choose the next position by danger, after the last the first."""
        order, chosen = self.state.by_danger(), self.state.position
        if chosen is not None:
            at = [each.id for each in order].index(chosen.id)
            self.take(Selected(order[(at + 1) % len(order)].id))
            self.paint()

    def action_show(self, name: str) -> None:
        """Bring a screen up."""
        self.switch_mode(name)

    def action_leave(self) -> None:
        """Go back to the overview, or make the part that fills the screen as it was."""
        if self.screen.maximized is not None:
            self.screen.minimize()
        else:
            self.switch_mode("overview")

    def action_refresh_all(self) -> None:
        """Call the core again, from the beginning."""
        self.run_worker(self._feed(), name="feed", group="feed", exclusive=True)

    def action_unit(self) -> None:
        """Show amounts in the next unit."""
        self.take(UnitChosen(self.state.unit.next))
        self.paint()

    def action_help(self) -> None:
        """Show the keys of the screen."""
        if self.base is not None:
            self.push_screen(Help(self.base.SCOPE, self.offered(), self.settings.keymap))

    def action_jump(self) -> None:
        """Put a letter on each part of the screen, and go where the person says."""
        base = self.base
        if base is not None:
            self.push_screen(Jump(base.parts()), lambda part: part and part.focus())

    def action_commands(self) -> None:
        """Show what was asked of the core here."""
        title = "Command log ─ what was asked of the core here, newest first"
        self.push_screen(Reading(title, commands.lines(self.state)))

    def action_theme(self) -> None:
        """Choose a theme."""

        def chosen(name: str | None) -> None:
            if name is not None:
                self.theme = name
                self.paint()

        choices = [(name, each.purpose) for name, each in THEMES.items()]
        hint = "to keep it: console.theme in console.toml"
        self.push_screen(Pick("Theme", choices, chosen=self.theme, hint=hint), chosen)

    def action_copy(self) -> None:
        """Choose what to copy of the thing that is chosen."""
        base = self.base
        if base is None:
            return
        thing = base.thing()
        texts = dict(thing.choices)

        def chosen(name: str | None) -> None:
            if name is not None:
                self.copy_to_clipboard(texts[name])
                self.say(f"Copied {name} of {thing.title}, if the terminal takes OSC 52.")

        self.push_screen(Pick(f"Copy {thing.title}", thing.choices), chosen)

    def action_maximize(self) -> None:
        """Make the part that has the focus fill the screen."""
        self.screen.action_maximize()

    def action_minimize(self) -> None:
        """Make it as it was."""
        self.screen.action_minimize()
