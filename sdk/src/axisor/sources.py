"""The sources of a plugin as they are on the disk, and the one hash that identifies them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path


def sources_of(module: str) -> dict[str, bytes]:
    """Return the sources of a module, or of its package and all below it, by module name.

    Imports parents only. Empty for what has no sources, such as a module of C.
    """
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return {}
    origin = Path(spec.origin)
    if origin.suffix != ".py":
        return {}
    if origin.name != "__init__.py":
        return {module: origin.read_bytes()}
    found = {}
    for file in sorted(origin.parent.rglob("*.py")):
        parts = file.relative_to(origin.parent).with_suffix("").parts
        name = ".".join((module, *(part for part in parts if part != "__init__")))
        found[name] = file.read_bytes()
    return found


def hash_of(sources: Mapping[str, bytes]) -> str:
    """Return SHA-256 over names and sources in hex, empty for none."""
    if not sources:
        return ""
    digest = hashlib.sha256()
    for name, source in sorted(sources.items()):
        digest.update(f"{name}\0{len(source)}\0".encode())
        digest.update(source)
    return digest.hexdigest()


def code_of(module: str) -> str:
    """Return what identifies a module's code, empty for what has no sources."""
    return hash_of(sources_of(module))
