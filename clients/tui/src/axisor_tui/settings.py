"""What a person set for the console: theme, unit, keys, read-only; from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from axisor.errors import SettingsInvalid
from axisor_tui import keymap
from axisor_tui.model.money import Unit
from axisor_tui.themes import THEMES, USUAL

KNOWN = ("theme", "unit", "read_only", "keymap")


class Settings(Struct, frozen=True, kw_only=True):
    """How the console looks and which keys it has. `keymap` holds keys by action id."""

    theme: str = USUAL
    unit: Unit = Unit.SAT
    read_only: bool = False
    keymap: dict[str, str] = {}


def default_path(environment: Mapping[str, str], home: Path) -> Path:
    """Return where the settings are looked for: `axisor/console.toml` among the person's own."""
    base = environment.get("XDG_CONFIG_HOME")
    return (Path(base) if base else home / ".config") / "axisor" / "console.toml"


def load(path: Path, *, must_exist: bool = False) -> Settings:
    """Return the settings in a file, the usual ones where there is none. Raises SettingsInvalid."""
    if not path.exists():
        if must_exist:
            raise SettingsInvalid(f"There is no file {path}.")
        return Settings()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read: {error.strerror}.") from error
    return parse(text, str(path))


def parse(text: str, name: str = "console.toml") -> Settings:
    """Return the settings in a text. Raises SettingsInvalid naming what is wrong."""
    try:
        table = tomllib.loads(text).get("console", {})
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(f"{name} is not TOML: {error}.") from error
    unknown = [key for key in table if key not in KNOWN]
    if unknown:
        raise SettingsInvalid(
            f"{name}: console has no setting `{unknown[0]}`.", fix=f"It has {', '.join(KNOWN)}."
        )
    settings = Settings(
        theme=_one_of("theme", table.get("theme", USUAL), tuple(THEMES)),
        unit=Unit(_one_of("unit", table.get("unit", "sat"), tuple(Unit))),
        read_only=_flag("read_only", table.get("read_only", False)),
        keymap=_keys(table.get("keymap", {})),
    )
    keymap.check(settings.keymap)
    return settings


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise SettingsInvalid(f"console.{name} is `{value}`.", fix=f"Say {', '.join(known)}.")
    return str(value)


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise SettingsInvalid(f"console.{name} is `{value}`.", fix="Say true or false.")
    return value


def _keys(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise SettingsInvalid("console.keymap is no table.", fix='Say "overview.close" = "C".')
    found = {}
    for id, keys in _flat(given):
        if not isinstance(keys, str):
            raise SettingsInvalid(f"console.keymap: the keys of `{id}` are no text.")
        found[id] = keys
    return found


def _flat(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return ids with their keys; TOML makes tables of dots that are not quoted."""
    found: list[tuple[str, Any]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            found += [(f"{name}.{inner}", keys) for inner, keys in value.items()]
        else:
            found.append((name, value))
    return found
