"""Named places where a test or a drill may kill or stop the process; nothing when not armed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct

from axisor.errors import SettingsInvalid

NAMES = ("planned", "sent-committed", "in-flight", "response-received", "settled")
"""In the order an action passes them: its plan is durable, its stamp is durable, the first byte is
about to leave, the answer has come, the outcome is durable."""

OTHERS = (
    "lease-claimed",
    "journal-loaded",
    "lease-renewed",
    "account-read",
    "witness-read",
    "resolved",
    "command-received",
    "unit-committed",
)
"""Around an action: the lease is this core's, the account was read back from the journal, the lease
was prolonged; a reading has come and was not taken over yet, a reading about an unknown outcome has
come, what it settled is durable; a client's command is about to be planned; a unit is durable and
neither published nor acted upon yet."""

UPGRADES = ("version-planned", "version-committed")
"""Around an upgrade: a unit that says which version decides for a run is about to be written, and
is durable and not acted upon yet."""

ALL = NAMES + OTHERS + UPGRADES


class Trigger(Struct, frozen=True):
    """What to do at which failpoint: `kill`, or `pause` for some seconds."""

    name: str
    deed: str = "kill"
    seconds: float = 0.0


def parse(text: str) -> Trigger | None:
    """Return the trigger of `NAME`, `NAME:kill` or `NAME:pause:SECONDS`; None for an empty text.

    Raises SettingsInvalid for an unknown name, deed or length.
    """
    if not text:
        return None
    name, _, rest = text.partition(":")
    deed, _, length = rest.partition(":")
    deed = deed or "kill"
    if name not in ALL or deed not in {"kill", "pause"}:
        raise SettingsInvalid(f"{text!r} is no failpoint; the names are {', '.join(ALL)}.")
    try:
        seconds = float(length) if deed == "pause" else 0.0
    except ValueError as error:
        raise SettingsInvalid(f"{text!r} needs a number of seconds to pause.") from error
    return Trigger(name, deed, seconds)


class Failpoints:
    """Holds at most one trigger, which fires once.

    `kill` must end the process as SIGKILL would, `pause` wait.
    """

    def __init__(
        self,
        trigger: Trigger | None = None,
        *,
        kill: Callable[[], None] | None = None,
        pause: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self._trigger = trigger
        self._kill = kill
        self._pause = pause

    async def __call__(self, name: str) -> None:
        """Pass a failpoint; unless it is the armed one, do nothing."""
        if self._trigger is None or self._trigger.name != name:
            return
        trigger, self._trigger = self._trigger, None
        if trigger.deed == "kill" and self._kill is not None:
            self._kill()
        elif self._pause is not None:
            await self._pause(trigger.seconds)
