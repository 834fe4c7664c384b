"""What is asked of whoever keeps runners, and what becomes of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol, TypeAlias

from msgspec import Struct

from axisor.remote import Called
from axisor.strategy import StepResult
from axisor_server.domain.hosting import HostedRun


class Ready(Struct, frozen=True):
    """A runner is there and may be asked."""


class Answered(Struct, frozen=True):
    """A runner answered the call of this sequence."""

    sequence: int
    result: StepResult


class Lost(Struct, frozen=True):
    """The runner is gone, and with it the call under way; another will come."""

    reason: str


class Barred(Struct, frozen=True):
    """No runner will come again."""

    reason: str


Heard: TypeAlias = Ready | Answered | Lost | Barred
"""What becomes of a runner."""


class RunHost(Protocol):
    """Keeps runners for runs. None of its methods waits or raises."""

    def open(self, run: HostedRun, hear: Callable[[Heard], None]) -> None:
        """Have a runner for a run until it is closed; `hear` is told what becomes of it."""
        ...

    def ask(self, run: str, call: Called, within: timedelta) -> None:
        """Ask the runner of a run that is ready and was asked nothing since it answered.

        `within` is how long the run's leash lets a step take.
        """
        ...

    def close(self, run: str) -> None:
        """End the runner of a run; one that has none is no error."""
        ...

    def stand_still(self) -> None:
        """Have runners compute nothing for a moment: a rescue is on its way.

        How long they do at most is up to the host.
        """
        ...

    def go_on(self) -> None:
        """Let them go on; where they never stood still nothing comes of it."""
        ...


class Nowhere:
    """A host without runners."""

    def open(self, run: HostedRun, hear: Callable[[Heard], None]) -> None:
        """Say that none will come."""
        hear(Barred("This core keeps no runners."))

    def ask(self, run: str, call: Called, within: timedelta) -> None:
        """Leave unasked what is never ready."""

    def close(self, run: str) -> None:
        """Have nothing to end."""

    def stand_still(self) -> None:
        """Have nobody to stop."""

    def go_on(self) -> None:
        """Have nobody to let go on."""


NOWHERE = Nowhere()
