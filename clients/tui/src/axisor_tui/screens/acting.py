"""What can be asked for a position or the guard; every one of them opens a preview first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from axisor.client import Client
from axisor.events import RunState
from axisor.model import Position, Price
from axisor_tui.model import money
from axisor_tui.model.positions import named
from axisor_tui.overlays.ask import Ask, Asked
from axisor_tui.screens.base import ConsoleScreen

PAUSE = timedelta(minutes=15)
"""How long the guard is paused by one key."""


class ActsOnPosition(ConsoleScreen):
    """Actions on the chosen position."""

    def _with_position(self, act: Callable[[Position], None]) -> None:
        position = self.chosen_position()
        if position is None:
            self.console.say("There is no open position.", problem=True)
        else:
            act(position)

    def _ask_amount(
        self, title: str, question: str, make: Callable[[Client, str, str, int], Awaitable[object]]
    ) -> None:
        def act(position: Position) -> None:
            account = self.console.state.account

            def given(answer: Asked[int] | None) -> None:
                if answer is not None:
                    sats = answer.value
                    self.console.propose(lambda calls: make(calls, account, position.id, sats))

            free = self.console.state.balance
            about = "" if free is None else f"  Free balance: {free.free:,} sat."
            self.app.push_screen(
                Ask(
                    f"{title} ─ {named(position)}",
                    f"{question}{about}",
                    money.parsed,
                    example="50000sat or 0.5mbtc",
                ),
                given,
            )

        self._with_position(act)

    def action_add_margin(self) -> None:
        """Ask how much margin to add."""
        self._ask_amount(
            "Add margin",
            "How much?",
            lambda calls, account, id, sats: calls.margin.add_margin(account, id, sats),
        )

    def action_cash_in(self) -> None:
        """Ask how much to take out of the position."""
        self._ask_amount(
            "Cash in",
            "How much, profit before margin?",
            lambda calls, account, id, sats: calls.margin.cash_in(account, id, sats),
        )

    def action_close_position(self) -> None:
        """Prepare to close the position at the market."""

        def act(position: Position) -> None:
            account = self.console.state.account
            self.console.propose(lambda calls: calls.margin.close_position(account, position.id))

        self._with_position(act)

    def action_set_stop(self) -> None:
        """Ask for a stop-loss."""
        self._ask_price(
            "Stop-loss",
            lambda held: held.stoploss,
            lambda calls, account, id, price: calls.margin.set_stop_loss(account, id, price),
        )

    def action_set_profit(self) -> None:
        """Ask for a take-profit."""
        self._ask_price(
            "Take-profit",
            lambda held: held.takeprofit,
            lambda calls, account, id, price: calls.margin.set_take_profit(account, id, price),
        )

    def _ask_price(
        self,
        title: str,
        now: Callable[[Position], Price | None],
        make: Callable[[Client, str, str, Price | None], Awaitable[object]],
    ) -> None:
        def act(position: Position) -> None:
            account, held = self.console.state.account, now(position)

            def given(answer: Asked[Price | None] | None) -> None:
                if answer is not None:
                    price = answer.value
                    self.console.propose(lambda calls: make(calls, account, position.id, price))

            question = Ask(
                f"{title} ─ {named(position)}",
                "At which price, in dollars? `off` removes it.",
                money.price_of,
                example="95300",
                value="" if held is None else f"{held:f}",
            )
            self.app.push_screen(question, given)

        self._with_position(act)

    def action_what_if(self) -> None:
        """Ask what if, for this position."""
        self.console.action_show("whatif")


class ActsOnGuard(ConsoleScreen):
    """Actions on the guard's run."""

    def action_arm(self) -> None:
        """Prepare to start the guard, or to let it go on."""
        run, account = self.console.state.guard, self.console.state.account
        if run is None:
            self.console.say("There is no guard yet: 5, then n, makes one.", problem=True)
        elif run.state is RunState.RUNNING:
            self.console.say("The guard is at work already.")
        elif run.state is RunState.PAUSED:
            self.console.propose(lambda calls: calls.strategies.resume_run(account, run.id))
        else:
            self.console.propose(lambda calls: calls.strategies.start_run(account, run.id))

    def action_pause(self) -> None:
        """Prepare to pause the guard for a while, after which it goes on by itself."""
        run, account = self.console.state.guard, self.console.state.account
        if run is None or run.state is not RunState.RUNNING:
            self.console.say("No guard is at work.", problem=True)
        else:
            self.console.propose(
                lambda calls: calls.strategies.pause_run(
                    account, run.id, pause_for=PAUSE, reason="console"
                )
            )
