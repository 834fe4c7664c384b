"""Every key of the console: which action it stands for, where it holds, what it needs.

The bindings of screens, the help page, the palette and the table in the documentation are all made
from this one list. Any action can be given other keys by its id; keys that clash are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from textual.binding import Binding

from axisor.errors import SettingsInvalid
from axisor.model import Permission

EVERYWHERE = "everywhere"
LISTS = "lists"
SCREENS: Mapping[str, str] = {
    "overview": "Overview",
    "position": "Position",
    "guard": "Guard",
    "orders": "Orders",
    "automations": "Automations",
    "whatif": "What-if",
    "alerts": "Alerts",
    "activity": "Activity",
    "plugins": "Plugins",
    "system": "System",
}
"""The screens by the name of their scope, with what people call them."""

NUMBERS: Mapping[str, str] = {
    "overview": "1",
    "position": "2",
    "guard": "3",
    "orders": "4",
    "automations": "5",
    "whatif": "6",
    "alerts": "7",
    "activity": "8",
    "plugins": "9",
    "system": "0",
}
"""The key of each screen."""

SIGNS: Mapping[str, str] = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "at": "@",
    "plus": "+",
    "underscore": "_",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "escape": "esc",
}
"""How keys are written where their name is not what is on them."""


class KeyAction(Struct, frozen=True, kw_only=True):
    """One action and its usual keys, separated by commas.

    `hint` is its word in the footer, empty for none; `right` what its token must hold.
    """

    scope: str
    name: str
    keys: str
    action: str
    label: str
    hint: str = ""
    right: Permission = Permission.NONE

    @property
    def id(self) -> str:
        """Return the id by which settings name it."""
        return f"{self.scope}.{self.name}"


def _of(
    scope: str, *rows: tuple[str, str, str, str] | tuple[str, str, str, str, str]
) -> list[KeyAction]:
    return [
        KeyAction(
            scope=scope, name=row[0], keys=row[1], action=row[2], label=row[3], hint=(*row, "")[4]
        )
        for row in rows
    ]


def _acting(
    scope: str, right: Permission, *rows: tuple[str, str, str, str, str]
) -> list[KeyAction]:
    return [
        KeyAction(scope=scope, name=n, keys=k, action=a, label=said, hint=hint, right=right)
        for n, k, a, said, hint in rows
    ]


def _on_position(scope: str) -> list[KeyAction]:
    """Return what can be asked for a position; each opens a preview and sends nothing."""
    margin = _acting(
        scope,
        Permission.ADJUST_MARGIN,
        ("margin", "m", "add_margin", "add margin to the position", "margin"),
        ("cash", "i", "cash_in", "cash margin in from the position", ""),
        ("stop", "s", "set_stop", "set or remove the stop-loss", "stop"),
        ("profit", "t", "set_profit", "set or remove the take-profit", ""),
    )
    close = ("close", "c", "close_position", "close the position", "close")
    return [
        *margin,
        *_acting(scope, Permission.TRADE, close),
        *_of(scope, ("whatif", "w", "what_if", "what if, for this position", "what-if")),
    ]


def _on_guard(scope: str) -> list[KeyAction]:
    return _acting(
        scope,
        Permission.GUARD,
        ("arm", "a", "arm", "arm the guard: start it, or let it go on", "arm"),
        ("pause", "p", "pause", "pause the guard for 15 min: nothing is protected", "pause 15m"),
    )


ACTIONS: tuple[KeyAction, ...] = (
    *_of(
        EVERYWHERE,
        *((name, NUMBERS[name], f"show('{name}')", said) for name, said in SCREENS.items()),
        ("help", "question_mark,f1", "help", "help for this screen", "help"),
        ("palette", "colon,ctrl+p", "command_palette", "find a command by typing"),
        ("jump", "ctrl+o", "jump", "jump to a part of the screen"),
        ("next", "tab", "app.focus_next", "to the next part of the screen"),
        ("previous", "shift+tab", "app.focus_previous", "to the part before"),
        ("approve", "A", "approve", "calls that wait for a word"),
        ("commands", "at", "commands", "what was asked of the core here"),
        ("copy", "y", "copy", "copy value, command, gRPC call or JSON"),
        ("unit", "u", "unit", "amounts in sat, mBTC or USD"),
        ("theme", "T", "theme", "choose a theme"),
        ("full", "plus", "maximize", "make this part fill the screen"),
        ("normal", "underscore", "minimize", "make it as it was"),
        ("refresh", "ctrl+r", "refresh_all", "call the core again and ask for everything"),
        ("back", "escape", "leave", "back to the overview"),
        ("quit", "q", "quit", "leave the console; the guard stays on duty", "quit"),
    ),
    *_acting(
        EVERYWHERE,
        Permission.OPERATE,
        ("halt", "H", "halt", "halt the account, or resume it", "halt"),
    ),
    *_of(
        LISTS,
        ("up", "up,k", "move(-1)", "one line up"),
        ("down", "down,j", "move(1)", "one line down"),
        ("page_up", "pageup", "page(-1)", "one page up"),
        ("page_down", "pagedown", "page(1)", "one page down"),
        ("top", "g,home", "top", "to the first line"),
        ("bottom", "G,end", "bottom", "to the last line"),
        ("open", "enter", "open", "open what is chosen"),
    ),
    *_on_position("overview"),
    *_on_guard("overview"),
    *_acting(
        "overview",
        Permission.READ,
        ("acknowledge", "d", "acknowledge", "acknowledge the loudest alert", ""),
    ),
    *_on_position("position"),
    *_of("position", ("other", "n", "other", "the next position")),
    *_on_guard("guard"),
    *_acting(
        "guard",
        Permission.GUARD,
        ("edit", "b,e", "edit", "change its budget and rule", "edit"),
    ),
    *_of("guard", ("why", "W", "why", "why the guard did what it did last", "why")),
    *_of(
        "orders",
        ("follow", "space", "follow", "pause the stream, or follow it", "follow"),
        ("filter", "slash", "filter", "show only what fits; !word leaves out", "filter"),
        ("why", "W", "why", "why this was done", "why"),
    ),
    *_acting(
        "orders",
        Permission.TRADE,
        ("cancel", "x", "cancel", "cancel the order chosen", "cancel"),
    ),
    *_acting(
        "automations",
        Permission.GUARD,
        ("toggle", "space", "switch", "start, pause or resume", "on/off"),
        ("configure", "e", "configure", "change its configuration in a form", "edit"),
        ("stop", "s", "stop", "stop it for good", "stop"),
        ("new", "n", "new", "make one of a strategy", "new"),
    ),
    *_of(
        "automations",
        ("steps", "l", "steps", "its last steps", "log"),
        ("why", "W", "why", "why it did its last step", "why"),
    ),
    *_of(
        "whatif",
        ("lower", "left,h", "price(-1)", "a lower price", "price -"),
        ("higher", "right,l", "price(1)", "a higher price", "price +"),
        ("other", "n", "other", "the next position", "position"),
    ),
    *_acting(
        "whatif",
        Permission.ADJUST_MARGIN,
        ("apply", "m", "apply", "add the chosen margin (preview)", "apply"),
    ),
    *_acting(
        "alerts",
        Permission.READ,
        ("acknowledge", "d", "acknowledge", "acknowledge it: it is not repeated to you", "ack"),
        ("mute", "m", "mute", "have your channels keep quiet for a while", "mute"),
    ),
    *_of(
        "alerts",
        ("filter", "slash", "filter", "show only what fits; !word leaves out", "filter"),
        ("why", "W", "why", "why it was told", "why"),
    ),
    *_of(
        "activity",
        ("follow", "space,f", "follow", "pause the log, or follow it", "follow"),
        ("filter", "slash", "filter", "show only what fits; !word leaves out", "filter"),
        ("why", "W", "why", "why this happened", "why"),
        ("older", "o", "older", "fetch older entries", "older"),
        ("verify", "v", "verify", "have every hash of the journal computed again", "verify"),
    ),
    *_of("plugins", ("reload", "r", "reload", "ask again", "refresh")),
    *_of("system", ("reload", "r", "reload", "ask again", "refresh")),
)
"""All of them. Within a screen, those everywhere and those of lists hold too."""


def of(scope: str) -> tuple[KeyAction, ...]:
    """Return the actions of one scope."""
    return tuple(each for each in ACTIONS if each.scope == scope)


def bindings(scope: str) -> list[Binding]:
    """Return a scope's bindings for Textual, with their usual keys."""
    return [
        Binding(each.keys, each.action, each.label, id=each.id, show=False) for each in of(scope)
    ]


def keys(action: KeyAction, chosen: Mapping[str, str]) -> str:
    """Return an action's keys: those chosen, else the usual ones."""
    return chosen.get(action.id, action.keys)


def written(keys: str) -> str:
    """Return keys as people read them."""
    return " ".join(SIGNS.get(key.strip(), key.strip()) for key in keys.split(","))


def check(chosen: Mapping[str, str]) -> None:
    """Refuse keys for actions that do not exist, and one key for two actions of one screen.

    Raises SettingsInvalid naming both.
    """
    known = {each.id for each in ACTIONS}
    for id, text in chosen.items():
        if id not in known:
            raise SettingsInvalid(
                f"console.keymap names `{id}`, which is no action.",
                fix="The ids are in docs/console.md.",
            )
        if not all(key.strip() for key in text.split(",")):
            raise SettingsInvalid(f"console.keymap gives `{id}` no key.")
    for scope in SCREENS:
        for key, first, second in _clashes(scope, chosen):
            raise SettingsInvalid(
                f"console.keymap: the key `{key}` would be both `{first}` and `{second}`.",
                fix=f'Give one of them another key, such as {second} = "f9".',
            )


def _clashes(screen: str, chosen: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    taken: dict[str, str] = {}
    for each in (*of(EVERYWHERE), *of(LISTS), *of(screen)):
        for key in (part.strip() for part in keys(each, chosen).split(",")):
            if key in taken:
                yield key, taken[key], each.id
            taken[key] = each.id
