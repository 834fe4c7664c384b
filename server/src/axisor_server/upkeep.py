"""What a core does for itself beside guarding: its store, its months, backups, room on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry

from axisor.events import NoticeGiven
from axisor.ports import Clock
from axisor_server.adapters.backup.before import before_migration
from axisor_server.adapters.backup.job import Report
from axisor_server.adapters.backup.making import Place
from axisor_server.adapters.backup.planning import notice_of, planned
from axisor_server.adapters.checkpoints import FILE, CheckpointFile
from axisor_server.adapters.database import postgres_store, sqlite_store
from axisor_server.adapters.database.directory import DATABASE
from axisor_server.adapters.database.identity import Identity
from axisor_server.adapters.database.soundness import Soundness
from axisor_server.adapters.reserve import Reserve
from axisor_server.adapters.signing import SigningKey, open_key
from axisor_server.links import database_url
from axisor_server.outgoing import copies_to
from axisor_server.ports import Ids, Store
from axisor_server.rpc.metrics import BackupMetrics, CopyMetrics
from axisor_server.services.checkpointing import Checkpoints, Often
from axisor_server.services.custody import Custody, KeyRing
from axisor_server.services.folding import Folds
from axisor_server.services.recording import Recorder
from axisor_server.settings import Role, Settings

if TYPE_CHECKING:
    from axisor_server.adapters.database.ahead import MonthsAhead


class Upkeep:
    """The store of a core and what keeps it whole."""

    def __init__(
        self,
        settings: Settings,
        data_dir: Path,
        *,
        clock: Clock,
        ids: Ids,
        registry: CollectorRegistry,
        vault: KeyRing,
        anew: bool = False,
    ) -> None:
        own = version("axisor-server")
        self._settings = settings
        self._ids = ids
        self._clock = clock
        self._vault = vault
        self._signer: SigningKey | None = None
        self._checkpoints = Path(settings.audit.file or data_dir / FILE)
        self._copies = copies_to(settings, self._checkpoints, data_dir, clock)
        self._copy_metrics = CopyMetrics(registry)
        self._url = database_url(settings)
        place = Place(data_dir=data_dir, database_url=self._url)
        self._identity = Identity(data_dir, anew=anew)
        self._metrics = BackupMetrics(registry)
        self._notices: asyncio.Queue[NoticeGiven] = asyncio.Queue(maxsize=100)
        self.reserve = Reserve(data_dir)
        before = before_migration(place, clock=clock, ids=ids, version=own)
        if not self._url:
            self.store: Store = sqlite_store(data_dir, before=before, relief=self.reserve.give_up)
        else:
            self.store = postgres_store(self._url, before=before)
        self._soundness = Soundness(data_dir / DATABASE, clock, told=self._note)
        self._months = self._ahead()
        self._backups = planned(
            settings.backup, place, clock=clock, ids=ids, version=own, told=self._backed_up
        )

    def _ahead(self) -> MonthsAhead | None:
        if not self._url:
            return None
        from axisor_server.adapters.database.ahead import MonthsAhead

        return MonthsAhead(self._url, clock=self._clock, told=self._note)

    async def open(self) -> None:
        """Open the store. Raises StoreUnavailable where it is not the one it was."""
        if not self._url:
            self._identity.check_file()
        await self.store.open()
        try:
            await self._identity.tie(self.store, self._ids.new())
            self._signer = await open_key(self.store, self._vault, self._clock)
        except BaseException:
            await self.store.close()
            raise

    def look(self, free: int) -> None:
        """Keep room on the disk, given how many bytes are free."""
        if not self._url:
            self.reserve.keep(free)

    def tasks(
        self, tell: Callable[[NoticeGiven], Awaitable[None]], recorder: Recorder | None = None
    ) -> list[Coroutine[Any, Any, None]]:
        """Return what runs as long as the core does."""
        found: list[Coroutine[Any, Any, None]] = [self._tell(tell)]
        if Role.ENGINE in self._settings.roles:
            custody = Custody(
                store=self.store, ring=self._vault, clock=self._clock, recorder=recorder
            )
            found += [custody.watch(), Folds(self.store, self._clock).run()]
        if not self._url:
            found.append(self._soundness.run())
        if self._backups is not None:
            found.append(self._backups.run())
        if self._months is not None:
            found.append(self._months.run())
        if self._signer is not None:
            audit = self._settings.audit
            checkpoints = Checkpoints(
                self.store,
                self._clock,
                self._signer,
                keeper=CheckpointFile(self._checkpoints),
                tell=tell,
                often=Often(entries=audit.entries, every_s=audit.every),
            )
            found.append(checkpoints.run())
        if self._copies is not None:
            found.append(self._copies(tell, self._copy_metrics).run())
        return found

    async def _tell(self, tell: Callable[[NoticeGiven], Awaitable[None]]) -> None:
        while True:
            await tell(await self._notices.get())

    def _backed_up(self, before: Report, after: Report) -> None:
        self._metrics.record(
            good_us=after.good_us,
            size=after.size,
            took_ms=after.took_ms,
            failed=after.failures > before.failures,
        )
        notice = notice_of(before, after)
        if notice is not None:
            self._note(notice)

    def _note(self, notice: NoticeGiven) -> None:
        if not self._notices.full():
            self._notices.put_nowait(notice)
