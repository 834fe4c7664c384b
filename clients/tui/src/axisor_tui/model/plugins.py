"""The installed plugins: where their code runs, what they bring, and why one is out of work."""

from __future__ import annotations

from axisor_tui.model.automations import rights
from axisor_tui.model.cells import Cell, Column, Line, Row, Table, Tone, line, muted, row, strong
from axisor_tui.model.records import PluginLook
from axisor_tui.model.state import State

TONES = {"enabled": Tone.OK, "quarantined": Tone.CRIT}


def table(state: State) -> Table:
    """Return the plugins, those in quarantine first."""
    columns = (
        Column("name", 15),
        Column("version", 8),
        Column("state", 13),
        Column("runs in", 7),
        Column("faults", 6, right=True),
        Column("brings", 12, grow=True),
    )
    found = () if state.look is None else state.look.plugins
    ordered = sorted(found, key=lambda each: (each.state != "quarantined", each.id))
    empty = "asking the core" if state.look is None else "no plugins are installed"
    return Table(columns, tuple(map(_row, ordered)), empty)


def _row(plugin: PluginLook) -> Row:
    sign = "‼ " if plugin.state == "quarantined" else ""
    return row(
        plugin.id,
        plugin.id,
        plugin.version,
        Cell(f"{sign}{plugin.state}", TONES.get(plugin.state, Tone.MUTED)),
        plugin.place or "-",
        f"{plugin.faults:,}",
        muted(", ".join((*plugin.strategies, *plugin.venues)) or "hooks only"),
    )


def detail(state: State, id: str) -> tuple[Line, ...]:
    """Return one plugin with its strategies, what they may do, and how to use them."""
    look = state.look
    plugin = next((each for each in look.plugins if each.id == id), None) if look else None
    if plugin is None:
        return (line(muted("choose a plugin")),)
    lines = [line(strong(plugin.id), muted(f"  {plugin.version}  {plugin.state}"))]
    if plugin.error:
        lines.append(line(Cell(f"‼ {plugin.error}", Tone.CRIT)))
    if plugin.hooks:
        lines.append(line(f"hooks      {', '.join(plugin.hooks)}"))
    if plugin.venues:
        lines.append(line(f"venues     {', '.join(plugin.venues)}"))
    for each in state.strategies:
        if each.plugin == plugin.id:
            lines += [
                line(),
                line(strong(each.id), f"  {each.title}"),
                line(muted(f"may: {rights(each.permissions)}")),
                *(line(text) for text in each.documentation.splitlines()),
            ]
    return tuple(lines)
