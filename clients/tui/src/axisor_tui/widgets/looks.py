"""Finds the styles that are in force for a widget."""

from __future__ import annotations

from textual.widget import Widget

from axisor_tui.themes import THEMES, USUAL
from axisor_tui.widgets.paint import Styles


def styles_of(widget: Widget) -> Styles:
    """Return the styles of the theme that is chosen."""
    return THEMES.get(widget.app.theme, THEMES[USUAL]).styles
