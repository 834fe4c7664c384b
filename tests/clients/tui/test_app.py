"""The console as a whole: its keys, what it hides, how it repaints, what it says."""

from __future__ import annotations

import pytest
from textual.command import CommandPalette
from textual.widgets import Static

from axisor.events import HaltChanged, HaltLevel
from axisor.model import Mode, Permission
from axisor_tui import keymap
from axisor_tui.app import Console
from axisor_tui.model.messages import Asked, LinkLost, NoAccountYet, Snapped, TimePassed
from axisor_tui.model.state import State
from axisor_tui.overlays.help import Help
from axisor_tui.overlays.jump import Jump
from axisor_tui.overlays.pick import Pick
from axisor_tui.overlays.setup import Setup
from axisor_tui.overlays.text import Reading
from axisor_tui.screens.base import ConsoleScreen
from axisor_tui.settings import Settings
from tests.clients.tui.answers import B
from tests.clients.tui.portfolio import portfolio, snapshot
from tests.clients.tui.support import NOW, event, example, play, rescue, tick
from tests.clients.tui.terminal import EVERYTHING, console, settled


def shown(app: Console, id: str) -> str:
    """Return the text of a part of the screen that is up."""
    base = app.base
    assert base is not None
    part = base.query_one(f"#{id}")
    inner = part.query(Static)
    return str((inner.first() if inner else part).render())


async def test_every_screen_is_one_key_away():
    app = console(portfolio())
    async with app.run_test(size=(120, 40)) as pilot:
        for name, key in keymap.NUMBERS.items():
            await pilot.press(key)
            assert isinstance(app.screen, ConsoleScreen)
            assert name == app.screen.SCOPE
        await pilot.press("escape")
        assert app.base is not None
        assert app.base.SCOPE == "overview"


async def test_what_happens_is_drawn_within_a_moment_and_prices_wait():
    app = console(example())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        for message in rescue():
            app.take(message)
        for n in range(20):
            app.take(tick("98200", 20 + n))
        while "add 82,541 sat" not in shown(app, "events"):
            await pilot.pause()

        assert "confirmed in 142 ms" in shown(app, "events")


async def test_a_burst_is_painted_once(monkeypatch):
    app = console(example())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        painted: list[int] = []
        paint = app.paint

        def count() -> None:
            painted.append(1)
            paint()

        monkeypatch.setattr(app, "paint", count)
        halt = HaltChanged(level=HaltLevel.RISK, principal="owner")
        for n in range(100):
            app.take(event(11 + n, halt))
        assert painted == []
        while not painted:
            await pilot.pause()

        assert len(painted) < 10


async def test_a_choice_on_the_overview_holds_on_every_screen():
    app = console(portfolio())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert app.state.position is not None
        assert app.state.position.id == B
        await pilot.press("j")
        chosen = app.state.position
        await pilot.press("enter")
        await settled(pilot)

        assert chosen is not None
        assert chosen.id != B
        assert app.base is not None
        assert app.base.SCOPE == "position"
        assert app.state.position == chosen


@pytest.mark.parametrize(
    ("settings", "rights"),
    [(Settings(read_only=True), EVERYTHING), (Settings(), Permission.READ)],
    ids=["read-only", "a token that reads"],
)
async def test_who_may_only_look_is_offered_no_action(settings, rights):
    app = console(portfolio(), settings=settings, rights=rights)
    # Whoever reads says for themselves what they have seen.
    harmless = {Permission.NONE} if settings.read_only else {Permission.NONE, Permission.READ}
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert {each.right for each in app.offered()} <= harmless
        assert "margin" not in shown(app, "keys")
        await pilot.press("m", "c", "a", "p", "H")

        assert isinstance(app.screen, ConsoleScreen)
        for scope in keymap.SCREENS:
            for each in keymap.of(scope):
                name = each.action.partition("(")[0]
                assert app.may(scope, name) is (each.right in harmless)


async def test_read_only_is_said_at_the_top():
    app = console(portfolio(), settings=Settings(read_only=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)

        assert "READ-ONLY" in shown(app, "banner")


async def test_without_a_core_an_action_says_so():
    app = console(portfolio())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("c")
        await pilot.pause()

        assert any("No core is heard" in note.message for note in app._notifications)


async def test_another_key_does_what_was_chosen_for_it():
    settings = Settings(keymap={"everywhere.unit": "f8"})
    app = console(example(), settings=settings)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("u")
        assert app.state.unit.value == "sat"
        await pilot.press("f8")
        assert app.state.unit.value == "mBTC"


async def test_help_names_the_keys_of_the_screen():
    app = console(example())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3", "question_mark")
        await pilot.pause()

        assert isinstance(app.screen, Help)
        text = str(app.screen.query_one("#box Static").render())
        assert "arm the guard" in text
        assert "floor" in text
        await pilot.press("escape")
        assert isinstance(app.screen, ConsoleScreen)


async def test_a_letter_jumps_to_a_part_of_the_screen():
    app = console(portfolio())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+o")
        assert isinstance(app.screen, Jump)
        await pilot.press("d")
        await pilot.pause()

        assert app.focused is not None
        assert app.focused.id == "events"


async def test_the_palette_does_an_action_by_its_id():
    app = console(example())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("colon")
        assert isinstance(app.screen, CommandPalette)
        await pilot.press("escape")
        app.act("everywhere.unit")
        while app.state.unit.value != "mBTC":
            await pilot.pause()


async def test_a_position_is_copied_as_a_command():
    app = console(portfolio())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("y")
        assert isinstance(app.screen, Pick)
        await pilot.press("j", "enter")
        await pilot.pause()

        assert app.clipboard == f"axisor --account acc position show {B}"


async def test_a_theme_is_chosen():
    app = console(portfolio())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("T", "j", "enter")
        await pilot.pause()

        assert app.theme == "axisor-light"


async def test_no_color_means_no_colours(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    assert console(example()).theme == "mono"


async def test_a_core_that_is_not_heard_is_said_with_the_next_try():
    lost = play(LinkLost("connection refused", 4.0), state=example())
    app = console(play(TimePassed(lost.now_ms, NOW), state=lost))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)

        assert "core not heard, again in 4s: connection refused" in shown(app, "banner")
        assert app.base is not None
        assert app.base.has_class("lost")


async def test_the_mode_is_a_word_and_a_frame_on_every_screen():
    app = console(portfolio())
    async with app.run_test(size=(80, 24)) as pilot:
        for key in keymap.NUMBERS.values():
            await pilot.press(key)
            for mode in Mode:
                app.state = portfolio(mode)
                app.paint()
                assert shown(app, "banner").strip().startswith(mode.value.upper())
                assert app.base is not None
                assert app.base.has_class(f"mode-{mode.value}")


async def test_before_the_first_word_of_the_core_no_mode_is_claimed():
    app = console(State(wall=NOW))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)

        assert "NO MODE YET" in shown(app, "banner")
        assert "waiting for the core" in shown(app, "positions")


async def test_without_an_account_the_ways_to_one_are_shown_until_there_is_one():
    app = console(State(wall=NOW))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.take(NoAccountYet("127.0.0.1:8420"))
        await pilot.pause()
        assert isinstance(app.screen, Setup)
        text = str(app.screen.query_one("#box Static").render())
        assert "127.0.0.1:8420" in text
        assert "axisor setup" in text

        await pilot.press("escape")
        app.take(NoAccountYet("127.0.0.1:8420"))
        await settled(pilot)
        assert isinstance(app.screen, ConsoleScreen)
        assert "no account yet" in shown(app, "banner")
        assert "axisor setup" in shown(app, "positions")

        app.take(Snapped(snapshot(Mode.SIM)))
        app.take(NoAccountYet("127.0.0.1:8420"))
        await pilot.pause()
        assert isinstance(app.screen, Setup)
        app.take(Snapped(snapshot(Mode.SIM)))
        await pilot.pause()
        assert isinstance(app.screen, ConsoleScreen)


async def test_the_command_log_has_what_was_asked_newest_first():
    good = Asked(NOW, "MarginService.AddMargin", "add 5,000 sat to 7f3a0000", "confirmed in 9 ms")
    bad = Asked(NOW, "AccountService.HaltAccount", "halt risk", "refused", good=False)
    app = console(play(good, bad, state=example()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("at")
        await pilot.pause()
        assert isinstance(app.screen, Reading)
        lines = str(app.screen.query_one("#box Static").render()).splitlines()

    assert lines[0] == "03:04:05 halt risk  AccountService.HaltAccount"
    assert lines[1].strip() == "! refused"
    assert lines[2].endswith("add 5,000 sat to 7f3a0000  MarginService.AddMargin")
    assert lines[3].strip() == "confirmed in 9 ms"


async def test_the_command_log_is_empty_before_anything_was_asked():
    app = console(example())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("at")
        await pilot.pause()

        assert "nothing was asked" in str(app.screen.query_one("#box Static").render())


async def test_quitting_leaves_with_zero():
    app = console(example())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("q")

    assert app.return_code == 0
