"""A form made of a strategy's schema; the core checks what it says before anything is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Select, Static

from axisor import forms
from axisor.forms import Field
from axisor_tui.overlays.base import Overlay

YES_NO = ("yes", "no")


class Form(Overlay[str]):
    """Fields for a configuration; gives it as JSON."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "submit", "Preview", show=False, priority=True)
    ]

    def __init__(self, title: str, schema: str, config: str) -> None:
        super().__init__()
        self._title, self._config = title, config
        self.fields = forms.fields(schema)

    def title_of(self) -> str:
        """Return what is configured."""
        return self._title

    def hint(self) -> str:
        """Return which keys there are."""
        return "tab next   ctrl+t or enter preview   esc cancel"

    def inside(self) -> ComposeResult:
        """Show the fields, each with what it means."""
        values = forms.filled(self.fields, self._config)
        for field in self.fields:
            yield from field_row(field, values[field.name])
        if not self.fields:
            yield Static("It has no settings. ctrl+t goes on.")

    def texts(self) -> Mapping[str, str]:
        """Return what stands in each field."""
        found: dict[str, str] = {}
        for field in self.fields:
            widget = self.query_one(f"#field-{field.name}")
            if isinstance(widget, Input):
                found[field.name] = widget.value
            elif isinstance(widget, Select):
                found[field.name] = "" if widget.is_blank() else str(widget.value)
        return found

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give what the form says."""
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Give the configuration, or say beside each field what is wrong with it."""
        config, wrong = forms.read(self.fields, self.texts())
        for field in self.fields:
            said = str(wrong.get(field.name, ""))
            note = self.query_one(f"#note-{field.name}", Static)
            note.update(Text(f"! {field.label} {said}" if said else field.description))
            note.set_class(bool(said), "wrong")
        if wrong:
            self.query_one(f"#field-{next(iter(wrong))}").focus()
        else:
            self.dismiss(config)


def field_row(field: Field, value: str) -> ComposeResult:
    """Give a field with what stands in it, and what it means below."""
    with Vertical(classes="field"):
        with Horizontal():
            yield Label(field.label)
            choices = YES_NO if field.kind == "flag" else _choices(field)
            if choices:
                given = value if value in choices else Select.NULL
                yield Select(
                    [(each, each) for each in choices],
                    value=given,
                    allow_blank=field.empty or given is Select.NULL,
                    id=f"field-{field.name}",
                    compact=True,
                )
            else:
                hint = "none" if field.empty else ""
                yield Input(value, placeholder=hint, id=f"field-{field.name}", compact=True)
        yield Static(Text(field.description), id=f"note-{field.name}", classes="note")


def _choices(field: Field) -> tuple[str, ...]:
    """Return what one of is chosen; of a list several may be, which are written."""
    return field.choices if field.kind == "choice" else ()
