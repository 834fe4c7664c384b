"""The console: panels drawn from the state, repainted at most twice a second."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import ClassVar, TypeAlias

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from axisor.errors import AxisorError
from axisor.model import Mode
from axisor_tui import render
from axisor_tui.chart import PriceChart
from axisor_tui.state import (
    GuardSeen,
    Happened,
    Link,
    Linked,
    LinkLost,
    Message,
    Selected,
    Snapped,
    State,
    TimePassed,
    reduce,
)

Emit: TypeAlias = Callable[[Message], None]
Source: TypeAlias = Callable[[Emit], Awaitable[None]]
"""What feeds the console: it emits messages until it is cancelled."""

REPAINT_S = 0.5
"""Prices repaint at most this often; what the guard does is shown at once."""

AT_ONCE = (Happened, GuardSeen, Linked, LinkLost, Snapped, Selected)

HELP = """\
The console shows one account; the core goes on whatever you do here.

  up, k / down, j   select a position
  ?                 this page
  q                 quit; the guard stays on duty

Distance is how far the price may move against a position before it is
liquidated, in percent of the price. The bar has twenty cells, one a percent;
| marks where the guard acts. ~ means that a figure may be old.
The floor is the price down to which (for shorts: up to which) the guard holds
with what it may spend, if the price walks there. A jump is not a walk.
"""


def _first(group: BaseExceptionGroup[AxisorError]) -> AxisorError:
    for error in group.exceptions:
        return _first(error) if isinstance(error, BaseExceptionGroup) else error
    raise AssertionError("a group is never empty")


class Help(ModalScreen[None]):
    """The page of keys and words."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close", id="help.close")
    ]

    def compose(self) -> ComposeResult:
        """Show the page."""
        yield Static(HELP, id="help")


class Console(App[None]):
    """The terminal console; `source` feeds it, `clock` and `wall` are its times."""

    CSS_PATH = "console.tcss"
    TITLE = "axisor"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit", id="app.quit"),
        Binding("question_mark", "help", "Help", id="app.help"),
        Binding("up,k", "select(-1)", "Up", id="positions.up"),
        Binding("down,j", "select(1)", "Down", id="positions.down"),
    ]

    def __init__(
        self,
        source: Source,
        *,
        clock: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        state: State | None = None,
    ) -> None:
        super().__init__()
        self._source, self._clock, self._wall = source, clock, wall
        self.state = state or State()
        self._dirty = True
        self._laid_out = False
        self.failure: AxisorError | None = None

    def compose(self) -> ComposeResult:
        """Lay out the panels."""
        yield Static(id="banner")
        yield Static(id="market")
        with Vertical(id="body"):
            yield Static(id="positions")
            with Horizontal(id="lower"):
                yield PriceChart(id="chart")
                yield Static(id="guard")
            yield Static(id="events")
        yield Static("↑↓ select  ? help  q quit — quitting leaves the guard running", id="keys")

    def on_mount(self) -> None:
        """Name the panels, start the feed and the repainting."""
        titles = {"positions": "Positions by danger", "chart": "Price"}
        titles |= {"guard": "Guard", "events": "Live events"}
        for id, title in titles.items():
            self.query_one(f"#{id}").border_title = title
        self.run_worker(self._feed(), name="feed", exclusive=True)
        self.set_interval(REPAINT_S, self._pass_time)
        self._laid_out = True
        self.paint()
        self.call_after_refresh(self.paint)

    async def _feed(self) -> None:
        try:
            await self._source(self.take)
        except* AxisorError as group:
            # What the core refuses for good ends the console; whoever ran it says why.
            self.failure = _first(group)
            self.exit(return_code=1)

    def take(self, message: Message) -> None:
        """Change the state by a message, and repaint at once where it must not wait."""
        self.state = reduce(self.state, message)
        self._dirty = True
        if isinstance(message, AT_ONCE):
            self.paint()

    def _pass_time(self) -> None:
        self.take(TimePassed(self._clock(), self._wall()))
        if self._dirty:
            self.paint()

    def on_resize(self) -> None:
        """Draw again once the panels have their new sizes."""
        self.call_after_refresh(self.paint)

    def paint(self) -> None:
        """Draw every panel from the state."""
        if not self._laid_out:
            return
        state, screen = self.state, self.screen_stack[0]
        screen.set_class(state.link is not Link.UP, "lost")
        for mode in Mode:
            screen.set_class(state.mode is mode, f"mode-{mode.value}")
        events = screen.query_one("#events", Static)
        texts = {
            "banner": render.banner(state),
            "market": render.market(state),
            "positions": render.positions(state, self.size.width),
            "guard": render.guard(state),
            "events": render.events(state.lines, max(1, events.content_size.height)),
        }
        for id, text in texts.items():
            screen.query_one(f"#{id}", Static).update(text)
        screen.query_one(PriceChart).show(state)
        self._dirty = False

    def action_select(self, by: int) -> None:
        """Move the selection."""
        self.take(Selected(by))

    def action_help(self) -> None:
        """Show the page of keys and words."""
        self.push_screen(Help())
