"""What a person does in the console, against a real core on a simulated venue."""

from __future__ import annotations

import json

from textual.widgets import Input, OptionList

from axisor.events import HaltLevel, RunState
from axisor.model import Permission
from axisor.ports import Secret
from axisor.wire.records import Run
from axisor_server.services.principals import Principal
from axisor_tui.model.standing import guard_word
from axisor_tui.overlays.ask import Ask
from axisor_tui.overlays.confirm import Confirm
from axisor_tui.overlays.form import Form
from axisor_tui.overlays.halt import Halt
from axisor_tui.overlays.pick import Pick
from axisor_tui.overlays.text import Reading
from tests.server.rpc.serving import READER


def up(scene, kind):
    """Return a condition: an overlay of this kind is up."""
    return lambda: isinstance(scene.app.screen, kind) and scene.app.screen.is_mounted


async def test_margin_is_added_after_a_preview_and_a_word_and_closing_takes_a_typed_one(stage):
    async with stage() as scene:
        app, before = scene.app, scene.core.margin

        await scene.press("m")
        await scene.until(up(scene, Ask))
        await scene.type("5000")
        assert "not an amount with its unit" in str(app.screen.query_one("#wrong").render())
        app.screen.query_one(Input).value = ""
        await scene.type("5000sat")
        await scene.until(up(scene, Confirm))
        assert scene.core.margin == before
        await scene.press("y")
        await scene.until(lambda: scene.said("confirmed"))
        assert scene.core.margin == before + 5_000
        assert [each.call for each in app.state.asked] == ["MarginService.AddMargin"]
        assert app.state.asked[0].good

        await scene.press("c")
        await scene.until(up(scene, Confirm))
        await scene.press("y", "enter")
        assert isinstance(app.screen, Confirm)
        app.screen.query_one(Input).value = ""
        await scene.type("close")
        await scene.until(lambda: app.state.positions == ())
        assert scene.core.sim.state().positions == ()


async def test_what_is_not_confirmed_is_taken_back(stage):
    async with stage() as scene:
        before = scene.core.margin
        await scene.press("s")
        await scene.until(up(scene, Ask))
        await scene.type("57000")
        await scene.until(up(scene, Confirm))
        await scene.press("escape")
        await scene.until(lambda: scene.said("Nothing was done"))
        [asked] = scene.app.state.asked
        assert (asked.call, asked.end) == ("MarginService.SetStopLoss", "Nothing was done.")

        waiting = await scene.client.confirmations.list(scene.app.state.account)
        assert [each.state.value for each in waiting.items] == ["canceled"]
        assert scene.core.margin == before


async def test_a_guard_is_armed_explained_and_paused(stage):
    async with stage() as scene:
        app = scene.app
        await scene.press("3", "a")
        await scene.until(up(scene, Confirm))
        await scene.press("y")
        await scene.until(lambda: app.state.guard.state is RunState.RUNNING)
        await scene.until(lambda: bool(app.state.plan))
        assert app.state.budget_left == 50_000

        liq = app.state.positions[0].liquidation
        scene.core.sim.move(str(int(liq * 101 / 100)))
        await scene.until(lambda: any(each.state == "confirmed" for each in app.state.deeds))
        await scene.press("W")
        await scene.until(up(scene, Reading))
        assert "trigger" in str(app.screen.query_one("#box Static").render())
        await scene.press("escape", "p")
        await scene.until(up(scene, Confirm))
        await scene.type("pause")
        await scene.until(lambda: app.state.guard.state is RunState.PAUSED)
        assert app.state.guard.resumes_at is not None
        assert guard_word(app.state).startswith("PAUSED until ")


async def test_a_run_is_made_and_configured_by_forms_that_the_core_checks(stage):
    async with stage() as scene:
        app = scene.app
        await scene.press("5", "n")
        await scene.until(up(scene, Pick))
        await scene.press("enter")
        await scene.until(up(scene, Form))
        app.screen.query_one("#field-trigger", Input).value = "9"
        app.screen.query_one("#field-cooldown_s", Input).value = "soon"
        await scene.press("ctrl+t")
        assert "whole number" in str(app.screen.query_one("#note-cooldown_s").render())
        app.screen.query_one("#field-cooldown_s", Input).value = "20"
        await scene.press("ctrl+t")
        await scene.until(lambda: scene.said("target"))
        await scene.until(up(scene, Form))
        assert app.screen.query_one("#field-trigger", Input).value == "9"
        app.screen.query_one("#field-target", Input).value = "12"
        await scene.press("ctrl+t")
        await scene.until(up(scene, Confirm))
        await scene.press("y")
        await scene.until(lambda: len(app.state.runs) == 2)

        await scene.press("e")
        await scene.until(up(scene, Form))
        app.screen.query_one("#field-reserve", Input).value = "1,000"
        await scene.press("ctrl+t")
        await scene.until(up(scene, Confirm))
        await scene.press("y")
        await scene.until(lambda: any(_reserve(each) == 1_000 for each in app.state.runs))


def _reserve(run: Run) -> int:
    return int(json.loads(run.config)["reserve"])


async def test_a_halt_of_risk_takes_enter_and_a_flatten_takes_its_word(stage):
    async with stage() as scene:
        app = scene.app
        await scene.until(lambda: app.screen is app.base)
        await scene.press("H")
        await scene.until(up(scene, Halt))
        await scene.press("enter")
        await scene.until(lambda: app.state.halt is HaltLevel.RISK)

        await scene.until(lambda: app.screen is app.base)
        await scene.press("H")
        await scene.until(up(scene, Halt))
        await scene.press("r")
        await scene.until(lambda: isinstance(app.focused, Input))
        await scene.type("resume")
        await scene.until(lambda: app.state.halt is HaltLevel.NONE)

        await scene.until(lambda: app.screen is app.base)
        await scene.press("H")
        await scene.until(up(scene, Halt))
        await scene.press("3")
        await scene.until(lambda: isinstance(app.focused, Input))
        await scene.press(*"flat")
        short_id = app.state.positions[0].id[:8]
        await scene.until(
            lambda: f"close {short_id}" in str(app.screen.query_one("#levels").render())
        )
        assert app.screen.query_one(Input).value == "flat"
        app.screen.query_one(Input).value = ""
        await scene.press("enter")
        assert isinstance(app.screen, Halt)
        await scene.type("flatten")
        await scene.until(lambda: app.state.halt is HaltLevel.FLATTEN)
        await scene.until(lambda: app.state.positions == ())


async def test_what_another_prepared_waits_for_a_word_here(stage):
    async with stage() as scene:
        app, before = scene.app, scene.core.margin
        account, position = app.state.account, app.state.positions[0].id
        rights = Permission.READ | Permission.ADJUST_MARGIN
        scene.core.guests.known["helper"] = Principal(name="helper", platform=rights)
        async with scene.as_token(Secret("helper")) as bot:
            await bot.confirmations.prepare(
                account, lambda calls: calls.margin.add_margin(account, position, 7_000)
            )
        await scene.until(lambda: len(app.state.waiting) == 1)
        await scene.press("A")
        await scene.until(up(scene, Pick))
        assert app.screen.query_one(OptionList).option_count == 1
        await scene.press("enter")
        await scene.until(up(scene, Confirm))
        await scene.press("y")
        await scene.until(lambda: scene.core.margin == before + 7_000)
        await scene.until(lambda: app.state.waiting == ())


async def test_every_question_of_the_screens_is_answered(stage):
    async with stage() as scene:
        app = scene.app
        await scene.press("6")
        await scene.until(lambda: app.state.what_if is not None)
        await scene.press("left", "left")
        await scene.until(lambda: app.state.what_if.margins[0].move < 0)
        await scene.press("0")
        await scene.until(lambda: app.state.look is not None)
        await scene.press("9")
        await scene.until(lambda: bool(app.state.strategies))
        await scene.press("8")
        await scene.until(lambda: bool(app.state.log))
        await scene.press("W")
        await scene.until(lambda: app.state.explained is not None)
        await scene.press("v")
        await scene.until(lambda: scene.said("every hash holds"))


async def test_a_token_that_reads_is_offered_nothing(stage):
    async with stage(token=READER) as scene:
        await scene.until(lambda: scene.app.desk is not None)
        await scene.pilot.pause(0.3)

        assert scene.app._link.rights == Permission.READ
        reads = {Permission.NONE, Permission.READ}
        assert {each.right for each in scene.app.offered()} <= reads
