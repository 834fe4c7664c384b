"""What is asked of whatever starts runners."""

from __future__ import annotations

from typing import Protocol

from axisor.ports import Secret


class Process(Protocol):
    """A runner that was started."""

    async def wait(self) -> str:
        """Wait for its end and return how it ended, in a few words."""
        ...

    def kill(self) -> None:
        """End it and what it started, at once. One that has ended is no error."""
        ...

    def waited_ms(self) -> int:
        """Return how long it has been kept waiting for a processor; 0 where nobody can tell."""
        ...


class Spawner(Protocol):
    """Starts runners, each within its limits."""

    def spawns(self, plugin: str) -> bool:
        """Return whether the core starts the runners of a plugin; others come by themselves."""
        ...

    async def spawn(self, plugin: str, run: str, token: Secret, *, code: str = "") -> Process:
        """Start a runner of a run, named as in the contract, that is a version of its plugin.

        Raises OSError where it cannot.
        """
        ...

    def hush(self, ms: int) -> bool:
        """Have all it started, and what that started, stand still for so long at most.

        Returns whether they were told to. They go on by themselves, also where the core ends.
        """
        ...

    def go_on(self) -> None:
        """Let them go on before that."""
        ...

    def stood_ms(self) -> int:
        """Return for how long they have stood still in all."""
        ...
