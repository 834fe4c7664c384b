"""What `axisor plugin check` and `run` are given: a folder with a manifest, or a name."""

from __future__ import annotations

import difflib
import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, entry_points
from pathlib import Path
from typing import Any

from msgspec import Struct

from axisor.errors import FieldInvalid
from axisor.testing.plugins import Verdict
from axisor_cli.authoring.scaffold import GROUP

KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class About(Struct, frozen=True, kw_only=True):
    """What a plugin's manifest says of it."""

    distribution: str
    version: str
    summary: str
    python: str
    requires: tuple[str, ...]


class Target(Struct, frozen=True, kw_only=True):
    """A plugin that can be imported; `tool` is the table `[tool.axisor]` of its manifest."""

    entry: EntryPoint
    about: About
    folder: Path | None = None
    tool: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """Return the name that settings enable it by."""
        return self.entry.name

    def load(self) -> Any:
        """Import it. What its import raises passes through."""
        if self.folder is not None:
            for place in (self.folder, self.folder / "src"):
                if place.is_dir() and str(place) not in sys.path:
                    sys.path.insert(0, str(place))
            importlib.invalidate_caches()
        return self.entry.load()


def find(text: str) -> tuple[Target, ...]:
    """Return the plugins of a folder, or the installed one of this name.

    Raises FieldInvalid where there is none, naming the nearest.
    """
    folder = Path(text)
    if (folder / "pyproject.toml").is_file():
        return tuple(_of_folder(folder.resolve()))
    installed = {entry.name: entry for entry in entry_points(group=GROUP)}
    entry = installed.get(text)
    if entry is not None and entry.dist is not None:
        return (Target(entry=entry, about=_of_distribution(entry.dist)),)
    near = difflib.get_close_matches(text, installed, n=1)
    hint = f"Did you mean `{near[0]}`? " if near else ""
    raise FieldInvalid(
        f"`{text}` is neither a folder with a pyproject.toml nor an installed plugin.",
        fix=f"{hint}Name one of the two; `.` is the folder you are in.",
        field="target",
    )


def _of_folder(folder: Path) -> Iterator[Target]:
    try:
        manifest = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        project: dict[str, Any] = manifest["project"]
        entries: dict[str, str] = project["entry-points"][GROUP]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unfit(folder, f"cannot be read: {error}") from error
    except KeyError as error:
        raise _unfit(folder, f"has no entry point in the group `{GROUP}`") from error
    about = About(
        distribution=project.get("name", ""),
        version=project.get("version", ""),
        summary=project.get("description", ""),
        python=project.get("requires-python", ""),
        requires=tuple(project.get("dependencies", ())),
    )
    tool = manifest.get("tool", {}).get("axisor", {})
    for name, value in entries.items():
        entry = EntryPoint(name=name, value=value, group=GROUP)
        yield Target(entry=entry, about=about, folder=folder, tool=tool)


def _unfit(folder: Path, why: str) -> FieldInvalid:
    return FieldInvalid(
        f"{folder / 'pyproject.toml'} {why}.",
        fix="A plugin's manifest has [project] and [project.entry-points.axisor]: see plugin new.",
        field="target",
    )


def _of_distribution(found: Distribution) -> About:
    tags = found.metadata
    return About(
        distribution=found.name,
        version=found.version,
        summary=tags["Summary"] or "",
        python=tags["Requires-Python"] or "",
        requires=tuple(found.requires or ()),
    )


def about_checks(target: Target) -> Iterator[Verdict]:
    """Yield what came of each check of a plugin's manifest."""
    about = target.about
    needed = [re.split(r"[\s\[=<>~!;(]", need)[0].lower() for need in about.requires]
    house = [need for need in needed if need.startswith("axisor")]
    checks = (
        ("has a name in kebab-case", KEBAB.fullmatch(target.name) is not None, target.name),
        (
            "has a version and a description",
            bool(about.version and about.summary),
            "`version` or `description` is missing in [project]",
        ),
        (
            "stands on the SDK alone",
            house == ["axisor"],
            f"of the house it needs {', '.join(house) or 'nothing'}, and not just `axisor`",
        ),
        (
            "says which Python it needs",
            bool(about.python),
            "`requires-python` is missing in [project]",
        ),
    )
    for check, holds, complaint in checks:
        yield Verdict(check, None if holds else FieldInvalid(complaint, field="pyproject.toml"))
    if target.folder is not None:
        has_tests = any((target.folder / "tests").rglob("test_*.py"))
        lack = None if has_tests else FieldInvalid("there is no tests/test_*.py", field="tests")
        yield Verdict("has tests", lack)
