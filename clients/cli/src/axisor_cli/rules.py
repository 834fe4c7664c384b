"""What the options of `axisor guard set` make of a guard's configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from axisor.errors import SettingsInvalid

PRESETS = {"calm": ("4", "8"), "normal": ("2", "5"), "tight": ("1", "3")}
"""Trigger and target of a preset in percent, as the margin guard has them."""


def rule(before: dict[str, Any], position: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration after the options were applied to the one before."""
    changes = _changes(given)
    if position is None:
        return {**before, **changes}
    match = f"id = {position}"
    overrides = [each for each in before.get("overrides", []) if each.get("match") != match]
    mine: dict[str, Any] = next(
        (each for each in before.get("overrides", []) if each.get("match") == match), {}
    )
    return {**before, "overrides": [{**mine, "match": match, **changes}, *overrides]}


def _changes(given: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if given["config_file"] is not None:
        changes = _config_file(Path(given["config_file"]))
    if given["preset"] is not None:
        changes |= dict(zip(("trigger", "target"), PRESETS[given["preset"]], strict=True))
    names = {
        "budget": "budget_position",
        "budget_action": "budget_action",
        "budget_day": "budget_day",
        "reserve": "reserve",
        "cooldown": "cooldown_s",
        "native_stop": "native_stop",
    }
    changes |= {ours: given[name] for name, ours in names.items() if given[name] is not None}
    changes |= {name: str(given[name]) for name in ("trigger", "target") if given[name] is not None}
    if given["ladder"] is not None:
        changes["ladder"] = [step.strip() for step in given["ladder"].split(",")]
    if given["fallback"] is not None:
        steps = changes.get("ladder", ["add_margin"])
        changes["ladder"] = [s for s in steps if s not in ("alert", "close")] + [given["fallback"]]
    return changes


def _config_file(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"{path} is not a JSON file that can be read: {error}.") from error
    if not isinstance(found, dict):
        raise SettingsInvalid(f"{path} does not hold a JSON object.")
    return found
