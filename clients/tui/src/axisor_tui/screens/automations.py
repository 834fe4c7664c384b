"""Screen 5: the runs of strategies; making, configuring, starting, pausing and stopping them."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from axisor.events import RunState
from axisor.wire.records import Run
from axisor_tui import keymap
from axisor_tui.model import activity, automations, copying
from axisor_tui.model.copying import Thing
from axisor_tui.model.state import State
from axisor_tui.overlays.text import Reading
from axisor_tui.screens.base import ConsoleScreen
from axisor_tui.widgets.panel import Panel
from axisor_tui.widgets.rows import Rows


class Automations(ConsoleScreen):
    """Runs."""

    SCOPE = "automations"
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings("automations")]

    def body(self) -> ComposeResult:
        """Give the parts of the screen."""
        yield Rows("Automations", id="runs")
        yield Panel("Chosen", id="detail", wrap=True)

    def ask(self) -> None:
        """Ask which strategies there are."""
        self.console.fetch(lambda desk: desk.strategies())

    def draw(self, state: State) -> None:
        """Show a state."""
        table = self.query_one("#runs", Rows)
        on = sum(each.state is RunState.RUNNING for each in state.runs)
        failed = sum(each.state is RunState.FAILED for each in state.runs)
        table.border_title = f"Automations ─ {on} on, {len(state.runs) - on} not, {failed} failed"
        table.show(automations.table(state))
        self.query_one("#detail", Panel).show(automations.detail(state, table.key))

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Show the run that was chosen."""
        self.paint()

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Configure the run."""
        self.action_configure()

    def _run(self) -> Run | None:
        found = self.console.state.run(self.query_one("#runs", Rows).key)
        if found is None:
            self.console.say("There is no automation yet: n makes one.", problem=True)
        return found

    def action_switch(self) -> None:
        """Prepare to pause a run at work, and to start or resume another."""
        run, account = self._run(), self.console.state.account
        if run is None:
            return
        match run.state:
            case RunState.RUNNING | RunState.STARTING:
                self.console.propose(
                    lambda calls: calls.strategies.pause_run(account, run.id, reason="console")
                )
            case RunState.PAUSED:
                self.console.propose(lambda calls: calls.strategies.resume_run(account, run.id))
            case _:
                self.console.propose(lambda calls: calls.strategies.start_run(account, run.id))

    def action_stop(self) -> None:
        """Prepare to stop a run for good."""
        run, account = self._run(), self.console.state.account
        if run is not None:
            self.console.propose(lambda calls: calls.strategies.stop_run(account, run.id))

    def action_configure(self) -> None:
        """Change a run's configuration in a form."""
        if not self.console.may(self.SCOPE, "configure"):
            return
        run = self._run()
        if run is not None:
            self.console.configure(run)

    def action_new(self) -> None:
        """Make a run of a strategy."""
        self.console.new_run()

    def action_steps(self) -> None:
        """Show the last steps of a run."""
        run = self._run()
        if run is not None:
            self.console.show_steps(run)

    def action_why(self) -> None:
        """Show why the run did its last step."""
        run = self._run()
        step = None if run is None else self.console.state.steps.get(run.id)
        if step is None:
            self.console.say("It took no step yet that is known here.")
            return
        self.console.explain(
            step.sequence,
            lambda found: self.app.push_screen(
                Reading(f"Why step {step.step}", activity.explained(found))
            ),
        )

    def thing(self) -> Thing:
        """Return the chosen run."""
        state = self.console.state
        run = state.run(self.query_one("#runs", Rows).key)
        return super().thing() if run is None else copying.of_run(state, run)
