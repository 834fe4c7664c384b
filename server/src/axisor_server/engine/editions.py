"""What is asked of whoever holds the versions of strategies: which there are, and their classes."""

from __future__ import annotations

from typing import Any, Protocol

from axisor.errors import VersionNotFound
from axisor.strategy import Strategy
from axisor.versions import Version
from axisor_server.domain.editions import Edition


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
