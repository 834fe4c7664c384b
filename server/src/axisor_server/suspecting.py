"""Whether a plugin that cannot be imported may review, and what it means that one refused."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

from axisor.errors import AxisorError, ReviewRefused

REVIEWS = re.compile(rb"\bdef review|review_intent")
"""What the source of a reviewer has somewhere."""


def may_review(entry: EntryPoint) -> bool:
    """Tell by its source whether a plugin that cannot be imported may be a reviewer.

    Where no source is found nothing is known, and then it may. Nothing of it is run.
    """
    try:
        spec = find_spec(entry.module.partition(".")[0])
    except (ImportError, ValueError):
        return True
    if spec is None:
        return True
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    files = [file for folder in folders for file in folder.rglob("*.py")]
    if spec.origin is not None and spec.origin.endswith(".py"):
        files.append(Path(spec.origin))
    if not files:
        return True
    return any(REVIEWS.search(file.read_bytes()) for file in files)


def missed(plugin: str) -> ReviewRefused:
    """Return why nothing that adds risk is done while a plugin that may review is absent."""
    return ReviewRefused(
        f"The plugin {plugin} is enabled and could not be loaded; it may have refused this.",
        fix="See what is wrong with it: axisor plugin info. Mend it, or take it from `plugins`.",
        plugin=plugin,
    )


def as_refusal(plugin: str, refusal: object) -> AxisorError:
    """Return what a reviewer answered as a refusal, whatever it answered."""
    if isinstance(refusal, AxisorError):
        return refusal
    return ReviewRefused(
        f"The reviewer {plugin} answered {type(refusal).__name__}, which counts as a refusal.",
        plugin=plugin,
    )
