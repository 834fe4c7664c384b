"""Replaces parts of the production code for a while and puts them back, whatever happens."""

from __future__ import annotations

from types import TracebackType
from typing import Any


class Patches:
    """What was replaced, in order; leaving puts everything back, the last first."""

    def __init__(self) -> None:
        self._before: list[tuple[object, str, Any]] = []

    def __enter__(self) -> Patches:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._before:
            owner, name, value = self._before.pop()
            setattr(owner, name, value)

    def put(self, owner: object, name: str, value: Any) -> None:
        """Replace an attribute of a class or a module, which must have it itself."""
        self._before.append((owner, name, vars(owner)[name]))
        setattr(owner, name, value)
