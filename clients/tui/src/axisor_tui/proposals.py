"""Has the core do what a person confirmed: prepared, shown, then committed; or halted."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

from textual.app import App

from axisor.errors import AxisorError
from axisor.events import HaltLevel
from axisor.wire.confirmations import Confirmation
from axisor_tui.desk import Call, Desk
from axisor_tui.model import confirming
from axisor_tui.model.commands import call_of
from axisor_tui.model.messages import Asked, Message
from axisor_tui.model.state import State
from axisor_tui.overlays.approve import approve_list
from axisor_tui.overlays.confirm import Confirm, Said
from axisor_tui.overlays.halt import Halt, effects_of

Severity: TypeAlias = Literal["information", "error"]
SHORT_S, LONG_S = 5.0, 12.0
HALT, RESUME = "AccountService.HaltAccount", "AccountService.ResumeAccount"


class Proposals(App[None]):
    """The part of the console by which something happens; nothing here happens on one key."""

    state: State
    clock: Callable[[], int]

    @property
    def desk(self) -> Desk | None:
        """Return where a core is asked, None while there is none."""
        raise NotImplementedError

    def say(self, text: str, *, problem: bool = False) -> None:
        """Tell the person something, for a while."""
        span = LONG_S if problem else SHORT_S
        loud: Severity = "error" if problem else "information"
        self.notify(text, severity=loud, timeout=span, markup=False)

    def take(self, message: Message) -> None:
        """Change the state by a message."""
        raise NotImplementedError

    def note(self, call: str, what: str, end: str, *, good: bool = True) -> None:
        """Keep for the command log what was asked of the core, and how it ended."""
        self.take(Asked(self.state.wall, call, what, end, good))

    @contextmanager
    def noting(self, call: str, what: str) -> Iterator[None]:
        """Keep for the command log how what is asked within was refused."""
        try:
            yield
        except AxisorError as error:
            self.note(call, what, error.message, good=False)
            raise

    def attempt(self, work: Coroutine[Any, Any, object], *, group: str = "") -> None:
        """Do something that the core may refuse, and say so if it does."""
        self.run_worker(self._guarded(work), group=group or "asking", exclusive=bool(group))

    async def _guarded(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except AxisorError as error:
            self.say(str(error), problem=True)

    def propose(self, call: Call) -> None:
        """Have a call prepared, show what it would change, and make it once it is confirmed."""
        self.attempt(self.proposed(call))

    async def proposed(self, call: Call) -> bool:
        """Propose a call, and return whether it was made. Raises what the core refuses."""
        desk = self.reachable()
        if desk is None:
            return False
        with self.noting("ConfirmationService.Prepare", "prepare"):
            prepared = await desk.prepare(call)
        found, token = prepared.confirmation, prepared.token
        said = await self.push_screen_wait(
            Confirm(found, self.state.mode, clock=self.clock, may_commit=token is not None)
        )
        if said is Said.YES and token is not None:
            with self.noting(call_of(found.method), found.summary):
                carried = await desk.commit(found.id, token)
            text, good = confirming.outcome(carried.result)
            self._kept(found, text, good=good)
            self.say(f"{found.summary}: {text}", problem=not good)
            return good
        if said is Said.LEAVE:
            desk.leave(found.id)
            self._kept(found, "left to somebody else")
            self.say(f"It waits for somebody else: axisor approve yes {found.id}")
            return False
        await desk.refuse(found.id)
        late = "The time was over. " if said is Said.LATE else ""
        self._kept(found, f"{late}Nothing was done.")
        self.say(f"{late}Nothing was done.")
        return False

    def _kept(self, found: Confirmation, end: str, *, good: bool = True) -> None:
        self.note(call_of(found.method), found.summary, end, good=good)

    def reachable(self) -> Desk | None:
        """Return where a core is asked; say so where there is none."""
        desk = self.desk
        if desk is None:
            self.say("No core is heard, so nothing can be asked of it.", problem=True)
        return desk

    def action_approve(self) -> None:
        """Show what waits for a word."""
        if not self.state.waiting:
            self.say("Nothing waits for a word.")
            return
        self.attempt(self._approve())

    async def _approve(self) -> None:
        waiting = {each.id: each for each in self.state.waiting}
        id = await self.push_screen_wait(approve_list(tuple(waiting.values())))
        if id is not None:
            await self._approve_one(waiting[id])

    async def _approve_one(self, found: Confirmation) -> None:
        desk = self.reachable()
        if desk is None:
            return
        said = await self.push_screen_wait(
            Confirm(found, self.state.mode, clock=self.clock, mine=False)
        )
        if said is Said.YES:
            with self.noting(call_of(found.method), f"approve {found.summary}"):
                carried = await desk.approve(found.id)
            text, good = confirming.outcome(carried.result)
            self._kept(found, f"approved: {text}", good=good)
            self.say(f"{found.summary}: {text}", problem=not good)
        elif said is Said.NO:
            await desk.refuse(found.id)
            self._kept(found, "refused, nothing was done")
            self.say("Refused; nothing was done.")

    def action_halt(self) -> None:
        """Ask what should stop."""
        overlay = Halt(self.state)
        self.attempt(self._halt(overlay))
        self.attempt(self._effects(overlay))

    async def _effects(self, overlay: Halt) -> None:
        if self.desk is not None:
            overlay.show_effects(await effects_of(self.desk))

    async def _halt(self, overlay: Halt) -> None:
        level = await self.push_screen_wait(overlay)
        desk = None if level is None else self.reachable()
        if level is None or desk is None:
            return
        if level is HaltLevel.NONE:
            with self.noting(RESUME, "resume"):
                await desk.resume()
            self.note(RESUME, "resume", "done")
            self.say("Resumed. Runs that a halt stopped stay as they are.")
            return
        with self.noting(HALT, f"halt {level.value}"):
            result = await desk.halt(level)
        count = len(result.effects)
        closing = f" {count} actions are on their way." if count else ""
        self.note(HALT, f"halt {level.value}", f"in force.{closing}")
        self.say(f"Halted: {level.value}. It stays so until you resume (H, r).{closing}")
