"""Says what a command is for without importing it, so that `axisor --help` is quick.

The first sentence of a command's docstring is read from its source. Importing all commands would
load the console, the server and gRPC to print a page of text.
"""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

_OVER_LINES = re.MULTILINE | re.DOTALL


def purpose(entry: EntryPoint) -> str | None:
    """Return the first sentence about a command, or None where its source does not tell."""
    path = source_of(entry.module)
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    # A search instead of a parser: twenty files are parsed in the time that all the rest takes.
    found = re.search(rf'^def {re.escape(entry.attr)}\(.*?"""(.+?)(?:"""|\n)', text, _OVER_LINES)
    return found[1].strip() or None if found else None


def source_of(module: str) -> Path | None:
    """Return the file of a module; its package is looked up, and not imported."""
    top, *rest = module.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    for folder in spec.submodule_search_locations:
        path = Path(folder, *rest)
        for found in (path.with_suffix(".py"), path / "__init__.py"):
            if found.is_file():
                return found
    return None
