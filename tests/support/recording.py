"""A recorder of the core's journal, and what it published."""

from __future__ import annotations

from collections.abc import Sequence

from axisor.model import Mode
from axisor_server.domain.journal import Entry
from axisor_server.ports import Clock, Store
from axisor_server.services.recording import Recorder


class Recording(Recorder):
    """A recorder that remembers what watchers were told."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.told: list[Entry] = []
        super().__init__(store=store, clock=clock, mode=Mode.SIM, publish=self._keep)

    def _keep(self, entries: Sequence[Entry]) -> None:
        self.told.extend(entries)
