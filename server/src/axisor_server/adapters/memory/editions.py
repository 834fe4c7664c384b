"""Versions of strategies in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from axisor.strategy import Strategy
from axisor.versions import Version
from axisor_server.domain.editions import Edition, pick


class MemoryEditions:
    """The versions that it was given, each ready."""

    def __init__(self, editions: Iterable[Edition] = ()) -> None:
        self._editions = list(editions)

    def add(self, edition: Edition) -> None:
        """Have one more at hand."""
        self._editions.append(edition)

    def drop(self, version: Version) -> None:
        """Have one at hand no more."""
        self._editions = [each for each in self._editions if each.version != version]

    def version_of(self, strategy: type[Strategy[Any, Any]]) -> Version:
        """Return which version a class is, an empty one for a class that it does not know."""
        found = (each.version for each in self._editions if each.strategy is strategy)
        return next(found, Version())

    def find(self, name: str, version: Version) -> type[Strategy[Any, Any]] | None:
        """Return a version, or None."""
        for each in self._editions:
            if each.strategy.name == name and each.version == version:
                return each.strategy
        return None

    async def load(self, name: str, wanted: str, *, beside: Version) -> Edition:
        """Return the version asked for. Raises VersionNotFound."""
        named = [each for each in self._editions if each.strategy.name == name]
        return pick(named, wanted, name=name, beside=beside)
