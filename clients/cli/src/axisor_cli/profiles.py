"""Cores that somebody speaks to by name: where each is, how it is known, and what is meant there.

A profile holds no token, only where one is: a sign-in is kept by its core (`axisor auth login`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from axisor.errors import NotFound, SettingsInvalid
from axisor_cli import private

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class Known(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one profile says; each of these wins over nothing but a missing option."""

    connect: str | None = None
    data_dir: str | None = None
    token_file: str | None = None
    ca: str | None = None
    pin: str | None = None
    client_certificate: str | None = None
    plaintext: bool = False
    account: str | None = None
    expect_mode: str | None = None


class Book(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """All profiles of one person, and which of them is used where none is named."""

    used: str | None = None
    profiles: dict[str, Known] = {}

    def get(self, name: str) -> Known:
        """Return a profile. Raises NotFound."""
        if name not in self.profiles:
            there = ", ".join(sorted(self.profiles)) or "none"
            raise NotFound(
                f"There is no profile `{name}`.",
                fix=f"Those there are: {there}. Add one: axisor profile add.",
                wanted=name,
            )
        return self.profiles[name]

    def having(self, name: str, known: Known) -> Book:
        """Return the book with a profile, new or changed."""
        return msgspec.structs.replace(self, profiles={**self.profiles, name: known})

    def without(self, name: str) -> Book:
        """Return the book without a profile; nothing is used if it was. Raises NotFound."""
        self.get(name)
        left = {each: known for each, known in self.profiles.items() if each != name}
        return Book(used=None if self.used == name else self.used, profiles=left)

    def using(self, name: str | None) -> Book:
        """Return the book with another profile in use, or none. Raises NotFound."""
        if name is not None:
            self.get(name)
        return msgspec.structs.replace(self, used=name)


def place(environment: Mapping[str, str], home: Path) -> Path:
    """Return the file in which profiles are kept."""
    base = environment.get("XDG_CONFIG_HOME")
    return (Path(base) if base else home / ".config") / "axisor" / "profiles.json"


def read(path: Path) -> Book:
    """Return the profiles of a file, none where there is none. Raises SettingsInvalid."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Book()
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read: {error.strerror}.", source=path) from error
    try:
        return msgspec.json.decode(content, type=Book)
    except msgspec.DecodeError as error:
        raise SettingsInvalid(
            f"{path} holds no profiles: {error}.",
            money="No core was called.",
            fix="Mend the file, or delete it and add your profiles again.",
            source=path,
        ) from error


def write(path: Path, book: Book) -> None:
    """Keep profiles, replacing the file as a whole."""
    private.replace(path, msgspec.json.format(msgspec.json.encode(book), indent=2) + b"\n")


def checked(name: str) -> str:
    """Return a name that a profile may have. Raises SettingsInvalid."""
    if not NAME.fullmatch(name):
        raise SettingsInvalid(
            f"`{name}` is no name of a profile.",
            fix="Use small letters, digits and hyphens, 32 at most.",
            setting="profile",
        )
    return name
