"""The keys of a screen, and the words of the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from axisor_tui import keymap
from axisor_tui.keymap import KeyAction
from axisor_tui.model.cells import Line, line, muted, strong
from axisor_tui.overlays.base import Overlay
from axisor_tui.widgets import paint
from axisor_tui.widgets.looks import styles_of

WORDS = (
    ("distance", "how far the price may move against you before liquidation, in % of the price"),
    ("trigger", "the guard acts when the distance is below it"),
    ("target", "and brings the distance back to this"),
    ("budget", "the most sats the guard may spend"),
    ("floor", "the price down to which (for shorts: up to which) the guard holds with its budget"),
    ("halt", "stop new risk, everything, or close it all"),
    ("~", "a figure that may be old"),
)


class Help(Overlay[None]):
    """What can be done here, with which keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q,f1", "cancel", show=False)]

    SCROLLS = True

    def __init__(self, scope: str, actions: Sequence[KeyAction], chosen: Mapping[str, str]) -> None:
        super().__init__()
        self._scope, self._actions, self._chosen = scope, actions, chosen

    def title_of(self) -> str:
        """Return which screen it is about."""
        return f"Help ─ {keymap.SCREENS[self._scope]}"

    def inside(self) -> ComposeResult:
        """Show the keys, those of the screen first, then the words."""
        yield Static(paint.lines(self._lines(), styles_of(self), wrap=True))

    def _lines(self) -> list[Line]:
        lines: list[Line] = []
        for scope, title in (
            (self._scope, "On this screen"),
            (keymap.LISTS, "In lists"),
            (keymap.EVERYWHERE, "Everywhere"),
        ):
            found = [each for each in self._actions if each.scope == scope]
            if found:
                lines += [line(strong(title)), *map(self._line, found), line()]
        lines.append(line(strong("Words")))
        lines += [line(f"{word:<12}", muted(means)) for word, means in WORDS]
        lines += [line(), line(muted("The core goes on whatever you do here, and if you quit."))]
        return lines

    def _line(self, action: KeyAction) -> Line:
        keys = keymap.written(keymap.keys(action, self._chosen))
        return line(f"{keys:<12}", action.label)
