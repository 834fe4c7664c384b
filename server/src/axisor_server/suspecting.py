"""Tells by the source of a plugin that cannot be imported whether it may review actions."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

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
