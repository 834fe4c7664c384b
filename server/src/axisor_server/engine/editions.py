"""What is asked of whoever holds the versions of strategies: which there are, and their classes."""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import Struct

from axisor.errors import VersionNotFound
from axisor.strategy import Strategy
from axisor.versions import Version


class Edition(Struct, frozen=True):
    """One version of a strategy, ready to be called."""

    version: Version
    strategy: type[Strategy[Any, Any]]


class Editions(Protocol):
    """The versions of every strategy that are at hand."""

    def version_of(self, strategy: type[Strategy[Any, Any]]) -> Version:
        """Return which version a class is, an empty one where nobody can tell."""
        ...

    def find(self, name: str, version: Version) -> type[Strategy[Any, Any]] | None:
        """Return a version that was loaded, or None."""
        ...

    async def load(self, name: str, wanted: str, *, beside: Version) -> Edition:
        """Load a version beside the one that decides; an empty `wanted` is the newest other one.

        Raises VersionNotFound, UpgradeUnsound.
        """
        ...


class OneEach:
    """Editions of a core that has one version of each strategy, and cannot tell which."""

    def version_of(self, strategy: type[Strategy[Any, Any]]) -> Version:
        """Return that nobody can tell."""
        return Version()

    def find(self, name: str, version: Version) -> type[Strategy[Any, Any]] | None:
        """Find nothing."""
        return None

    async def load(self, name: str, wanted: str, *, beside: Version) -> Edition:
        """Have nothing to load."""
        raise VersionNotFound("This core has one version of each strategy.", strategy=name)


ONE_EACH = OneEach()


def matches(version: Version, wanted: str) -> bool:
    """Return whether a version is the one asked for: `1.2.0`, or `1.2.0+` and part of its hash."""
    name, _, code = wanted.partition("+")
    return version.version == name and version.code.startswith(code)


def exactly(version: Version) -> str:
    """Return what asks for a version and for no other."""
    return f"{version.version}+{version.code}"
