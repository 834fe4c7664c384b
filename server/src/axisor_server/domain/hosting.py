"""Stands for strategies whose code is not in this process, so that their runs can be kept here."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from axisor.remote import Offer
from axisor.strategy import Config, Memory, Strategy


class Opaque(Config, frozen=True, forbid_unknown_fields=False):
    """A configuration that only the runner can read."""


class Hosted(Strategy[Opaque, Memory]):
    """A strategy that a runner answers for. It is never called in the core."""

    offer: ClassVar[Offer]


class HostedRun(Struct, frozen=True, kw_only=True):
    """A run that a runner is to answer for.

    `id` is the run's own, or the name of a further runner of `run`; `code` is the version that the
    runner must be, empty for whichever there is.
    """

    id: str
    run: str = ""
    account: str
    plugin: str
    strategy: str
    code: str = ""

    @property
    def kept_as(self) -> str:
        """Return what its faults are counted under: its plugin, in its version where it has one."""
        return f"{self.plugin}+{self.code}" if self.code else self.plugin

    @property
    def name(self) -> str:
        """Return its name in the contract."""
        return f"accounts/{self.account}/runs/{self.id}"


def stand_in(offer: Offer) -> type[Hosted]:
    """Return the class that stands for an offered strategy. Raises ConfigInvalid for its rights."""
    body = {
        "__doc__": offer.documentation or offer.name,
        "name": offer.name,
        "permissions": offer.rights(),
        "every_tick": offer.every_tick,
        "offer": offer,
    }
    made: type[Hosted] = type("Hosted", (Hosted,), body)
    return made
