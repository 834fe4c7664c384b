"""Every screen in every size as a picture in two themes; other themes and overlays once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from axisor.events import HaltLevel
from axisor.model import Mode
from axisor_tui.app import Console
from axisor_tui.keymap import NUMBERS
from axisor_tui.model import commands
from axisor_tui.model.messages import Asked, LinkLost
from axisor_tui.model.state import State
from axisor_tui.overlays.confirm import Confirm
from axisor_tui.overlays.form import Form
from axisor_tui.overlays.halt import Halt
from axisor_tui.overlays.mute import Mute
from axisor_tui.overlays.setup import Setup
from axisor_tui.overlays.text import Reading
from axisor_tui.settings import Settings
from tests.clients.tui.answers import confirmation
from tests.clients.tui.portfolio import (
    GUARD_SCHEMA,
    portfolio,
)
from tests.clients.tui.support import NOW, example, play, rescue
from tests.clients.tui.terminal import console, settled

SIZES = [(80, 24), (120, 40), (200, 50)]
SMALL = SIZES[0]


def sized(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def showing(screen: str) -> Callable[[Pilot[None]], object]:
    """Return what brings a screen up and waits until it is drawn."""

    async def go(pilot: Pilot[None]) -> None:
        await pilot.press(NUMBERS[screen])
        await settled(pilot)

    return go


def covered(overlay: Callable[[Console], Screen[Any]]) -> Callable[[Pilot[None]], object]:
    """Return what lays something over the overview and waits until it is drawn."""

    async def go(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        await settled(pilot)
        await app.push_screen(overlay(app))
        for line in app.screen.query(Input):
            line.cursor_blink = False
        await pilot.pause()

    return go


@pytest.mark.parametrize("theme", ["axisor-dark", "axisor-light"])
@pytest.mark.parametrize("size", SIZES, ids=sized)
@pytest.mark.parametrize("screen", list(NUMBERS))
def test_a_screen(snap_compare, screen, size, theme):
    app = console(portfolio(), settings=Settings(theme=theme))

    assert snap_compare(app, terminal_size=size, run_before=showing(screen))


@pytest.mark.parametrize("theme", ["deutan", "mono"])
def test_the_overview_for_other_eyes(snap_compare, theme):
    app = console(portfolio(), settings=Settings(theme=theme))

    assert snap_compare(app, terminal_size=SMALL, run_before=settled)


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.LIVE])
def test_each_mode_has_its_own_frame(snap_compare, mode):
    assert snap_compare(console(portfolio(mode)), terminal_size=SMALL, run_before=settled)


def test_the_overview_after_a_rescue(snap_compare):
    state = play(*rescue(), state=example())

    assert snap_compare(console(state), terminal_size=SIZES[1], run_before=settled)


def test_a_core_that_is_not_heard_leaves_grey_figures(snap_compare):
    lost = play(LinkLost("connection refused", 4.0), state=portfolio())

    assert snap_compare(console(lost), terminal_size=SIZES[1], run_before=settled)


def test_before_the_first_word_of_the_core(snap_compare):
    assert snap_compare(console(State(wall=NOW)), terminal_size=SMALL, run_before=settled)


def _confirm(app: Console) -> Confirm:
    return Confirm(confirmation(), app.state.mode, clock=app.clock)


def _typed(app: Console) -> Confirm:
    method = "/axisor.v1.MarginService/ClosePosition"
    found = confirmation(method=method, danger="destructive", summary="close 19c20000")
    return Confirm(found, app.state.mode, clock=app.clock)


def _approve(app: Console) -> Confirm:
    return Confirm(confirmation(), app.state.mode, clock=app.clock, mine=False)


def _halt(app: Console) -> Halt:
    overlay = Halt(app.state, ("close 7f3a0000", "close 19c20000", "cancel order a9d00000"))
    overlay.level = HaltLevel.FLATTEN
    return overlay


def _form(app: Console) -> Form:
    return Form("margin-guard", GUARD_SCHEMA, '{"trigger": "2", "budget_day": 500000}')


def _mute(app: Console) -> Mute:
    return Mute("main", ("key", "near"), "near")


def _setup(app: Console) -> Setup:
    return Setup("127.0.0.1:8420")


def _commands(app: Console) -> Reading:
    asked = (
        Asked(NOW, "MarginService.AddMargin", "add 5,000 sat to 7f3a0000", "confirmed in 142 ms"),
        Asked(NOW, "AccountService.HaltAccount", "halt risk", "The core is away.", good=False),
    )
    return Reading("Command log", commands.lines(play(*asked, state=app.state)))


OVERLAYS: dict[str, Callable[[Console], Screen[Any]]] = {
    "confirm": _confirm,
    "typed": _typed,
    "approve": _approve,
    "halt": _halt,
    "form": _form,
    "mute": _mute,
    "setup": _setup,
    "commands": _commands,
}


@pytest.mark.parametrize("overlay", list(OVERLAYS))
def test_an_overlay(snap_compare, overlay):
    app = console(portfolio())

    assert snap_compare(app, terminal_size=SMALL, run_before=covered(OVERLAYS[overlay]))


@pytest.mark.parametrize(
    ("name", "key"),
    [("help", "question_mark"), ("theme", "T"), ("copy", "y"), ("jump", "ctrl+o"), ("ask", "m")],
    ids=["help", "theme", "copy", "jump", "ask"],
)
def test_a_list_or_a_question(snap_compare, name, key):
    async def go(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press(key)
        for line in pilot.app.screen.query(Input):
            line.cursor_blink = False
        await pilot.pause()

    assert snap_compare(console(portfolio()), terminal_size=SMALL, run_before=go)
