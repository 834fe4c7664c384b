"""The settings of plugins: the shape that a plugin says they have, and what is said of misfits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from axisor.errors import SettingsInvalid
from axisor.forms import place_of


def shape_of(described: object) -> type[Struct]:
    """Return what a plugin described as a shape. Raises TypeError for what is none."""
    if isinstance(described, type) and issubclass(described, Struct):
        return described
    raise TypeError(f"{described!r} is no type of msgspec's")


def fit(name: str, shape: type[Struct] | None, settings: Mapping[str, Any]) -> None:
    """Hold the settings of a plugin to its shape, where it has one. Raises SettingsInvalid."""
    if shape is None:
        return
    try:
        msgspec.convert(dict(settings), shape)
    except msgspec.ValidationError as error:
        raise unfit(name, f"{error}.", **place_of(error)) from error


def unfit(name: str, why: str, **more: str) -> SettingsInvalid:
    """Return what is said of settings that a plugin cannot have."""
    return SettingsInvalid(
        f"The settings of the plugin `{name}` cannot be used: {why}",
        money="The core does not start, so nothing is done that the plugin was to refuse.",
        fix=f"Correct [plugin.{name}] in the settings, or the list of plugins.",
        plugin=name,
        **more,
    )
