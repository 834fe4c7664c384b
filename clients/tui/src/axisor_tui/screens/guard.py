"""Screen 3: the guard's plan and floor, its rules, and whether it could act right now."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from axisor_tui import keymap
from axisor_tui.model import activity, copying, guarding
from axisor_tui.model.copying import Thing
from axisor_tui.model.standing import guard_word
from axisor_tui.model.state import State
from axisor_tui.overlays.text import Reading
from axisor_tui.screens.acting import ActsOnGuard
from axisor_tui.widgets.panel import Panel
from axisor_tui.widgets.rows import Rows


class GuardScreen(ActsOnGuard):
    """The guard."""

    SCOPE = "guard"
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings("guard")]

    def body(self) -> ComposeResult:
        """Give the parts of the screen."""
        yield Panel("Floor", id="floor")
        yield Rows("Plan: what happens as the price walks", id="plan")
        with Horizontal(id="lower"):
            yield Panel("Rule", id="rules")
            yield Panel("Could it act now?", id="checks", wrap=True)

    def draw(self, state: State) -> None:
        """Show a state."""
        floor = self.query_one("#floor", Panel)
        floor.border_title = f"Guard ─ {guard_word(state)}  {guarding.rule(state)}".rstrip()
        floor.show(guarding.floors(state, self.width))
        self.query_one("#plan", Rows).show(guarding.plan(state))
        self.query_one("#rules", Panel).show(guarding.rules(state))
        self.query_one("#checks", Panel).show(guarding.checks(state))

    def action_edit(self) -> None:
        """Change the guard's configuration in a form."""
        run = self.console.state.guard
        if run is None:
            self.console.say("There is no guard yet: 5, then n, makes one.", problem=True)
        else:
            self.console.configure(run)

    def action_why(self) -> None:
        """Show why the guard did what it did last."""
        run = self.console.state.guard
        deeds = [each for each in self.console.state.deeds if run and each.run == run.id]
        if not deeds:
            self.console.say("The guard did nothing yet.")
            return
        last = deeds[-1]
        self.console.explain(
            last.sequence,
            lambda found: self.app.push_screen(
                Reading(f"Why: {last.text}", activity.explained(found))
            ),
        )

    def thing(self) -> Thing:
        """Return the guard's run."""
        state = self.console.state
        return super().thing() if state.guard is None else copying.of_run(state, state.guard)
