"""Asks what should stop; whatever stops the guard too takes a typed word."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from axisor.events import HaltLevel
from axisor.words import describe, short
from axisor_tui.desk import Desk
from axisor_tui.model.cells import Cell, Line, Tone, line, muted, strong
from axisor_tui.model.state import State
from axisor_tui.overlays.base import Overlay
from axisor_tui.widgets import paint
from axisor_tui.widgets.looks import styles_of

LEVELS = (HaltLevel.RISK, HaltLevel.ALL, HaltLevel.FLATTEN)
WORDS = {HaltLevel.RISK: "", HaltLevel.ALL: "all", HaltLevel.FLATTEN: "flatten"}
MEANS = {
    HaltLevel.RISK: ("New risk only", "no opens, no increases; the guard goes on"),
    HaltLevel.ALL: ("Everything", "the guard too: positions are UNPROTECTED"),
    HaltLevel.FLATTEN: ("Flatten", "close and cancel all, then stop everything"),
}
RESUME = "resume"


class Halt(Overlay[HaltLevel]):
    """The levels of a halt; gives the one that was confirmed, NONE for an end of the halt."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "level(0)", show=False),
        Binding("2", "level(1)", show=False),
        Binding("3", "level(2)", show=False),
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("enter", "confirm", show=False),
        Binding("r", "resume", show=False),
    ]

    AUTO_FOCUS = ""

    def __init__(self, state: State, effects: tuple[str, ...] | None = None) -> None:
        super().__init__()
        self.state, self._effects = state, effects
        self.level = HaltLevel.RISK
        self.resuming = False

    def title_of(self) -> str:
        """Return which account it is about."""
        mode = "" if self.state.mode is None else f" ─ {self.state.mode.value.upper()}"
        return f"HALT {self.state.label or self.state.account}{mode}"

    def hint(self) -> str:
        """Return which keys there are."""
        return "↑↓ choose   enter confirm   esc cancel"

    def inside(self) -> ComposeResult:
        """Show the levels and the line for the word."""
        yield Static(id="levels")
        yield Input(id="word")

    def on_mount(self) -> None:
        """Begin with the mildest."""
        self._draw()

    def _draw(self) -> None:
        text = paint.lines(self._lines(), styles_of(self), wrap=True)
        self.query_one("#levels", Static).update(text)
        word, wanted = self.query_one("#word", Input), self.wanted
        if word.placeholder == wanted and word.display == bool(wanted):
            return  # what is being typed stays
        word.display = bool(wanted)
        word.placeholder, word.value = wanted, ""
        if wanted:
            word.focus()
        else:
            self.set_focus(None)

    @property
    def wanted(self) -> str:
        """Return the word that must be typed, empty where enter is enough."""
        return RESUME if self.resuming else WORDS[self.level]

    def _lines(self) -> list[Line]:
        lines: list[Line] = [line(strong("What should stop?")), line()]
        for n, level in enumerate(LEVELS, 1):
            name, means = MEANS[level]
            chosen = level is self.level and not self.resuming
            tone = Tone.CRIT if level is HaltLevel.FLATTEN else Tone.PLAIN
            mark = ">" if chosen else " "
            lines.append(
                line(Cell(f"{mark} {n}  {name:<15}", Tone.STRONG if chosen else tone), muted(means))
            )
        lines += self._consequences()
        if self.state.halt is not HaltLevel.NONE:
            mark = ">" if self.resuming else " "
            lines += [
                line(),
                line(strong(f"{mark} r  Resume"), f"   halted now: {self.state.halt.value}"),
            ]
        wanted = self.wanted
        said = f"Type {wanted}, then enter." if wanted else "Press enter."
        lines += [
            line(),
            line(said),
            line(muted("It stays in force after a restart, until resume.")),
        ]
        return lines

    def _consequences(self) -> list[Line]:
        if self.level is not HaltLevel.FLATTEN or self.resuming:
            return []
        state = self.state
        said = self._effects or (
            *(f"close {short(each.id)}" for each in state.positions),
            *(f"cancel order {short(each.id)}" for each in state.orders),
        )
        none = [line(), line(muted("nothing is open: nothing to close"))]
        shown = [line(Cell(f"     {each}", Tone.WARN)) for each in said]
        return [line(), *shown] if shown else none

    def show_effects(self, effects: tuple[str, ...]) -> None:
        """Show what a flatten would close and cancel, once the core said so."""
        self._effects = effects
        if self.is_mounted:
            self._draw()

    def action_level(self, n: int) -> None:
        """Choose a level."""
        self.level, self.resuming = LEVELS[n], False
        self._draw()

    def action_step(self, by: int) -> None:
        """Choose the level further down, or up."""
        at = LEVELS.index(self.level)
        self.action_level(min(len(LEVELS) - 1, max(0, at + by)))

    def action_resume(self) -> None:
        """Choose to end the halt."""
        if self.state.halt is not HaltLevel.NONE:
            self.resuming = True
            self._draw()

    def action_confirm(self) -> None:
        """Confirm a level that takes no word."""
        if not self.wanted:
            self.dismiss(self.level)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the word."""
        if event.value.strip().lower() == self.wanted:
            self.dismiss(HaltLevel.NONE if self.resuming else self.level)
        else:
            event.input.value = ""


async def effects_of(desk: Desk) -> tuple[str, ...]:
    """Return what a flatten would do now, in words, from a dry run."""
    result = await desk.halt(HaltLevel.FLATTEN, validate_only=True)
    return tuple(describe(each.action) for each in result.effects)
