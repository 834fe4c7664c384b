"""Makes and configures runs by forms, and shows what they did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

from axisor.errors import AxisorError, StrategyNotFound
from axisor.wire.records import Run
from axisor.words import short
from axisor_tui.desk import Call, Desk
from axisor_tui.model.cells import Line, line, muted
from axisor_tui.model.records import StrategyLook
from axisor_tui.overlays.form import Form
from axisor_tui.overlays.pick import Pick
from axisor_tui.overlays.text import Reading
from axisor_tui.proposals import Proposals


class Configures(Proposals):
    """The part of the console that deals with runs."""

    def configure(self, run: Run) -> None:
        """Change a run's configuration in a form."""
        self.attempt(self._configure(run))

    def new_run(self) -> None:
        """Make a run of a strategy, without starting it."""
        self.attempt(self._new_run())

    def show_steps(self, run: Run) -> None:
        """Show the last steps of a run."""
        self.attempt(self._show_steps(run))

    async def _configure(self, run: Run) -> None:
        desk = self.reachable()
        if desk is None:
            return
        strategy = await self._strategy(desk, run.strategy)
        fresh = await desk.client.strategies.get_run(desk.account, run.id)

        def change(config: str) -> Call:
            return lambda calls: calls.strategies.configure_run(
                desk.account, run.id, etag=fresh.etag, config=config
            )

        title = f"{run.label or run.strategy} ─ {short(run.id)}"
        await self._form(title, strategy, fresh.config, change)

    async def _new_run(self) -> None:
        desk = self.reachable()
        if desk is None:
            return
        found = (await desk.strategies()).strategies
        choices = [(each.id, each.title) for each in found]
        id = await self.push_screen_wait(Pick("A new run of", choices))
        if id is None:
            return
        strategy = next(each for each in found if each.id == id)

        def create(config: str) -> Call:
            return lambda calls: calls.strategies.create_run(desk.account, id, config=config)

        if await self._form(f"New {id}", strategy, "{}", create):
            self.say(f"{id} was made. It does nothing until it is started: space.")

    async def _form(
        self, title: str, strategy: StrategyLook, config: str, call: Callable[[str], Call]
    ) -> bool:
        """Show a form until the core takes what it says, or the person gives up."""
        while True:
            given = await self.push_screen_wait(Form(title, strategy.schema, config))
            if given is None:
                return False
            try:
                return await self.proposed(call(given))
            except AxisorError as error:
                self.say(str(error), problem=True)
                config = given

    async def _strategy(self, desk: Desk, id: str) -> StrategyLook:
        for each in (await desk.strategies()).strategies:
            if each.id == id:
                return each
        raise StrategyNotFound(
            f"The core has no strategy {id} now.", money="The run stays as it is."
        )

    async def _show_steps(self, run: Run) -> None:
        desk = self.reachable()
        if desk is None:
            return
        lines: list[Line] = []
        for each in reversed(await desk.steps(run.id)):
            asked = "; ".join(intent.text for intent in each.step.intents) or "no action"
            when = f"{each.time.astimezone(UTC):%F %H:%M:%S} "
            lines.append(
                line(muted(when), f"step {each.step.step:,} on {each.step.cause}: {asked}")
            )
        title = f"Steps of {run.label or run.strategy}, newest last"
        self.push_screen(Reading(title, lines or [line(muted("it took no step yet"))]))
