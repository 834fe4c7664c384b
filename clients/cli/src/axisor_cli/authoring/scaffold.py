"""`axisor plugin new`: writes a plugin that works, with its tests, from templates."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from importlib.metadata import entry_points, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from msgspec import Struct

from axisor.errors import FieldInvalid

GROUP = "axisor"
ENDING = ".in"
MOST_NAME = 24

RESERVED = frozenset(
    ("axisor", "bot", "cli", "paper", "platform", "server", "sim", "simulator", "tui", "web")
)
"""Names of the house: of a distribution, or of what the core has of itself."""


class Kind(enum.StrEnum):
    """What a plugin is for."""

    STRATEGY = "strategy"
    VENUE = "venue"
    NOTIFIER = "notifier"


class Names(Struct, frozen=True):
    """A plugin's name in kebab-case, and what follows from it."""

    name: str

    @property
    def module(self) -> str:
        """Return the name as Python writes it."""
        return self.name.replace("-", "_")

    @property
    def package(self) -> str:
        """Return the package that is imported."""
        return f"axisor_{self.module}"

    @property
    def words(self) -> dict[str, str]:
        """Return what stands in the templates for what."""
        parts = self.name.split("-")
        return {
            "name": self.name,
            "distribution": f"axisor-{self.name}",
            "package": self.package,
            "class_name": "".join(part.capitalize() for part in parts),
            "title": " ".join(parts).capitalize(),
            "range": compatible(version("axisor")),
        }


def compatible(sdk: str) -> str:
    """Return the requirement of an SDK's version: from it to the next that may break something."""
    major, minor = (int(part) for part in sdk.split(".")[:2])
    beyond = f"{major + 1}" if major else f"0.{minor + 1}"
    return f">={sdk},<{beyond}"


def scaffold(name: str, kind: Kind, folder: Path) -> list[Path]:
    """Write a plugin into a folder that must not exist yet; return its files, relative to it.

    Raises FieldInvalid for a name that is no kebab-case, that is reserved, or that an installed
    plugin has, and for a folder that exists or cannot be written.
    """
    names = Names(_good(name))
    written: list[Path] = []
    try:
        folder.mkdir(parents=True)
        for place, text in _rendered(names, kind):
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            written.append(place)
    except OSError as error:
        raise FieldInvalid(
            f"{error.filename or folder} cannot be written: {error.strerror}.",
            fix="Name a folder that does not exist yet: --to FOLDER.",
            field="folder",
        ) from error
    return sorted(written)


def _good(name: str) -> str:
    if len(name) > MOST_NAME or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise FieldInvalid(
            f"`{name}` is no name of a plugin.",
            fix=f"Use small letters, digits and single hyphens, at most {MOST_NAME}: night-watch.",
            field="name",
        )
    if name in RESERVED or name in {entry.name for entry in entry_points(group=GROUP)}:
        raise FieldInvalid(
            f"The name `{name}` is taken.",
            fix="Choose another: it is what people type, and it stays for ever.",
            field="name",
        )
    return name


def _rendered(names: Names, kind: Kind) -> Iterator[tuple[Path, str]]:
    """Yield each file's place and text."""
    root = files("axisor_cli.authoring") / "templates"
    words = names.words
    for shelf in ("common", kind.value):
        for place, template in _templates(root / shelf, Path()):
            text = place.as_posix().replace("__package__", names.package)
            text = text.replace("__module__", names.module).replace("gitignore", ".gitignore")
            body = Template(template.read_text(encoding="utf-8")).substitute(words)
            yield Path(text.removesuffix(ENDING)), body.rstrip("\n") + "\n" if body else ""


def _templates(shelf: Traversable, place: Path) -> Iterator[tuple[Path, Traversable]]:
    for each in shelf.iterdir():
        if each.is_dir():
            yield from _templates(each, place / each.name)
        elif each.name.endswith(ENDING):
            yield place / each.name, each
