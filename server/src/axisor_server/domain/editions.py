"""Versions of a strategy that are at hand, and which of them is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from axisor.errors import VersionNotFound
from axisor.strategy import Strategy
from axisor.versions import Version

_NUMBERS = re.compile(r"\d+")


class Edition(Struct, frozen=True):
    """One version of a strategy, ready to be called."""

    version: Version
    strategy: type[Strategy[Any, Any]]


def matches(version: Version, wanted: str) -> bool:
    """Return whether a version is the one asked for: `1.2.0`, or `1.2.0+` and part of its hash."""
    name, _, code = wanted.partition("+")
    return version.version == name and version.code.startswith(code)


def exactly(version: Version) -> str:
    """Return what asks for a version and for no other."""
    return f"{version.version}+{version.code}"


def age(version: Version) -> tuple[tuple[int, ...], str]:
    """Return what sorts versions by their numbers, ties by their hash."""
    return tuple(int(each) for each in _NUMBERS.findall(version.version)), version.code


def pick(editions: Iterable[Edition], wanted: str, *, name: str, beside: Version) -> Edition:
    """Return the version asked for, the newest other one than `beside` where none is.

    Raises VersionNotFound.
    """
    others = [each for each in editions if each.version and each.version != beside]
    found = [each for each in others if not wanted or matches(each.version, wanted)]
    if not found:
        known = ", ".join(str(each.version) for each in others) or "none"
        what = f"no version {wanted}" if wanted else "no other version"
        raise VersionNotFound(
            f"There is {what} of {name} at hand than {beside}, which decides; others: {known}.",
            strategy=name,
            version=wanted,
        )
    return max(found, key=lambda each: age(each.version))
