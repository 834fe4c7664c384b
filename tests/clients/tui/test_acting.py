"""What a person does in the console, against a real core on a simulated venue."""

from __future__ import annotations

from axisor_tui.overlays.ask import Ask
from axisor_tui.overlays.confirm import Confirm


async def test_margin_is_added_after_a_preview_and_a_word(stage):
    async with stage() as scene:
        app, before = scene.app, scene.core.margin
        await scene.until(lambda: app.may("overview", "add_margin"))

        await scene.press("m")
        assert isinstance(app.screen, Ask)
        await scene.type("5000sat")
        await scene.until(lambda: isinstance(app.screen, Confirm))
        assert scene.core.margin == before
        await scene.press("y")
        await scene.until(lambda: scene.said("confirmed"))

        assert scene.core.margin == before + 5_000
        await scene.until(lambda: app.state.positions[0].margin == before + 5_000)
