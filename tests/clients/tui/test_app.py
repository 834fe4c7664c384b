"""The console's screens in sizes and modes, as pictures, and its keys."""

from __future__ import annotations

import asyncio

import pytest
from textual.pilot import Pilot

from axisor.model import Mode
from axisor_tui.app import Console, Emit
from axisor_tui.state import LinkLost, State
from tests.clients.tui.support import NOW, example, play, rescue


async def silence(emit: Emit) -> None:
    """Feed nothing, as a core does while nothing happens."""
    await asyncio.Event().wait()


def console(state: State) -> Console:
    return Console(silence, clock=lambda: state.now_ms, wall=lambda: state.wall or NOW, state=state)


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the panels have their sizes, and draw into them."""
    app = pilot.app
    assert isinstance(app, Console)
    for _ in range(3):
        await pilot.pause()
        app.paint()
    await pilot.pause()


SIZES = [(80, 24), (120, 40), (200, 50)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_overview_before_a_rescue(snap_compare, size):
    assert snap_compare(console(example()), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_overview_after_a_rescue(snap_compare, size):
    assert snap_compare(
        console(play(*rescue(), state=example())), terminal_size=size, run_before=settled
    )


@pytest.mark.parametrize("mode", Mode)
def test_each_mode_has_its_own_frame(snap_compare, mode):
    assert snap_compare(console(example(mode)), terminal_size=(100, 30), run_before=settled)


def test_a_core_that_is_not_heard_leaves_grey_figures(snap_compare):
    lost = play(LinkLost("connection refused"), state=example())

    assert snap_compare(console(lost), terminal_size=(100, 30), run_before=settled)


def test_before_the_first_word_of_the_core(snap_compare):
    assert snap_compare(console(State(wall=NOW)), terminal_size=(80, 24), run_before=settled)


def test_without_colours(snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    assert snap_compare(console(example()), terminal_size=(80, 24), run_before=settled)


def test_the_help_page(snap_compare):
    assert snap_compare(
        console(example()), press=["question_mark"], terminal_size=(100, 30), run_before=settled
    )


async def test_what_the_guard_does_is_drawn_without_waiting():
    app = console(example())
    async with app.run_test(size=(120, 40)):
        for message in rescue():
            app.take(message)

        events = str(app.query_one("#events").render())

    assert "add 82,541 sat" in events
    assert "confirmed in 142 ms" in events


async def test_keys_move_the_selection_and_quit():
    app = console(example())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j")
        assert app.state.selected == 1
        await pilot.press("k")
        assert app.state.selected == 0
        await pilot.press("q")

    assert app.return_code == 0
